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
  __m512i sums[chains];
  for (auto& sum : sums) sum = _mm512_setzero_si512();
  __m512i a = _mm512_set1_epi8(3), b = _mm512_set1_epi8(1);
  asm volatile("" : "+v"(a), "+v"(b));
  const double begun = nanoseconds();
  for (int i = 0; i < rounds; i++) {
#pragma GCC unroll 16
    for (int k = 0; k < chains; k++) asm volatile("vpdpbusd %2, %1, %0" : "+v"(sums[k]) : "v"(a), "v"(b));
  }
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
