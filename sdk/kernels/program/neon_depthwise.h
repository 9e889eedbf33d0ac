// Depthwise convolution for NEON: sixteen channels of four pixels at a time. Two products fit 16 bits (2 * 128 * 127), so taps
// go in pairs.
#pragma once

#include "program/neon_epilogue.h"
#include "program/operators/rows.h"

namespace ocellus {
namespace {

struct NeonDepthwise {
  static constexpr int32_t pixels = 4;
  static constexpr int32_t run_pixels = 2 * batch_pixels;

  struct alignas(64) Head {
    bool small;
  };

  /// What is packed: the head, the taps' offsets, the channel blocks, the weights by block and tap.
  struct Plan {
    size_t taps, blocks, offsets_at, blocks_at, weights_at, size;

    explicit Plan(const Step& step) {
      // The tap behind an odd last one has weights of zero.
      taps = (static_cast<size_t>(step.kh) * step.kw + 1) & ~size_t{1};
      blocks = static_cast<size_t>(block_count(step));
      offsets_at = sizeof(Head);
      blocks_at = (offsets_at + taps * sizeof(int64_t) + 63) & ~size_t{63};
      weights_at = blocks_at + blocks * sizeof(ChannelBlock);
      size = weights_at + blocks * taps * block_channels;
    }
  };

  static size_t packed_bytes(const Step& step) { return Plan(step).size; }

  template <bool PrefersSmall>
  static void pack(const Step& step, uint8_t* packed) {
    const Plan plan(step);
    auto* blocks = reinterpret_cast<ChannelBlock*>(packed + plan.blocks_at);
    auto* weights = reinterpret_cast<int8_t*>(packed + plan.weights_at);
    auto* offsets = reinterpret_cast<int64_t*>(packed + plan.offsets_at);
    const auto taps = static_cast<size_t>(step.kh) * step.kw;
    for (size_t t = 0; t < taps; t++) {
      const auto ky = static_cast<ptrdiff_t>(t) / step.kw, kx = static_cast<ptrdiff_t>(t) % step.kw;
      offsets[t] = ky * step.dh * step.in.row + kx * step.dw * step.in.pixel;
    }
    if (plan.taps > taps) offsets[taps] = offsets[taps - 1];
    pack_channels(step, step.bias, blocks);
    bool small = PrefersSmall && may_be_small(step);
    for (int32_t c = 0; c < step.out.channels; c++) {
      int64_t above = 0, below = 0;
      const auto block = static_cast<size_t>(c / block_channels);
      const auto at = static_cast<size_t>(c % block_channels);
      for (size_t t = 0; t < taps; t++) {
        const int8_t weight = step.weights[t * static_cast<size_t>(step.out.channels) + static_cast<size_t>(c)];
        (weight > 0 ? above : below) += weight;
        weights[(block * plan.taps + t) * block_channels + at] = weight;
      }
      int32_t& bias = blocks[block].bias[at];
      const auto low = static_cast<double>(bias + 255 * below), high = static_cast<double>(bias + 255 * above);
      small = small && is_small(step, c, std::fmax(-low, high));
      bias = static_cast<int32_t>(static_cast<uint32_t>(bias) + 128u * static_cast<uint32_t>(above + below));
    }
    for (size_t b = 0; small && b < plan.blocks; b++) {
      for (int32_t& bias : blocks[b].bias) bias = static_cast<int32_t>(static_cast<uint32_t>(bias) + magic_bits);
    }
    reinterpret_cast<Head*>(packed)->small = small;
  }

  static void tile(const uint8_t* const* in, ptrdiff_t first, const Plan& plan, const int64_t* offsets, const int8_t* weights,
                   const int32_t* bias, int32_t* acc) {
    int32x4_t sums[pixels][4];
    for (int j = 0; j < pixels; j++) {
      for (int i = 0; i < 4; i++) sums[j][i] = vld1q_s32(bias + 4 * i);
    }
    const uint8x16_t half = vdupq_n_u8(128);
    for (size_t t = 0; t < plan.taps; t += 2) {
      const int8x16_t w0 = vld1q_s8(weights), w1 = vld1q_s8(weights + block_channels);
      weights += 2 * block_channels;
      const ptrdiff_t at0 = first + offsets[t], at1 = first + offsets[t + 1];
#pragma GCC unroll 4
      for (int j = 0; j < pixels; j++) {
        const int8x16_t x0 = vreinterpretq_s8_u8(veorq_u8(vld1q_u8(in[j] + at0), half));
        const int8x16_t x1 = vreinterpretq_s8_u8(veorq_u8(vld1q_u8(in[j] + at1), half));
        const int16x8_t low = vmlal_s8(vmull_s8(vget_low_s8(x0), vget_low_s8(w0)), vget_low_s8(x1), vget_low_s8(w1));
        const int16x8_t high = vmlal_high_s8(vmull_high_s8(x0, w0), x1, w1);
        sums[j][0] = vaddw_s16(sums[j][0], vget_low_s16(low));
        sums[j][1] = vaddw_high_s16(sums[j][1], low);
        sums[j][2] = vaddw_s16(sums[j][2], vget_low_s16(high));
        sums[j][3] = vaddw_high_s16(sums[j][3], high);
      }
    }
    for (int j = 0; j < pixels; j++) {
      for (int i = 0; i < 4; i++) vst1q_s32(acc + block_channels * j + 4 * i, sums[j][i]);
    }
  }

  static void run(const Step& step, size_t from, size_t to) {
    const Plan plan(step);
    const auto* blocks = reinterpret_cast<const ChannelBlock*>(step.packed + plan.blocks_at);
    const auto* weights = reinterpret_cast<const int8_t*>(step.packed + plan.weights_at);
    const auto* offsets = reinterpret_cast<const int64_t*>(step.packed + plan.offsets_at);
    const bool small = reinterpret_cast<const Head*>(step.packed)->small;
    const Finish finish = small ? finish_of<true>(step) : finish_of<false>(step);
    const EpilogueRule rule = rule_of(step);
    const ptrdiff_t value_bytes = step.out.floats ? 4 : 1;
    RunPixels<run_pixels, pixels> run;
    run.begin(from);
    while (run.next(step, to)) {
      for (size_t b = 0; b < plan.blocks; b++) {
        const auto first = static_cast<ptrdiff_t>(b * block_channels);
        for (int32_t i = 0; i < run.count; i += batch_pixels) {
          alignas(64) int32_t acc[(batch_pixels + pixels) * block_channels];
          const int32_t count = run.count - i < batch_pixels ? run.count - i : batch_pixels;
          for (int32_t j = 0; j < count; j += pixels) {
            tile(run.in + i + j, first, plan, offsets, weights + b * plan.taps * block_channels, blocks[b].bias, acc + block_channels * j);
          }
          finish({acc, count, run.out + i, run.residual + i, first * value_bytes, first, static_cast<int32_t>(step.out.channels - first)},
                 blocks[b], rule);
        }
      }
    }
  }
};

}  // namespace
}  // namespace ocellus
