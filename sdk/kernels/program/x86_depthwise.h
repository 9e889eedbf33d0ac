// Depthwise convolutions on vectors. Four neighbouring pixels of a row are interleaved so that each 32-bit lane has one channel of
// all four; a dot product with weights that stand in the right places, zeros in the others, then adds up to four taps of one
// output. The same four serve every output whose window meets them. Where there are few channels, a vector has those of two or
// four places of a row.
#pragma once

#include <cstring>

#include "program/operators/rows.h"
#include "program/x86_epilogue.h"

namespace ocellus {
namespace {

/// A block of channels. `pieces` places of a row share a vector.
struct DepthwiseBlock {
  uint32_t pieces;
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
  const void* weights;
  const void* constants;
  const void* shared;
  const Step* step;
  const uint8_t* in;
  ptrdiff_t out_from;
  size_t fours, count;
};

/// Depthwise convolution with the vectors of `V`. `rows`: how many output rows are computed at once where the stride is 1 and the
/// kernel has up to three columns.
template <class V, size_t rows>
struct DepthwiseOn {
  using I = typename V::I;
  using Weight = typename V::Weight;

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
    plan.block_count = 0;
    uint64_t at = (sizeof(DepthwisePlan) + 63) / 64 * 64;
    const auto channels = static_cast<uint32_t>(step.out.channels);
    for (uint32_t from = 0; from < channels;) {
      DepthwiseBlock& block = plan.blocks[plan.block_count++];
      block.pieces = 1;
      while (block.pieces < V::bytes / 16 && V::bytes / (2 * block.pieces) >= channels - from) block.pieces *= 2;
      const auto capacity = static_cast<uint32_t>(V::bytes) / block.pieces;
      block.from = from;
      block.count = channels - from < capacity ? channels - from : capacity;
      block.weights = at;
      at += static_cast<uint64_t>(step.kh) * plan.fours * plan.across * 4 * 4 * V::lanes * sizeof(Weight);
      at = (at + 63) / 64 * 64;
      block.constants = at;
      at += sizeof(Constants<V, 4>);
      from += block.count;
      if (plan.strip < plan.across * block.pieces) plan.strip = plan.across * block.pieces;
    }
    plan.strips = (static_cast<uint32_t>(step.out.w) + plan.strip - 1) / plan.strip;
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

  static void pack_block(const Step& step, const DepthwisePlan& plan, const DepthwiseBlock& block, uint8_t* packed) {
    auto* to = reinterpret_cast<Weight*>(packed + block.weights);
    const auto channels = static_cast<size_t>(step.out.channels);
    const size_t capacity = V::bytes / block.pieces;
    const int8_t* of_lane[4 * V::lanes];
    for (size_t i = 0; i < 4 * V::lanes; i++) {
      const size_t channel = channel_of<4>(i / V::lanes, i % V::lanes, false, V::lanes) % capacity;
      of_lane[i] = channel < block.count ? step.weights + block.from + channel : nullptr;
    }
    for (int32_t ky = 0; ky < step.kh; ky++) {
      for (uint32_t four = 0; four < plan.fours; four++) {
        for (uint32_t output = 0; output < plan.across; output++) {
          const int32_t first = static_cast<int32_t>(4 * four) - static_cast<int32_t>(output) * step.sw;
          for (size_t i = 0; i < 4 * V::lanes; i++) {
            if (of_lane[i] == nullptr) continue;
            int8_t taps[4] = {};
            for (int32_t tap = 0; tap < 4; tap++) {
              const int32_t kx = first + tap;
              if (kx >= 0 && kx < step.kw) taps[tap] = of_lane[i][static_cast<size_t>(ky * step.kw + kx) * channels];
            }
            V::put_weights(to + i / V::lanes * 4 * V::lanes, i % V::lanes, taps);
          }
          to += 16 * V::lanes;
        }
      }
    }
    reinterpret_cast<Constants<V, 4>*>(packed + block.constants)->fill(step, block.from, block.count, capacity);
  }

  static void pack(const Step& step, uint8_t* packed) {
    auto& plan = *reinterpret_cast<DepthwisePlan*>(packed);
    shape_of(step, plan);
    for (size_t b = 0; b < plan.block_count; b++) pack_block(step, plan, plan.blocks[b], packed);
  }

  /// Bytes of `pieces` places, `pitch` from each other; those from `count` on are the last one's.
  template <size_t pieces>
  static I load_pieces(const uint8_t* from, ptrdiff_t pitch, size_t count) {
    if constexpr (pieces == 1) {
      return V::load(from);
    } else {
      const auto at = [&](size_t piece) { return from + static_cast<ptrdiff_t>(piece < count ? piece : count - 1) * pitch; };
      if constexpr (pieces == 2) {
        return V::load_two(at(0), at(1));
      } else {
        return V::load_four(at(0), at(1), at(2), at(3));
      }
    }
  }

  /// The bytes of `pieces` pixels from their four accumulators, `count` of them to memory.
  template <size_t pieces, Finish finish>
  static void finish_pixels(const I (&acc)[4], const DepthwiseCall& call, uint8_t* out, ptrdiff_t pitch, size_t count, const uint8_t* residual,
                            ptrdiff_t residual_pitch) {
    const auto& c = *static_cast<const Constants<V, 4>*>(call.constants);
    const auto& shared = *static_cast<const Shared<V>*>(call.shared);
    I r0 = V::zero(), r1 = V::zero();
    if constexpr (adds_residual(finish)) {
      const I bytes = load_pieces<pieces>(residual, residual_pitch, count);
      r0 = V::low8(bytes, V::zero());
      r1 = V::high8(bytes, V::zero());
    }
    I words[2] = {words_of<V, finish, 4>(acc[0], acc[1], 0, 1, c, r0), words_of<V, finish, 4>(acc[2], acc[3], 2, 3, c, r1)};
    if constexpr (is_silu(finish)) silu_of_many<V, 2>(words, shared);
    const I low = levels_of<V, finish, 4>(words[0], 0, c, shared, r0);
    const I high = levels_of<V, finish, 4>(words[1], 2 * V::lanes, c, shared, r1);
    const I bytes = V::packus16(low, high);
    if constexpr (pieces == 1) {
      V::store_first(out, bytes, call.count);
    } else {
      V::template store_pieces<pieces>(out, pitch, bytes, count, call.count);
    }
  }

  /// For the rarer epilogues.
  template <size_t pieces>
  static void finish_rarely(const I (&acc)[4], const DepthwiseCall& call, uint8_t* out, ptrdiff_t pitch, size_t count, const uint8_t* residual,
                            ptrdiff_t residual_pitch) {
    switch (finish_of(*call.step)) {
      case Finish::leaky:
        return finish_pixels<pieces, Finish::leaky>(acc, call, out, pitch, count, residual, residual_pitch);
      case Finish::hardswish:
        return finish_pixels<pieces, Finish::hardswish>(acc, call, out, pitch, count, residual, residual_pitch);
      case Finish::sigmoid:
        return finish_pixels<pieces, Finish::sigmoid>(acc, call, out, pitch, count, residual, residual_pitch);
      case Finish::linear_residual:
        return finish_pixels<pieces, Finish::linear_residual>(acc, call, out, pitch, count, residual, residual_pitch);
      case Finish::silu_residual:
        return finish_pixels<pieces, Finish::silu_residual>(acc, call, out, pitch, count, residual, residual_pitch);
      default:
        return;
    }
  }

  enum class Way { linear, silu, other };

  /// Outputs (y .. y + down, x .. x + wanted) of one block of channels, at most `across` times `pieces` beside each other: piece by
  /// piece. @param fixed_fours 0: as many as the call says.
  template <size_t pieces, size_t across, size_t fixed_fours, size_t down, Way way>
  static void outputs(const DepthwiseCall& call, ptrdiff_t y, ptrdiff_t x, size_t wanted) {
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
    const size_t pitch = fours * across * 16 * V::lanes;
    for (size_t four = 0; four < fours; four++) {
      // Beyond the halo there is nothing; the weights of those pixels are 0.
      ptrdiff_t at[4][pieces];
#pragma GCC unroll 4
      for (size_t i = 0; i < 4; i++) {
#pragma GCC unroll 4
        for (size_t piece = 0; piece < pieces; piece++) {
          const ptrdiff_t column = left + static_cast<ptrdiff_t>(piece * across) * step.sw + static_cast<ptrdiff_t>(4 * four + i);
          at[i][piece] = (column < last ? column : last) * step.in.pixel;
        }
      }
      const auto load = [&](const uint8_t* row, size_t i) {
        if constexpr (pieces == 1) {
          return V::load(row + at[i][0]);
        } else if constexpr (pieces == 2) {
          return V::load_two(row + at[i][0], row + at[i][1]);
        } else {
          return V::load_four(row + at[i][0], row + at[i][1], row + at[i][2], row + at[i][3]);
        }
      };
      const uint8_t* row = call.in + (y * step.sh - step.pad_top) * step.in.row;
      const Weight* weights = static_cast<const Weight*>(call.weights) + four * across * 16 * V::lanes;
      for (int32_t i = 0; i < in_rows; i++, row += step.in.row) {
        const I a = load(row, 0), b = load(row, 1), d = load(row, 2), e = load(row, 3);
        const I low_ab = V::low8(a, b), high_ab = V::high8(a, b);
        const I low_de = V::low8(d, e), high_de = V::high8(d, e);
        const typename V::Bytes bytes[4] = {V::bytes_of(V::low16(low_ab, low_de)), V::bytes_of(V::high16(low_ab, low_de)),
                                            V::bytes_of(V::low16(high_ab, high_de)), V::bytes_of(V::high16(high_ab, high_de))};
#pragma GCC unroll 4
        for (size_t r = 0; r < down; r++) {
          const int32_t ky = i - static_cast<int32_t>(r) * step.sh;
          if (down > 1 && (ky < 0 || ky >= step.kh)) continue;
          const Weight* own = weights + static_cast<size_t>(ky) * pitch;
#pragma GCC unroll 4
          for (size_t t = 0; t < across; t++) {
#pragma GCC unroll 4
            for (size_t v = 0; v < 4; v++) acc[r][t][v] = V::dot_from(acc[r][t][v], bytes[v], own + (t * 4 + v) * 4 * V::lanes);
          }
        }
      }
    }
    const ptrdiff_t out_pitch = static_cast<ptrdiff_t>(across) * step.out.pixel;
    const ptrdiff_t residual_pitch = static_cast<ptrdiff_t>(across) * step.in2.pixel;
#pragma GCC unroll 4
    for (size_t r = 0; r < down; r++) {
#pragma GCC unroll 4
      for (size_t t = 0; t < across; t++) {
        if (t >= wanted) break;
        // Of this output of each piece.
        const size_t count = (wanted - t + across - 1) / across;
        const auto row_at = y + static_cast<ptrdiff_t>(r);
        const auto column = x + static_cast<ptrdiff_t>(t);
        uint8_t* out = step.out.at(row_at, column) + call.out_from;
        if constexpr (way == Way::linear) {
          finish_pixels<pieces, Finish::linear>(acc[r][t], call, out, out_pitch, count, nullptr, 0);
        } else if constexpr (way == Way::silu) {
          finish_pixels<pieces, Finish::silu>(acc[r][t], call, out, out_pitch, count, nullptr, 0);
        } else {
          const uint8_t* residual = step.residual ? step.in2.at(row_at, column) + call.out_from : nullptr;
          finish_rarely<pieces>(acc[r][t], call, out, out_pitch, count, residual, residual_pitch);
        }
      }
    }
  }

  template <size_t pieces, size_t across, size_t fours, size_t down, Way way>
  static void run_units(const DepthwisePlan& plan, const DepthwiseCall& call, size_t from, size_t to) {
    const Step& step = *call.step;
    for (size_t unit = from; unit < to; unit++) {
      const auto y = static_cast<ptrdiff_t>(unit / plan.strips * plan.down);
      const auto start = static_cast<ptrdiff_t>(unit % plan.strips * plan.strip);
      const ptrdiff_t most = start + static_cast<ptrdiff_t>(plan.strip);
      const ptrdiff_t end = most < step.out.w ? most : step.out.w;
      // The last rows may be fewer than are computed at once.
      const bool whole = y + static_cast<ptrdiff_t>(down) <= step.out.h;
      for (ptrdiff_t x = start; x < end; x += static_cast<ptrdiff_t>(across * pieces)) {
        const auto left = static_cast<size_t>(end - x);
        const size_t wanted = left < across * pieces ? left : across * pieces;
        if (whole) {
          outputs<pieces, across, fours, down, way>(call, y, x, wanted);
        } else {
          for (ptrdiff_t last = y; last < step.out.h; last++) outputs<pieces, across, fours, 1, way>(call, last, x, wanted);
        }
      }
    }
  }

  template <size_t pieces, Way way>
  static void run_shape(const DepthwisePlan& plan, const DepthwiseCall& call, size_t from, size_t to) {
    if (plan.across == 2 && plan.fours == 1) {
      return plan.down > 1 ? run_units<pieces, 2, 1, rows, way>(plan, call, from, to) : run_units<pieces, 2, 1, 1, way>(plan, call, from, to);
    }
    if (plan.across == 4) return run_units<pieces, 4, 2, 1, way>(plan, call, from, to);
    if (plan.across == 2) return run_units<pieces, 2, 2, 1, way>(plan, call, from, to);
    if (plan.fours == 1) return run_units<pieces, 1, 1, 1, way>(plan, call, from, to);
    return run_units<pieces, 1, 0, 1, way>(plan, call, from, to);
  }

  template <size_t pieces>
  static void run_block(const DepthwisePlan& plan, const DepthwiseCall& call, size_t from, size_t to) {
    const Finish finish = finish_of(*call.step);
    if (finish == Finish::linear) return run_shape<pieces, Way::linear>(plan, call, from, to);
    if (finish == Finish::silu) return run_shape<pieces, Way::silu>(plan, call, from, to);
    run_shape<pieces, Way::other>(plan, call, from, to);
  }

  static void run(const Step& step, size_t from, size_t to) {
    const auto& plan = *reinterpret_cast<const DepthwisePlan*>(step.packed);
    const Shared<V> shared(step);
    for (size_t b = 0; b < plan.block_count; b++) {
      const DepthwiseBlock& block = plan.blocks[b];
      DepthwiseCall call = {};
      call.step = &step;
      call.shared = &shared;
      call.weights = step.packed + block.weights;
      call.constants = step.packed + block.constants;
      call.in = step.in.data + block.from;
      call.out_from = block.from;
      call.fours = plan.fours;
      call.count = block.count;
      if (block.pieces == 1) run_block<1>(plan, call, from, to);
      if (block.pieces == 2) run_block<2>(plan, call, from, to);
      if constexpr (V::bytes == 64) {
        if (block.pieces == 4) run_block<4>(plan, call, from, to);
      }
    }
  }
};

}  // namespace
}  // namespace ocellus
