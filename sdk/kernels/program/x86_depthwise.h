// Depthwise convolutions on vectors. Four neighbouring pixels of a row are interleaved so that each 32-bit lane has one channel of
// all four; a dot product with weights that stand in the right places, zeros in the others, then adds up to four taps of one
// output. The same four serve every output whose window meets them.
#pragma once

#include <cstring>

#include "program/operators/rows.h"
#include "program/x86_epilogue.h"

namespace ocellus {
namespace {

/// A block of channels, as many as a vector has bytes.
struct DepthwiseBlock {
  uint32_t bytes;
  uint32_t from;
  uint32_t count;
  uint32_t reserved;
  uint64_t weights;
  uint64_t constants;
};

struct DepthwisePlan {
  /// `across` outputs beside each other are computed from `fours` times four pixels, `down` of them at once.
  uint32_t across, fours, down;
  uint32_t block_count;
  /// The output is divided into `groups` of `down` rows, and those into `strips` of `strip` columns.
  uint32_t groups, strips, strip;
  uint32_t units_of_64;
  DepthwiseBlock blocks[program_most_channels / 16];
};

struct DepthwiseCall {
  const int8_t* weights;
  const void* constants;
  const void* shared;
  const Step* step;
  const uint8_t* in;
  ptrdiff_t out_from;
  size_t fours, count;
};

/// Depthwise convolution with vectors of at most `Wide`; narrower ones for few channels. `rows`: how many output rows are
/// computed at once where the stride is 1 and the kernel has up to three columns.
template <class Wide, size_t rows>
struct DepthwiseOn {
  static constexpr uint32_t bytes_for(uint32_t channels) {
    if (channels <= 16) return 16;
    return channels <= 32 || Wide::bytes == 32 ? 32 : 64;
  }

  static void shape_of(const Step& step, DepthwisePlan& plan) {
    const auto kw = static_cast<uint32_t>(step.kw);
    const bool small = step.sw <= 2 && kw <= 5;
    plan.across = 1;
    plan.fours = (kw + 3) / 4;
    plan.down = 1;
    if (small && kw <= 3 && step.sw == 1) {
      plan.across = 2;
      plan.fours = 1;
      plan.down = step.sh == 1 ? rows : 1;
    } else if (small && kw > 3) {
      plan.across = step.sw == 1 ? 4 : 2;
      plan.fours = 2;
    }
    plan.groups = (static_cast<uint32_t>(step.out.h) + plan.down - 1) / plan.down;
    plan.strip = step.out.w <= 16 ? 4 : 8;
    plan.strips = (static_cast<uint32_t>(step.out.w) + plan.strip - 1) / plan.strip;
    plan.block_count = 0;
    uint64_t at = (sizeof(DepthwisePlan) + 63) / 64 * 64;
    const auto channels = static_cast<uint32_t>(step.out.channels);
    for (uint32_t from = 0; from < channels;) {
      DepthwiseBlock& block = plan.blocks[plan.block_count++];
      block.bytes = bytes_for(channels - from);
      block.from = from;
      block.count = channels - from < block.bytes ? channels - from : block.bytes;
      block.weights = at;
      at += static_cast<uint64_t>(step.kh) * plan.fours * plan.across * 4 * block.bytes;
      at = (at + 63) / 64 * 64;
      block.constants = at;
      at += block.bytes == 16 ? sizeof(Constants<V128, 4>) : block.bytes == 32 ? sizeof(Constants<V256, 4>) : sizeof(Constants<Wide, 4>);
      from += block.count;
    }
    plan.units_of_64 = static_cast<uint32_t>((at + 63) / 64);
  }

  static size_t packed_bytes(const Step& step) {
    DepthwisePlan plan;
    shape_of(step, plan);
    return static_cast<size_t>(plan.units_of_64) * 64;
  }

  static bool takes(const Step& step) { return step.dw == 1 && !writes_floats(finish_of(step)); }

  static size_t units(const Step& step) {
    DepthwisePlan plan;
    shape_of(step, plan);
    return static_cast<size_t>(plan.groups) * plan.strips;
  }

  template <class V>
  static void pack_block(const Step& step, const DepthwisePlan& plan, const DepthwiseBlock& block, uint8_t* packed) {
    auto* to = reinterpret_cast<int8_t*>(packed + block.weights);
    const auto channels = static_cast<size_t>(step.out.channels);
    for (int32_t ky = 0; ky < step.kh; ky++) {
      for (uint32_t four = 0; four < plan.fours; four++) {
        for (uint32_t output = 0; output < plan.across; output++) {
          for (size_t v = 0; v < 4; v++) {
            for (size_t lane = 0; lane < V::lanes; lane++, to += 4) {
              const size_t channel = channel_of<4>(v, lane, false, V::lanes);
              if (channel >= block.count) continue;
              for (int32_t i = 0; i < 4; i++) {
                const int32_t kx = static_cast<int32_t>(4 * four) + i - static_cast<int32_t>(output) * step.sw;
                if (kx < 0 || kx >= step.kw) continue;
                to[i] = step.weights[static_cast<size_t>(ky * step.kw + kx) * channels + block.from + channel];
              }
            }
          }
        }
      }
    }
    reinterpret_cast<Constants<V, 4>*>(packed + block.constants)->fill(step, block.from, block.count, [&](size_t o) {
      int32_t sum = 0;
      for (int32_t i = 0; i < step.kh * step.kw; i++) sum += step.weights[static_cast<size_t>(i) * channels + o];
      return sum;
    });
  }

  static void pack(const Step& step, uint8_t* packed) {
    auto& plan = *reinterpret_cast<DepthwisePlan*>(packed);
    shape_of(step, plan);
    for (size_t b = 0; b < plan.block_count; b++) {
      const DepthwiseBlock& block = plan.blocks[b];
      if (block.bytes == 16) pack_block<V128>(step, plan, block, packed);
      if (block.bytes == 32) pack_block<V256>(step, plan, block, packed);
      if (block.bytes == 64) pack_block<Wide>(step, plan, block, packed);
    }
  }

  /// One pixel's bytes from its four accumulators.
  template <class V, Finish finish>
  static void finish_pixel(const typename V::I (&acc)[4], const DepthwiseCall& call, uint8_t* out, const uint8_t* residual) {
    const auto& c = *static_cast<const Constants<V, 4>*>(call.constants);
    const auto& shared = *static_cast<const Shared<V>*>(call.shared);
    auto r0 = V::zero(), r1 = V::zero();
    if constexpr (adds_residual(finish)) {
      const auto bytes = V::load(residual);
      r0 = V::low8(bytes, V::zero());
      r1 = V::high8(bytes, V::zero());
    }
    typename V::I words[2] = {words_of<V, finish, 4>(acc[0], acc[1], 0, 1, c, r0), words_of<V, finish, 4>(acc[2], acc[3], 2, 3, c, r1)};
    if constexpr (is_silu(finish)) silu_of_many<V, 2>(words, shared);
    const auto low = levels_of<V, finish, 4>(words[0], 0, c, shared, r0);
    const auto high = levels_of<V, finish, 4>(words[1], 2 * V::lanes, c, shared, r1);
    V::store_first(out, V::packus16(low, high), call.count);
  }

  /// For the rarer epilogues.
  template <class V>
  static void finish_rarely(const typename V::I (&acc)[4], const DepthwiseCall& call, uint8_t* out, const uint8_t* residual) {
    switch (finish_of(*call.step)) {
      case Finish::leaky:
        return finish_pixel<V, Finish::leaky>(acc, call, out, residual);
      case Finish::hardswish:
        return finish_pixel<V, Finish::hardswish>(acc, call, out, residual);
      case Finish::sigmoid:
        return finish_pixel<V, Finish::sigmoid>(acc, call, out, residual);
      case Finish::linear_residual:
        return finish_pixel<V, Finish::linear_residual>(acc, call, out, residual);
      case Finish::silu_residual:
        return finish_pixel<V, Finish::silu_residual>(acc, call, out, residual);
      default:
        return;
    }
  }

  enum class Way { linear, silu, other };

  /// Outputs (y .. y + down, x .. x + across) of one block of channels. @param fours 0: as many as the call says.
  template <class V, size_t across, size_t fixed_fours, size_t down, Way way>
  static void outputs(const DepthwiseCall& call, ptrdiff_t y, ptrdiff_t x, size_t wanted) {
    using I = typename V::I;
    const Step& step = *call.step;
    const auto& c = *static_cast<const Constants<V, 4>*>(call.constants);
    const size_t fours = fixed_fours > 0 ? fixed_fours : call.fours;
    I acc[down][across][4];
#pragma GCC unroll 4
    for (size_t v = 0; v < 4; v++) {
      const I bias = V::load(c.bias + V::lanes * v);
#pragma GCC unroll 4
      for (size_t r = 0; r < down; r++) {
#pragma GCC unroll 4
        for (size_t t = 0; t < across; t++) acc[r][t][v] = bias;
      }
    }
    const ptrdiff_t left = x * step.sw - step.pad_left;
    const ptrdiff_t last = step.in.w - 1 + step.in.halo;
    const int32_t in_rows = static_cast<int32_t>(down - 1) * step.sh + step.kh;
    const size_t pitch = fours * across * 4 * V::bytes;
    for (size_t four = 0; four < fours; four++) {
      // Beyond the halo there is nothing; the weights of those pixels are 0.
      ptrdiff_t at[4];
#pragma GCC unroll 4
      for (ptrdiff_t i = 0; i < 4; i++) {
        const ptrdiff_t column = left + static_cast<ptrdiff_t>(4 * four) + i;
        at[i] = (column < last ? column : last) * step.in.pixel;
      }
      const uint8_t* row = call.in + (y * step.sh - step.pad_top) * step.in.row;
      const int8_t* weights = call.weights + four * across * 4 * V::bytes;
      for (int32_t i = 0; i < in_rows; i++, row += step.in.row) {
        const I a = V::load(row + at[0]);
        const I b = V::load(row + at[1]);
        const I d = V::load(row + at[2]);
        const I e = V::load(row + at[3]);
        const I low_ab = V::low8(a, b), high_ab = V::high8(a, b);
        const I low_de = V::low8(d, e), high_de = V::high8(d, e);
        const typename V::Bytes bytes[4] = {V::bytes_of(V::low16(low_ab, low_de)), V::bytes_of(V::high16(low_ab, low_de)),
                                            V::bytes_of(V::low16(high_ab, high_de)), V::bytes_of(V::high16(high_ab, high_de))};
#pragma GCC unroll 4
        for (size_t r = 0; r < down; r++) {
          const int32_t ky = i - static_cast<int32_t>(r) * step.sh;
          if (down > 1 && (ky < 0 || ky >= step.kh)) continue;
          const int8_t* own = weights + static_cast<size_t>(ky) * pitch;
#pragma GCC unroll 4
          for (size_t t = 0; t < across; t++) {
#pragma GCC unroll 4
            for (size_t v = 0; v < 4; v++) acc[r][t][v] = V::dot(acc[r][t][v], bytes[v], V::load(own + (t * 4 + v) * V::bytes));
          }
        }
      }
    }
#pragma GCC unroll 4
    for (size_t r = 0; r < down; r++) {
#pragma GCC unroll 4
      for (size_t t = 0; t < across; t++) {
        if (t >= wanted) break;
        const auto row = y + static_cast<ptrdiff_t>(r);
        const auto column = x + static_cast<ptrdiff_t>(t);
        uint8_t* out = step.out.at(row, column) + call.out_from;
        if constexpr (way == Way::linear) {
          finish_pixel<V, Finish::linear>(acc[r][t], call, out, nullptr);
        } else if constexpr (way == Way::silu) {
          finish_pixel<V, Finish::silu>(acc[r][t], call, out, nullptr);
        } else {
          finish_rarely<V>(acc[r][t], call, out, step.residual ? step.in2.at(row, column) + call.out_from : nullptr);
        }
      }
    }
  }

  template <class V, size_t across, size_t fours, size_t down, Way way>
  static void run_units(const DepthwisePlan& plan, const DepthwiseCall& call, size_t from, size_t to) {
    const Step& step = *call.step;
    for (size_t unit = from; unit < to; unit++) {
      const auto y = static_cast<ptrdiff_t>(unit / plan.strips * plan.down);
      const auto start = static_cast<ptrdiff_t>(unit % plan.strips * plan.strip);
      const ptrdiff_t most = start + static_cast<ptrdiff_t>(plan.strip);
      const ptrdiff_t end = most < step.out.w ? most : step.out.w;
      // The last rows may be fewer than are computed at once.
      const bool whole = y + static_cast<ptrdiff_t>(down) <= step.out.h;
      for (ptrdiff_t x = start; x < end; x += static_cast<ptrdiff_t>(across)) {
        const auto wanted = static_cast<size_t>(end - x);
        if (whole) {
          outputs<V, across, fours, down, way>(call, y, x, wanted);
        } else {
          for (ptrdiff_t last = y; last < step.out.h; last++) outputs<V, across, fours, 1, way>(call, last, x, wanted);
        }
      }
    }
  }

  template <class V, Way way>
  static void run_shape(const DepthwisePlan& plan, const DepthwiseCall& call, size_t from, size_t to) {
    if (plan.across == 2 && plan.fours == 1) {
      return plan.down > 1 ? run_units<V, 2, 1, rows, way>(plan, call, from, to) : run_units<V, 2, 1, 1, way>(plan, call, from, to);
    }
    if (plan.across == 4) return run_units<V, 4, 2, 1, way>(plan, call, from, to);
    if (plan.across == 2) return run_units<V, 2, 2, 1, way>(plan, call, from, to);
    if (plan.fours == 1) return run_units<V, 1, 1, 1, way>(plan, call, from, to);
    return run_units<V, 1, 0, 1, way>(plan, call, from, to);
  }

  template <class V>
  static void run_block(const DepthwisePlan& plan, DepthwiseCall call, size_t from, size_t to) {
    const Shared<V> shared(*call.step);
    call.shared = &shared;
    const Finish finish = finish_of(*call.step);
    if (finish == Finish::linear) return run_shape<V, Way::linear>(plan, call, from, to);
    if (finish == Finish::silu) return run_shape<V, Way::silu>(plan, call, from, to);
    run_shape<V, Way::other>(plan, call, from, to);
  }

  static void run(const Step& step, size_t from, size_t to) {
    const auto& plan = *reinterpret_cast<const DepthwisePlan*>(step.packed);
    for (size_t b = 0; b < plan.block_count; b++) {
      const DepthwiseBlock& block = plan.blocks[b];
      DepthwiseCall call = {};
      call.step = &step;
      call.weights = reinterpret_cast<const int8_t*>(step.packed + block.weights);
      call.constants = step.packed + block.constants;
      call.in = step.in.data + block.from;
      call.out_from = block.from;
      call.fours = plan.fours;
      call.count = block.count;
      if (block.bytes == 16) run_block<V128>(plan, call, from, to);
      if (block.bytes == 32) run_block<V256>(plan, call, from, to);
      if (block.bytes == 64) run_block<Wide>(plan, call, from, to);
    }
  }
};

}  // namespace
}  // namespace ocellus
