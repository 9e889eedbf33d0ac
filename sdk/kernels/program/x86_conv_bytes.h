// Convolutions where bytes are multiplied in pairs to 16 bits (vpmaddubsw), exactly. Six products, of three quads of input bytes, are
// added in a lane of 16 bits before that is widened, which saves multiplications; whether they fit is a matter of the weights alone:
// - A pair of weights of one sign whose sum is above 128 could saturate. What is too much is multiplied again, as another quad.
// - 255 times the sum of the weights' sizes must be below 2^16. Quads are grouped so that it is, whichever they are, since it does not
//   matter in what order inputs are added. A number for the lane, taken off the bias, moves the sum into the range of signed words.
#pragma once

#include "program/x86_conv.h"

namespace ocellus {
namespace {

/// Four weights of eight output channels, for the four input bytes at `offset` from a window's first.
struct ByteQuad {
  int32_t offset;
  int8_t weights[32];

  /// Of positive and of negative weights, in a lane.
  int32_t above(size_t lane) const { return (weights[2 * lane] > 0 ? weights[2 * lane] : 0) + (weights[2 * lane + 1] > 0 ? weights[2 * lane + 1] : 0); }
  int32_t below(size_t lane) const { return above(lane) - weights[2 * lane] - weights[2 * lane + 1]; }
};

/// Quads that are added up in 16 bits: three, or two of which one may be zeros.
struct ByteGroup {
  ByteQuad quads[3];
  size_t count;
  /// The sizes of a lane's weights, in all.
  int16_t sizes[16];
};

/// Groups quads. `emit` takes a group.
template <typename Emit>
class ByteGroups {
 public:
  explicit ByteGroups(Emit emit) : emit_(emit) {}

  void add(ByteQuad quad) {
    ByteQuad rest = {quad.offset, {}};
    bool is_zero = true, has_rest = false;
    for (size_t lane = 0; lane < 16; lane++) {
      int8_t* pair = quad.weights + 2 * lane;
      const int32_t sum = pair[0] + pair[1];
      if (sum > 128 || sum < -128) {
        // Off the larger one, so that both keep their signs.
        const size_t larger = (pair[0] > pair[1]) == (sum > 0) ? 0 : 1;
        const int32_t excess = sum > 0 ? sum - 128 : sum + 128;
        pair[larger] = static_cast<int8_t>(pair[larger] - excess);
        rest.weights[2 * lane + larger] = static_cast<int8_t>(excess);
        has_rest = true;
      }
      if (pair[0] != 0 || pair[1] != 0) is_zero = false;
    }
    if (!is_zero) place(quad);
    if (has_rest) place(rest);
  }

  /// Those that are left are fewer than three.
  void finish() {
    for (size_t i = 0; i < waiting_; i++) emit_two(list_[i]);
    waiting_ = 0;
  }

 private:
  static constexpr size_t most = 16;

  void place(const ByteQuad& quad) {
    int16_t sizes[16];
    for (size_t lane = 0; lane < 16; lane++) sizes[lane] = static_cast<int16_t>(quad.above(lane) + quad.below(lane));
    for (size_t i = 0; i < waiting_; i++) {
      ByteGroup& group = list_[i];
      int16_t largest = 0;
      for (size_t lane = 0; lane < 16; lane++) {
        const auto size = static_cast<int16_t>(sizes[lane] + group.sizes[lane]);
        largest = size > largest ? size : largest;
      }
      if (largest > 257) continue;
      for (size_t lane = 0; lane < 16; lane++) group.sizes[lane] = static_cast<int16_t>(group.sizes[lane] + sizes[lane]);
      group.quads[group.count++] = quad;
      if (group.count == 3) {
        emit_(group);
        remove(i);
      }
      return;
    }
    if (waiting_ == most) {
      emit_two(list_[0]);
      remove(0);
    }
    ByteGroup& group = list_[waiting_++];
    group.quads[0] = quad;
    group.count = 1;
    std::memcpy(group.sizes, sizes, sizeof sizes);
  }

  void emit_two(ByteGroup& group) {
    if (group.count == 1) group.quads[group.count++] = {group.quads[0].offset, {}};
    emit_(group);
  }

  void remove(size_t i) {
    waiting_--;
    for (; i < waiting_; i++) list_[i] = list_[i + 1];
  }

  Emit emit_;
  ByteGroup list_[most];
  size_t waiting_ = 0;
};

/// A vector of eight output channels in packed memory: the bias, the offsets of `threes` groups of three quads, then of `twos` groups
/// of two, and their weights, each group's centre behind them.
struct BytePart {
  uint64_t at;
  uint32_t threes, twos;

  static constexpr size_t three_bytes = 128, two_bytes = 96;
  uint64_t offsets() const { return at + 32; }
  uint64_t weights() const { return offsets() + (12 * static_cast<uint64_t>(threes) + 8 * static_cast<uint64_t>(twos) + 31) / 32 * 32; }
  uint64_t end() const { return weights() + three_bytes * threes + two_bytes * twos; }
};

/// A block of output channels of up to four vectors, which are activated together.
struct ByteBlock {
  uint32_t vectors;
  uint32_t from;
  uint32_t count;
  uint32_t reserved;
  uint64_t constants;
  BytePart parts[4];
};

/// What lies first in the packed memory.
struct BytePlan {
  uint32_t rows, columns;
  /// A row is divided into `strips` of `strip` pixels, the last of which may have fewer.
  uint32_t strips, strip;
  uint32_t block_count;
  uint32_t reserved;
  uint64_t bytes;
  ByteBlock blocks[(program_most_channels + 15) / 16];
};

struct ByteCall {
  const uint8_t* bias;
  const int32_t* offsets;
  const uint8_t* weights;
  size_t threes, twos;
  ptrdiff_t in_pitch;
};

/// Multiples of the pitch, in registers: addresses of eight pixels without arithmetic. The compiler would add up instead.
struct Pitches {
  ptrdiff_t one, three, five, seven;

  explicit Pitches(ptrdiff_t pitch) : one(pitch), three(3 * pitch), five(5 * pitch), seven(7 * pitch) {
    __asm__("" : "+r"(three), "+r"(five), "+r"(seven));
  }
  const uint8_t* at(const uint8_t* first, size_t pixel) const {
    const ptrdiff_t multiples[] = {0, one, 2 * one, three, 4 * one, five, 2 * three, seven};
    return first + multiples[pixel];
  }
};

/// Convolution with vectors of 256 bits. `Direct` has the epilogues.
template <class V, class Direct>
struct ConvOfBytes {
  using I = typename V::I;
  static_assert(V::bytes == 32 && V::lanes == 8);
  /// Pixels that one kernel computes at once, and how many of those are computed before they are activated: the weights stay in the
  /// cache of the first level for so long.
  static constexpr size_t pixels = 8;
  static constexpr size_t batch = 4;

  static void shape_of(const Step& step, BytePlan& plan) {
    const bool flat = Direct::is_flat(step);
    plan.rows = flat ? 1 : static_cast<uint32_t>(step.out.h);
    plan.columns = static_cast<uint32_t>(flat ? step.out.h * step.out.w : step.out.w);
    plan.strips = (plan.columns + pixels - 1) / pixels;
    plan.strip = (plan.columns + plan.strips - 1) / plan.strips;
  }

  /// Calls `emit` with the groups of vector `v` of a block of NV.
  template <size_t NV, typename Emit>
  static void each_group(const Step& step, const ByteBlock& block, size_t v, Emit emit) {
    const bool floats = writes_floats(finish_of(step));
    const bool joined = is_joined(step);
    const int32_t run_columns = joined ? 1 : step.kw;
    const int32_t run = joined ? step.kw * step.in.channels : step.in.channels;
    const size_t each = static_cast<size_t>(step.kh) * step.kw * step.in.channels;
    ByteGroups<Emit> groups(emit);
    for (int32_t row = 0; row < step.kh; row++) {
      for (int32_t column = 0; column < run_columns; column++) {
        const ptrdiff_t start = row * step.dh * step.in.row + column * step.dw * step.in.pixel;
        const int8_t* weights = step.weights + static_cast<size_t>(row * run_columns + column) * static_cast<size_t>(run);
        for (int32_t i = 0; i < run; i += 4) {
          ByteQuad quad = {static_cast<int32_t>(start + i), {}};
          for (size_t lane = 0; lane < V::lanes; lane++) {
            const size_t channel = channel_of<NV>(v, lane, floats, V::lanes);
            if (channel >= block.count) continue;
            const int8_t* own = weights + (block.from + channel) * each + i;
            for (int32_t k = 0; k < 4 && i + k < run; k++) quad.weights[4 * lane + static_cast<size_t>(k)] = own[k];
          }
          groups.add(quad);
        }
      }
    }
    groups.finish();
  }

  template <typename Emit>
  static void each_group(const Step& step, const ByteBlock& block, size_t v, Emit emit) {
    if (block.vectors == 4) return each_group<4>(step, block, v, emit);
    if (block.vectors == 2) return each_group<2>(step, block, v, emit);
    each_group<1>(step, block, v, emit);
  }

  /// Where it pays. In hundredths of a cycle as measured on Zen 3, for a pixel and a vector of channels; to activate by way of memory counts
  /// as well.
  static bool takes(const Step& step) {
    BytePlan plan;
    make_plan(step, plan);
    uint64_t own = 0, words = 0;
    const bool joined = is_joined(step);
    const auto run = static_cast<uint64_t>(joined ? step.kw * step.in.channels : step.in.channels);
    const uint64_t quads = (run + 3) / 4 * static_cast<uint64_t>(joined ? step.kh : step.kh * step.kw);
    for (size_t b = 0; b < plan.block_count; b++) {
      for (size_t v = 0; v < plan.blocks[b].vectors; v++) {
        own += 700 + 280 * plan.blocks[b].parts[v].threes + 215 * plan.blocks[b].parts[v].twos;
        words += 145 * quads;
      }
    }
    return own < words;
  }

  /// Are a row's bytes of a window one after the other?
  static bool is_joined(const Step& step) { return step.kw > 1 && step.dw == 1 && step.in.pixel == step.in.channels; }

  static void make_plan(const Step& step, BytePlan& plan) {
    shape_of(step, plan);
    plan.block_count = 0;
    uint64_t at = (sizeof(BytePlan) + 63) / 64 * 64;
    const auto channels = static_cast<uint32_t>(step.out.channels);
    for (uint32_t from = 0; from < channels;) {
      const uint32_t vectors = (channels - from + V::lanes - 1) / V::lanes;
      ByteBlock& block = plan.blocks[plan.block_count++];
      block.vectors = vectors >= 4 ? 4 : vectors >= 2 ? 2 : 1;
      block.from = from;
      block.count = channels - from < V::lanes * block.vectors ? channels - from : static_cast<uint32_t>(V::lanes) * block.vectors;
      block.constants = at;
      at += block.vectors == 4 ? sizeof(Constants<V, 4>) : block.vectors == 2 ? sizeof(Constants<V, 2>) : sizeof(Constants<V, 1>);
      for (size_t v = 0; v < block.vectors; v++) {
        BytePart& part = block.parts[v];
        part = {at, 0, 0};
        each_group(step, block, v, [&](const ByteGroup& group) { (group.count == 3 ? part.threes : part.twos)++; });
        at = block.parts[v].end();
      }
      at = (at + 63) / 64 * 64;
      from += block.count;
    }
    plan.bytes = at;
  }

  static size_t packed_bytes(const Step& step) {
    BytePlan plan;
    make_plan(step, plan);
    return plan.bytes;
  }

  static size_t units(const Step& step) {
    BytePlan plan;
    shape_of(step, plan);
    return static_cast<size_t>(plan.rows) * plan.strips;
  }

  template <size_t NV>
  static void pack_block(const Step& step, const ByteBlock& block, uint8_t* packed) {
    auto& constants = *reinterpret_cast<Constants<V, NV>*>(packed + block.constants);
    constants.fill(step, block.from, block.count);
    for (size_t v = 0; v < NV; v++) {
      const BytePart& part = block.parts[v];
      auto* bias = reinterpret_cast<int32_t*>(packed + part.at);
      std::memcpy(bias, constants.bias + v * V::lanes, V::bytes);
      auto* three_offsets = reinterpret_cast<int32_t*>(packed + part.offsets());
      int32_t* two_offsets = three_offsets + 3 * part.threes;
      uint8_t* threes = packed + part.weights();
      uint8_t* twos = threes + BytePart::three_bytes * part.threes;
      each_group(step, block, v, [&](const ByteGroup& group) {
        int32_t*& offsets = group.count == 3 ? three_offsets : two_offsets;
        uint8_t*& weights = group.count == 3 ? threes : twos;
        int32_t above[16] = {}, below[16] = {};
        for (size_t i = 0; i < group.count; i++, weights += V::bytes) {
          *offsets++ = group.quads[i].offset;
          std::memcpy(weights, group.quads[i].weights, V::bytes);
          for (size_t lane = 0; lane < 16; lane++) {
            above[lane] += group.quads[i].above(lane);
            below[lane] += group.quads[i].below(lane);
          }
        }
        auto* centres = reinterpret_cast<int16_t*>(weights);
        weights += V::bytes;
        for (size_t lane = 0; lane < 16; lane++) {
          const int32_t centre = above[lane] <= 128 && below[lane] <= 128 ? 0 : 255 * below[lane] - 32768;
          centres[lane] = static_cast<int16_t>(centre);
          // The sum of all fits 32 bits; this may not, on the way.
          bias[lane / 2] = static_cast<int32_t>(static_cast<uint32_t>(bias[lane / 2]) - static_cast<uint32_t>(centre));
        }
      });
    }
  }

  static void pack(const Step& step, uint8_t* packed) {
    auto& plan = *reinterpret_cast<BytePlan*>(packed);
    make_plan(step, plan);
    for (size_t b = 0; b < plan.block_count; b++) {
      const ByteBlock& block = plan.blocks[b];
      if (block.vectors == 4) pack_block<4>(step, block, packed);
      if (block.vectors == 2) pack_block<2>(step, block, packed);
      if (block.vectors == 1) pack_block<1>(step, block, packed);
    }
  }

  using Sums = void (*)(const ByteCall&, const uint8_t* const* in, size_t strips, I* to, size_t vectors);

  /// Sums of eight channels of P pixels from each of `in` on: `pixels` times `vectors` apart.
  template <size_t P>
  static void sums_of(const ByteCall& call, const uint8_t* const* in, size_t strips, I* to, size_t vectors) {
    const I ones = V::set16(1);
    const Pitches pitches(call.in_pitch);
    for (size_t strip = 0; strip < strips; strip++, to += pixels * vectors) {
      I acc[P];
      const I bias = V::load(call.bias);
#pragma GCC unroll 8
      for (size_t p = 0; p < P; p++) acc[p] = bias;
      const int32_t* offsets = call.offsets;
      const uint8_t* weights = call.weights;
      for (size_t i = 0; i < call.threes; i++, offsets += 3, weights += BytePart::three_bytes) {
        const uint8_t *first = in[strip] + offsets[0], *second = in[strip] + offsets[1], *third = in[strip] + offsets[2];
        const I w0 = V::load(weights), w1 = V::load(weights + V::bytes), w2 = V::load(weights + 2 * V::bytes);
        const I centre = V::load(weights + 3 * V::bytes);
#pragma GCC unroll 8
        for (size_t p = 0; p < P; p++) {
          acc[p] = V::add_pairs(acc[p], pitches.at(first, p), pitches.at(second, p), pitches.at(third, p), w0, w1, w2, centre, ones);
        }
      }
      for (size_t i = 0; i < call.twos; i++, offsets += 2, weights += BytePart::two_bytes) {
        const uint8_t *first = in[strip] + offsets[0], *second = in[strip] + offsets[1];
        const I w0 = V::load(weights), w1 = V::load(weights + V::bytes), centre = V::load(weights + 2 * V::bytes);
#pragma GCC unroll 8
        for (size_t p = 0; p < P; p++) acc[p] = V::add_pairs(acc[p], pitches.at(first, p), pitches.at(second, p), w0, w1, centre, ones);
      }
#pragma GCC unroll 8
      for (size_t p = 0; p < P; p++) V::store(to + p * vectors, acc[p]);
    }
  }

  struct AllSums {
    Sums of[pixels];
  };
  template <size_t... less>
  static constexpr AllSums all_sums(std::index_sequence<less...>) {
    return {{sums_of<less + 1>...}};
  }

  template <size_t NV>
  static void run_block(const Step& step, const BytePlan& plan, const ByteBlock& block, const ConvCall& call, size_t from, size_t to) {
    static constexpr AllSums sums = all_sums(std::make_index_sequence<pixels>());
    const auto finish = Direct::template finisher<NV>(finish_of(step));
    const auto offset = static_cast<ptrdiff_t>(block.from * (writes_floats(finish_of(step)) ? 4 : 1));
    alignas(64) I memory[batch * pixels * NV];
    for (size_t unit = from; unit < to;) {
      const uint8_t* in[batch];
      ptrdiff_t rows[batch], columns[batch];
      size_t count = 0, wide = 0;
      // Strips of as many pixels.
      for (; count < batch && unit < to; count++, unit++) {
        const size_t x = unit % plan.strips * plan.strip;
        const size_t own = plan.columns - x < plan.strip ? plan.columns - x : plan.strip;
        if (count > 0 && own != wide) break;
        wide = own;
        rows[count] = static_cast<ptrdiff_t>(unit / plan.strips);
        columns[count] = static_cast<ptrdiff_t>(x);
        in[count] = step.in.at(rows[count] * step.sh - step.pad_top, columns[count] * step.sw - step.pad_left);
      }
      for (size_t v = 0; v < NV; v++) {
        const BytePart& part = block.parts[v];
        const ByteCall own = {step.packed + part.at, reinterpret_cast<const int32_t*>(step.packed + part.offsets()), step.packed + part.weights(),
                              part.threes, part.twos, step.sw * step.in.pixel};
        sums.of[wide - 1](own, in, count, memory + v, NV);
      }
      for (size_t i = 0; i < count; i++) {
        const uint8_t* residual = step.residual ? step.in2.at(rows[i], columns[i]) + offset : nullptr;
        finish(call, memory + i * pixels * NV, wide, step.out.at(rows[i], columns[i]) + offset, residual);
      }
    }
  }

  static void run(const Step& step, size_t from, size_t to) {
    const auto& plan = *reinterpret_cast<const BytePlan*>(step.packed);
    const Shared<V> shared(step);
    ConvCall call = {};
    call.shared = &shared;
    call.out_pitch = step.out.pixel;
    call.residual_pitch = step.residual ? step.in2.pixel : 0;
    for (size_t b = 0; b < plan.block_count; b++) {
      const ByteBlock& block = plan.blocks[b];
      call.constants = step.packed + block.constants;
      call.count = block.count;
      if (block.vectors == 4) run_block<4>(step, plan, block, call, from, to);
      if (block.vectors == 2) run_block<2>(step, plan, block, call, from, to);
      if (block.vectors == 1) run_block<1>(step, plan, block, call, from, to);
    }
  }
};

}  // namespace
}  // namespace ocellus
