#include <arm_neon.h>

#include <cstring>

#include "preprocess/pixel.h"

namespace ocellus {
namespace {

/// The pairs of eight outputs of one channel.
struct EightPairs {
  uint8x8_t low, high;
};

/// The pairs of a plane's outputs in two rows. By value: what is written through bytes cannot change it, as a compiler must
/// believe of what lies behind a pointer. `gathered`: all are, so that nothing is asked in the loop.
template <size_t channels, bool gathered>
struct Pairs {
  Pairs(const Taps& row_taps, const Rows& rows) : taps(row_taps), upper(rows.upper), lower(rows.lower) {}

  /// The pairs of four outputs: channel 0 in the lower half, channel 1 in the upper one.
  uint8x16_t of_four(size_t group, const uint8_t* row) const {
    if (!gathered && !taps.gathered) return far(group, row);
    return vqtbl1q_u8(vld1q_u8(row + taps.base[group]), vld1q_u8(taps.mask + 16 * group));
  }
  EightPairs of_eight(size_t group, const uint8_t* row) const {
    if (!gathered && !taps.gathered) return {vget_low_u8(far(group, row)), vget_low_u8(far(group + 1, row))};
    return {vqtbl1_u8(vld1q_u8(row + taps.base[group]), vld1_u8(taps.mask + 16 * group)),
            vqtbl1_u8(vld1q_u8(row + taps.base[group + 1]), vld1_u8(taps.mask + 16 * group + 16))};
  }
  const int16_t* weights(size_t i) const { return taps.weights + 2 * i; }

  Taps taps;
  const uint8_t* upper;
  const uint8_t* lower;

 private:
  /// Of four outputs, where sixteen bytes do not hold them.
  uint8x16_t far(size_t group, const uint8_t* row) const {
    uint8_t pairs[16] = {};
    for (size_t c = 0; c < channels; c++) {
      for (size_t i = 0; i < 4; i++) {
        const uint8_t* first = row + taps.first[4 * group + i] + c;
        pairs[8 * c + 2 * i] = first[0];
        pairs[8 * c + 2 * i + 1] = first[taps.next];
      }
    }
    return vld1q_u8(pairs);
  }
};

/// The weights of the upper and the lower row.
struct Vertical {
  explicit Vertical(const Rows& rows)
      : upper(vdup_n_u8(static_cast<uint8_t>(256 - rows.weight))), lower(vdup_n_u8(static_cast<uint8_t>(rows.weight))) {}
  uint8x8_t upper, lower;
};

/// Two rows to one, around 128 and with 8 fractional bits.
int16x8_t down(uint8x8_t upper, uint8x8_t lower, const Vertical& weights) {
  const uint16x8_t sum = vmlal_u8(vmull_u8(upper, weights.upper), lower, weights.lower);
  return vreinterpretq_s16_u16(veorq_u16(sum, vdupq_n_u16(0x8000)));
}

/// Four pairs to four values with 19 fractional bits.
int32x4_t blended(int16x8_t pairs, int16x8_t weights) {
  return vpaddq_s32(vmull_s16(vget_low_s16(pairs), vget_low_s16(weights)), vmull_high_s16(pairs, weights));
}

/// Eight outputs of one channel with 7 fractional bits, around 128.
int16x8_t seven_bits(EightPairs upper, EightPairs lower, const Vertical& vertical, const int16_t* weights) {
  const int32x4_t low = blended(down(upper.low, lower.low, vertical), vld1q_s16(weights));
  const int32x4_t high = blended(down(upper.high, lower.high, vertical), vld1q_s16(weights + 8));
  return vshrn_high_n_s32(vshrn_n_s32(low, 12), high, 12);
}

/// 19 fractional bits off, rounded, and 128 on.
uint8x8_t pixels_of(int32x4_t low, int32x4_t high) {
  // Two steps of shifting give what one of 19 bits does.
  const int32x4_t half = vdupq_n_s32(1 << 18);
  const int16x8_t value = vshrn_high_n_s32(vshrn_n_s32(vaddq_s32(low, half), 16), vaddq_s32(high, half), 16);
  return vqmovun_s16(vaddq_s16(vshrq_n_s16(value, 3), vdupq_n_s16(128)));
}

/// Eight pixels of each channel.
struct Eight {
  uint8x8_t r, g, b;
};

/// What stays the same for a row. `at(i)` gives eight pixels from output `i`, a multiple of eight, on. Always part of the
/// loop: called, it would load every constant again for each eight pixels.
template <RowSource source, bool gathered>
struct Reader;

template <bool planar, bool gathered>
struct YuvReader {
  static constexpr size_t channels = planar ? 1 : 2;

  explicit YuvReader(const RowJob& row)
      : luma(*row.luma, row.planes[0]),
        first_chroma(*row.chroma, row.planes[1]),
        second_chroma(*row.chroma, row.planes[planar ? 2 : 1]),
        y_rows(row.planes[0]),
        c_rows(row.planes[1]),
        colour(*row.colour),
        offset(vdupq_n_s32(row.colour->offset)) {}

  [[gnu::always_inline]] Eight at(size_t i) const {
    const size_t group = i / 4;
    const int16x8_t y =
        seven_bits(luma.of_eight(group, luma.upper), luma.of_eight(group, luma.lower), y_rows, luma.weights(i));
    const Pairs<channels, gathered>& chroma = first_chroma;
    const int16_t* weights = chroma.weights(i);
    int16x8_t u, v;
    if constexpr (planar) {
      u = seven_bits(chroma.of_eight(group, chroma.upper), chroma.of_eight(group, chroma.lower), c_rows, weights);
      v = seven_bits(chroma.of_eight(group, second_chroma.upper), chroma.of_eight(group, second_chroma.lower), c_rows, weights);
    } else {
      const uint8x16_t upper0 = chroma.of_four(group, chroma.upper), upper1 = chroma.of_four(group + 1, chroma.upper);
      const uint8x16_t lower0 = chroma.of_four(group, chroma.lower), lower1 = chroma.of_four(group + 1, chroma.lower);
      u = seven_bits(first_halves(upper0, upper1), first_halves(lower0, lower1), c_rows, weights);
      v = seven_bits(second_halves(upper0, upper1), second_halves(lower0, lower1), c_rows, weights);
    }
    return {one(y, v, colour.rv), two(y, u, v), one(y, u, colour.bu)};
  }
  size_t vectors() const { return luma.taps.count; }

 private:
  static EightPairs first_halves(uint8x16_t a, uint8x16_t b) { return {vget_low_u8(a), vget_low_u8(b)}; }
  static EightPairs second_halves(uint8x16_t a, uint8x16_t b) { return {vget_high_u8(a), vget_high_u8(b)}; }
  /// 20 fractional bits off, in two steps.
  static uint8x8_t narrowed(int32x4_t low, int32x4_t high) {
    return vqshrun_n_s16(vshrn_high_n_s32(vshrn_n_s32(low, 16), high, 16), 4);
  }
  int32x4_t luma_low(int16x8_t y) const { return vmlal_n_s16(offset, vget_low_s16(y), colour.luma); }
  int32x4_t luma_high(int16x8_t y) const { return vmlal_high_n_s16(offset, y, colour.luma); }
  uint8x8_t one(int16x8_t y, int16x8_t c, int16_t weight) const {
    return narrowed(vmlal_n_s16(luma_low(y), vget_low_s16(c), weight), vmlal_high_n_s16(luma_high(y), c, weight));
  }
  uint8x8_t two(int16x8_t y, int16x8_t u, int16x8_t v) const {
    const int16_t gu = colour.gu, gv = colour.gv;
    return narrowed(vmlal_n_s16(vmlal_n_s16(luma_low(y), vget_low_s16(u), gu), vget_low_s16(v), gv),
                    vmlal_high_n_s16(vmlal_high_n_s16(luma_high(y), u, gu), v, gv));
  }

  Pairs<1, gathered> luma;
  Pairs<channels, gathered> first_chroma, second_chroma;
  Vertical y_rows, c_rows;
  YuvColour colour;
  int32x4_t offset;
};

template <bool gathered>
struct Reader<planar_yuv, gathered> : YuvReader<true, gathered> {
  using YuvReader<true, gathered>::YuvReader;
};
template <bool gathered>
struct Reader<semiplanar_yuv, gathered> : YuvReader<false, gathered> {
  using YuvReader<false, gathered>::YuvReader;
};

template <bool gathered>
struct Reader<gray_pixels, gathered> {
  explicit Reader(const RowJob& row) : pixels(*row.luma, row.planes[0]), rows(row.planes[0]) {}

  [[gnu::always_inline]] Eight at(size_t i) const {
    const EightPairs upper = pixels.of_eight(i / 4, pixels.upper);
    const EightPairs lower = pixels.of_eight(i / 4, pixels.lower);
    const int16_t* weights = pixels.weights(i);
    const int32x4_t low = blended(down(upper.low, lower.low, rows), vld1q_s16(weights));
    const int32x4_t high = blended(down(upper.high, lower.high, rows), vld1q_s16(weights + 8));
    const uint8x8_t value = pixels_of(low, high);
    return {value, value, value};
  }
  size_t vectors() const { return pixels.taps.count; }

 private:
  Pairs<1, gathered> pixels;
  Vertical rows;
};

/// Its pixels are taken one by one.
template <>
struct Reader<rgb_pixels, false> {
  explicit Reader(const RowJob& row) : pixels(*row.luma, row.planes[0]), rows(row.planes[0]) {
    // From eight bytes to red, green, blue and nothing of the first pixel, then of the second.
    uint8_t order_bytes[8];
    for (int c = 0; c < 3; c++) {
      const int channel = row.source_bgr ? 2 - c : c;
      order_bytes[c] = static_cast<uint8_t>(channel);
      order_bytes[4 + c] = static_cast<uint8_t>(channel + 3);
    }
    order_bytes[3] = order_bytes[7] = 0xff;
    order = vld1_u8(order_bytes);
  }

  [[gnu::always_inline]] Eight at(size_t i) const {
    // Rows of (r, g, b, nothing) are turned into columns.
    int16_t all[32];
    for (size_t k = 0; k < 8; k++) vst1_s16(all + 4 * k, one(i + k));
    const int16x4x4_t low = vld4_s16(all);
    const int16x4x4_t high = vld4_s16(all + 16);
    return {bytes(low.val[0], high.val[0]), bytes(low.val[1], high.val[1]), bytes(low.val[2], high.val[2])};
  }
  /// Outputs whose eight bytes lie inside the row; others are done one by one.
  size_t vectors() const { return pixels.taps.safe; }

 private:
  static uint8x8_t bytes(int16x4_t low, int16x4_t high) { return vqmovun_s16(vcombine_s16(low, high)); }
  int16x4_t one(size_t i) const {
    const int32_t first = pixels.taps.first[i];
    const uint8x8_t upper = vtbl1_u8(vld1_u8(pixels.upper + first), order);
    const uint8x8_t lower = vtbl1_u8(vld1_u8(pixels.lower + first), order);
    const int16x8_t pair = down(upper, lower, rows);
    const int16_t* weights = pixels.weights(i);
    int32x4_t value = vmull_n_s16(vget_low_s16(pair), weights[0]);
    value = vmlal_high_n_s16(value, pair, weights[1]);
    const int16x4_t high = vshrn_n_s32(vaddq_s32(value, vdupq_n_s32(1 << 18)), 16);
    return vadd_s16(vshr_n_s16(high, 3), vdup_n_s16(128));
  }

  Pairs<3, false> pixels;
  Vertical rows;
  uint8x8_t order;
};

/// Where eight pixels go. `put(i, pixels)` writes exactly them.
template <RowOutput output>
struct Writer;

/// The channels in the order of the tensor.
uint8x8x3_t in_order(Eight pixels, bool bgr) {
  return {{bgr ? pixels.b : pixels.r, pixels.g, bgr ? pixels.r : pixels.b}};
}

template <>
struct Writer<bytes_planar> {
  explicit Writer(const RowTarget& row_target) : target(row_target) {}
  void put(size_t i, Eight pixels) const {
    const uint8x8x3_t values = in_order(pixels, target.bgr);
    for (size_t c = 0; c < 3; c++) vst1_u8(static_cast<uint8_t*>(target.channels[c]) + i, values.val[c]);
  }
  RowTarget target;
};

template <>
struct Writer<bytes_interleaved> {
  explicit Writer(const RowTarget& row_target) : target(row_target) {}
  void put(size_t i, Eight pixels) const {
    vst3_u8(static_cast<uint8_t*>(target.channels[0]) + 3 * i, in_order(pixels, target.bgr));
  }
  RowTarget target;
};

struct FloatWriter {
  explicit FloatWriter(const RowTarget& row_target) : target(row_target) {
    for (size_t c = 0; c < 3; c++) {
      scale[c] = vdupq_n_f32(row_target.scale[c]);
      bias[c] = vdupq_n_f32(row_target.bias[c]);
    }
  }
  float32x4_t normalised(uint16x4_t pixels, size_t c) const {
    return vaddq_f32(vmulq_f32(vcvtq_f32_u32(vmovl_u16(pixels)), scale[c]), bias[c]);
  }
  RowTarget target;
  float32x4_t scale[3], bias[3];
};

template <>
struct Writer<floats_planar> : FloatWriter {
  using FloatWriter::FloatWriter;
  void put(size_t i, Eight pixels) const {
    const uint8x8x3_t values = in_order(pixels, target.bgr);
    for (size_t c = 0; c < 3; c++) {
      const uint16x8_t wide = vmovl_u8(values.val[c]);
      float* to = static_cast<float*>(target.channels[c]) + i;
      vst1q_f32(to, normalised(vget_low_u16(wide), c));
      vst1q_f32(to + 4, normalised(vget_high_u16(wide), c));
    }
  }
};

template <>
struct Writer<floats_interleaved> : FloatWriter {
  using FloatWriter::FloatWriter;
  void put(size_t i, Eight pixels) const {
    const uint8x8x3_t values = in_order(pixels, target.bgr);
    float32x4x3_t low, high;
    for (size_t c = 0; c < 3; c++) {
      const uint16x8_t wide = vmovl_u8(values.val[c]);
      low.val[c] = normalised(vget_low_u16(wide), c);
      high.val[c] = normalised(vget_high_u16(wide), c);
    }
    float* to = static_cast<float*>(target.channels[0]) + 3 * i;
    vst3q_f32(to, low);
    vst3q_f32(to + 12, high);
  }
};

template <RowSource source, RowOutput output, bool gathered>
void eights(const RowJob& job) {
  const Reader<source, gathered> reader(job);
  const Writer<output> writer(job.target);
  const size_t count = reader.vectors();
  size_t i = 0;
  for (; i + 8 <= count; i += 8) writer.put(i, reader.at(i));
  rest_of_row<source, output>(job, i);
}

template <RowSource source, RowOutput output>
void row(const RowJob& job) {
  if constexpr (source != rgb_pixels) {
    if (job.luma->gathered && (source == gray_pixels || job.chroma->gathered)) return eights<source, output, true>(job);
  }
  eights<source, output, false>(job);
}

void sum(const uint8_t* first, size_t stride, size_t rows, size_t bytes, uint16_t* sums) {
  size_t i = 0;
  for (; i + 16 <= bytes; i += 16) {
    const uint8x16_t top = vld1q_u8(first + i);
    uint16x8_t low = vmovl_u8(vget_low_u8(top));
    uint16x8_t high = vmovl_high_u8(top);
    for (size_t row = 1; row < rows; row++) {
      const uint8x16_t next = vld1q_u8(first + row * stride + i);
      low = vaddw_u8(low, vget_low_u8(next));
      high = vaddw_high_u8(high, next);
    }
    vst1q_u16(sums + i, low);
    vst1q_u16(sums + i + 8, high);
  }
  for (; i < bytes; i++) {
    uint32_t total = 0;
    for (size_t row = 0; row < rows; row++) total += first[row * stride + i];
    sums[i] = static_cast<uint16_t>(total);
  }
}

uint8x8_t means_of(uint16x8_t sums, int16x8_t up, uint16_t reciprocal) {
  const uint16x8_t scaled = vshlq_u16(sums, up);
  const uint16x8_t means = vshrn_high_n_u32(vshrn_n_u32(vmull_n_u16(vget_low_u16(scaled), reciprocal), 16),
                                            vmull_high_n_u16(scaled, reciprocal), 16);
  // Rounds as it shifts.
  return vrshrn_n_u16(means, 7);
}

/// Eight boxes of two, three or four columns.
template <size_t box>
uint16x8_t boxes_of(const uint16_t* from) {
  if constexpr (box == 2) {
    return vpaddq_u16(vld1q_u16(from), vld1q_u16(from + 8));
  } else if constexpr (box == 3) {
    const uint16x8x3_t columns = vld3q_u16(from);
    return vaddq_u16(vaddq_u16(columns.val[0], columns.val[1]), columns.val[2]);
  } else {
    const uint16x8x4_t columns = vld4q_u16(from);
    return vaddq_u16(vaddq_u16(columns.val[0], columns.val[1]), vaddq_u16(columns.val[2], columns.val[3]));
  }
}

template <size_t box>
size_t means(const uint16_t* sums, const BoxMean& mean, size_t count, uint8_t* target) {
  const int16x8_t up = vdupq_n_s16(static_cast<int16_t>(mean.up));
  size_t i = 0;
  for (; i + 8 <= count; i += 8) vst1_u8(target + i, means_of(boxes_of<box>(sums + box * i), up, mean.reciprocal));
  return i;
}

/// Any box and channels: the mean of the box that begins at each value, of which the few that are wanted are taken. Pays while
/// boxes are small.
size_t means_everywhere(const uint16_t* sums, const BoxMean& mean, size_t count, uint8_t* target) {
  constexpr size_t room = 512;
  const int16x8_t up = vdupq_n_s16(static_cast<int16_t>(mean.up));
  const size_t channels = mean.channels;
  const size_t step = mean.box * channels;
  const size_t at_once = room / step;
  uint8_t means[room + 16];
  for (size_t done = 0; done < count; done += at_once) {
    const size_t boxes = count - done < at_once ? count - done : at_once;
    const uint16_t* from = sums + done * step;
    for (size_t i = 0; i < boxes * step; i += 8) {
      uint16x8_t total = vld1q_u16(from + i);
      for (size_t k = 1; k < mean.box; k++) total = vaddq_u16(total, vld1q_u16(from + i + k * channels));
      vst1_u8(means + i, means_of(total, up, mean.reciprocal));
    }
    uint8_t* to = target + done * channels;
    // Four bytes are moved for up to three; the next box or nobody wants the others.
    for (size_t i = 0; i < boxes; i++) std::memcpy(to + i * channels, means + i * step, 4);
  }
  return count;
}

void mean(const uint16_t* sums, const BoxMean& mean, size_t count, uint8_t* target) {
  size_t done = 0;
  if (mean.channels == 1) {
    if (mean.box == 2) done = means<2>(sums, mean, count, target);
    else if (mean.box == 3) done = means<3>(sums, mean, count, target);
    else if (mean.box == 4) done = means<4>(sums, mean, count, target);
  }
  if (done == 0 && mean.box <= 8) done = means_everywhere(sums, mean, count, target);
  rest_of_means(sums, mean, done, count, target);
}

}  // namespace

extern const PreprocessKernels preprocess_neon;
const PreprocessKernels preprocess_neon = {ROW_FUNCTIONS, sum, mean};

}  // namespace ocellus
