// Convolutions on vectors: blocks of pixels by blocks of output channels, whose sums stay in registers.
#pragma once

#include <cstdlib>
#include <cstring>
#include <utility>

#include "program/operators/rows.h"
#include "program/x86_epilogue.h"

namespace ocellus {
namespace {

/// A block of output channels.
struct ConvBlock {
  uint32_t nv;
  uint32_t from;
  uint32_t count;
  uint32_t reserved;
  uint64_t weights;
  uint64_t constants;
};

/// What lies first in the packed memory of a convolution.
struct ConvPlan {
  /// A window's inputs are read in runs of `quads` times four bytes: one for each kernel row where a row's pixels lie one
  /// after the other, else one for each pixel.
  uint32_t run_rows, run_columns, quads;
  uint32_t block_count;
  /// The output as `rows` of `columns` pixels, each divided into `strips`.
  uint32_t rows, columns, strips;
  uint32_t units_of_64;
  ConvBlock blocks[(program_most_channels + 7) / 8];
};

/// How a convolution is divided for threads: by pixels, and where that gives few units, as in a fully connected layer, by blocks of channels
/// as well. Not elsewhere: each would read what the others wrote, which on two threads costs more than uneven shares do.
struct BlockUnits {
  size_t pixels, blocks;

  static constexpr size_t few = 5;
  bool by_blocks() const { return pixels < few; }
  size_t count() const { return by_blocks() ? pixels * blocks : pixels; }

  /// Calls `run(block, from, to)` for the units of pixels that [from, to) has of each block.
  template <typename Run>
  void each(size_t from, size_t to, Run run) const {
    if (!by_blocks()) {
      for (size_t b = 0; b < blocks; b++) run(b, from, to);
      return;
    }
    for (size_t b = from / pixels; b * pixels < to; b++) {
      const size_t start = b * pixels;
      run(b, from > start ? from - start : 0, to - start < pixels ? to - start : pixels);
    }
  }
};

/// What a kernel is called with, for one block of channels.
struct ConvCall {
  const void* weights;
  const void* constants;
  /// Of `Shared<V>`.
  const void* shared;
  /// From one run to the next, below and beside.
  ptrdiff_t run_row, run_column;
  size_t run_rows, run_columns, quads;
  /// From one output pixel to the next.
  ptrdiff_t in_pitch, out_pitch, residual_pitch;
  size_t count;
};

/// Convolution with the vectors of `V`. `pixels4`, `pixels2`, `pixels1`: how many pixels of a row one kernel computes at once, with
/// four, two and one accumulators a pixel; all of them, the weights and one pixel's inputs have to fit the registers.
template <class V, size_t pixels4, size_t pixels2, size_t pixels1>
struct ConvOn {
  using I = typename V::I;
  using Weight = typename V::Weight;

  /// Has the processor the dot product of bytes? Then weights are bytes in memory, too.
  static constexpr bool has_dot = sizeof(Weight) == 1;

  /// Vectors of words that are activated side by side.
  static constexpr size_t at_once = V::bytes == 64 ? 3 : 2;

  static constexpr size_t most_pixels(size_t nv) { return nv == 4 ? pixels4 : nv == 2 ? pixels2 : pixels1; }

  /// 1 x 1 over pictures without a gap between rows: one long row.
  static bool is_flat(const Step& step) {
    const auto gapless = [](const View& view) { return view.row == view.w * view.pixel; };
    return step.kh == 1 && step.kw == 1 && step.sh == 1 && step.sw == 1 && step.pad_top == 0 && step.pad_left == 0 && step.in.w == step.out.w &&
           gapless(step.in) && gapless(step.out) && (!step.residual || gapless(step.in2));
  }

  /// Do the pixels of a kernel's row lie one after the other?
  static bool is_joined(const Step& step) { return step.kw > 1 && step.dw == 1 && step.in.pixel == step.in.channels; }

  static void shape_of(const Step& step, ConvPlan& plan) {
    const bool joined = is_joined(step);
    const int32_t run = joined ? step.kw * step.in.channels : step.in.channels;
    plan.run_rows = static_cast<uint32_t>(step.kh);
    plan.run_columns = joined ? 1 : static_cast<uint32_t>(step.kw);
    plan.quads = static_cast<uint32_t>(run + 3) / 4;
    const bool flat = is_flat(step);
    plan.rows = flat ? 1 : static_cast<uint32_t>(step.out.h);
    plan.columns = static_cast<uint32_t>(flat ? step.out.h * step.out.w : step.out.w);
    // Blocks of four accumulators, then of two and one for what is left.
    plan.block_count = 0;
    uint64_t at = (sizeof(ConvPlan) + 63) / 64 * 64;
    const auto channels = static_cast<uint32_t>(step.out.channels);
    size_t widest = 1;
    for (uint32_t from = 0; from < channels;) {
      const uint32_t vectors = (channels - from + V::lanes - 1) / V::lanes;
      const uint32_t nv = vectors >= 4 ? 4 : vectors >= 2 ? 2 : 1;
      ConvBlock& block = plan.blocks[plan.block_count++];
      block.nv = nv;
      block.from = from;
      block.count = channels - from < V::lanes * nv ? channels - from : static_cast<uint32_t>(V::lanes) * nv;
      block.weights = at;
      at += static_cast<uint64_t>(plan.run_rows) * plan.run_columns * plan.quads * nv * 4 * V::lanes * sizeof(Weight);
      at = (at + 63) / 64 * 64;
      block.constants = at;
      at += nv == 4 ? sizeof(Constants<V, 4>) : nv == 2 ? sizeof(Constants<V, 2>) : sizeof(Constants<V, 1>);
      from += block.count;
      if (nv > widest) widest = nv;
    }
    const auto most = static_cast<uint32_t>(most_pixels(widest));
    plan.strips = (plan.columns + most - 1) / most;
    // Behind the last block: what the plan needs in all.
    plan.units_of_64 = static_cast<uint32_t>((at + 63) / 64);
  }

  static size_t packed_bytes(const Step& step) {
    ConvPlan plan;
    shape_of(step, plan);
    return static_cast<size_t>(plan.units_of_64) * 64;
  }

  template <size_t NV>
  static void pack_block(const Step& step, const ConvPlan& plan, const ConvBlock& block, uint8_t* packed) {
    const bool floats = writes_floats(finish_of(step));
    auto* to = reinterpret_cast<Weight*>(packed + block.weights);
    const size_t each = static_cast<size_t>(step.kh) * step.kw * step.in.channels;
    const size_t run = each / (plan.run_rows * plan.run_columns);
    const int8_t* of_lane[NV * V::lanes];
    for (size_t i = 0; i < NV * V::lanes; i++) {
      const size_t channel = channel_of<NV>(i / V::lanes, i % V::lanes, floats, V::lanes);
      of_lane[i] = channel < block.count ? step.weights + (block.from + channel) * each : nullptr;
    }
    const auto put = [&](size_t at, size_t count) {
      for (size_t i = 0; i < NV * V::lanes; i++) {
        if (of_lane[i] == nullptr) continue;
        int8_t four[4] = {};
        if (count >= 4) {
          std::memcpy(four, of_lane[i] + at, 4);
        } else {
          std::memcpy(four, of_lane[i] + at, count);
        }
        V::put_weights(to + i / V::lanes * 4 * V::lanes, i % V::lanes, four);
      }
      to += NV * 4 * V::lanes;
    };
    for (size_t start = 0; start < each; start += run) {
      for (size_t i = 0; i < run; i += 4) put(start + i, run - i);
    }
    reinterpret_cast<Constants<V, NV>*>(packed + block.constants)->fill(step, block.from, block.count);
  }

  static void pack(const Step& step, uint8_t* packed) {
    auto& plan = *reinterpret_cast<ConvPlan*>(packed);
    shape_of(step, plan);
    for (size_t b = 0; b < plan.block_count; b++) {
      const ConvBlock& block = plan.blocks[b];
      if (block.nv == 4) pack_block<4>(step, plan, block, packed);
      if (block.nv == 2) pack_block<2>(step, plan, block, packed);
      if (block.nv == 1) pack_block<1>(step, plan, block, packed);
    }
  }

  /// The first `count` of P pixels from their sums to memory.
  template <size_t P, size_t NV, Finish finish>
  static void finish_pixels(const I (&acc)[P][NV], size_t count, const ConvCall& call, uint8_t* out, const uint8_t* residual) {
    const auto& c = *static_cast<const Constants<V, NV>*>(call.constants);
    const auto& shared = *static_cast<const Shared<V>*>(call.shared);
    const auto pixel = [&](size_t p) { return out + static_cast<ptrdiff_t>(p) * call.out_pitch; };
    if constexpr (writes_floats(finish)) {
      for (size_t p = 0; p < count; p++) {
        auto* floats = reinterpret_cast<float*>(pixel(p));
        typename V::F values[NV];
#pragma GCC unroll 4
        for (size_t v = 0; v < NV; v++) values[v] = V::mul(V::to_floats(acc[p][v]), V::load_floats(c.m + V::lanes * v));
        if constexpr (finish == Finish::float_sigmoid) sigmoid_of_many<V, NV>(values);
        for (size_t v = 0; v < NV && V::lanes * v < call.count; v++) {
          const size_t left = call.count - V::lanes * v;
          V::store_first_floats(floats + V::lanes * v, values[v], left < V::lanes ? left : V::lanes);
        }
      }
    } else {
      // Two accumulators become a vector of words: half a pixel, a pixel or two. Two of those become one of bytes.
      constexpr size_t vectors = NV == 4 ? 2 * P : NV == 2 ? P : (P + 1) / 2;
      const auto from = [&](size_t p) { return residual + static_cast<ptrdiff_t>(p < count ? p : 0) * call.residual_pitch; };
      const auto residual_of = [&](size_t w) {
        if constexpr (!adds_residual(finish)) {
          return V::zero();
        } else if constexpr (NV == 4) {
          const I bytes = V::load(from(w / 2));
          return w % 2 == 0 ? V::low8(bytes, V::zero()) : V::high8(bytes, V::zero());
        } else if constexpr (NV == 2) {
          return V::words_of_half(from(w));
        } else {
          return V::words_of_two(from(2 * w), from(2 * w + 1));
        }
      };
      I words[vectors];
#pragma GCC unroll 16
      for (size_t w = 0; w < vectors; w++) {
        if constexpr (NV == 4) {
          const size_t v = w % 2 * 2;
          words[w] = words_of<V, finish, NV>(acc[w / 2][v], acc[w / 2][v + 1], v, v + 1, c, residual_of(w));
        } else if constexpr (NV == 2) {
          words[w] = words_of<V, finish, NV>(acc[w][0], acc[w][1], 0, 1, c, residual_of(w));
        } else {
          words[w] = words_of<V, finish, NV>(acc[2 * w][0], acc[2 * w + 1 < P ? 2 * w + 1 : P - 1][0], 0, 0, c, residual_of(w));
        }
      }
      if constexpr (is_silu(finish)) activate_all(words, shared);
#pragma GCC unroll 16
      for (size_t w = 0; w < vectors; w++) {
        words[w] = levels_of<V, finish, NV>(words[w], NV == 4 ? w % 2 * 2 * V::lanes : 0, c, shared, residual_of(w));
      }
#pragma GCC unroll 16
      for (size_t w = 0; w < vectors; w += 2) {
        const I bytes = V::packus16(words[w], words[w + 1 < vectors ? w + 1 : w]);
        const size_t p = NV == 4 ? w / 2 : NV == 2 ? w : 2 * w;
        if (p >= count) break;
        if constexpr (NV == 4) {
          V::store_first(pixel(p), bytes, call.count);
        } else if constexpr (NV == 2) {
          V::store_two(pixel(p), call.out_pitch, bytes, count - p, call.count);
        } else {
          V::store_four(pixel(p), call.out_pitch, bytes, count - p, call.count);
        }
      }
    }
  }

  template <size_t vectors>
  static void activate_all(I (&words)[vectors], const Shared<V>& shared) {
    constexpr size_t whole = vectors / at_once * at_once;
#pragma GCC unroll 16
    for (size_t w = 0; w < whole; w += at_once) {
      I some[at_once];
      for (size_t i = 0; i < at_once; i++) some[i] = words[w + i];
      silu_of_many<V, at_once>(some, shared);
      for (size_t i = 0; i < at_once; i++) words[w + i] = some[i];
    }
    if constexpr (vectors > whole) {
      I some[vectors - whole];
      for (size_t i = 0; i < vectors - whole; i++) some[i] = words[whole + i];
      silu_of_many<V, vectors - whole>(some, shared);
      for (size_t i = 0; i < vectors - whole; i++) words[whole + i] = some[i];
    }
  }

  using ConvKernel = void (*)(const ConvCall&, const uint8_t* in, uint8_t* out, const uint8_t* residual);
  using FinishKernel = void (*)(const ConvCall&, const I* sums, size_t pixels, uint8_t* out, const uint8_t* residual);

  /// Sums of P pixels and NV times 16 channels, in registers.
  template <size_t P, size_t NV>
  static void sums_of(const ConvCall& call, const uint8_t* in, I (&acc)[P][NV]) {
    const auto& c = *static_cast<const Constants<V, NV>*>(call.constants);
#pragma GCC unroll 8
    for (size_t v = 0; v < NV; v++) {
      const I bias = V::load(c.bias + V::lanes * v);
#pragma GCC unroll 16
      for (size_t p = 0; p < P; p++) acc[p][v] = bias;
    }
    const auto* weights = static_cast<const Weight*>(call.weights);
    for (size_t row = 0; row < call.run_rows; row++) {
      for (size_t column = 0; column < call.run_columns; column++) {
        const uint8_t* from = in + static_cast<ptrdiff_t>(row) * call.run_row + static_cast<ptrdiff_t>(column) * call.run_column;
        for (size_t quad = 0; quad < call.quads; quad++) {
          const auto bytes_of = [&](size_t p) {
            int32_t four;
            std::memcpy(&four, from + static_cast<ptrdiff_t>(p) * call.in_pitch, sizeof four);
            return V::bytes_of(V::set32(four));
          };
          if constexpr (!has_dot) {
            // Each weight is read from memory: there are registers for the sums and one pixel's inputs.
#pragma GCC unroll 16
            for (size_t p = 0; p < P; p++) {
              const auto bytes = bytes_of(p);
#pragma GCC unroll 8
              for (size_t v = 0; v < NV; v++) acc[p][v] = V::dot_from(acc[p][v], bytes, weights + 4 * V::lanes * v);
            }
          } else if constexpr (V::bytes == 64 || NV < P) {
            I w[NV];
#pragma GCC unroll 8
            for (size_t v = 0; v < NV; v++) w[v] = V::load(weights + 4 * V::lanes * v);
#pragma GCC unroll 16
            for (size_t p = 0; p < P; p++) {
              const auto bytes = bytes_of(p);
#pragma GCC unroll 8
              for (size_t v = 0; v < NV; v++) acc[p][v] = V::dot(acc[p][v], bytes, w[v]);
            }
          } else {
            // Sixteen registers: what there is less of stays in them, pixels.
            I bytes[P];
#pragma GCC unroll 16
            for (size_t p = 0; p < P; p++) bytes[p] = bytes_of(p);
#pragma GCC unroll 8
            for (size_t v = 0; v < NV; v++) {
              const I w = V::load(weights + 4 * V::lanes * v);
#pragma GCC unroll 16
              for (size_t p = 0; p < P; p++) acc[p][v] = V::dot(acc[p][v], bytes[p], w);
            }
          }
          from += 4;
          weights += 4 * V::lanes * NV;
        }
      }
    }
  }

  template <size_t P, size_t NV, Finish finish>
  static void conv_kernel(const ConvCall& call, const uint8_t* in, uint8_t* out, const uint8_t* residual) {
    I acc[P][NV];
    sums_of<P, NV>(call, in, acc);
    finish_pixels<P, NV, finish>(acc, P, call, out, residual);
  }

  /// For the rarer epilogues: by way of memory.
  template <size_t P, size_t NV>
  static void sum_kernel(const ConvCall& call, const uint8_t* in, uint8_t* out, const uint8_t*) {
    I acc[P][NV];
    sums_of<P, NV>(call, in, acc);
    auto* to = reinterpret_cast<I*>(out);
    for (size_t p = 0; p < P; p++) {
      for (size_t v = 0; v < NV; v++) V::store(to + p * NV + v, acc[p][v]);
    }
  }

  template <size_t NV, Finish finish>
  static void finish_kernel(const ConvCall& call, const I* sums, size_t pixels, uint8_t* out, const uint8_t* residual) {
    constexpr size_t some = 8 / NV;
    for (size_t p = 0; p < pixels; p += some) {
      I acc[some][NV];
      for (size_t i = 0; i < some; i++) {
        for (size_t v = 0; v < NV; v++) acc[i][v] = V::load(sums + (p + i < pixels ? p + i : pixels - 1) * NV + v);
      }
      const auto offset = static_cast<ptrdiff_t>(p);
      finish_pixels<some, NV, finish>(acc, pixels - p < some ? pixels - p : some, call, out + offset * call.out_pitch,
                                      residual + offset * call.residual_pitch);
    }
  }

  /// Epilogues that a kernel has within it.
  static constexpr bool is_fused(Finish finish) { return finish == Finish::linear || finish == Finish::silu; }

  /// Kernels of 1, 2, … pixels.
  template <size_t NV>
  struct Kernels {
    ConvKernel of[most_pixels(NV)];
  };
  template <size_t NV, Finish finish, size_t... less>
  static constexpr Kernels<NV> fused(std::index_sequence<less...>) {
    return {{conv_kernel<less + 1, NV, finish>...}};
  }
  template <size_t NV, size_t... less>
  static constexpr Kernels<NV> sums(std::index_sequence<less...>) {
    return {{sum_kernel<less + 1, NV>...}};
  }
  template <size_t NV>
  static FinishKernel finisher(Finish finish) {
    switch (finish) {
      case Finish::linear:
        return finish_kernel<NV, Finish::linear>;
      case Finish::silu:
        return finish_kernel<NV, Finish::silu>;
      case Finish::floats:
        return finish_kernel<NV, Finish::floats>;
      case Finish::float_sigmoid:
        return finish_kernel<NV, Finish::float_sigmoid>;
      case Finish::leaky:
        return finish_kernel<NV, Finish::leaky>;
      case Finish::hardswish:
        return finish_kernel<NV, Finish::hardswish>;
      case Finish::sigmoid:
        return finish_kernel<NV, Finish::sigmoid>;
      case Finish::linear_residual:
        return finish_kernel<NV, Finish::linear_residual>;
      case Finish::silu_residual:
        return finish_kernel<NV, Finish::silu_residual>;
    }
    return nullptr;
  }

  static size_t units(const Step& step) {
    ConvPlan plan;
    shape_of(step, plan);
    return units_of(plan).count();
  }

  static BlockUnits units_of(const ConvPlan& plan) { return {static_cast<size_t>(plan.rows) * plan.strips, plan.block_count}; }

  template <size_t NV>
  static void run_block(const Step& step, const ConvPlan& plan, const ConvCall& call, size_t channel, size_t from, size_t to) {
    constexpr std::make_index_sequence<most_pixels(NV)> pixel_counts;
    static constexpr Kernels<NV> linear = fused<NV, Finish::linear>(pixel_counts);
    static constexpr Kernels<NV> silu = fused<NV, Finish::silu>(pixel_counts);
    static constexpr Kernels<NV> plain = sums<NV>(pixel_counts);
    const Finish finish = finish_of(step);
    const FinishKernel by_memory = is_fused(finish) ? nullptr : finisher<NV>(finish);
    const ConvKernel* kernels = !is_fused(finish) ? plain.of : finish == Finish::silu ? silu.of : linear.of;
    const auto offset = static_cast<ptrdiff_t>(channel * (writes_floats(finish) ? 4 : 1));
    alignas(64) I memory[most_pixels(NV) * NV];
    for (size_t unit = from; unit < to; unit++) {
      const auto y = static_cast<ptrdiff_t>(unit / plan.strips);
      const size_t strip = unit % plan.strips;
      const size_t x = strip * plan.columns / plan.strips;
      const size_t pixels = (strip + 1) * plan.columns / plan.strips - x;
      const auto column = static_cast<ptrdiff_t>(x);
      const uint8_t* in = step.in.at(y * step.sh - step.pad_top, column * step.sw - step.pad_left);
      uint8_t* out = step.out.at(y, column) + offset;
      const uint8_t* residual = step.residual ? step.in2.at(y, column) + offset : nullptr;
      if (by_memory == nullptr) {
        kernels[pixels - 1](call, in, out, residual);
      } else {
        kernels[pixels - 1](call, in, reinterpret_cast<uint8_t*>(memory), nullptr);
        by_memory(call, memory, pixels, out, residual);
      }
    }
  }

  static void run(const Step& step, size_t from, size_t to) {
    const auto& plan = *reinterpret_cast<const ConvPlan*>(step.packed);
    const Shared<V> shared(step);
    ConvCall call = {};
    call.shared = &shared;
    call.run_row = step.dh * step.in.row;
    call.run_column = step.dw * step.in.pixel;
    call.run_rows = plan.run_rows;
    call.run_columns = plan.run_columns;
    call.quads = plan.quads;
    call.in_pitch = step.sw * step.in.pixel;
    call.out_pitch = step.out.pixel;
    call.residual_pitch = step.residual ? step.in2.pixel : 0;
    units_of(plan).each(from, to, [&](size_t b, size_t first, size_t end) {
      const ConvBlock& block = plan.blocks[b];
      call.weights = step.packed + block.weights;
      call.constants = step.packed + block.constants;
      call.count = block.count;
      if (block.nv == 4) run_block<4>(step, plan, call, block.from, first, end);
      if (block.nv == 2) run_block<2>(step, plan, call, block.from, first, end);
      if (block.nv == 1) run_block<1>(step, plan, call, block.from, first, end);
    });
  }
};

}  // namespace
}  // namespace ocellus
