// Eight outputs at a time with AVX2; AVX-512 does the formats of cameras with more, and the rest with these. In a namespace of
// its own for each file that includes it.
#pragma once

#include <immintrin.h>

#include <cstring>

#include "preprocess/pixel.h"

namespace ocellus {
namespace {

__m128i load(const void* from) { return _mm_loadu_si128(static_cast<const __m128i*>(from)); }
__m256i load32(const void* from) { return _mm256_loadu_si256(static_cast<const __m256i*>(from)); }
__m256i both(__m128i low, __m128i high) { return _mm256_inserti128_si256(_mm256_castsi128_si256(low), high, 1); }

/// The pairs of a plane's outputs in two rows. By value: what is written through bytes cannot change it, as a compiler must
/// believe of what lies behind a pointer.
template <size_t channels>
struct Pairs {
  Pairs(const Taps& row_taps, const Rows& rows) : taps(row_taps), upper(rows.upper), lower(rows.lower) {}

  /// The pairs of eight outputs, four to a lane: channel 0 in the lower half of a lane, channel 1 in the upper one.
  __m256i of(size_t group, const uint8_t* row) const {
    if (!taps.gathered) return both(far(group, row), far(group + 1, row));
    const __m256i bytes = both(load(row + taps.base[group]), load(row + taps.base[group + 1]));
    return _mm256_shuffle_epi8(bytes, load32(taps.mask + 16 * group));
  }
  __m256i weights(size_t i) const { return load32(taps.weights + 2 * i); }

  Taps taps;
  const uint8_t* upper;
  const uint8_t* lower;

 private:
  /// Of four outputs, where sixteen bytes do not hold them.
  __m128i far(size_t group, const uint8_t* row) const {
    uint8_t pairs[16] = {};
    for (size_t c = 0; c < channels; c++) {
      for (size_t i = 0; i < 4; i++) {
        const uint8_t* first = row + taps.first[4 * group + i] + c;
        pairs[8 * c + 2 * i] = first[0];
        pairs[8 * c + 2 * i + 1] = first[taps.next];
      }
    }
    return load(pairs);
  }
};

/// The weights of the upper and the lower row, in turns.
__m256i vertical(const Rows& rows) {
  return _mm256_set1_epi16(static_cast<int16_t>((256 - rows.weight) | rows.weight << 8));
}

/// From (upper, lower) of the first and of the second element to values around 128 with 19 fractional bits.
__m256i blend(__m256i bytes, __m256i vertical_weights, __m256i horizontal_weights) {
  // The multiply wants one side signed: pixels become -128..127, which takes 128 off.
  const __m256i centred = _mm256_xor_si256(bytes, _mm256_set1_epi8(static_cast<char>(0x80)));
  return _mm256_madd_epi16(_mm256_maddubs_epi16(vertical_weights, centred), horizontal_weights);
}

/// Eight pixels as bytes: in each lane four of red, four of green, four of blue, and four of no meaning.
__m256i packed(__m256i r, __m256i g, __m256i b) {
  return _mm256_packus_epi16(_mm256_packs_epi32(r, g), _mm256_packs_epi32(b, b));
}

/// What stays the same for a row. `at(i)` gives eight pixels from output `i`, a multiple of eight, on.
template <RowSource source>
struct Reader;

template <bool planar>
struct YuvReader {
  static constexpr size_t channels = planar ? 1 : 2;

  explicit YuvReader(const RowJob& row)
      : luma(*row.luma, row.planes[0]),
        first_chroma(*row.chroma, row.planes[1]),
        second_chroma(*row.chroma, row.planes[planar ? 2 : 1]),
        y_rows(vertical(row.planes[0])),
        c_rows(vertical(row.planes[1])),
        luma_rv(pair(row.colour->luma, row.colour->rv)),
        luma_gu(pair(row.colour->luma, row.colour->gu)),
        zero_gv(pair(0, row.colour->gv)),
        luma_bu(pair(row.colour->luma, row.colour->bu)),
        offset(_mm256_set1_epi32(row.colour->offset)) {}

  __m256i at(size_t i) const {
    const size_t group = i / 4;
    const __m256i y_bytes = _mm256_unpacklo_epi8(luma.of(group, luma.upper), luma.of(group, luma.lower));
    const __m256i y = blend(y_bytes, y_rows, luma.weights(i));
    const __m256i weights = first_chroma.weights(i);
    const __m256i upper = first_chroma.of(group, first_chroma.upper);
    const __m256i lower = first_chroma.of(group, first_chroma.lower);
    const __m256i u = blend(_mm256_unpacklo_epi8(upper, lower), c_rows, weights);
    __m256i v_bytes;
    if constexpr (planar) {
      const __m256i v_upper = first_chroma.of(group, second_chroma.upper);
      v_bytes = _mm256_unpacklo_epi8(v_upper, first_chroma.of(group, second_chroma.lower));
    } else {
      v_bytes = _mm256_unpackhi_epi8(upper, lower);
    }
    const __m256i v = blend(v_bytes, c_rows, weights);
    // 16 bits each with 7 fractional bits, side by side: (y, u) and (y, v).
    const __m256i y7 = _mm256_srli_epi32(y, 12);
    const __m256i yu = _mm256_blend_epi16(y7, _mm256_slli_epi32(u, 4), 0xaa);
    const __m256i yv = _mm256_blend_epi16(y7, _mm256_slli_epi32(v, 4), 0xaa);
    const __m256i r = _mm256_add_epi32(_mm256_madd_epi16(yv, luma_rv), offset);
    const __m256i yug = _mm256_add_epi32(_mm256_madd_epi16(yu, luma_gu), offset);
    const __m256i g = _mm256_add_epi32(yug, _mm256_madd_epi16(yv, zero_gv));
    const __m256i b = _mm256_add_epi32(_mm256_madd_epi16(yu, luma_bu), offset);
    return packed(_mm256_srai_epi32(r, 20), _mm256_srai_epi32(g, 20), _mm256_srai_epi32(b, 20));
  }
  size_t vectors() const { return luma.taps.count; }

 private:
  static __m256i pair(int16_t first, int16_t second) {
    return _mm256_set1_epi32(static_cast<int32_t>(static_cast<uint16_t>(first) | static_cast<uint32_t>(second) << 16));
  }

  Pairs<1> luma;
  Pairs<channels> first_chroma, second_chroma;
  __m256i y_rows, c_rows, luma_rv, luma_gu, zero_gv, luma_bu, offset;
};

template <>
struct Reader<planar_yuv> : YuvReader<true> {
  using YuvReader::YuvReader;
};
template <>
struct Reader<semiplanar_yuv> : YuvReader<false> {
  using YuvReader::YuvReader;
};

/// 19 fractional bits off, and 128 on.
__m256i pixels_of(__m256i value) {
  return _mm256_add_epi32(_mm256_srai_epi32(_mm256_add_epi32(value, _mm256_set1_epi32(1 << 18)), 19), _mm256_set1_epi32(128));
}

template <>
struct Reader<gray_pixels> {
  explicit Reader(const RowJob& row) : pixels(*row.luma, row.planes[0]), rows(vertical(row.planes[0])) {}

  __m256i at(size_t i) const {
    const __m256i bytes = _mm256_unpacklo_epi8(pixels.of(i / 4, pixels.upper), pixels.of(i / 4, pixels.lower));
    const __m256i value = pixels_of(blend(bytes, rows, pixels.weights(i)));
    return packed(value, value, value);
  }
  size_t vectors() const { return pixels.taps.count; }

 private:
  Pairs<1> pixels;
  __m256i rows;
};

template <>
struct Reader<rgb_pixels> {
  explicit Reader(const RowJob& row)
      : taps(*row.luma), upper(row.planes[0].upper), lower(row.planes[0].lower), rows(vertical(row.planes[0])) {
    // From eight bytes of the upper row and eight of the lower one to (upper, lower) of the first and the second pixel's
    // red, green and blue.
    alignas(16) int8_t order[16];
    for (int c = 0; c < 3; c++) {
      const int channel = row.source_bgr ? 2 - c : c;
      order[4 * c] = static_cast<int8_t>(channel);
      order[4 * c + 1] = static_cast<int8_t>(channel + 8);
      order[4 * c + 2] = static_cast<int8_t>(channel + 3);
      order[4 * c + 3] = static_cast<int8_t>(channel + 11);
      order[12 + c] = -1;
    }
    order[15] = -1;
    pairs = _mm256_broadcastsi128_si256(load(order));
  }

  __m256i at(size_t i) const {
    // Output k and output k + 4 share a register, so that packing leaves them in order.
    const __m256i p0 = two(i), p1 = two(i + 1), p2 = two(i + 2), p3 = two(i + 3);
    const __m256i bytes = _mm256_packus_epi16(_mm256_packs_epi32(p0, p1), _mm256_packs_epi32(p2, p3));
    const __m256i by_channel = _mm256_broadcastsi128_si256(_mm_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15));
    return _mm256_shuffle_epi8(bytes, by_channel);
  }
  /// Outputs whose eight bytes lie inside the row; others are done one by one.
  size_t vectors() const { return taps.safe; }

 private:
  __m128i eight(size_t i) const {
    const int32_t first = taps.first[i];
    const __m128i above = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(upper + first));
    return _mm_castps_si128(_mm_loadh_pi(_mm_castsi128_ps(above), reinterpret_cast<const __m64*>(lower + first)));
  }
  __m128i weights(size_t i) const {
    int32_t both;
    std::memcpy(&both, taps.weights + 2 * i, sizeof both);
    return _mm_set1_epi32(both);
  }
  __m256i two(size_t i) const {
    const __m256i bytes = _mm256_shuffle_epi8(both(eight(i), eight(i + 4)), pairs);
    return pixels_of(blend(bytes, rows, both(weights(i), weights(i + 4))));
  }

  Taps taps;
  const uint8_t* upper;
  const uint8_t* lower;
  __m256i rows, pairs;
};

/// Where eight packed pixels go. `put(i, pixels)` writes exactly them.
template <RowOutput output>
struct Writer;

/// The channels one after the other: eight of 0, eight of 1, eight of 2.
struct ByChannel {
  explicit ByChannel(const RowTarget& target)
      : order(target.bgr ? _mm256_setr_epi32(2, 6, 1, 5, 0, 4, 3, 7) : _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7)) {}
  __m256i of(__m256i pixels) const { return _mm256_permutevar8x32_epi32(pixels, order); }
  __m256i order;
};

/// Pixel after pixel, in the lower 24 bytes.
struct ByPixel {
  explicit ByPixel(const RowTarget& target)
      : order(_mm256_broadcastsi128_si256(target.bgr ? _mm_setr_epi8(8, 4, 0, 9, 5, 1, 10, 6, 2, 11, 7, 3, 12, 13, 14, 15)
                                                     : _mm_setr_epi8(0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11, 12, 13, 14, 15))) {}
  __m256i of(__m256i pixels) const {
    return _mm256_permutevar8x32_epi32(_mm256_shuffle_epi8(pixels, order), _mm256_setr_epi32(0, 1, 2, 4, 5, 6, 3, 7));
  }
  __m256i order;
};

void store8(uint8_t* to, __m128i bytes) { _mm_storel_epi64(reinterpret_cast<__m128i*>(to), bytes); }

template <>
struct Writer<bytes_planar> {
  explicit Writer(const RowTarget& target) : by(target) {
    for (size_t c = 0; c < 3; c++) to[c] = static_cast<uint8_t*>(target.channels[c]);
  }
  void put(size_t i, __m256i pixels) const {
    const __m256i bytes = by.of(pixels);
    const __m128i low = _mm256_castsi256_si128(bytes);
    store8(to[0] + i, low);
    _mm_storeh_pi(reinterpret_cast<__m64*>(to[1] + i), _mm_castsi128_ps(low));
    store8(to[2] + i, _mm256_extracti128_si256(bytes, 1));
  }
  ByChannel by;
  uint8_t* to[3];
};

template <>
struct Writer<bytes_interleaved> {
  explicit Writer(const RowTarget& target) : by(target), to(static_cast<uint8_t*>(target.channels[0])) {}
  void put(size_t i, __m256i pixels) const {
    const __m256i bytes = by.of(pixels);
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to + 3 * i), _mm256_castsi256_si128(bytes));
    store8(to + 3 * i + 16, _mm256_extracti128_si256(bytes, 1));
  }
  ByPixel by;
  uint8_t* to;
};

__m256 normalised(__m128i bytes, __m256 scale, __m256 bias) {
  return _mm256_add_ps(_mm256_mul_ps(_mm256_cvtepi32_ps(_mm256_cvtepu8_epi32(bytes)), scale), bias);
}

template <>
struct Writer<floats_planar> {
  explicit Writer(const RowTarget& target) : by(target) {
    for (size_t c = 0; c < 3; c++) {
      to[c] = static_cast<float*>(target.channels[c]);
      scale[c] = _mm256_set1_ps(target.scale[c]);
      bias[c] = _mm256_set1_ps(target.bias[c]);
    }
  }
  void put(size_t i, __m256i pixels) const {
    const __m256i bytes = by.of(pixels);
    const __m128i low = _mm256_castsi256_si128(bytes);
    _mm256_storeu_ps(to[0] + i, normalised(low, scale[0], bias[0]));
    _mm256_storeu_ps(to[1] + i, normalised(_mm_unpackhi_epi64(low, low), scale[1], bias[1]));
    _mm256_storeu_ps(to[2] + i, normalised(_mm256_extracti128_si256(bytes, 1), scale[2], bias[2]));
  }
  ByChannel by;
  float* to[3];
  __m256 scale[3], bias[3];
};

template <>
struct Writer<floats_interleaved> {
  explicit Writer(const RowTarget& target) : by(target), to(static_cast<float*>(target.channels[0])) {
    for (size_t k = 0; k < 3; k++) {
      scale[k] = _mm256_loadu_ps(target.scale + 8 * k);
      bias[k] = _mm256_loadu_ps(target.bias + 8 * k);
    }
  }
  void put(size_t i, __m256i pixels) const {
    const __m256i bytes = by.of(pixels);
    const __m128i low = _mm256_castsi256_si128(bytes);
    _mm256_storeu_ps(to + 3 * i, normalised(low, scale[0], bias[0]));
    _mm256_storeu_ps(to + 3 * i + 8, normalised(_mm_unpackhi_epi64(low, low), scale[1], bias[1]));
    _mm256_storeu_ps(to + 3 * i + 16, normalised(_mm256_extracti128_si256(bytes, 1), scale[2], bias[2]));
  }
  ByPixel by;
  float* to;
  __m256 scale[3], bias[3];
};

template <RowSource source, RowOutput output>
void row_by_eight(const RowJob& job, size_t from) {
  const Reader<source> reader(job);
  const Writer<output> writer(job.target);
  const size_t count = reader.vectors();
  size_t i = from;
  for (; i + 8 <= count; i += 8) writer.put(i, reader.at(i));
  rest_of_row<source, output>(job, i);
}

void sum(const uint8_t* first, size_t stride, size_t rows, size_t bytes, uint16_t* sums) {
  const auto widened = [](const uint8_t* from) { return _mm256_cvtepu8_epi16(load(from)); };
  size_t i = 0;
  for (; i + 32 <= bytes; i += 32) {
    __m256i low = widened(first + i);
    __m256i high = widened(first + i + 16);
    for (size_t row = 1; row < rows; row++) {
      low = _mm256_add_epi16(low, widened(first + row * stride + i));
      high = _mm256_add_epi16(high, widened(first + row * stride + i + 16));
    }
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(sums + i), low);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(sums + i + 16), high);
  }
  for (; i < bytes; i++) {
    uint32_t total = 0;
    for (size_t row = 0; row < rows; row++) total += first[row * stride + i];
    sums[i] = static_cast<uint16_t>(total);
  }
}

/// Eight means in the lower half of 16 bits each.
__m128i means_of(__m128i sums, __m128i up, __m128i reciprocal) {
  const __m128i scaled = _mm_mulhi_epu16(_mm_sll_epi16(sums, up), reciprocal);
  return _mm_srli_epi16(_mm_add_epi16(scaled, _mm_set1_epi16(64)), 7);
}

__m128i sums8(const uint16_t* from, size_t box) {
  __m128i total = load(from);
  for (size_t k = 1; k < box; k++) total = _mm_add_epi16(total, load(from + k));
  return total;
}

/// Any box and channels: the mean of the box that begins at each value, of which the few that are wanted are taken. Pays while
/// boxes are small.
size_t means_everywhere(const uint16_t* sums, const BoxMean& mean, size_t count, uint8_t* target) {
  constexpr size_t room = 512;
  const __m128i up = _mm_cvtsi32_si128(static_cast<int>(mean.up));
  const __m256i reciprocal = _mm256_set1_epi16(static_cast<int16_t>(mean.reciprocal));
  const size_t channels = mean.channels;
  const size_t step = mean.box * channels;
  const size_t at_once = room / step;
  uint8_t means[room + 32];
  for (size_t done = 0; done < count; done += at_once) {
    const size_t boxes = count - done < at_once ? count - done : at_once;
    const uint16_t* from = sums + done * step;
    for (size_t i = 0; i < boxes * step; i += 16) {
      __m256i total = load32(from + i);
      for (size_t k = 1; k < mean.box; k++) total = _mm256_add_epi16(total, load32(from + i + k * channels));
      const __m256i scaled = _mm256_mulhi_epu16(_mm256_sll_epi16(total, up), reciprocal);
      const __m256i words = _mm256_srli_epi16(_mm256_add_epi16(scaled, _mm256_set1_epi16(64)), 7);
      const __m128i bytes = _mm_packus_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
      _mm_storeu_si128(reinterpret_cast<__m128i*>(means + i), bytes);
    }
    uint8_t* to = target + done * channels;
    // Four bytes are moved for up to three; the next box or nobody wants the others.
    for (size_t i = 0; i < boxes; i++) std::memcpy(to + i * channels, means + i * step, 4);
  }
  return count;
}

void mean(const uint16_t* sums, const BoxMean& mean, size_t count, uint8_t* target) {
  const __m128i up = _mm_cvtsi32_si128(static_cast<int>(mean.up));
  const __m128i reciprocal = _mm_set1_epi16(static_cast<int16_t>(mean.reciprocal));
  size_t i = 0;
  if (mean.channels == 1 && mean.box >= 2 && mean.box <= 4) {
    for (; i + 8 <= count; i += 8) {
      const uint16_t* from = sums + i * mean.box;
      __m128i total;
      if (mean.box == 2) {
        const __m128i low = load(from), high = load(from + 8);
        // Neighbours summed as 32 bits: (low 16) + (high 16), no more than 16 bits.
        const __m128i mask = _mm_set1_epi32(0xffff);
        const __m128i a = _mm_add_epi32(_mm_and_si128(low, mask), _mm_srli_epi32(low, 16));
        const __m128i b = _mm_add_epi32(_mm_and_si128(high, mask), _mm_srli_epi32(high, 16));
        total = _mm_packus_epi32(a, b);
      } else if (mean.box == 3) {
        // Sums of three from every column, of which each third is wanted.
        const __m128i a = sums8(from, 3), b = sums8(from + 8, 3), c = sums8(from + 16, 3);
        const __m128i x = _mm_shuffle_epi8(a, _mm_setr_epi8(0, 1, 6, 7, 12, 13, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1));
        const __m128i y = _mm_shuffle_epi8(b, _mm_setr_epi8(-1, -1, -1, -1, -1, -1, 2, 3, 8, 9, 14, 15, -1, -1, -1, -1));
        const __m128i z = _mm_shuffle_epi8(c, _mm_setr_epi8(-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 4, 5, 10, 11));
        total = _mm_or_si128(_mm_or_si128(x, y), z);
      } else {
        total = _mm_hadd_epi16(_mm_hadd_epi16(load(from), load(from + 8)), _mm_hadd_epi16(load(from + 16), load(from + 24)));
      }
      const __m128i means = means_of(total, up, reciprocal);
      store8(target + i, _mm_packus_epi16(means, means));
    }
  }
  if (i == 0 && mean.box <= 8) i = means_everywhere(sums, mean, count, target);
  rest_of_means(sums, mean, i, count, target);
}

}  // namespace
}  // namespace ocellus
