#include <immintrin.h>

#include "convert/rgb.h"

namespace ocellus {
namespace {

/// Eight pixels as 16 bits: four to a lane, (0, 1) and (2, 0) of each.
struct Eight {
  __m256i first, second;
};

/// Reads 28 bytes.
Eight load_eight(const uint8_t* pixels) {
  const __m128i low = _mm_loadu_si128(reinterpret_cast<const __m128i*>(pixels));
  const __m128i high = _mm_loadu_si128(reinterpret_cast<const __m128i*>(pixels + 12));
  const __m256i bytes = _mm256_inserti128_si256(_mm256_castsi128_si256(low), high, 1);
  const __m256i first = _mm256_broadcastsi128_si256(_mm_setr_epi8(0, -1, 1, -1, 3, -1, 4, -1, 6, -1, 7, -1, 9, -1, 10, -1));
  const __m256i second = _mm256_broadcastsi128_si256(_mm_setr_epi8(2, -1, -1, -1, 5, -1, -1, -1, 8, -1, -1, -1, 11, -1, -1, -1));
  return {_mm256_shuffle_epi8(bytes, first), _mm256_shuffle_epi8(bytes, second)};
}

__m256i pair(int16_t first, int16_t second) {
  return _mm256_set1_epi32(static_cast<int32_t>(static_cast<uint16_t>(first) | static_cast<uint32_t>(second) << 16));
}

struct Weights {
  explicit Weights(const int16_t (&weights)[3]) : first(pair(weights[0], weights[1])), second(pair(weights[2], 0)) {}
  __m256i of(Eight pixels) const {
    return _mm256_add_epi32(_mm256_madd_epi16(pixels.first, first), _mm256_madd_epi16(pixels.second, second));
  }
  __m256i first, second;
};

void luma(const uint8_t* pixels, size_t count, const PixelWeights& weights, uint8_t* y) {
  const Weights of_y(weights.y);
  const __m256i offset = _mm256_set1_epi32(luma_offset(weights));
  size_t i = 0;
  for (; i + 10 <= count; i += 8) {
    const __m256i value = _mm256_srai_epi32(_mm256_add_epi32(of_y.of(load_eight(pixels + 3 * i)), offset), 15);
    const __m128i words = _mm_packs_epi32(_mm256_castsi256_si128(value), _mm256_extracti128_si256(value, 1));
    _mm_storel_epi64(reinterpret_cast<__m128i*>(y + i), _mm_packus_epi16(words, words));
  }
  rest_of_luma(pixels, i, count, weights, y);
}

/// Each pixel and the one after it, of two rows; those of even pixels are wanted.
__m256i sums(__m256i top, __m256i bottom) {
  const __m256i rows = _mm256_add_epi16(top, bottom);
  return _mm256_add_epi16(rows, _mm256_srli_si256(rows, 4));
}

void chroma(const uint8_t* top, const uint8_t* bottom, size_t count, const PixelWeights& weights, uint8_t* u, uint8_t* v) {
  const Weights of_u(weights.u), of_v(weights.v);
  const __m256i offset = _mm256_set1_epi32(chroma_offset);
  size_t i = 0;
  for (; i + 10 <= count; i += 8) {
    const Eight a = load_eight(top + 3 * i), b = load_eight(bottom + 3 * i);
    const Eight sum = {sums(a.first, b.first), sums(a.second, b.second)};
    const __m256i us = _mm256_srai_epi32(_mm256_add_epi32(of_u.of(sum), offset), 17);
    const __m256i vs = _mm256_srai_epi32(_mm256_add_epi32(of_v.of(sum), offset), 17);
    const __m256i even = _mm256_castps_si256(_mm256_shuffle_ps(_mm256_castsi256_ps(us), _mm256_castsi256_ps(vs), 0x88));
    // (u0 u2 v0 v2 | u4 u6 v4 v6) to (u0 u2 u4 u6 v0 v2 v4 v6).
    const __m256i values = _mm256_permute4x64_epi64(even, 0xd8);
    const __m128i words = _mm_packs_epi32(_mm256_castsi256_si128(values), _mm256_extracti128_si256(values, 1));
    const __m128i bytes = _mm_packus_epi16(words, words);
    const int32_t four_u = _mm_cvtsi128_si32(bytes);
    const int32_t four_v = _mm_extract_epi32(bytes, 1);
    __builtin_memcpy(u + i / 2, &four_u, 4);
    __builtin_memcpy(v + i / 2, &four_v, 4);
  }
  rest_of_chroma(top, bottom, i, count, weights, u, v);
}

}  // namespace

extern const ConvertKernels convert_avx2;
const ConvertKernels convert_avx2 = {luma, chroma, interleave, split};

}  // namespace ocellus
