#include <immintrin.h>

#include "dot/dot.h"
#include "dot/lanes.h"

namespace ocellus {
namespace {

int32_t dot_i8(const int8_t* a, const int8_t* b, size_t n) {
  // VNNI multiplies unsigned by signed: a + 128 is unsigned, and 128 * (sum of b) is taken off again.
  const __m512i sign = _mm512_set1_epi8(static_cast<char>(0x80));
  const __m512i ones = _mm512_set1_epi8(1);
  __m512i products = _mm512_setzero_si512();
  __m512i sum_of_b = products;
  size_t i = 0;
  for (; i + 64 <= n; i += 64) {
    const __m512i x = _mm512_xor_si512(_mm512_loadu_si512(a + i), sign);
    const __m512i y = _mm512_loadu_si512(b + i);
    products = _mm512_dpbusd_epi32(products, x, y);
    sum_of_b = _mm512_dpbusd_epi32(sum_of_b, ones, y);
  }
  if (i < n) {
    const __mmask64 rest = (1ull << (n - i)) - 1;
    const __m512i x = _mm512_xor_si512(_mm512_maskz_loadu_epi8(rest, a + i), sign);
    const __m512i y = _mm512_maskz_loadu_epi8(rest, b + i);
    products = _mm512_dpbusd_epi32(products, x, y);
    sum_of_b = _mm512_dpbusd_epi32(sum_of_b, ones, y);
  }
  // Wraps as the sum itself would: the difference is exact where the result fits.
  const auto total = static_cast<uint32_t>(_mm512_reduce_add_epi32(products));
  const auto excess = 128u * static_cast<uint32_t>(_mm512_reduce_add_epi32(sum_of_b));
  return static_cast<int32_t>(total - excess);
}

/// Adds f(a, b) in sixteen lanes; a masked step adds +0 to lanes that have no value left.
template <typename Step>
float in_lanes(const float* a, const float* b, size_t n, Step step) {
  __m512 sum = _mm512_setzero_ps();
  size_t i = 0;
  for (; i + dot_lanes <= n; i += dot_lanes) {
    sum = _mm512_add_ps(sum, step(_mm512_loadu_ps(a + i), _mm512_loadu_ps(b + i)));
  }
  if (i < n) {
    const auto rest = static_cast<__mmask16>((1u << (n - i)) - 1);
    const __m512 last = step(_mm512_maskz_loadu_ps(rest, a + i), _mm512_maskz_loadu_ps(rest, b + i));
    sum = _mm512_mask_add_ps(sum, rest, sum, last);
  }
  float lanes[dot_lanes];
  _mm512_storeu_ps(lanes, sum);
  return sum_of_lanes(lanes);
}

float dot_f32(const float* a, const float* b, size_t n) {
  return in_lanes(a, b, n, [](__m512 x, __m512 y) { return _mm512_mul_ps(x, y); });
}

float distance_f32(const float* a, const float* b, size_t n) {
  return in_lanes(a, b, n, [](__m512 x, __m512 y) {
    const __m512 difference = _mm512_sub_ps(x, y);
    return _mm512_mul_ps(difference, difference);
  });
}

}  // namespace

extern const DotKernels dot_avx512_vnni;
const DotKernels dot_avx512_vnni = {dot_i8, dot_f32, distance_f32};

}  // namespace ocellus
