// Winograd's convolution F(4 x 4, 3 x 3), in integers and exact: 36 products for 16 outputs, where directly there are 144.
//
// A tile of 4 x 4 outputs depends on 6 x 6 inputs. Both directions are transformed alike:
//   inputs  v = B d    0: 4 d0 - 5 d2 + d4            1: -4 d1 - 4 d2 + d3 + d4      2:  4 d1 - 4 d2 - d3 + d4
//                      3: -2 d1 - d2 + 2 d3 + d4      4:  2 d1 - d2 - 2 d3 + d4      5:  4 d1 - 5 d3 + d5
//   weights u = G g    0: 6 g0                        1: -(g0 + g1 + g2)             2: -(g0 - g1 + g2)
//                      3: g0 + 2 g1 + 4 g2            4: g0 - 2 g1 + 4 g2            5: 6 g2
//   outputs z = A m    0: m0 + 4 (m1 + m2) + m3 + m4  1: 2 (m1 - m2) + m3 - m4       2: m1 + m2 + m3 + m4
//                      3: m1 - m2 + 2 (m3 - m4) + m5
// with m the sums over input channels of u times v. z is 24, 12, 6 and 6 times the output. Inputs are at most 68 * 255 and weights 49 *
// 127 large, which 16 bits hold. Sums are computed modulo 2^32: in both directions z is 9 * 2^(a + b) times the output, 9 has an
// inverse, and a shift leaves the output itself if that times 2^6 fits 32 bits, which is a matter of the weights.
#pragma once

#include <cstddef>
#include <cstdint>

#include "program/step.h"

namespace ocellus {
namespace {

struct Winograd {
  /// Outputs and inputs of a tile in a direction.
  static constexpr ptrdiff_t outputs = 4;
  static constexpr ptrdiff_t inputs = 6;
  static constexpr size_t products = 36;
  /// By how many bits each output of a tile is shifted, in each direction.
  static constexpr int shifts[outputs] = {3, 2, 1, 1};
  /// 9 * 0x38e38e39 = 1 modulo 2^32.
  static constexpr int32_t inverse_of_9 = 0x38e38e39;

  /// Can it be computed so, exactly?
  static bool fits(const Step& step) {
    if (step.kh != 3 || step.kw != 3 || step.sh != 1 || step.sw != 1 || step.dh != 1 || step.dw != 1) return false;
    const size_t each = 9 * static_cast<size_t>(step.in.channels);
    if (255 * 127 * each < 1 << 25) return true;
    for (int32_t o = 0; o < step.out.channels; o++) {
      int64_t above = 0, below = 0;
      for (size_t i = 0; i < each; i++) {
        const int32_t weight = step.weights[static_cast<size_t>(o) * each + i];
        (weight > 0 ? above : below) += weight;
      }
      if (255 * above >= 1 << 25 || 255 * below <= -(1 << 25)) return false;
    }
    return true;
  }

  /// The nine weights of an output channel and `count` input channels, transformed.
  template <size_t count>
  static void transform(const int16_t (&weights)[9][count], int16_t (&out)[products][count]) {
    int16_t columns[inputs][3][count];
    for (size_t i = 0; i < count; i++) {
      for (size_t x = 0; x < 3; x++) {
        int16_t of_column[inputs];
        transform(weights[x][i], weights[3 + x][i], weights[6 + x][i], of_column);
        for (size_t y = 0; y < inputs; y++) columns[y][x][i] = of_column[y];
      }
    }
    for (size_t y = 0; y < inputs; y++) {
      for (size_t i = 0; i < count; i++) {
        int16_t of_row[inputs];
        transform(columns[y][0][i], columns[y][1][i], columns[y][2][i], of_row);
        for (size_t x = 0; x < inputs; x++) out[inputs * y + x][i] = of_row[x];
      }
    }
  }

 private:
  static void transform(int32_t a, int32_t b, int32_t c, int16_t (&out)[inputs]) {
    const int32_t all[] = {6 * a, -(a + b + c), -(a - b + c), a + 2 * b + 4 * c, a - 2 * b + 4 * c, 6 * c};
    for (size_t i = 0; i < inputs; i++) out[i] = static_cast<int16_t>(all[i]);
  }
};

}  // namespace
}  // namespace ocellus
