#include "preprocess/avx2_rows.h"

namespace ocellus {
namespace {

__m512i load64(const void* from) { return _mm512_loadu_si512(from); }

__m512i pair16(int16_t first, int16_t second) {
  return _mm512_set1_epi32(static_cast<int32_t>(static_cast<uint16_t>(first) | static_cast<uint32_t>(second) << 16));
}

/// The pairs of sixteen outputs, four to a lane, where sixteen bytes hold each four.
template <size_t channels>
__m512i gathered(const Pairs<channels>& pairs, size_t group, const uint8_t* row) {
  const int32_t* base = pairs.taps.base + group;
  __m512i bytes = _mm512_castsi128_si512(load(row + base[0]));
  bytes = _mm512_inserti32x4(bytes, load(row + base[1]), 1);
  bytes = _mm512_inserti32x4(bytes, load(row + base[2]), 2);
  bytes = _mm512_inserti32x4(bytes, load(row + base[3]), 3);
  return _mm512_shuffle_epi8(bytes, load64(pairs.taps.mask + 16 * group));
}

/// As `blend` of AVX2.
__m512i blend16(__m512i bytes, __m512i vertical_weights, __m512i horizontal_weights) {
  const __m512i centred = _mm512_xor_si512(bytes, _mm512_set1_epi8(static_cast<char>(0x80)));
  return _mm512_madd_epi16(_mm512_maddubs_epi16(vertical_weights, centred), horizontal_weights);
}

template <bool planar>
struct WideYuvReader {
  static constexpr size_t channels = planar ? 1 : 2;

  explicit WideYuvReader(const RowJob& row)
      : luma(*row.luma, row.planes[0]),
        first_chroma(*row.chroma, row.planes[1]),
        second_chroma(*row.chroma, row.planes[planar ? 2 : 1]),
        y_rows(_mm512_broadcast_i64x4(vertical(row.planes[0]))),
        c_rows(_mm512_broadcast_i64x4(vertical(row.planes[1]))),
        luma_rv(pair16(row.colour->luma, row.colour->rv)),
        luma_gu(pair16(row.colour->luma, row.colour->gu)),
        zero_gv(pair16(0, row.colour->gv)),
        luma_bu(pair16(row.colour->luma, row.colour->bu)),
        offset(_mm512_set1_epi32(row.colour->offset)) {}

  /// Sixteen pixels from output `i`, a multiple of sixteen, on: in each lane four of red, green, blue, and of no meaning.
  __m512i at(size_t i) const {
    const size_t group = i / 4;
    const __m512i y_bytes = _mm512_unpacklo_epi8(gathered(luma, group, luma.upper), gathered(luma, group, luma.lower));
    const __m512i y = blend16(y_bytes, y_rows, load64(luma.taps.weights + 2 * i));
    const __m512i weights = load64(first_chroma.taps.weights + 2 * i);
    const __m512i upper = gathered(first_chroma, group, first_chroma.upper);
    const __m512i lower = gathered(first_chroma, group, first_chroma.lower);
    const __m512i u = blend16(_mm512_unpacklo_epi8(upper, lower), c_rows, weights);
    __m512i v_bytes;
    if constexpr (planar) {
      const __m512i v_upper = gathered(first_chroma, group, second_chroma.upper);
      v_bytes = _mm512_unpacklo_epi8(v_upper, gathered(first_chroma, group, second_chroma.lower));
    } else {
      v_bytes = _mm512_unpackhi_epi8(upper, lower);
    }
    const __m512i v = blend16(v_bytes, c_rows, weights);
    // 16 bits each with 7 fractional bits, side by side: (y, u) and (y, v).
    const __m512i y7 = _mm512_srli_epi32(y, 12);
    const __m512i yu = _mm512_mask_blend_epi16(0xaaaaaaaa, y7, _mm512_slli_epi32(u, 4));
    const __m512i yv = _mm512_mask_blend_epi16(0xaaaaaaaa, y7, _mm512_slli_epi32(v, 4));
    const __m512i r = _mm512_srai_epi32(_mm512_dpwssd_epi32(offset, yv, luma_rv), 20);
    const __m512i g = _mm512_srai_epi32(_mm512_dpwssd_epi32(_mm512_dpwssd_epi32(offset, yu, luma_gu), yv, zero_gv), 20);
    const __m512i b = _mm512_srai_epi32(_mm512_dpwssd_epi32(offset, yu, luma_bu), 20);
    return _mm512_packus_epi16(_mm512_packs_epi32(r, g), _mm512_packs_epi32(b, b));
  }
  /// Where elements are too far apart, AVX2 does all.
  size_t vectors() const { return luma.taps.gathered && first_chroma.taps.gathered ? luma.taps.count : 0; }

 private:
  Pairs<1> luma;
  Pairs<channels> first_chroma, second_chroma;
  __m512i y_rows, c_rows, luma_rv, luma_gu, zero_gv, luma_bu, offset;
};

/// Where sixteen packed pixels go. `put(i, pixels)` writes exactly them.
template <RowOutput output>
struct WideWriter;

/// The channels one after the other, sixteen of each.
struct WideByChannel {
  explicit WideByChannel(const RowTarget& target) {
    const int32_t first = target.bgr ? 2 : 0;
    const __m512i lanes = _mm512_setr_epi32(0, 4, 8, 12, 0, 4, 8, 12, 0, 4, 8, 12, 0, 4, 8, 12);
    const int32_t last = 2 - first;
    order = _mm512_add_epi32(lanes, _mm512_setr_epi32(first, first, first, first, 1, 1, 1, 1, last, last, last, last, 3, 3, 3, 3));
  }
  __m512i of(__m512i pixels) const { return _mm512_permutexvar_epi32(order, pixels); }
  __m512i order;
};

/// Pixel after pixel, in the lower 48 bytes.
struct WideByPixel {
  explicit WideByPixel(const RowTarget& target) : in_lane(_mm512_broadcast_i64x4(ByPixel(target).order)) {}
  __m512i of(__m512i pixels) const {
    const __m512i order = _mm512_setr_epi32(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, 3, 7, 11, 15);
    return _mm512_permutexvar_epi32(order, _mm512_shuffle_epi8(pixels, in_lane));
  }
  __m512i in_lane;
};

template <int lane>
__m128i lane_of(__m512i value) {
  return _mm512_extracti32x4_epi32(value, lane);
}

void store16(void* to, __m128i bytes) { _mm_storeu_si128(static_cast<__m128i*>(to), bytes); }

template <>
struct WideWriter<bytes_planar> {
  explicit WideWriter(const RowTarget& target) : by(target) {
    for (size_t c = 0; c < 3; c++) to[c] = static_cast<uint8_t*>(target.channels[c]);
  }
  void put(size_t i, __m512i pixels) const {
    const __m512i bytes = by.of(pixels);
    store16(to[0] + i, lane_of<0>(bytes));
    store16(to[1] + i, lane_of<1>(bytes));
    store16(to[2] + i, lane_of<2>(bytes));
  }
  WideByChannel by;
  uint8_t* to[3];
};

template <>
struct WideWriter<bytes_interleaved> {
  explicit WideWriter(const RowTarget& target) : by(target), to(static_cast<uint8_t*>(target.channels[0])) {}
  void put(size_t i, __m512i pixels) const {
    const __m512i bytes = by.of(pixels);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to + 3 * i), _mm512_castsi512_si256(bytes));
    store16(to + 3 * i + 32, lane_of<2>(bytes));
  }
  WideByPixel by;
  uint8_t* to;
};

__m512 wide_normalised(__m128i bytes, __m512 scale, __m512 bias) {
  return _mm512_add_ps(_mm512_mul_ps(_mm512_cvtepi32_ps(_mm512_cvtepu8_epi32(bytes)), scale), bias);
}

template <>
struct WideWriter<floats_planar> {
  explicit WideWriter(const RowTarget& target) : by(target) {
    for (size_t c = 0; c < 3; c++) {
      to[c] = static_cast<float*>(target.channels[c]);
      scale[c] = _mm512_set1_ps(target.scale[c]);
      bias[c] = _mm512_set1_ps(target.bias[c]);
    }
  }
  void put(size_t i, __m512i pixels) const {
    const __m512i bytes = by.of(pixels);
    _mm512_storeu_ps(to[0] + i, wide_normalised(lane_of<0>(bytes), scale[0], bias[0]));
    _mm512_storeu_ps(to[1] + i, wide_normalised(lane_of<1>(bytes), scale[1], bias[1]));
    _mm512_storeu_ps(to[2] + i, wide_normalised(lane_of<2>(bytes), scale[2], bias[2]));
  }
  WideByChannel by;
  float* to[3];
  __m512 scale[3], bias[3];
};

template <>
struct WideWriter<floats_interleaved> {
  explicit WideWriter(const RowTarget& target) : by(target), to(static_cast<float*>(target.channels[0])) {
    // Value 16 is of channel 1, value 32 of channel 2.
    for (size_t k = 0; k < 3; k++) {
      scale[k] = _mm512_loadu_ps(target.scale + k);
      bias[k] = _mm512_loadu_ps(target.bias + k);
    }
  }
  void put(size_t i, __m512i pixels) const {
    const __m512i bytes = by.of(pixels);
    _mm512_storeu_ps(to + 3 * i, wide_normalised(lane_of<0>(bytes), scale[0], bias[0]));
    _mm512_storeu_ps(to + 3 * i + 16, wide_normalised(lane_of<1>(bytes), scale[1], bias[1]));
    _mm512_storeu_ps(to + 3 * i + 32, wide_normalised(lane_of<2>(bytes), scale[2], bias[2]));
  }
  WideByPixel by;
  float* to;
  __m512 scale[3], bias[3];
};

template <RowSource source, RowOutput output>
void row(const RowJob& job) {
  size_t i = 0;
  if constexpr (source == planar_yuv || source == semiplanar_yuv) {
    const WideYuvReader<source == planar_yuv> reader(job);
    const WideWriter<output> writer(job.target);
    const size_t count = reader.vectors();
    for (; i + 16 <= count; i += 16) writer.put(i, reader.at(i));
  }
  row_by_eight<source, output>(job, i);
}

}  // namespace

extern const PreprocessKernels preprocess_avx512_vnni;
const PreprocessKernels preprocess_avx512_vnni = {ROW_FUNCTIONS, sum, mean};

}  // namespace ocellus
