#include <immintrin.h>

#include "motion/cell.h"

namespace ocellus {
namespace {

__m256i load(const void* at) { return _mm256_loadu_si256(static_cast<const __m256i*>(at)); }
void store(void* at, __m256i value) { _mm256_storeu_si256(static_cast<__m256i*>(at), value); }

/// Sums of the even columns of four cells, two columns in each 16-bit value.
__m256i four_cells(const uint8_t* luma, size_t stride) {
  const __m256i even = _mm256_set1_epi16(0x00ff);
  const __m256i a = _mm256_and_si256(load(luma), even);
  const __m256i b = _mm256_and_si256(load(luma + 2 * stride), even);
  const __m256i c = _mm256_and_si256(load(luma + 4 * stride), even);
  const __m256i d = _mm256_and_si256(load(luma + 6 * stride), even);
  return _mm256_add_epi16(_mm256_add_epi16(a, b), _mm256_add_epi16(c, d));
}

void means(const uint8_t* luma, size_t stride, size_t columns, uint16_t* current) {
  size_t i = 0;
  for (; i + 16 <= columns; i += 16) {
    const uint8_t* at = luma + i * motion_cell;
    const __m256i low = _mm256_hadd_epi16(four_cells(at, stride), four_cells(at + 32, stride));
    const __m256i high = _mm256_hadd_epi16(four_cells(at + 64, stride), four_cells(at + 96, stride));
    // Adding neighbours works in each half by itself: cells come as 0 1 4 5 8 9 12 13, 2 3 6 7 10 11 14 15.
    const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
    store(current + i, _mm256_permutevar8x32_epi32(_mm256_hadd_epi16(low, high), order));
  }
  for (; i < columns; i++) current[i] = motion_mean(luma + i * motion_cell, stride, 1);
}

void compare(const MotionState& row, size_t columns, MotionRule rule) {
  const __m256i one = _mm256_set1_epi16(1);
  const __m256i floor = _mm256_set1_epi16(static_cast<int16_t>(rule.floor));
  const __m256i follow = _mm256_set1_epi16(static_cast<int16_t>(rule.follow << 4));
  size_t i = 0;
  for (; i + 16 <= columns; i += 16) {
    const __m256i background = load(row.background + i);
    const __m256i noise = load(row.noise + i);
    const __m256i difference = _mm256_sub_epi16(load(row.current + i), background);
    const __m256i size = _mm256_abs_epi16(difference);
    // Both factors are 16 times as large, so the upper half of the product is a 256th of it.
    __m256i step = _mm256_mulhi_epu16(_mm256_slli_epi16(size, 4), follow);
    step = _mm256_max_epi16(step, _mm256_min_epi16(size, one));
    const __m128i mask = _mm_loadu_si128(reinterpret_cast<const __m128i*>(row.mask + i));
    const __m256i ignored = _mm256_cvtepi8_epi16(_mm_cmpeq_epi8(mask, _mm_setzero_si128()));
    const __m256i limit = _mm256_add_epi16(floor, _mm256_slli_epi16(noise, 2));
    const __m256i changed = _mm256_andnot_si256(ignored, _mm256_cmpgt_epi16(size, limit));
    const __m256i followed = _mm256_add_epi16(background, _mm256_sign_epi16(step, difference));
    store(row.background + i, _mm256_blendv_epi8(followed, background, ignored));
    const __m256i learnt = _mm256_add_epi16(noise, _mm256_srai_epi16(_mm256_sub_epi16(size, noise), 4));
    store(row.noise + i, _mm256_blendv_epi8(learnt, noise, _mm256_or_si256(ignored, changed)));
    const __m128i bytes = _mm_packs_epi16(_mm256_castsi256_si128(changed), _mm256_extracti128_si256(changed, 1));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(row.changed + i), _mm_and_si128(bytes, _mm_set1_epi8(1)));
  }
  for (; i < columns; i++) motion_compare(row, i, rule);
}

size_t count(const uint8_t* changed, const uint8_t* above, size_t columns) {
  size_t sum = motion_beside(changed, above, 0);
  __m256i sums = _mm256_setzero_si256();
  size_t i = 1;
  for (; i + 32 <= columns; i += 32) {
    const __m256i near = _mm256_or_si256(load(changed + i - 1), load(above + i));
    sums = _mm256_add_epi64(sums, _mm256_sad_epu8(_mm256_and_si256(load(changed + i), near), _mm256_setzero_si256()));
  }
  const __m128i two = _mm_add_epi64(_mm256_castsi256_si128(sums), _mm256_extracti128_si256(sums, 1));
  sum += static_cast<size_t>(_mm_cvtsi128_si64(two) + _mm_extract_epi64(two, 1));
  for (; i < columns; i++) sum += motion_beside(changed, above, i);
  return sum;
}

}  // namespace

extern const MotionKernels motion_avx2;
const MotionKernels motion_avx2 = {means, compare, count};

}  // namespace ocellus
