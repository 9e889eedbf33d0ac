// The four sides in the four lanes of SSE, which AVX does not change.
#pragma once

#include <immintrin.h>

#include <cmath>

#include "boxes/exp.h"

namespace ocellus {
namespace {

__m128 exp_of(__m128 x) {
  // Gives its second operand where one is NaN, so that NaN stays.
  x = _mm_max_ps(_mm_set1_ps(exp_least), x);
  const __m128 magic = _mm_set1_ps(exp_magic);
  const __m128 shifted = _mm_add_ps(_mm_mul_ps(x, _mm_set1_ps(exp_log2e)), magic);
  const __m128 n = _mm_sub_ps(shifted, magic);
  const __m128 r = _mm_sub_ps(_mm_sub_ps(x, _mm_mul_ps(n, _mm_set1_ps(exp_ln2_high))),
                              _mm_mul_ps(n, _mm_set1_ps(exp_ln2_low)));
  __m128 sum = _mm_set1_ps(exp_series[0]);
  for (size_t i = 1; i < sizeof exp_series / sizeof exp_series[0]; i++) {
    sum = _mm_add_ps(_mm_mul_ps(sum, r), _mm_set1_ps(exp_series[i]));
  }
  const __m128 one = _mm_set1_ps(1.0f);
  sum = _mm_add_ps(_mm_mul_ps(_mm_add_ps(_mm_mul_ps(sum, r), one), r), one);
  const __m128i bits = _mm_add_epi32(_mm_slli_epi32(_mm_castps_si128(shifted), 23), _mm_castps_si128(one));
  return _mm_mul_ps(sum, _mm_castsi128_ps(bits));
}

void means(const float* logits, size_t bins, float* means) {
  const auto sides = [&](size_t i) {
    return _mm_setr_ps(logits[i], logits[bins + i], logits[2 * bins + i], logits[3 * bins + i]);
  };
  __m128 most = _mm_set1_ps(-INFINITY);
  for (size_t i = 0; i < bins; i++) most = _mm_max_ps(sides(i), most);
  __m128 total = _mm_setzero_ps();
  __m128 sum = total;
  for (size_t i = 0; i < bins; i++) {
    const __m128 weight = exp_of(_mm_sub_ps(sides(i), most));
    total = _mm_add_ps(total, weight);
    sum = _mm_add_ps(sum, _mm_mul_ps(weight, _mm_set1_ps(static_cast<float>(i))));
  }
  _mm_storeu_ps(means, _mm_div_ps(sum, total));
}

}  // namespace
}  // namespace ocellus
