// Convolutions where bytes are multiplied in pairs to 16 bits (vpmaddubsw), exactly. Six products, of three quads of input bytes, are
// added in a lane of 16 bits before that is widened, which saves multiplications; whether they fit is a matter of the weights alone:
// - A pair of weights of one sign whose sum is above 128 could saturate. What is too much is multiplied again, as another quad.
// - 255 times the sum of the weights' sizes must be below 2^16. Quads are grouped so that it is, whichever they are, since it does not
//   matter in what order inputs are added. A number for the lane, taken off the bias, moves the sum into the range of signed words.
#pragma once

#include "program/x86_byte_order.h"
#include "program/x86_conv.h"

namespace ocellus {
namespace {

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

/// Four weights of eight output channels, for the four input bytes at `offset` from a window's first.
struct ByteQuad {
  __m256i weights;
  int32_t offset;

  /// Of each pair of weights: their sizes in all, and of those above zero.
  __m256i sizes() const { return _mm256_maddubs_epi16(_mm256_abs_epi8(weights), _mm256_set1_epi8(1)); }
  __m256i above() const { return Vector256::maddubs(_mm256_set1_epi8(1), _mm256_max_epi8(weights, Vector256::zero())); }
};

/// Groups the quads of a vector of output channels: three, or two of which one may be zeros, are added up in 16 bits. Keeps the groups as
/// they are packed.
class ByteGroups {
 public:
  /// Room for as many quads as a vector has. @returns False when there is no memory.
  bool allocate(size_t quads) {
    // Each may have a rest.
    const size_t most = 2 * quads;
    return threes_.allocate(most / 3 * BytePart::three_bytes) && three_offsets_.allocate(most) && twos_.allocate(most * BytePart::two_bytes) &&
           two_offsets_.allocate(2 * most);
  }

  void begin() {
    three_count_ = two_count_ = waiting_ = 0;
    for (size_t i = 0; i < most_waiting; i++) order_[i] = static_cast<uint8_t>(i);
    centres_ = V::zero();
  }

  void add(ByteQuad quad) {
    const I sums = V::maddubs(_mm256_set1_epi8(1), quad.weights);
    const I excess = V::sub16(sums, V::min16(V::max16(sums, V::set16(-128)), V::set16(128)));
    if (is_zero(excess)) {
      if (!is_zero(quad.weights)) place(quad);
      return;
    }
    // Off the larger one, so that both keep their signs.
    const I first = _mm256_srai_epi16(_mm256_slli_epi16(quad.weights, 8), 8), second = _mm256_srai_epi16(quad.weights, 8);
    const I from_second = _mm256_xor_si256(_mm256_cmpgt_epi16(first, second), _mm256_cmpgt_epi16(sums, V::zero()));
    const I of_first = _mm256_andnot_si256(from_second, excess), of_second = _mm256_and_si256(from_second, excess);
    place({bytes_of(V::sub16(first, of_first), V::sub16(second, of_second)), quad.offset});
    place({bytes_of(of_first, of_second), quad.offset});
  }

  /// Those that are left are fewer than three.
  void finish() {
    for (size_t i = 0; i < waiting_; i++) emit_two(groups_[order_[i]]);
    waiting_ = 0;
  }

  size_t threes() const { return three_count_; }
  size_t twos() const { return two_count_; }

  /// To the packed memory. @param bias Of the eight channels.
  void write(const BytePart& part, const int32_t* bias, uint8_t* packed) const {
    // The sum of all fits 32 bits; this may not, on the way.
    V::store(packed + part.at, V::sub32(V::load(bias), centres_));
    copy(packed + part.offsets(), three_offsets_.data(), 12 * three_count_);
    copy(packed + part.offsets() + 12 * three_count_, two_offsets_.data(), 8 * two_count_);
    copy(packed + part.weights(), threes_.data(), BytePart::three_bytes * three_count_);
    copy(packed + part.weights() + BytePart::three_bytes * three_count_, twos_.data(), BytePart::two_bytes * two_count_);
  }

 private:
  using V = Vector256;
  using I = __m256i;
  struct Group {
    ByteQuad quads[3];
    size_t count;
    I sizes;
  };
  static constexpr size_t most_waiting = 16;

  static bool is_zero(I v) { return _mm256_testz_si256(v, v) != 0; }
  static I bytes_of(I first, I second) { return _mm256_or_si256(_mm256_and_si256(first, V::set16(255)), _mm256_slli_epi16(second, 8)); }
  static void copy(uint8_t* to, const void* from, size_t size) {
    if (size > 0) std::memcpy(to, from, size);
  }

  void place(const ByteQuad& quad) {
    const I sizes = quad.sizes();
    for (size_t i = 0; i < waiting_; i++) {
      Group& group = groups_[order_[i]];
      const I all = V::add16(sizes, group.sizes);
      if (!is_zero(_mm256_cmpgt_epi16(all, V::set16(257)))) continue;
      group.sizes = all;
      group.quads[group.count++] = quad;
      if (group.count == 3) {
        emit(group);
        remove(i);
      }
      return;
    }
    if (waiting_ == most_waiting) {
      emit_two(groups_[order_[0]]);
      remove(0);
    }
    Group& group = groups_[order_[waiting_++]];
    group.quads[0] = quad;
    group.count = 1;
    group.sizes = sizes;
  }

  void emit_two(Group& group) {
    if (group.count == 1) group.quads[group.count++] = {V::zero(), group.quads[0].offset};
    emit(group);
  }

  void emit(const Group& group) {
    const bool is_three = group.count == 3;
    int32_t* offsets = is_three ? three_offsets_.data() + 3 * three_count_ : two_offsets_.data() + 2 * two_count_;
    uint8_t* weights = is_three ? threes_.data() + BytePart::three_bytes * three_count_ : twos_.data() + BytePart::two_bytes * two_count_;
    (is_three ? three_count_ : two_count_)++;
    I above = V::zero();
    for (size_t i = 0; i < group.count; i++, weights += V::bytes) {
      *offsets++ = group.quads[i].offset;
      V::store(weights, group.quads[i].weights);
      above = V::add16(above, group.quads[i].above());
    }
    // None is needed where no sum leaves the signed words.
    const I below = V::sub16(group.sizes, above);
    const I needed = _mm256_cmpgt_epi16(V::max16(above, below), V::set16(128));
    const I centre = _mm256_and_si256(needed, V::sub16(V::mul16(V::set16(255), below), V::set16(-32768)));
    V::store(weights, centre);
    centres_ = V::add32(centres_, V::madd16(centre, V::set16(1)));
  }

  void remove(size_t i) {
    const uint8_t freed = order_[i];
    waiting_--;
    for (; i < waiting_; i++) order_[i] = order_[i + 1];
    order_[waiting_] = freed;
  }

  Buffer<uint8_t> threes_, twos_;
  Buffer<int32_t> three_offsets_, two_offsets_;
  size_t three_count_ = 0, two_count_ = 0;
  /// In the order in which they were begun.
  Group groups_[most_waiting];
  uint8_t order_[most_waiting];
  size_t waiting_ = 0;
  I centres_;
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
  /// Where the order of inputs is, for shuffles of bytes; 0 where it is that of memory.
  uint32_t order;
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

  static size_t units(const Step& step) { return units_of(*reinterpret_cast<const BytePlan*>(step.packed)).count(); }

  static BlockUnits units_of(const BytePlan& plan) { return {static_cast<size_t>(plan.rows) * plan.strips, plan.block_count}; }

  /// How the inputs of a window lie: rows and columns of runs of so many bytes.
  struct Runs {
    int32_t columns, length;
    explicit Runs(const Step& step) {
      // Are a row's bytes of a window one after the other?
      const bool joined = step.kw > 1 && step.dw == 1 && step.in.pixel == step.in.channels;
      columns = joined ? 1 : step.kw;
      length = joined ? step.kw * step.in.channels : step.in.channels;
    }
    size_t quads(const Step& step) const { return static_cast<size_t>(step.kh * columns) * static_cast<size_t>((length + 3) / 4); }
  };

  /// The quads of vector `v` of a block of NV. @param order Of a pixel's inputs, or null.
  template <size_t NV>
  static void group(const Step& step, const ByteBlock& block, size_t v, const ByteOrder* order, ByteGroups& groups) {
    const bool floats = writes_floats(finish_of(step));
    const Runs runs(step);
    const size_t each = static_cast<size_t>(step.kh) * step.kw * step.in.channels;
    const int8_t* of_lane[V::lanes];
    for (size_t lane = 0; lane < V::lanes; lane++) {
      const size_t channel = channel_of<NV>(v, lane, floats, V::lanes);
      of_lane[lane] = channel < block.count ? step.weights + (block.from + channel) * each : nullptr;
    }
    size_t at = 0;
    groups.begin();
    for (int32_t row = 0; row < step.kh; row++) {
      for (int32_t column = 0; column < runs.columns; column++) {
        const ptrdiff_t start = row * step.dh * step.in.row + column * step.dw * step.in.pixel;
        for (int32_t i = 0; i < runs.length; i += 4) {
          const int32_t count = runs.length - i < 4 ? runs.length - i : 4;
          int32_t fours[V::lanes] = {};
          for (size_t lane = 0; lane < V::lanes; lane++) {
            if (of_lane[lane] == nullptr) continue;
            if (order != nullptr) {
              int8_t four[4];
              for (size_t k = 0; k < 4; k++) four[k] = of_lane[lane][order->input_at(at + k)];
              std::memcpy(&fours[lane], four, 4);
            } else if (count == 4) {
              std::memcpy(&fours[lane], of_lane[lane] + at, 4);
            } else {
              std::memcpy(&fours[lane], of_lane[lane] + at, static_cast<size_t>(count));
            }
          }
          groups.add({V::load(fours), static_cast<int32_t>(start + i)});
          at += static_cast<size_t>(count);
        }
      }
    }
    groups.finish();
  }

  template <size_t NV>
  static void pack_block(const Step& step, ByteBlock& block, uint64_t& at, const ByteOrder* order, ByteGroups& groups, uint8_t* packed) {
    block.constants = at;
    auto& constants = *reinterpret_cast<Constants<V, NV>*>(packed + at);
    constants.fill(step, block.from, block.count);
    at += sizeof constants;
    for (size_t v = 0; v < NV; v++) {
      group<NV>(step, block, v, order, groups);
      BytePart& part = block.parts[v];
      part = {at, static_cast<uint32_t>(groups.threes()), static_cast<uint32_t>(groups.twos())};
      groups.write(part, constants.bias + v * V::lanes, packed);
      at = part.end();
    }
    at = (at + 63) / 64 * 64;
  }

  /// How many vectors the block from channel `from` on has.
  static uint32_t vectors_from(size_t from, size_t channels) {
    const size_t left = (channels - from + V::lanes - 1) / V::lanes;
    return left >= 4 ? 4 : left >= 2 ? 2 : 1;
  }

  /// The order of inputs with which fewer products overflow. @returns False where to move inputs costs more than it saves.
  static bool find_order(const Step& step, ByteOrder& order) {
    if (!ByteOrder::takes(step)) return false;
    const auto channels = static_cast<size_t>(step.out.channels);
    const bool floats = writes_floats(finish_of(step));
    uint64_t blocks = 0;
    for (size_t from = 0; from < channels; from += V::lanes * vectors_from(from, channels)) blocks++;
    order.find(step, [&](auto vector) {
      for (size_t from = 0; from < channels;) {
        const size_t vectors = vectors_from(from, channels);
        for (size_t v = 0; v < vectors; v++) {
          size_t of_lane[V::lanes];
          for (size_t lane = 0; lane < V::lanes; lane++) {
            of_lane[lane] = from + (vectors == 4   ? channel_of<4>(v, lane, floats, V::lanes)
                                    : vectors == 2 ? channel_of<2>(v, lane, floats, V::lanes)
                                                   : channel_of<1>(v, lane, floats, V::lanes));
          }
          vector(of_lane);
        }
        from += V::lanes * vectors;
      }
    });
    const Costs cost = costs();
    return order.saved() * cost.three / 3 > blocks * static_cast<uint64_t>(step.in.channels) / V::bytes * cost.move;
  }

  /// What a pixel and a vector of channels cost, in hundredths of a cycle as measured: a group of three quads, of two, to activate by way of
  /// memory; a quad of words, and what those cost more where they are activated by way of memory, too. `move`, an estimate: a vector of a pixel's
  /// inputs, to bring them into an order.
  struct Costs {
    uint64_t three, two, by_memory, word, words_by_memory, move;
  };
  static Costs costs() {
    constexpr Costs zen_3 = {280, 215, 700, 145, 0, 200}, golden_cove = {260, 200, 0, 145, 500, 200};
    return __builtin_cpu_is("intel") ? golden_cove : zen_3;
  }

  /// Declines where it does not pay, which only the groups show.
  static Packing pack(Step& step, Pieces& memory) {
    const size_t quads = Runs(step).quads(step);
    const auto channels = static_cast<size_t>(step.out.channels);
    const size_t vectors = (channels + 4 * V::lanes - 1) / (4 * V::lanes) * 4;
    ByteGroups groups;
    Pieces room;
    // No group is larger than one of two in which a single quad is.
    const size_t most = sizeof(BytePlan) + ByteOrder::most_inputs + vectors * (sizeof(Constants<V, 4>) + 192 + 2 * quads * (BytePart::two_bytes + 8));
    uint8_t* packed = room.add(most);
    if (packed == nullptr || !groups.allocate(quads)) return Packing::no_memory;
    auto& plan = *reinterpret_cast<BytePlan*>(packed);
    shape_of(step, plan);
    uint64_t at = (sizeof(BytePlan) + 63) / 64 * 64;
    ByteOrder found;
    const ByteOrder* order = find_order(step, found) ? &found : nullptr;
    if (order != nullptr) {
      plan.order = static_cast<uint32_t>(at);
      std::memcpy(packed + at, order->order(), static_cast<size_t>(step.in.channels));
      at += (static_cast<uint64_t>(step.in.channels) + 63) / 64 * 64;
    }
    const Costs cost = costs();
    const uint64_t words_more = Direct::is_fused(finish_of(step)) ? 0 : cost.words_by_memory;
    uint64_t own = 0, words = 0;
    for (size_t from = 0; from < channels;) {
      ByteBlock& block = plan.blocks[plan.block_count++];
      block.vectors = vectors_from(from, channels);
      block.from = static_cast<uint32_t>(from);
      block.count = static_cast<uint32_t>(channels - from < V::lanes * block.vectors ? channels - from : V::lanes * block.vectors);
      if (block.vectors == 4) pack_block<4>(step, block, at, order, groups, packed);
      if (block.vectors == 2) pack_block<2>(step, block, at, order, groups, packed);
      if (block.vectors == 1) pack_block<1>(step, block, at, order, groups, packed);
      for (size_t v = 0; v < block.vectors; v++) {
        own += cost.by_memory + cost.three * block.parts[v].threes + cost.two * block.parts[v].twos;
        words += words_more + cost.word * quads;
      }
      if (order != nullptr) own += cost.move * static_cast<uint64_t>(step.in.channels) / V::bytes;
      from += block.count;
    }
    if (own >= words) return Packing::declined;
    uint8_t* kept = memory.add(at);
    if (kept == nullptr) return Packing::no_memory;
    std::memcpy(kept, packed, at);
    step.packed = kept;
    return Packing::done;
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

  /// `count` pixels in the order of the inputs, one after the other.
  static void put_in_order(const uint8_t* in, ptrdiff_t pitch, size_t count, const uint8_t* order, size_t inputs, uint8_t* to) {
    for (size_t i = 0; i < inputs; i += V::bytes) {
      const I places = V::load(order + i);
      for (size_t p = 0; p < count; p++) {
        V::store(to + p * inputs + i, _mm256_shuffle_epi8(V::load(in + static_cast<ptrdiff_t>(p) * pitch + i), places));
      }
    }
  }

  template <size_t NV>
  static void run_block(const Step& step, const BytePlan& plan, const ByteBlock& block, const ConvCall& call, size_t from, size_t to) {
    static constexpr AllSums sums = all_sums(std::make_index_sequence<pixels>());
    const auto finish = Direct::template finisher<NV>(finish_of(step));
    const auto offset = static_cast<ptrdiff_t>(block.from * (writes_floats(finish_of(step)) ? 4 : 1));
    alignas(64) I memory[batch * pixels * NV];
    alignas(64) uint8_t ordered[batch * pixels * ByteOrder::most_inputs];
    const auto inputs = static_cast<size_t>(step.in.channels);
    const ptrdiff_t pitch = step.sw * step.in.pixel;
    const bool has_order = plan.order > 0;
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
        if (has_order) {
          uint8_t* copy = ordered + count * pixels * inputs;
          put_in_order(in[count], pitch, wide, step.packed + plan.order, inputs, copy);
          in[count] = copy;
        }
      }
      for (size_t v = 0; v < NV; v++) {
        const BytePart& part = block.parts[v];
        const ByteCall own = {step.packed + part.at, reinterpret_cast<const int32_t*>(step.packed + part.offsets()), step.packed + part.weights(),
                              part.threes, part.twos, has_order ? static_cast<ptrdiff_t>(inputs) : pitch};
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
    units_of(plan).each(from, to, [&](size_t b, size_t first, size_t end) {
      const ByteBlock& block = plan.blocks[b];
      call.constants = step.packed + block.constants;
      call.count = block.count;
      if (block.vectors == 4) run_block<4>(step, plan, block, call, first, end);
      if (block.vectors == 2) run_block<2>(step, plan, block, call, first, end);
      if (block.vectors == 1) run_block<1>(step, plan, block, call, first, end);
    });
  }
};

}  // namespace
}  // namespace ocellus
