// Multiply-adds of 8 bits a nanosecond that one core of this machine can do at most: nothing but the instruction itself, on
// registers, in chains enough to hide its latency. Prints one number; 0 where the processor has no such instruction.
#include <cstdio>
#include <ctime>

#if defined(__x86_64__)
#include <immintrin.h>

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
#endif

int main() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512vnni")) {
    double best = 0;
    for (int i = 0; i < 9; i++) {
      const double one = vnni();
      best = one > best ? one : best;
    }
    std::printf("%.2f\n", best);
    return 0;
  }
#endif
  std::puts("0");
}
