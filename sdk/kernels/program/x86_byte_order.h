// In which order a pixel's inputs are best multiplied as pairs of bytes: what overflows has to be multiplied again, and whether a
// pair does is a matter of which two inputs are neighbours. Sums are exact, so any order gives the same ones.
#pragma once

#include <cstddef>
#include <cstdint>

#include "program/step.h"
#include "program/x86_epilogue.h"

namespace ocellus {
namespace {

/// Swaps inputs within groups of sixteen, which one shuffle of bytes can do. Vectors of eight output channels are multiplied together:
/// one overflow in it makes a quad of inputs be multiplied again for all of it.
class ByteOrder {
 public:
  static constexpr size_t most_inputs = 512;

  /// Of convolutions of single pixels; elsewhere a window's inputs would be moved as often as windows overlap.
  static bool takes(const Step& step) {
    const auto inputs = static_cast<size_t>(step.in.channels);
    return step.kh == 1 && step.kw == 1 && inputs % 32 == 0 && inputs <= most_inputs;
  }

  /// @param vectors Calls its argument with the channel in each of eight lanes, for each vector; channels from the step's on are none.
  template <typename Vectors>
  void find(const Step& step, Vectors vectors) {
    const auto inputs = static_cast<size_t>(step.in.channels);
    const auto channels = static_cast<size_t>(step.out.channels);
    saved_ = 0;
    for (size_t from = 0; from < inputs; from += group) {
      for (auto& row : overflows_) {
        for (uint64_t& vector : row) vector = 0;
      }
      size_t v = 0;
      vectors([&](const size_t (&of_lane)[8]) {
        alignas(16) int16_t columns[group][8] = {};
        for (size_t lane = 0; lane < 8; lane++) {
          if (of_lane[lane] >= channels) continue;
          const int8_t* weights = step.weights + of_lane[lane] * inputs + from;
          for (size_t i = 0; i < group; i++) columns[i][lane] = weights[i];
        }
        mark(columns, uint64_t{1} << v++ % 64);
      });
      arrange();
      for (size_t i = 0; i < group; i++) order_[from + i] = at_[i];
    }
  }

  /// Quads of a vector that do not have to be multiplied again.
  size_t saved() const { return saved_; }
  /// The input of each place, within its sixteen.
  const uint8_t* order() const { return order_; }
  size_t input_at(size_t place) const { return place / group * group + order_[place]; }

 private:
  static constexpr size_t group = 16;

  void mark(const int16_t (&columns)[group][8], uint64_t vector) {
    for (size_t i = 0; i < group; i++) {
      const __m128i first = _mm_load_si128(reinterpret_cast<const __m128i*>(columns[i]));
      for (size_t j = i + 1; j < group; j++) {
        const __m128i sum = _mm_add_epi16(first, _mm_load_si128(reinterpret_cast<const __m128i*>(columns[j])));
        const __m128i above = _mm_cmpgt_epi16(_mm_abs_epi16(sum), _mm_set1_epi16(128));
        if (_mm_testz_si128(above, above) == 0) {
          overflows_[i][j] |= vector;
          overflows_[j][i] |= vector;
        }
      }
    }
  }

  size_t cost(size_t quad) const {
    const uint8_t* of = at_ + 4 * quad;
    return static_cast<size_t>(__builtin_popcountll(overflows_[of[0]][of[1]] | overflows_[of[2]][of[3]]));
  }

  /// Swaps two inputs where that helps, a few times over.
  void arrange() {
    for (size_t i = 0; i < group; i++) at_[i] = static_cast<uint8_t>(i);
    size_t costs[group / 4];
    for (size_t q = 0; q < group / 4; q++) costs[q] = cost(q);
    for (int pass = 0; pass < 3; pass++) {
      bool is_better = false;
      for (size_t a = 0; a < group; a++) {
        for (size_t b = a / 2 * 2 + 2; b < group; b++) {
          const size_t p = a / 4, q = b / 4;
          const size_t before = costs[p] + (p == q ? 0 : costs[q]);
          if (before == 0) continue;
          swap(a, b);
          const size_t of_p = cost(p), of_q = p == q ? 0 : cost(q);
          if (of_p + of_q >= before) {
            swap(a, b);
            continue;
          }
          saved_ += before - of_p - of_q;
          costs[p] = of_p;
          if (p != q) costs[q] = of_q;
          is_better = true;
        }
      }
      if (!is_better) return;
    }
  }

  void swap(size_t a, size_t b) {
    const uint8_t kept = at_[a];
    at_[a] = at_[b];
    at_[b] = kept;
  }

  /// Of each two inputs: the vectors in which they overflow as a pair.
  uint64_t overflows_[group][group];
  uint8_t at_[group];
  uint8_t order_[most_inputs];
  size_t saved_ = 0;
};

}  // namespace
}  // namespace ocellus
