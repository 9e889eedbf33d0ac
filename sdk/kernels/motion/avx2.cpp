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

/// See motion_approach. A level has 12 bits, so twice its upper half is what the scalar one gives.
__m256i approach(__m256i from, __m256i to, __m256i rate) {
  const __m256i difference = _mm256_sub_epi16(to, from);
  const __m256i size = _mm256_abs_epi16(difference);
  const __m256i step = _mm256_mulhi_epi16(_mm256_slli_epi16(size, 1), rate);
  const __m256i least = _mm256_min_epi16(size, _mm256_set1_epi16(1));
  return _mm256_add_epi16(from, _mm256_sign_epi16(_mm256_max_epi16(step, least), difference));
}

__m256i set(int value) { return _mm256_set1_epi16(static_cast<int16_t>(value)); }

size_t compare(const MotionState& row, size_t columns, MotionRule rule) {
  const __m256i floor = set(rule.floor);
  const __m256i tread = set(rule.floor >> 3);
  const __m256i smooth = set(rule.smooth);
  const __m256i follow = set(rule.follow);
  const __m256i learn = set(rule.learn);
  const __m256i learn_changed = set(rule.learn_changed);
  const __m256i passed = set(rule.passed);
  const __m256i before_settled = set(rule.settle - 1);
  const __m256i half = set(rule.settle >> 1);
  __m256i counts = _mm256_setzero_si256();
  size_t i = 0;
  for (; i + 16 <= columns; i += 16) {
    const __m256i current = load(row.current + i);
    const __m256i level = load(row.level + i);
    const __m256i background = load(row.background + i);
    const __m256i noise = load(row.noise + i);
    const __m256i anchor = load(row.anchor + i);
    const __m256i rest = load(row.rest + i);
    const __m128i mask = _mm_loadu_si128(reinterpret_cast<const __m128i*>(row.mask + i));
    const __m256i ignored = _mm256_cvtepi8_epi16(_mm_cmpeq_epi8(mask, _mm_setzero_si128()));

    const __m256i now = approach(level, current, smooth);
    const __m256i difference = _mm256_sub_epi16(now, background);
    const __m256i size = _mm256_abs_epi16(difference);
    const __m256i noisy = _mm256_srli_epi16(noise, 3);
    const __m256i limit = _mm256_add_epi16(floor, _mm256_slli_epi16(noisy, 2));
    const __m256i away = _mm256_cmpgt_epi16(size, limit);
    const __m256i newest = _mm256_sign_epi16(_mm256_sub_epi16(current, background), difference);
    const __m256i gone = _mm256_cmpgt_epi16(size, _mm256_slli_epi16(newest, 1));

    const __m256i drift = _mm256_abs_epi16(_mm256_sub_epi16(now, anchor));
    const __m256i tremble = _mm256_add_epi16(_mm256_add_epi16(tread, _mm256_slli_epi16(noisy, 1)), _mm256_srli_epi16(size, 4));
    const __m256i moved = _mm256_cmpgt_epi16(drift, tremble);
    const __m256i rested = _mm256_andnot_si256(moved, _mm256_adds_epi16(rest, passed));
    const __m256i rests = _mm256_cmpgt_epi16(rested, half);
    const __m256i changed = _mm256_andnot_si256(_mm256_or_si256(_mm256_or_si256(gone, rests), ignored), away);
    const __m256i settled = _mm256_cmpgt_epi16(rested, before_settled);
    const __m256i followed = _mm256_blendv_epi8(approach(background, now, follow),
                                                _mm256_blendv_epi8(background, now, settled), away);
    const __m256i learnt = _mm256_sub_epi16(_mm256_slli_epi16(_mm256_min_epi16(size, limit), 3), noise);
    const __m256i rate = _mm256_blendv_epi8(learn, learn_changed, away);

    store(row.level + i, _mm256_blendv_epi8(now, level, ignored));
    store(row.background + i, _mm256_blendv_epi8(followed, background, ignored));
    store(row.noise + i, _mm256_blendv_epi8(_mm256_add_epi16(noise, _mm256_mulhi_epi16(learnt, rate)), noise, ignored));
    store(row.anchor + i, _mm256_blendv_epi8(anchor, now, _mm256_andnot_si256(ignored, moved)));
    store(row.rest + i, _mm256_blendv_epi8(rested, rest, ignored));
    const __m128i bytes = _mm_packs_epi16(_mm256_castsi256_si128(changed), _mm256_extracti128_si256(changed, 1));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(row.changed + i), _mm_and_si128(bytes, _mm_set1_epi8(1)));
    // A change is -1; a row has fewer cells than a lane can count.
    counts = _mm256_sub_epi16(counts, changed);
  }
  const __m256i pairs = _mm256_madd_epi16(counts, set(1));
  __m128i sums = _mm_add_epi32(_mm256_castsi256_si128(pairs), _mm256_extracti128_si256(pairs, 1));
  sums = _mm_add_epi32(sums, _mm_shuffle_epi32(sums, 0x4e));
  sums = _mm_add_epi32(sums, _mm_shuffle_epi32(sums, 0xb1));
  size_t count = static_cast<size_t>(_mm_cvtsi128_si32(sums));
  for (; i < columns; i++) count += motion_compare(row, i, rule);
  return count;
}

}  // namespace

extern const MotionKernels motion_avx2;
const MotionKernels motion_avx2 = {means, compare};

}  // namespace ocellus
