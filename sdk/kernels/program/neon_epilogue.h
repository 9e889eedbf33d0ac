// The epilogues in vectors: sixteen output channels of a few pixels. epilogue.h is their definition.
#pragma once

#include <arm_neon.h>

#include <cmath>

#include "boxes/neon_exp.h"
#include "program/epilogue.h"

namespace ocellus {
namespace {

constexpr int32_t block_channels = 16;
/// Pixels whose accumulators are computed before the epilogue takes them: its beginning and end cost as much as a few pixels.
constexpr int32_t batch_pixels = 48;

/// What the epilogue has to know of sixteen output channels; zeros behind the last channel.
struct alignas(64) ChannelBlock {
  int32_t bias[block_channels];
  float m[block_channels];
  /// m2, rm or k32: no epilogue has two of them.
  float second[block_channels];
  int16_t k[block_channels];
  int16_t kr[block_channels];
  int16_t z[block_channels];
  int16_t za[block_channels];
  int16_t zb[block_channels];
  uint8_t lo[block_channels];
  uint8_t hi[block_channels];
};
static_assert(sizeof(ChannelBlock) == 384, "no hole in it");

inline int32_t block_count(const Step& step) { return (step.out.channels + block_channels - 1) / block_channels; }

/// 1.5 * 2^23. As long as |v| < 2^22 the float v + exp_magic has the nearest whole number of v in its low bits: two additions
/// take the place of a conversion, of which most processors do fewer at a time.
constexpr int32_t magic_bits = 0x4b400000;
/// With room for roundings.
constexpr double magic_most = 4194000;

/// What all channels of a step share.
struct EpilogueRule {
  int16_t e = 0, rs = 0;
};

/// Pixels of one batch. `out` and `residual` are at the block's first channel; the accumulators of a pixel are sixteen in a row.
struct TilePixels {
  const int32_t* acc;
  int32_t count;
  uint8_t* const* out;
  const uint8_t* const* residual;
  /// To add to each pointer: the block's first channel.
  ptrdiff_t out_offset, residual_offset;
  /// Of the block, those that the view has.
  int32_t channels;
};

using Finish = void (*)(const TilePixels&, const ChannelBlock&, const EpilogueRule&);

inline void store_some(uint8_t* out, uint8x16_t values, int32_t channels) {
  if (channels >= block_channels) {
    vst1q_u8(out, values);
    return;
  }
  uint8_t bytes[block_channels];
  vst1q_u8(bytes, values);
  for (int32_t i = 0; i < channels; i++) out[i] = bytes[i];
}

inline int16x8_t mulhrs(int16x8_t a, int16x8_t b) { return vqrdmulhq_s16(a, b); }

/// sum + mulhrs(a, b), saturated: one instruction from ARMv8.1 on.
inline int16x8_t add_mulhrs(int16x8_t sum, int16x8_t a, int16x8_t b) {
#if defined(__ARM_FEATURE_QRDMX)
  return vqrdmlahq_s16(sum, a, b);
#else
  return vqaddq_s16(sum, mulhrs(a, b));
#endif
}

/// An addend of add_mulhrs. That one instruction writes over it: so it is loaded each time, which costs the arithmetic units
/// nothing. Compilers copy a register instead, which takes one of them.
inline int16x8_t addend(const int16_t* at) {
#if defined(__ARM_FEATURE_QRDMX)
  int16x8_t values;
  asm volatile("ldr %q0, %1" : "=w"(values) : "Q"(*reinterpret_cast<const int16x8_t*>(at)));
  return values;
#else
  return vld1q_s16(at);
#endif
}

constexpr size_t silu_terms = sizeof silu_series / sizeof silu_series[0];

/// The series' numbers, each in eight lanes.
struct SiluSeries {
  alignas(16) int16_t lanes[silu_terms][8];
  SiluSeries() {
    for (size_t i = 0; i < silu_terms; i++) vst1q_s16(lanes[i], vdupq_n_s16(silu_series[i]));
  }
};

/// Vectors that are computed side by side: each instruction waits for the one before it in its own vector.
constexpr int silu_vectors = 4;

#define EACH _Pragma("GCC unroll 4") for (int i = 0; i < silu_vectors; i++)

/// silu_of in eight lanes of each vector. Two of its steps are other ones here, of the same result: the limit of |x| and the
/// shift are one saturating shift (from the limit on both give 0 in the end), and the product with a power of two is a rounding
/// shift. kernels-check compares all x and e.
///
/// @param beside Other work, called four times: most of the steps are for the one unit that multiplies.
template <typename Beside>
inline void silu_of(int16x8_t* x, const SiluSeries& series, int16x8_t left, int16x8_t right, Beside beside) {
  static_assert(silu_terms == 4, "written out");
  int16x8_t s[silu_vectors], t[silu_vectors], p[silu_vectors];
  EACH s[i] = vqabsq_s16(x[i]);
  EACH s[i] = vqshlq_s16(s[i], left);
  EACH t[i] = vsubq_s16(vdupq_n_s16(32767), s[i]);
  EACH p[i] = add_mulhrs(addend(series.lanes[1]), t[i], vdupq_n_s16(silu_series[0]));
  beside(0);
  EACH p[i] = add_mulhrs(addend(series.lanes[2]), p[i], t[i]);
  beside(1);
  EACH p[i] = add_mulhrs(addend(series.lanes[3]), p[i], t[i]);
  beside(2);
  EACH t[i] = mulhrs(t[i], t[i]);
  EACH p[i] = mulhrs(p[i], t[i]);
  beside(3);
  EACH p[i] = mulhrs(p[i], s[i]);
  EACH p[i] = vrshlq_s16(p[i], right);
  EACH x[i] = vmaxq_s16(x[i], vdupq_n_s16(0));
  EACH x[i] = vsubq_s16(x[i], p[i]);
}

inline float32x4_t sigmoid_of(float32x4_t x) {
  const float32x4_t least = vdupq_n_f32(exp_least);
  const float32x4_t most = vdupq_n_f32(-exp_least);
  const float32x4_t one = vdupq_n_f32(1.0f);
  return vdivq_f32(one, vaddq_f32(one, exp_of(vminq_f32(vmaxq_f32(vnegq_f32(x), least), most))));
}

/// float(acc), and the nearest whole number of a product. `Small`: both are below 2^22, and the accumulators have magic_bits
/// added.
template <bool Small>
inline float32x4_t float_of(int32x4_t acc, float32x4_t magic) {
  if (Small) return vsubq_f32(vreinterpretq_f32_s32(acc), magic);
  return vcvtq_f32_s32(acc);
}
template <bool Small>
inline int32x4_t nearest_of(float32x4_t value, float32x4_t magic) {
  if (Small) return vsubq_s32(vreinterpretq_s32_f32(vaddq_f32(value, magic)), vreinterpretq_s32_f32(magic));
  return vcvtnq_s32_f32(value);
}
/// exp_magic in one register: of the constant compilers make three, one with the other sign and one for whole numbers.
inline float32x4_t magic_of() {
  float32x4_t magic = vdupq_n_f32(exp_magic);
  asm("" : "+w"(magic));
  return magic;
}

inline int16x8_t narrow(int32x4_t low, int32x4_t high) { return vqmovn_high_s32(vqmovn_s32(low), high); }
inline uint8x16_t narrow(int16x8_t low, int16x8_t high) { return vqmovun_high_s16(vqmovun_s16(low), high); }

/// Sixteen bytes less what stands for zero.
inline void centred(const uint8_t* bytes, const int16_t* zeros, int16x8_t* values) {
  const uint8x16_t all = vld1q_u8(bytes);
  values[0] = vsubq_s16(vreinterpretq_s16_u16(vmovl_u8(vget_low_u8(all))), vld1q_s16(zeros));
  values[1] = vsubq_s16(vreinterpretq_s16_u16(vmovl_high_u8(all)), vld1q_s16(zeros + 8));
}

inline float32x4_t quarter_of(const int16x8_t* values, int i) {
  const int16x4_t four = i % 2 == 0 ? vget_low_s16(values[i / 2]) : vget_high_s16(values[i / 2]);
  return vcvtq_f32_s32(vmovl_s16(four));
}

/// sat16(v) + z, then between the limits.
inline uint8x16_t within_limits(const int32x4_t* v, const ChannelBlock& block) {
  const int16x8_t low = vqaddq_s16(narrow(v[0], v[1]), vld1q_s16(block.z));
  const int16x8_t high = vqaddq_s16(narrow(v[2], v[3]), vld1q_s16(block.z + 8));
  return vminq_u8(vmaxq_u8(narrow(low, high), vld1q_u8(block.lo)), vld1q_u8(block.hi));
}

/// Constants of a block in registers: behind a store the compiler would load them again.
template <typename Vector, int count>
struct Held {
  Vector at[count];
};
inline Held<float32x4_t, 4> held(const float* values) {
  return {{vld1q_f32(values), vld1q_f32(values + 4), vld1q_f32(values + 8), vld1q_f32(values + 12)}};
}
inline Held<int16x8_t, 2> held(const int16_t* values) { return {{vld1q_s16(values), vld1q_s16(values + 8)}}; }

/// Two pixels at a time. While the curve of a pair is computed, the next pair is made to 16 bits.
template <bool Small, bool Residual>
void finish_silu(const TilePixels& given, const ChannelBlock& block, const EpilogueRule& rule) {
  const TilePixels tile = given;
  const int16x8_t left = vdupq_n_s16(static_cast<int16_t>(12 - rule.e));
  const int16x8_t right = vnegq_s16(left);
  const int16x8_t half = vdupq_n_s16(static_cast<int16_t>(rule.rs > 0 ? 1 << (rule.rs - 1) : 0));
  const int16x8_t down = vdupq_n_s16(static_cast<int16_t>(-rule.rs));
  const SiluSeries series;
  const float32x4_t magic = magic_of();
  const auto m = held(block.m);
  const auto k = held(block.k);
  // Vector i of the two pixels from `pixel` on. Where there is only one, it stands for both.
  const auto vector_of = [&](int32_t pixel, int i) {
    const int32_t last = pixel + 1 < tile.count ? pixel + 1 : pixel;
    const int32_t* acc = tile.acc + block_channels * (i < 2 ? pixel : last) + 8 * (i % 2);
    const int32x4_t low = nearest_of<Small>(vmulq_f32(float_of<Small>(vld1q_s32(acc), magic), m.at[2 * (i % 2)]), magic);
    const int32x4_t high = nearest_of<Small>(vmulq_f32(float_of<Small>(vld1q_s32(acc + 4), magic), m.at[2 * (i % 2) + 1]), magic);
    return narrow(low, high);
  };
  const auto finish = [&](int16x8_t* x, int32_t pixel) {
    const int32_t last = pixel + 1 < tile.count ? pixel + 1 : pixel;
    if (Residual) {
      int16x8_t r[silu_vectors];
      centred(tile.residual[pixel] + tile.residual_offset, block.zb, r);
      centred(tile.residual[last] + tile.residual_offset, block.zb, r + 2);
      EACH r[i] = mulhrs(vshlq_n_s16(r[i], 6), vld1q_s16(block.kr + 8 * (i % 2)));
      EACH x[i] = add_mulhrs(r[i], x[i], k.at[i % 2]);
      EACH x[i] = vqaddq_s16(x[i], half);
      EACH x[i] = vshlq_s16(x[i], down);
      EACH x[i] = vqaddq_s16(x[i], vld1q_s16(block.z + 8 * (i % 2)));
    } else {
      EACH x[i] = add_mulhrs(addend(block.z + 8 * (i % 2)), x[i], k.at[i % 2]);
    }
    store_some(tile.out[pixel] + tile.out_offset, narrow(x[0], x[1]), tile.channels);
    store_some(tile.out[last] + tile.out_offset, narrow(x[2], x[3]), tile.channels);
  };
  // Pairs lie in two sets of registers in turns: to move one into the other would take the units that compute.
  int16x8_t x[silu_vectors], y[silu_vectors];
  EACH x[i] = vector_of(0, i);
  int32_t pixel = 0;
  for (; pixel + 4 < tile.count; pixel += 4) {
    silu_of(x, series, left, right, [&](int i) { y[i] = vector_of(pixel + 2, i); });
    finish(x, pixel);
    silu_of(y, series, left, right, [&](int i) { x[i] = vector_of(pixel + 4, i); });
    finish(y, pixel + 2);
  }
  if (pixel + 2 < tile.count) {
    silu_of(x, series, left, right, [&](int i) { y[i] = vector_of(pixel + 2, i); });
    finish(x, pixel);
    EACH x[i] = y[i];
    pixel += 2;
  }
  silu_of(x, series, left, right, [](int) {});
  finish(x, pixel);
}
#undef EACH

template <bool Small, bool Residual, bool Leaky>
void finish_linear(const TilePixels& tile, const ChannelBlock& block, const EpilogueRule&) {
  const float32x4_t magic = magic_of();
  for (int32_t i = 0; i < tile.count; i++) {
    int32x4_t v[4];
    int16x8_t r[2];
    if (Residual) centred(tile.residual[i] + tile.residual_offset, block.zb, r);
    for (int j = 0; j < 4; j++) {
      const float32x4_t value = float_of<Small>(vld1q_s32(tile.acc + block_channels * i + 4 * j), magic);
      float32x4_t m = vld1q_f32(block.m + 4 * j);
      if (Leaky) m = vbslq_f32(vcltzq_f32(value), vld1q_f32(block.second + 4 * j), m);
      float32x4_t product = vmulq_f32(value, m);
      if (Residual) product = vaddq_f32(product, vmulq_f32(quarter_of(r, j), vld1q_f32(block.second + 4 * j)));
      v[j] = nearest_of<Small>(product, magic);
    }
    store_some(tile.out[i] + tile.out_offset, within_limits(v, block), tile.channels);
  }
}

template <bool Sigmoid>
void finish_float(const TilePixels& tile, const ChannelBlock& block, const EpilogueRule&) {
  for (int32_t i = 0; i < tile.count; i++) {
    float32x4_t v[4];
    for (int j = 0; j < 4; j++) {
      v[j] = vmulq_f32(vcvtq_f32_s32(vld1q_s32(tile.acc + block_channels * i + 4 * j)), vld1q_f32(block.m + 4 * j));
      if (Sigmoid) v[j] = sigmoid_of(v[j]);
    }
    auto* out = reinterpret_cast<float*>(tile.out[i] + tile.out_offset);
    float some[block_channels];
    float* to = tile.channels >= block_channels ? out : some;
    for (int j = 0; j < 4; j++) vst1q_f32(to + 4 * j, v[j]);
    if (to != out) {
      for (int32_t o = 0; o < tile.channels; o++) out[o] = some[o];
    }
  }
}

/// HARDSWISH and SIGMOID: a function of floats, then to bytes.
template <bool Sigmoid>
void finish_curve(const TilePixels& tile, const ChannelBlock& block, const EpilogueRule&) {
  for (int32_t i = 0; i < tile.count; i++) {
    int32x4_t v[4];
    for (int j = 0; j < 4; j++) {
      const float32x4_t f = vmulq_f32(vcvtq_f32_s32(vld1q_s32(tile.acc + block_channels * i + 4 * j)), vld1q_f32(block.m + 4 * j));
      float32x4_t y;
      if (Sigmoid) {
        y = sigmoid_of(f);
      } else {
        const float32x4_t six = vaddq_f32(f, vdupq_n_f32(3.0f));
        y = vmulq_f32(f, vminq_f32(vmaxq_f32(six, vdupq_n_f32(0.0f)), vdupq_n_f32(6.0f)));
      }
      v[j] = vcvtnq_s32_f32(vmulq_f32(y, vld1q_f32(block.second + 4 * j)));
    }
    // lo and hi are 0 and 255 there.
    store_some(tile.out[i] + tile.out_offset, within_limits(v, block), tile.channels);
  }
}

template <bool Small>
Finish finish_of(const Step& step) {
  switch (step.epilogue) {
    case ProgramEpilogue::linear:
      return step.residual ? finish_linear<Small, true, false> : finish_linear<Small, false, false>;
    case ProgramEpilogue::silu:
      return step.residual ? finish_silu<Small, true> : finish_silu<Small, false>;
    case ProgramEpilogue::float32:
      return finish_float<false>;
    case ProgramEpilogue::float_sigmoid:
      return finish_float<true>;
    case ProgramEpilogue::leaky:
      return finish_linear<Small, false, true>;
    case ProgramEpilogue::hardswish:
      return finish_curve<false>;
    case ProgramEpilogue::sigmoid:
      return finish_curve<true>;
  }
  return nullptr;
}

/// Is it an epilogue that has a form for small numbers?
inline bool may_be_small(const Step& step) {
  return step.epilogue == ProgramEpilogue::linear || step.epilogue == ProgramEpilogue::silu || step.epilogue == ProgramEpilogue::leaky;
}

/// Do accumulators of at most `most`, and what the epilogue makes of them, stay below 2^22?
inline bool is_small(const Step& step, int32_t o, double most) {
  double product = most * std::fabs(static_cast<double>(step.m[o]));
  if (step.m2 != nullptr) product = std::fmax(product, most * std::fabs(static_cast<double>(step.m2[o])));
  if (step.residual && step.rm != nullptr) product += 255 * std::fabs(static_cast<double>(step.rm[o]));
  return most < magic_most && product < magic_most;
}

/// @param bias Of the step's channels, as the accumulators begin with it; null for zeros.
inline void pack_channels(const Step& step, const int32_t* bias, ChannelBlock* blocks) {
  for (int32_t o = 0; o < step.out.channels; o++) {
    ChannelBlock& block = blocks[o / block_channels];
    const int32_t i = o % block_channels;
    if (bias != nullptr) block.bias[i] = bias[o];
    if (step.m != nullptr) block.m[i] = step.m[o];
    if (step.m2 != nullptr) block.second[i] = step.m2[o];
    if (step.rm != nullptr) block.second[i] = step.rm[o];
    if (step.k32 != nullptr) block.second[i] = step.k32[o];
    if (step.k != nullptr) block.k[i] = step.k[o];
    if (step.kr != nullptr) block.kr[i] = step.kr[o];
    if (step.z != nullptr) block.z[i] = step.z[o];
    if (step.za != nullptr) block.za[i] = step.za[o];
    if (step.zb != nullptr) block.zb[i] = step.zb[o];
    block.lo[i] = step.lo != nullptr ? step.lo[o] : 0;
    block.hi[i] = step.hi != nullptr ? step.hi[o] : 255;
  }
}

inline EpilogueRule rule_of(const Step& step) { return {static_cast<int16_t>(step.e), static_cast<int16_t>(step.rs)}; }

/// Pixels of the output in rows, one after the other, up to `most` at a time: their inputs stay near while the blocks of channels
/// follow each other.
template <int32_t most, int32_t tile>
struct RunPixels {
  int32_t count = 0;
  /// The window's first pixel of each. Behind the last ones it is repeated, so that a tile that is not full can compute it again.
  const uint8_t* in[most + tile];
  uint8_t* out[most];
  /// Only where the step adds one.
  const uint8_t* residual[most];
  ptrdiff_t y = 0, x = 0;

  void begin(size_t row) { y = static_cast<ptrdiff_t>(row); }

  /// @returns False when the rows before `to` are done.
  bool next(const Step& step, size_t to) {
    count = 0;
    while (count < most && y < static_cast<ptrdiff_t>(to)) {
      // As far as the row goes pixels are equally far apart: multiplications for each one took a fifteenth of a network's time.
      const int32_t left = step.out.w - static_cast<int32_t>(x);
      const int32_t end = count + (left < most - count ? left : most - count);
      const uint8_t* from = step.in.at(y * step.sh - step.pad_top, x * step.sw - step.pad_left);
      for (int32_t i = count; i < end; i++, from += step.sw * step.in.pixel) in[i] = from;
      uint8_t* at = step.out.at(y, x);
      for (int32_t i = count; i < end; i++, at += step.out.pixel) out[i] = at;
      if (step.residual) {
        const uint8_t* added = step.in2.at(y, x);
        for (int32_t i = count; i < end; i++, added += step.in2.pixel) residual[i] = added;
      }
      x += end - count;
      count = end;
      if (x == step.out.w) {
        x = 0;
        y++;
      }
    }
    if (count == 0) return false;
    for (int32_t i = 0; i < tile; i++) in[count + i] = in[count - 1];
    return true;
  }
};

}  // namespace
}  // namespace ocellus
