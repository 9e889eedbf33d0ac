// Winograd's convolution (winograd.h) on vectors. A unit is a group of tiles: their inputs are transformed once; then, for a block of
// output channels after the other, the products are summed by 36 multiplications of matrices, and the sums transformed back.
#pragma once

#include "program/winograd.h"
#include "program/x86_conv.h"

namespace ocellus {
namespace {

/// What lies first in the packed memory.
struct WinogradPlan {
  /// Of the output, and in how many groups they are divided.
  uint32_t tile_rows, tile_columns, groups;
  /// Input channels, up to whole vectors of words.
  uint32_t inputs;
  /// Of two vectors of output channels.
  uint32_t block_count;
  uint32_t reserved;
  /// From the packed memory's start, and from a block to the next.
  uint64_t constants, weights, weights_pitch;
};

/// Convolution with the vectors of `V`, of which `Direct` has the epilogues. `tiles`: how many one kernel multiplies at once.
template <class V, class Direct, size_t tiles>
struct WinogradOn {
  using I = typename V::I;
  using C = Constants<V, 2>;
  static constexpr size_t channels = 2 * V::lanes;
  static constexpr size_t words = V::bytes / 2;
  static constexpr size_t products = Winograd::products;
  static constexpr size_t inputs = Winograd::inputs;
  static constexpr size_t outputs = Winograd::outputs;

  /// Where it pays: tiles that are mostly whole, channels that mostly fill vectors, and weights that are read for more than a few
  /// tiles, since there are four times as many, in 16 bits.
  static bool takes(const Step& step) {
    const auto used = static_cast<size_t>(step.out.channels) * 4;
    const size_t filled = blocks_of(step) * channels * 3;
    // Without the dot product of bytes also where a quarter of the vectors of inputs is empty.
    const int32_t least = Direct::has_dot ? 16 : 12;
    return step.out.h >= 24 && step.out.w >= 24 && step.in.channels >= least && used >= filled && Winograd::fits(step);
  }

  static size_t blocks_of(const Step& step) { return (static_cast<size_t>(step.out.channels) + channels - 1) / channels; }
  static size_t up(size_t size) { return (size + 63) / 64 * 64; }

  static WinogradPlan shape_of(const Step& step) {
    WinogradPlan plan = {};
    plan.tile_rows = static_cast<uint32_t>((step.out.h + 3) / 4);
    plan.tile_columns = static_cast<uint32_t>((step.out.w + 3) / 4);
    plan.inputs = static_cast<uint32_t>((static_cast<size_t>(step.in.channels) + words - 1) / words * words);
    // What is transformed should stay in the cache of the second level.
    const size_t all = tile_count(plan);
    size_t most = (192 << 10) / (products * 2 * plan.inputs);
    most = most < tiles ? tiles : most > 48 ? 48 : most;
    // Several, for threads.
    const size_t groups = (all + most - 1) / most;
    plan.groups = static_cast<uint32_t>(groups < 4 ? 4 : groups);
    plan.block_count = static_cast<uint32_t>(blocks_of(step));
    plan.constants = up(sizeof(WinogradPlan));
    plan.weights = up(plan.constants + plan.block_count * sizeof(C));
    plan.weights_pitch = products * plan.inputs * channels * 2;
    return plan;
  }

  static size_t tile_count(const WinogradPlan& plan) { return static_cast<size_t>(plan.tile_rows) * plan.tile_columns; }
  static size_t most_tiles(const WinogradPlan& plan) { return tile_count(plan) / plan.groups + 1; }

  static size_t packed_bytes(const Step& step) {
    const WinogradPlan plan = shape_of(step);
    return plan.weights + plan.block_count * plan.weights_pitch;
  }

  static size_t units(const Step& step) { return shape_of(step).groups; }

  static size_t scratch_bytes(const Step& step) {
    const WinogradPlan plan = shape_of(step);
    return most_tiles(plan) * products * (2 * plan.inputs + 2 * V::bytes);
  }

  static void pack(const Step& step, uint8_t* packed) {
    auto& plan = *reinterpret_cast<WinogradPlan*>(packed);
    plan = shape_of(step);
    const bool floats = writes_floats(finish_of(step));
    const auto in_channels = static_cast<size_t>(step.in.channels);
    const auto out_channels = static_cast<size_t>(step.out.channels);
    for (size_t b = 0; b < plan.block_count; b++) {
      const size_t left = out_channels - b * channels;
      const size_t count = left < channels ? left : channels;
      reinterpret_cast<C*>(packed + plan.constants)[b].fill(step, b * channels, count);
      // Pairs of input channels: what one instruction multiplies and adds.
      auto* to = reinterpret_cast<int16_t*>(packed + plan.weights + b * plan.weights_pitch);
      for (size_t v = 0; v < 2; v++) {
        for (size_t lane = 0; lane < V::lanes; lane++) {
          const size_t channel = channel_of<2>(v, lane, floats, V::lanes);
          if (channel >= count) continue;
          const int8_t* own = step.weights + (b * channels + channel) * 9 * in_channels;
          for (size_t i = 0; i < in_channels; i += words) {
            const size_t some = in_channels - i < words ? in_channels - i : words;
            int16_t plain[9][words] = {};
            int16_t all[products][words];
            for (size_t k = 0; k < 9; k++) {
              for (size_t j = 0; j < some; j++) plain[k][j] = own[k * in_channels + i + j];
            }
            Winograd::transform(plain, all);
            for (size_t p = 0; p < products; p++) {
              int16_t* pairs = to + (p * plan.inputs + i) * channels + 2 * (v * V::lanes + lane);
              for (size_t j = 0; j < some; j += 2) std::memcpy(pairs + j * channels, all[p] + j, 4);
            }
          }
        }
      }
    }
  }

  /// In one direction; from and to pitches in vectors.
  static void transform_inputs(const I* from, size_t pitch, I* to, size_t to_pitch) {
    const auto twice = [](I v) { return V::add16(v, v); };
    const I d0 = from[0], d1 = from[pitch], d2 = from[2 * pitch], d3 = from[3 * pitch], d4 = from[4 * pitch], d5 = from[5 * pitch];
    const I a = V::sub16(d4, d2);
    const I b = twice(V::sub16(d3, d1));
    to[0] = V::add16(twice(twice(V::sub16(d0, d2))), a);
    to[to_pitch] = V::sub16(V::add16(d3, d4), twice(twice(V::add16(d1, d2))));
    to[2 * to_pitch] = V::add16(V::sub16(d4, d3), twice(twice(V::sub16(d1, d2))));
    to[3 * to_pitch] = V::add16(a, b);
    to[4 * to_pitch] = V::sub16(a, b);
    to[5 * to_pitch] = V::sub16(V::sub16(d5, d3), twice(b));
  }

  /// The tiles [first, first + count) to `to`: product by product, tile by tile.
  static void transform_tiles(const Step& step, const WinogradPlan& plan, size_t first, size_t count, int16_t* to) {
    const ptrdiff_t last_row = step.in.h - 1 + step.in.halo;
    const ptrdiff_t last_column = step.in.w - 1 + step.in.halo;
    for (size_t t = 0; t < count; t++) {
      // Outputs beyond the edge are not written, so what is taken for their inputs does not matter.
      const uint8_t* at[inputs][inputs];
      const auto top = static_cast<ptrdiff_t>((first + t) / plan.tile_columns) * Winograd::outputs - step.pad_top;
      const auto left = static_cast<ptrdiff_t>((first + t) % plan.tile_columns) * Winograd::outputs - step.pad_left;
      for (size_t y = 0; y < inputs; y++) {
        const ptrdiff_t row = top + static_cast<ptrdiff_t>(y);
        for (size_t x = 0; x < inputs; x++) {
          const ptrdiff_t column = left + static_cast<ptrdiff_t>(x);
          at[y][x] = step.in.at(row < last_row ? row : last_row, column < last_column ? column : last_column);
        }
      }
      for (size_t c = 0; c < plan.inputs; c += words) {
        I columns[inputs][inputs];
        for (size_t x = 0; x < inputs; x++) {
          I bytes[inputs];
#pragma GCC unroll 6
          for (size_t y = 0; y < inputs; y++) bytes[y] = V::words_of_half(at[y][x] + c);
          transform_inputs(bytes, 1, &columns[0][x], inputs);
        }
        for (size_t y = 0; y < inputs; y++) {
          I row[inputs];
          transform_inputs(columns[y], 1, row, 1);
#pragma GCC unroll 6
          for (size_t x = 0; x < inputs; x++) V::store(to + ((inputs * y + x) * count + t) * plan.inputs + c, row[x]);
        }
      }
    }
  }

  using Multiply = void (*)(const int16_t* in, size_t pairs, const uint8_t* weights, uint8_t* sums);

  /// Sums of P tiles and a block of channels.
  template <size_t P>
  static void multiply(const int16_t* in, size_t pairs, const uint8_t* weights, uint8_t* sums) {
    I acc[P][2];
#pragma GCC unroll 16
    for (size_t p = 0; p < P; p++) acc[p][0] = acc[p][1] = V::zero();
    for (size_t pair = 0; pair < pairs; pair++, in += 2, weights += 2 * V::bytes) {
      const I w0 = V::load(weights), w1 = V::load(weights + V::bytes);
#pragma GCC unroll 16
      for (size_t p = 0; p < P; p++) {
        int32_t two;
        std::memcpy(&two, in + 2 * p * pairs, sizeof two);
        const I both = V::set32(two);
        acc[p][0] = V::add_products(acc[p][0], both, w0);
        acc[p][1] = V::add_products(acc[p][1], both, w1);
      }
    }
#pragma GCC unroll 16
    for (size_t p = 0; p < P; p++) {
      V::store(sums + 2 * p * V::bytes, acc[p][0]);
      V::store(sums + (2 * p + 1) * V::bytes, acc[p][1]);
    }
  }

  struct Multiplies {
    Multiply of[tiles];
  };
  template <size_t... less>
  static constexpr Multiplies multiplies(std::index_sequence<less...>) {
    return {{multiply<less + 1>...}};
  }

  static void transform_sums(const I (&m)[inputs], I (&z)[outputs]) {
    const auto twice = [](I v) { return V::add32(v, v); };
    const I s = V::add32(m[1], m[2]), d = V::sub32(m[1], m[2]);
    const I e = V::add32(m[3], m[4]), f = V::sub32(m[3], m[4]);
    z[0] = V::add32(V::add32(m[0], e), V::template sll32<2>(s));
    z[1] = V::add32(twice(d), f);
    z[2] = V::add32(s, e);
    z[3] = V::add32(V::add32(d, m[5]), twice(f));
  }

  /// Row y of the sums of tile `t` of `count`: four pixels of two vectors.
  template <size_t y>
  static void sums_of_row(const I (&columns)[outputs][inputs], const uint8_t* bias, I* to) {
    I z[outputs];
    transform_sums(columns[y], z);
    const I inverse = V::set32(Winograd::inverse_of_9);
    const I least = V::load(bias);
    to[0] = V::add32(V::template sra32<Winograd::shifts[y] + 3>(V::mul32(z[0], inverse)), least);
    to[2] = V::add32(V::template sra32<Winograd::shifts[y] + 2>(V::mul32(z[1], inverse)), least);
    to[4] = V::add32(V::template sra32<Winograd::shifts[y] + 1>(V::mul32(z[2], inverse)), least);
    to[6] = V::add32(V::template sra32<Winograd::shifts[y] + 1>(V::mul32(z[3], inverse)), least);
  }

  /// The 4 x 4 outputs of tile `t` of `count`. @param out A row, four pixels, two vectors.
  static void outputs_of(const uint8_t* sums, size_t count, size_t t, const C& constants, I (&out)[outputs][2 * outputs]) {
    for (size_t v = 0; v < 2; v++) {
      I columns[outputs][inputs];
      for (size_t x = 0; x < inputs; x++) {
        I m[inputs], z[outputs];
#pragma GCC unroll 6
        for (size_t y = 0; y < inputs; y++) m[y] = V::load(sums + (((inputs * y + x) * count + t) * 2 + v) * V::bytes);
        transform_sums(m, z);
#pragma GCC unroll 4
        for (size_t y = 0; y < outputs; y++) columns[y][x] = z[y];
      }
      const auto* bias = reinterpret_cast<const uint8_t*>(constants.bias + v * V::lanes);
      sums_of_row<0>(columns, bias, out[0] + v);
      sums_of_row<1>(columns, bias, out[1] + v);
      sums_of_row<2>(columns, bias, out[2] + v);
      sums_of_row<3>(columns, bias, out[3] + v);
    }
  }

  static void run(const Step& step, size_t from, size_t to, uint8_t* scratch) {
    static constexpr Multiplies by_tiles = multiplies(std::make_index_sequence<tiles>());
    const auto& plan = *reinterpret_cast<const WinogradPlan*>(step.packed);
    const Shared<V> shared(step);
    const auto finisher = Direct::template finisher<2>(finish_of(step));
    const size_t bytes_of_value = writes_floats(finish_of(step)) ? 4 : 1;
    ConvCall call = {};
    call.shared = &shared;
    call.out_pitch = step.out.pixel;
    call.residual_pitch = step.residual ? step.in2.pixel : 0;
    const size_t all = tile_count(plan);
    for (size_t unit = from; unit < to; unit++) {
      const size_t first = unit * all / plan.groups;
      const size_t count = (unit + 1) * all / plan.groups - first;
      if (count == 0) continue;
      auto* transformed = reinterpret_cast<int16_t*>(scratch);
      uint8_t* sums = scratch + products * count * plan.inputs * 2;
      transform_tiles(step, plan, first, count, transformed);
      const size_t strips = (count + tiles - 1) / tiles;
      for (size_t b = 0; b < plan.block_count; b++) {
        const uint8_t* weights = step.packed + plan.weights + b * plan.weights_pitch;
        for (size_t p = 0; p < products; p++, weights += plan.inputs * channels * 2) {
          for (size_t strip = 0; strip < strips; strip++) {
            const size_t t = strip * count / strips;
            const size_t some = (strip + 1) * count / strips - t;
            by_tiles.of[some - 1](transformed + (p * count + t) * plan.inputs, plan.inputs / 2, weights, sums + (p * count + t) * 2 * V::bytes);
          }
        }
        const auto& constants = reinterpret_cast<const C*>(step.packed + plan.constants)[b];
        const size_t channel = b * channels;
        const size_t left = static_cast<size_t>(step.out.channels) - channel;
        call.constants = &constants;
        call.count = left < channels ? left : channels;
        for (size_t t = 0; t < count; t++) {
          I tile[outputs][2 * outputs];
          outputs_of(sums, count, t, constants, tile);
          const auto top = static_cast<ptrdiff_t>((first + t) / plan.tile_columns) * Winograd::outputs;
          const auto x = static_cast<ptrdiff_t>((first + t) % plan.tile_columns) * Winograd::outputs;
          const auto wide = static_cast<size_t>(step.out.w - x < Winograd::outputs ? step.out.w - x : Winograd::outputs);
          for (ptrdiff_t y = 0; y < Winograd::outputs && top + y < step.out.h; y++) {
            const uint8_t* residual = step.residual ? step.in2.at(top + y, x) + channel : nullptr;
            finisher(call, tile[y], wide, step.out.at(top + y, x) + channel * bytes_of_value, residual);
          }
        }
      }
    }
  }

  static constexpr ProgramOperation operation = {pack_by<packed_bytes, pack>, units, nullptr, takes, scratch_bytes, run};
};

}  // namespace
}  // namespace ocellus
