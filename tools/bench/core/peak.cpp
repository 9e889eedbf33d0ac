// Multiply-adds of 8 bits a nanosecond that one core of this machine can do at most: nothing but an instruction itself, on
// registers, in chains enough to hide its latency. Prints a line for each instruction set that has such an instruction: its name, the number.
#include <cstdint>
#include <cstdio>
#include <ctime>

#if defined(__x86_64__)
#include <immintrin.h>
#include <sys/syscall.h>
#include <unistd.h>

/// Of this thread: what else the machine does is not counted.
static double nanoseconds() {
  timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_nsec);
}

__attribute__((target("avx512f,avx512vnni"))) static double vnni() {
  constexpr int chains = 16, rounds = 2000000;
  // All in one piece: the compiler kept sums in memory between instructions of their own.
#define CHAIN(sum) "vpdpbusd %%zmm1, %%zmm0, %%zmm" #sum "\n\t"
  const double begun = nanoseconds();
  for (int i = 0; i < rounds; i++) {
    asm volatile(CHAIN(2) CHAIN(3) CHAIN(4) CHAIN(5) CHAIN(6) CHAIN(7) CHAIN(8) CHAIN(9) CHAIN(10) CHAIN(11) CHAIN(12) CHAIN(13)
                     CHAIN(14) CHAIN(15) CHAIN(16) CHAIN(17)::
                     : "zmm2", "zmm3", "zmm4", "zmm5", "zmm6", "zmm7", "zmm8", "zmm9", "zmm10", "zmm11", "zmm12", "zmm13", "zmm14",
                       "zmm15", "zmm16", "zmm17");
  }
#undef CHAIN
  return 64.0 * chains * rounds / (nanoseconds() - begun);
}

#if __GNUC__ >= 11
#define OCELLUS_TILES 1
/// Tiles of 16 x 64 bytes times 64 x 16.
static double tiles() {
  constexpr int chains = 6, rounds = 200000;
  struct alignas(64) {
    uint8_t palette, start, reserved[14];
    uint16_t row_bytes[16];
    uint8_t rows[16];
  } shapes = {};
  shapes.palette = 1;
  for (int i = 0; i < 8; i++) {
    shapes.row_bytes[i] = 64;
    shapes.rows[i] = 16;
  }
  asm volatile("ldtilecfg %0" : : "m"(shapes));
  const double begun = nanoseconds();
  for (int i = 0; i < rounds; i++) {
#define CHAIN(sum) "tdpbusd %%tmm7, %%tmm6, %%tmm" #sum "\n\t"
    asm volatile(CHAIN(0) CHAIN(1) CHAIN(2) CHAIN(3) CHAIN(4) CHAIN(5)::);
#undef CHAIN
  }
  const double taken = nanoseconds() - begun;
  asm volatile("tilerelease");
  return 16.0 * 16 * 64 * chains * rounds / taken;
}
#endif

static void tell(const char* name, double (*measure)()) {
  double best = 0;
  for (int i = 0; i < 9; i++) {
    const double one = measure();
    best = one > best ? one : best;
  }
  std::printf("%s %.2f\n", name, best);
}
#endif

int main() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512vnni")) tell("avx512_vnni", vnni);
#if defined(OCELLUS_TILES)
  // Linux wants to be asked before a process may use tiles.
  if (__builtin_cpu_supports("amx-int8") && syscall(SYS_arch_prctl, 0x1023, 18) == 0) tell("amx_int8", tiles);
#endif
#endif
}
