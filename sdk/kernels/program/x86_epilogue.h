// The epilogues (epilogue.h) on vectors. Accumulators are 32 bits; two of them are packed to 16, and those to 8. Packing works in
// lanes of 128 bits, so the channels of a block are dealt to the accumulators' lanes in such an order that the bytes come out
// in theirs: `channel_of`. Weights and constants are packed in that order when a program is loaded.
#pragma once

#include <cstring>

#include "boxes/exp.h"
#include "program/epilogue.h"
#include "program/x86_vectors.h"

namespace ocellus {
namespace {

/// Epilogues with and without a residual, as a template argument.
enum class Finish { linear, silu, floats, float_sigmoid, leaky, hardswish, sigmoid, linear_residual, silu_residual };

inline Finish finish_of(const Step& step) {
  if (step.residual) return step.epilogue == ProgramEpilogue::silu ? Finish::silu_residual : Finish::linear_residual;
  return static_cast<Finish>(step.epilogue);
}
constexpr bool writes_floats(Finish finish) { return finish == Finish::floats || finish == Finish::float_sigmoid; }
constexpr bool adds_residual(Finish finish) { return finish == Finish::linear_residual || finish == Finish::silu_residual; }
constexpr bool is_silu(Finish finish) { return finish == Finish::silu || finish == Finish::silu_residual; }

/// Which channel of a block of NV accumulators is in lane `lane` of the accumulator `v`.
template <size_t NV>
size_t channel_of(size_t v, size_t lane, bool floats, size_t lanes) {
  return floats ? v * lanes + lane : lane / 4 * (4 * NV) + 4 * v + lane % 4;
}

/// The constants of a block of NV accumulators of `V`.
template <class V, size_t NV>
struct Constants {
  static constexpr size_t values = NV * V::lanes;
  /// Of one accumulator, both halves of the packed words are the same channels: of two pixels.
  static constexpr size_t words = (NV < 2 ? 2 : NV) * V::lanes;
  alignas(64) int32_t bias[values];
  alignas(64) float m[values];
  /// m2 of LEAKY, k of HARDSWISH and SIGMOID.
  alignas(64) float second[values];
  alignas(64) float rm[values];
  alignas(64) int16_t k[words];
  alignas(64) int16_t z[words];
  alignas(64) int16_t lo[words];
  alignas(64) int16_t hi[words];
  /// Zero points of what is added or multiplied, and of the first of two.
  alignas(64) int16_t zr[words];
  alignas(64) int16_t za[words];
  alignas(64) int16_t kr[words];

  /// Channels [from, from + count) of the step; the rest of the block stays 0. @param capacity Channels of a block: where they are fewer than it has lanes, they are there repeatedly.
  void fill(const Step& step, size_t from, size_t count, size_t capacity = NV * V::lanes) {
    const bool floats = writes_floats(finish_of(step));
    for (size_t v = 0; v < NV; v++) {
      for (size_t lane = 0; lane < V::lanes; lane++) {
        const size_t channel = channel_of<NV>(v, lane, floats, V::lanes) % capacity;
        if (channel >= count) continue;
        const size_t at = v * V::lanes + lane;
        const size_t o = from + channel;
        if (step.bias != nullptr) bias[at] = step.bias[o];
        m[at] = step.m[o];
        if (step.m2 != nullptr) second[at] = step.m2[o];
        if (step.k32 != nullptr) second[at] = step.k32[o];
        if (step.rm != nullptr) rm[at] = step.rm[o];
      }
    }
    if (floats) return;
    for (size_t word = 0; word < words; word++) {
      // Pair `pair`, 128-bit lane, place in it: four words of the first accumulator, four of the second.
      const size_t pair = word / (2 * V::lanes);
      const size_t lane = word % (2 * V::lanes) / 8;
      const size_t place = word % 8;
      const size_t v = NV < 2 ? 0 : 2 * pair + place / 4;
      const size_t channel = channel_of<NV>(v, 4 * lane + place % 4, false, V::lanes) % capacity;
      if (channel >= count) continue;
      const size_t o = from + channel;
      if (step.k != nullptr) k[word] = step.k[o];
      if (step.z != nullptr) z[word] = step.z[o];
      if (step.lo != nullptr) lo[word] = step.lo[o];
      if (step.hi != nullptr) hi[word] = step.hi[o];
      // Those without limits saturate in the last pack.
      if (step.hi == nullptr) hi[word] = 255;
      if (step.zb != nullptr) zr[word] = step.zb[o];
      if (step.za != nullptr) za[word] = step.za[o];
      if (step.kr != nullptr) kr[word] = step.kr[o];
    }
  }
};

/// What a step's epilogue has for all channels alike.
template <class V>
struct Shared {
  typename V::I most, scale, half;
  __m128i up, down;

  explicit Shared(const Step& step) {
    most = V::set16((1 << (step.e + 3)) - 1);
    scale = V::set16(1 << (step.e + 3));
    up = _mm_cvtsi32_si128(12 - step.e);
    half = V::set16(step.rs > 0 ? 1 << (step.rs - 1) : 0);
    down = _mm_cvtsi32_si128(step.rs);
  }
};

/// exp(x) of `count` vectors. Step by step for all of them: each waits for the one before, and a processor looks ahead only so far.
template <class V, size_t count>
__attribute__((always_inline)) inline void exp_of_many(typename V::F (&x)[count]) {
  using F = typename V::F;
  F shifted[count], r[count], sum[count];
#define EACH _Pragma("GCC unroll 8") for (size_t i = 0; i < count; i++)
  EACH x[i] = V::max(x[i], V::setf(exp_least));
  EACH shifted[i] = V::add(V::mul(x[i], V::setf(exp_log2e)), V::setf(exp_magic));
  EACH sum[i] = V::sub(shifted[i], V::setf(exp_magic));
  EACH r[i] = V::sub(x[i], V::mul(sum[i], V::setf(exp_ln2_high)));
  EACH r[i] = V::sub(r[i], V::mul(sum[i], V::setf(exp_ln2_low)));
  EACH sum[i] = V::setf(exp_series[0]);
#pragma GCC unroll 8
  for (size_t k = 1; k < sizeof exp_series / sizeof exp_series[0]; k++) {
    EACH sum[i] = V::add(V::mul(sum[i], r[i]), V::setf(exp_series[k]));
  }
  EACH sum[i] = V::add(V::mul(sum[i], r[i]), V::setf(1.0f));
  EACH sum[i] = V::add(V::mul(sum[i], r[i]), V::setf(1.0f));
  EACH x[i] = V::mul(sum[i], V::as_floats(V::add32(V::template sll32<23>(V::as_integers(shifted[i])), V::set32(0x3f800000))));
}

template <class V, size_t count>
__attribute__((always_inline)) inline void sigmoid_of_many(typename V::F (&x)[count]) {
  EACH x[i] = V::as_floats(V::sub32(V::as_integers(x[i]), V::set32(INT32_MIN)));
  EACH x[i] = V::min(V::max(x[i], V::setf(exp_least)), V::setf(-exp_least));
  exp_of_many<V, count>(x);
  EACH x[i] = V::div(V::setf(1.0f), V::add(V::setf(1.0f), x[i]));
#undef EACH
}

/// One accumulator to 32-bit integers, before the zero point.
template <class V, Finish finish>
typename V::I integers_of(typename V::I acc, const float* m, const float* second) {
  const auto value = V::to_floats(acc);
  if constexpr (finish == Finish::leaky) {
    // The multiplier is chosen, not the product: either may be negative.
    const auto negative = V::mul(value, V::load_floats(second));
    const auto positive = V::mul(value, V::load_floats(m));
    return V::nearest(V::where_negative(acc, negative, positive));
  } else if constexpr (finish == Finish::hardswish) {
    const auto f = V::mul(value, V::load_floats(m));
    const auto six = V::min(V::max(V::add(f, V::setf(3.0f)), V::setf(0.0f)), V::setf(6.0f));
    return V::nearest(V::mul(V::mul(f, six), V::load_floats(second)));
  } else if constexpr (finish == Finish::sigmoid) {
    typename V::F one[] = {V::mul(value, V::load_floats(m))};
    sigmoid_of_many<V, 1>(one);
    return V::nearest(V::mul(one[0], V::load_floats(second)));
  } else {
    return V::nearest(V::mul(value, V::load_floats(m)));
  }
}

/// SiLU of `count` vectors of words, step by step as well.
template <class V, size_t count>
__attribute__((always_inline)) inline void silu_of_many(typename V::I (&x)[count], const Shared<V>& shared) {
  using I = typename V::I;
  I s[count], t[count], p[count];
#define EACH for (size_t i = 0; i < count; i++)
  // |-32768| is 32768 here, and unsigned.
  EACH s[i] = V::sll16(V::minu16(V::abs16(x[i]), shared.most), shared.up);
  EACH t[i] = V::sub16(V::set16(32767), s[i]);
  EACH p[i] = V::add16(V::mulhrs(V::set16(silu_series[0]), t[i]), V::set16(silu_series[1]));
  EACH p[i] = V::add16(V::mulhrs(p[i], t[i]), V::set16(silu_series[2]));
  EACH p[i] = V::add16(V::mulhrs(p[i], t[i]), V::set16(silu_series[3]));
  EACH t[i] = V::mulhrs(t[i], t[i]);
  EACH p[i] = V::mulhrs(p[i], t[i]);
  EACH p[i] = V::mulhrs(p[i], s[i]);
  EACH x[i] = V::sub16(V::max16(x[i], V::zero()), V::mulhrs(p[i], shared.scale));
#undef EACH
}

/// Two accumulators, `va` and `vb` of the block, to words. @param residual Words of the residual in the same order.
template <class V, Finish finish, size_t NV>
typename V::I words_of(typename V::I a, typename V::I b, size_t va, size_t vb, const Constants<V, NV>& c, typename V::I residual) {
  constexpr size_t lanes = V::lanes;
  if constexpr (finish == Finish::linear_residual) {
    const auto less = V::sub16(residual, V::load(c.zr + (NV < 2 ? 0 : va * lanes)));
    const auto signs = V::signs16(less);
    const auto ra = V::mul(V::to_floats(V::low16(less, signs)), V::load_floats(c.rm + va * lanes));
    const auto rb = V::mul(V::to_floats(V::high16(less, signs)), V::load_floats(c.rm + vb * lanes));
    const auto fa = V::add(V::mul(V::to_floats(a), V::load_floats(c.m + va * lanes)), ra);
    const auto fb = V::add(V::mul(V::to_floats(b), V::load_floats(c.m + vb * lanes)), rb);
    return V::packs32(V::nearest(fa), V::nearest(fb));
  } else {
    return V::packs32(integers_of<V, finish>(a, c.m + va * lanes, c.second + va * lanes),
                      integers_of<V, finish>(b, c.m + vb * lanes, c.second + vb * lanes));
  }
}

/// Words after the activation to those that the last pack saturates to bytes. @param word Where in the constants they are.
template <class V, Finish finish, size_t NV>
typename V::I levels_of(typename V::I words, size_t word, const Constants<V, NV>& c, const Shared<V>& shared, typename V::I residual) {
  const auto z = V::load(c.z + word);
  if constexpr (is_silu(finish)) {
    auto y = V::mulhrs(words, V::load(c.k + word));
    if constexpr (finish == Finish::silu_residual) {
      const auto less = V::sll16(V::sub16(residual, V::load(c.zr + word)), _mm_cvtsi32_si128(6));
      const auto sum = V::adds16(y, V::mulhrs(less, V::load(c.kr + word)));
      y = V::sra16(V::adds16(sum, shared.half), shared.down);
    }
    return V::adds16(y, z);
  } else {
    return V::min16(V::max16(V::adds16(words, z), V::load(c.lo + word)), V::load(c.hi + word));
  }
}

}  // namespace
}  // namespace ocellus
