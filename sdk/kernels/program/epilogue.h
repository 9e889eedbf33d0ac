// What becomes of an accumulator: the definition, in integers or in single IEEE operations of 32-bit floats, so that every
// variant gives the same bits. For what is left of a row after the last full vector as well.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstring>

#include "boxes/exp.h"
#include "program/step.h"

namespace ocellus {

/// The polynomial of SiLU, in Q15 of t = 1 - |x| / 8.
constexpr int16_t silu_series[] = {17474, 5967, -9275, 3224};

// Static: each file has its own, compiled for its own instruction set.
static inline int32_t sat16(int32_t value) { return value < -32768 ? -32768 : value > 32767 ? 32767 : value; }
static inline uint8_t clamp8(int32_t value) { return static_cast<uint8_t>(value < 0 ? 0 : value > 255 ? 255 : value); }
/// Product of two 16-bit fractions, rounded.
static inline int32_t mulhrs(int32_t a, int32_t b) { return (a * b + 16384) >> 15; }
/// Nearest, ties to even, of |value| < 2^31: adding 1.5 * 2^52 leaves the whole number in the low bits.
static inline int32_t nearest(float value) {
  const double shifted = static_cast<double>(value) + 6755399441055744.0;
  uint64_t bits;
  std::memcpy(&bits, &shifted, sizeof bits);
  return static_cast<int32_t>(static_cast<uint32_t>(bits));
}

static inline float sigmoid_of(float x) {
  float negative = -x;
  negative = negative < exp_least ? exp_least : negative > -exp_least ? -exp_least : negative;
  return 1.0f / (1.0f + exp_of(negative));
}

/// sat16(v) + z, saturated.
static inline int32_t with_zero(int32_t v, uint8_t z) { return sat16(sat16(v) + z); }

static inline uint8_t between_limits(int32_t v, const Step& step, size_t o) {
  int32_t q = with_zero(v, step.z[o]);
  q = q < step.lo[o] ? step.lo[o] : q;
  return static_cast<uint8_t>(q > step.hi[o] ? step.hi[o] : q);
}

/// SiLU of x in units of 2^-e: max(x, 0) - |x| * sigmoid(-|x|), the latter by a polynomial that is 0 from 8 on.
static inline int32_t silu_of(int32_t x, int32_t e) {
  const int32_t most = (1 << (e + 3)) - 1;
  const int32_t size = x < 0 ? -x : x;
  const int32_t s = (size < most ? size : most) << (12 - e);
  const int32_t t = 32767 - s;
  int32_t p = silu_series[0];
  for (size_t i = 1; i < sizeof silu_series / sizeof silu_series[0]; i++) p = mulhrs(p, t) + silu_series[i];
  p = mulhrs(mulhrs(p, mulhrs(t, t)), s);
  return (x > 0 ? x : 0) - mulhrs(p, 1 << (e + 3));
}

static inline uint8_t silu_epilogue(int32_t acc, const Step& step, size_t o, const uint8_t* residual) {
  const int32_t x = sat16(nearest(static_cast<float>(acc) * step.m[o]));
  const int32_t a = mulhrs(silu_of(x, step.e), step.k[o]);
  if (residual == nullptr) return clamp8(sat16(a + step.z[o]));
  const int32_t b = mulhrs((residual[o] - step.zb[o]) * 64, step.kr[o]);
  const int32_t half = step.rs > 0 ? 1 << (step.rs - 1) : 0;
  return clamp8(sat16((sat16(sat16(a + b) + half) >> step.rs) + step.z[o]));
}

/// Output channel `o` of a pixel. @param residual The pixel of `in2`, or null.
static inline void finish(const Step& step, int32_t acc, size_t o, const uint8_t* residual, uint8_t* out) {
  const auto value = static_cast<float>(acc);
  float* floats = reinterpret_cast<float*>(out);
  switch (step.epilogue) {
    case ProgramEpilogue::linear: {
      float v = value * step.m[o];
      if (residual != nullptr) v = v + static_cast<float>(residual[o] - step.zb[o]) * step.rm[o];
      out[o] = between_limits(nearest(v), step, o);
      return;
    }
    case ProgramEpilogue::silu:
      out[o] = silu_epilogue(acc, step, o, residual);
      return;
    case ProgramEpilogue::float32:
      floats[o] = value * step.m[o];
      return;
    case ProgramEpilogue::float_sigmoid:
      floats[o] = sigmoid_of(value * step.m[o]);
      return;
    case ProgramEpilogue::leaky:
      out[o] = between_limits(nearest(value * (acc < 0 ? step.m2[o] : step.m[o])), step, o);
      return;
    case ProgramEpilogue::hardswish: {
      const float f = value * step.m[o];
      float six = f + 3.0f;
      six = six < 0.0f ? 0.0f : six > 6.0f ? 6.0f : six;
      out[o] = clamp8(with_zero(nearest((f * six) * step.k32[o]), step.z[o]));
      return;
    }
    case ProgramEpilogue::sigmoid:
      out[o] = clamp8(with_zero(nearest(sigmoid_of(value * step.m[o]) * step.k32[o]), step.z[o]));
      return;
  }
}

}  // namespace ocellus
