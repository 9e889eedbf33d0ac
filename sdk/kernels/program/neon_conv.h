// Convolution for NEON: sixteen output channels of a few pixels at a time. What an instruction set has of its own is how it
// multiplies: `Multiply` says how many pixels a tile has, where a weight lies, and computes a tile's accumulators.
#pragma once

#include "program/neon_epilogue.h"
#include "program/operators/rows.h"

namespace ocellus {
namespace {

/// Input channels that one group of weights covers, and groups of one load of sixteen bytes.
constexpr int32_t group_inputs = 4;
constexpr int32_t groups_a_load = 4;
constexpr int32_t group_bytes = group_inputs * block_channels;

/// Stretches of input that lie side by side: a pixel's channels, or a row of the window where its pixels are contiguous.
struct Stretches {
  int64_t count;
  /// Whole loads of sixteen inputs in each, and the groups of four behind them.
  int64_t loads, groups;
  /// From the window's first pixel.
  const int64_t* offsets;
};

/// What is packed: this, the stretches' offsets, the channel blocks, the weights, and spare bytes which are read ahead.
struct alignas(64) ConvHead {
  bool small;
};
constexpr size_t conv_spare = 64;

struct ConvPlan {
  size_t stretches, inputs, groups, blocks, offsets_at, blocks_at, weights_at, size;

  explicit ConvPlan(const Step& step) {
    const bool contiguous = step.in.pixel == step.in.channels && step.dw == 1;
    stretches = static_cast<size_t>(step.kh) * (contiguous ? 1 : step.kw);
    inputs = static_cast<size_t>(step.in.channels) * (contiguous ? step.kw : 1);
    groups = (inputs + group_inputs - 1) / group_inputs;
    blocks = static_cast<size_t>(block_count(step));
    offsets_at = sizeof(ConvHead);
    blocks_at = (offsets_at + stretches * sizeof(int64_t) + 63) & ~size_t{63};
    weights_at = blocks_at + blocks * sizeof(ChannelBlock);
    size = weights_at + blocks * block_weights() + conv_spare;
  }
  /// Bytes of one block's weights.
  size_t block_weights() const { return stretches * groups * group_bytes; }
};

template <typename Multiply>
struct NeonConv {
  static size_t packed_bytes(const Step& step) { return ConvPlan(step).size; }

  static void pack(const Step& step, uint8_t* packed) {
    const ConvPlan plan(step);
    auto* head = reinterpret_cast<ConvHead*>(packed);
    auto* blocks = reinterpret_cast<ChannelBlock*>(packed + plan.blocks_at);
    auto* weights = reinterpret_cast<int8_t*>(packed + plan.weights_at);
    auto* offsets = reinterpret_cast<int64_t*>(packed + plan.offsets_at);
    const size_t across = plan.stretches / static_cast<size_t>(step.kh);
    for (size_t s = 0; s < plan.stretches; s++) {
      offsets[s] = static_cast<int64_t>(s / across) * step.dh * step.in.row + static_cast<int64_t>(s % across) * step.dw * step.in.pixel;
    }
    const size_t each = plan.stretches * plan.inputs;
    pack_channels(step, step.bias, blocks);
    bool small = Multiply::prefers_small && may_be_small(step);
    for (int32_t o = 0; o < step.out.channels; o++) {
      int8_t* block = weights + static_cast<size_t>(o / block_channels) * plan.block_weights();
      const int32_t at = o % block_channels;
      int64_t above = 0, below = 0;
      for (size_t i = 0; i < each; i++) {
        const int8_t weight = step.weights[static_cast<size_t>(o) * each + i];
        (weight > 0 ? above : below) += weight;
        const size_t input = i % plan.inputs;
        const size_t group = i / plan.inputs * plan.groups + input / group_inputs;
        block[group * group_bytes + Multiply::place(at, static_cast<int32_t>(input % group_inputs))] = weight;
      }
      int32_t& bias = blocks[o / block_channels].bias[at];
      const auto low = static_cast<double>(bias + 255 * below), high = static_cast<double>(bias + 255 * above);
      small = small && is_small(step, o, std::fmax(-low, high));
      // The inputs are taken less 128. Sums may wrap on the way; what comes out in the end fits.
      bias = static_cast<int32_t>(static_cast<uint32_t>(bias) + 128u * static_cast<uint32_t>(above + below));
    }
    for (size_t b = 0; small && b < plan.blocks; b++) {
      for (int32_t& bias : blocks[b].bias) bias = static_cast<int32_t>(static_cast<uint32_t>(bias) + magic_bits);
    }
    head->small = small;
  }

  static void run(const Step& step, size_t from, size_t to) {
    const ConvPlan plan(step);
    const auto* head = reinterpret_cast<const ConvHead*>(step.packed);
    const auto* blocks = reinterpret_cast<const ChannelBlock*>(step.packed + plan.blocks_at);
    const uint8_t* weights = step.packed + plan.weights_at;
    const auto groups = static_cast<int64_t>(plan.groups);
    const Stretches stretches = {static_cast<int64_t>(plan.stretches), groups / groups_a_load, groups % groups_a_load,
                                 reinterpret_cast<const int64_t*>(step.packed + plan.offsets_at)};
    const Finish finish = head->small ? finish_of<true>(step) : finish_of<false>(step);
    const EpilogueRule rule = rule_of(step);
    const ptrdiff_t value_bytes = step.out.floats ? 4 : 1;

    RunPixels<run_pixels, Multiply::pixels> run;
    run.begin(from);
    while (run.next(step, to)) {
      for (size_t b = 0; b < plan.blocks; b++) {
        const auto first = static_cast<ptrdiff_t>(b * block_channels);
        const uint8_t* of_block = weights + b * plan.block_weights();
        for (int32_t i = 0; i < run.count; i += batch_pixels) {
          alignas(64) int32_t acc[(batch_pixels + Multiply::pixels) * block_channels];
          const int32_t count = run.count - i < batch_pixels ? run.count - i : batch_pixels;
          for (int32_t j = 0; j < count; j += Multiply::pixels) {
            int32_t* sums = acc + block_channels * j;
            if (count - j == 1) {
              Multiply::one(run.in[i + j], stretches, of_block, blocks[b].bias, sums);
            } else {
              Multiply::tile(run.in + i + j, stretches, of_block, blocks[b].bias, sums);
            }
          }
          finish({acc, count, run.out + i, run.residual + i, first * value_bytes, first, static_cast<int32_t>(step.out.channels - first)},
                 blocks[b], rule);
        }
      }
    }
  }

  static constexpr int32_t run_pixels = 2 * batch_pixels;
  static_assert(batch_pixels % Multiply::pixels == 0, "whole tiles");
  static constexpr ProgramOperation operation = {pack_by<packed_bytes, pack>, rows_of, run, nullptr};
};

}  // namespace
}  // namespace ocellus
