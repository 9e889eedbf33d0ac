#include <immintrin.h>

#include "dot/dot.h"
#include "dot/lanes.h"

namespace ocellus {
namespace {

int32_t dot_i8(const int8_t* a, const int8_t* b, size_t n) {
  __m256i sum0 = _mm256_setzero_si256();
  __m256i sum1 = sum0;
  size_t i = 0;
  // Widened to 16 bits, because the byte multiply of x86 wants one side unsigned and saturates.
  for (; i + 32 <= n; i += 32) {
    const __m256i a0 = _mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(a + i)));
    const __m256i b0 = _mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(b + i)));
    const __m256i a1 = _mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(a + i + 16)));
    const __m256i b1 = _mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(b + i + 16)));
    sum0 = _mm256_add_epi32(sum0, _mm256_madd_epi16(a0, b0));
    sum1 = _mm256_add_epi32(sum1, _mm256_madd_epi16(a1, b1));
  }
  const __m256i sum = _mm256_add_epi32(sum0, sum1);
  __m128i four = _mm_add_epi32(_mm256_castsi256_si128(sum), _mm256_extracti128_si256(sum, 1));
  four = _mm_add_epi32(four, _mm_shuffle_epi32(four, 0x4e));
  four = _mm_add_epi32(four, _mm_shuffle_epi32(four, 0xb1));
  int32_t total = _mm_cvtsi128_si32(four);
  for (; i < n; i++) total += a[i] * b[i];
  return total;
}

/// Adds f(a, b) lane by lane, then what is left of a step, then the lanes.
template <typename Step, typename One>
float in_lanes(const float* a, const float* b, size_t n, Step step, One one) {
  __m256 low = _mm256_setzero_ps();
  __m256 high = low;
  size_t i = 0;
  for (; i + dot_lanes <= n; i += dot_lanes) {
    low = _mm256_add_ps(low, step(_mm256_loadu_ps(a + i), _mm256_loadu_ps(b + i)));
    high = _mm256_add_ps(high, step(_mm256_loadu_ps(a + i + 8), _mm256_loadu_ps(b + i + 8)));
  }
  float lanes[dot_lanes];
  _mm256_storeu_ps(lanes, low);
  _mm256_storeu_ps(lanes + 8, high);
  for (; i < n; i++) lanes[i % dot_lanes] += one(a[i], b[i]);
  return sum_of_lanes(lanes);
}

float dot_f32(const float* a, const float* b, size_t n) {
  return in_lanes(
      a, b, n, [](__m256 x, __m256 y) { return _mm256_mul_ps(x, y); }, [](float x, float y) { return x * y; });
}

float distance_f32(const float* a, const float* b, size_t n) {
  return in_lanes(
      a, b, n,
      [](__m256 x, __m256 y) {
        const __m256 difference = _mm256_sub_ps(x, y);
        return _mm256_mul_ps(difference, difference);
      },
      [](float x, float y) { return (x - y) * (x - y); });
}

}  // namespace

extern const DotKernels dot_avx2;
const DotKernels dot_avx2 = {dot_i8, dot_f32, distance_f32};

}  // namespace ocellus
