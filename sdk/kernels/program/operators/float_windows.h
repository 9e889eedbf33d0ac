// Convolutions of floats. Where a window reaches beyond the input, there is nothing to add.
#pragma once

#include <cstring>
#include <type_traits>

#include "program/operators/pixels.h"

namespace ocellus {
namespace {

/// Floats are read and written by windows, which may lie anywhere. (`rest` is left to the operator.)
[[maybe_unused]] bool windows_on_floats(StepCheck& check) {
  return check.flags(0) && check.in(ProgramElement::float32) && check.in2(ProgramElement::float32) && check.out_floats() &&
         check.window_sizes() && check.no_epilogue();
}

/// Calls `tap(y, x, ky, kx)` for each pixel of the input that the window of an output pixel has, row by row.
template <typename Tap>
void each_tap(const Step& step, ptrdiff_t out_y, ptrdiff_t out_x, Tap tap) {
  const ptrdiff_t top = out_y * step.sh - step.pad_top;
  const ptrdiff_t left = out_x * step.sw - step.pad_left;
  for (int32_t ky = 0; ky < step.kh; ky++) {
    const ptrdiff_t y = top + static_cast<ptrdiff_t>(ky) * step.dh;
    if (y < 0 || y >= step.in.h) continue;
    for (int32_t kx = 0; kx < step.kw; kx++) {
      const ptrdiff_t x = left + static_cast<ptrdiff_t>(kx) * step.dw;
      if (x >= 0 && x < step.in.w) tap(y, x, ky, kx);
    }
  }
}

/// As many floats as a register of this instruction set holds. Each is multiplied and added for itself.
#if defined(__AVX512F__)
constexpr int32_t lanes = 16;
#elif defined(__AVX__)
constexpr int32_t lanes = 8;
#else
constexpr int32_t lanes = 4;
#endif
typedef float Lanes __attribute__((vector_size(lanes * sizeof(float))));

/// in2 has a row for each place of the kernel, in it a pixel for each input channel, with a weight for each output.
struct ConvFloat {
  static bool check(StepCheck& check) {
    if (!windows_on_floats(check)) return false;
    const Step& step = check.step();
    if (step.in2.h != step.kh * step.kw || step.in2.w != step.in.channels || step.in2.channels != step.out.channels) {
      return check.fail("in2: expected weights of %d x %d x %d, got %d x %d x %d", step.kh * step.kw, step.in.channels, step.out.channels,
                        step.in2.h, step.in2.w, step.in2.channels);
    }
    return check.rest(false);
  }

  static void run(const Step& step, size_t from, size_t to) {
    // Columns whose windows lie in the input from left to right: several of them at once keep more sums going.
    const ptrdiff_t reach = static_cast<ptrdiff_t>(step.kw - 1) * step.dw - step.pad_left;
    const ptrdiff_t first = (step.pad_left + step.sw - 1) / step.sw;
    const ptrdiff_t end = step.in.w > reach ? (step.in.w - 1 - reach) / step.sw + 1 : 0;
    const ptrdiff_t w = step.out.w;
    for (auto i = static_cast<ptrdiff_t>(from); i < static_cast<ptrdiff_t>(to);) {
      const ptrdiff_t y = i / w;
      const ptrdiff_t x = i % w;
      const bool together = x >= first && x + pixels_at_once <= end && x + pixels_at_once <= w && i + pixels_at_once <= static_cast<ptrdiff_t>(to);
      if (together) {
        pixels<pixels_at_once>(step, y, x);
        i += pixels_at_once;
      } else {
        pixels<1>(step, y, x);
        i++;
      }
    }
  }

 private:
  static constexpr int32_t pixels_at_once = 4;

  /// Neighbours of a row, whose windows have the same places in the input; or one pixel.
  template <int32_t count>
  static void pixels(const Step& step, ptrdiff_t out_y, ptrdiff_t out_x) {
    int32_t n = 0;
    for (; n + 16 <= step.out.channels; n += 16) sums<count, 16>(step, out_y, out_x, n);
    for (; n + lanes <= step.out.channels; n += lanes) sums<count, lanes>(step, out_y, out_x, n);
    for (; n < step.out.channels; n++) sums<count, 1>(step, out_y, out_x, n);
  }

  /// Outputs [n, n + outputs) of these pixels.
  template <int32_t count, int32_t outputs>
  static void sums(const Step& step, ptrdiff_t out_y, ptrdiff_t out_x, int32_t n) {
    using Some = std::conditional_t<outputs == 1, float, Lanes>;
    constexpr int32_t parts = outputs == 1 ? 1 : outputs / lanes;
    constexpr size_t wide = sizeof(Some) / sizeof(float);
    const ptrdiff_t apart = step.sw * step.in.pixel / static_cast<ptrdiff_t>(sizeof(float));
    Some sum[count][parts] = {};
    each_tap(step, out_y, out_x, [&](ptrdiff_t y, ptrdiff_t x, int32_t ky, int32_t kx) {
      const float* in = floats_at(step.in, y, x);
      for (int32_t i = 0; i < step.in.channels; i++) {
        const float* row = floats_at(step.in2, ky * step.kw + kx, i) + n;
        for (size_t part = 0; part < parts; part++) {
          Some weights;
          std::memcpy(&weights, row + part * wide, sizeof weights);
          for (int32_t p = 0; p < count; p++) sum[p][part] += in[p * apart + i] * weights;
        }
      }
    });
    for (int32_t p = 0; p < count; p++) std::memcpy(room_at(step.out, out_y, out_x + p) + n, sum[p], sizeof sum[p]);
  }
};

/// in2 is the kernel, a picture of kh x kw with a weight for each channel.
struct DepthwiseFloat {
  static bool check(StepCheck& check) {
    if (!windows_on_floats(check)) return false;
    const Step& step = check.step();
    if (step.in.channels != step.out.channels) {
      return check.fail("expected %d channels to be written, got %d", step.in.channels, step.out.channels);
    }
    if (step.in2.h != step.kh || step.in2.w != step.kw || step.in2.channels != step.out.channels) {
      return check.fail("in2: expected weights of %d x %d x %d, got %d x %d x %d", step.kh, step.kw, step.out.channels, step.in2.h,
                        step.in2.w, step.in2.channels);
    }
    return check.rest(false);
  }

  static void run(const Step& step, size_t from, size_t to) {
    each_of(step, from, to, [&](ptrdiff_t out_y, ptrdiff_t out_x) {
      int32_t n = 0;
      for (; n + lanes <= step.out.channels; n += lanes) sums<Lanes>(step, out_y, out_x, n);
      for (; n < step.out.channels; n++) sums<float>(step, out_y, out_x, n);
    });
  }

 private:
  /// As many outputs as `Some` has.
  template <typename Some>
  static void sums(const Step& step, ptrdiff_t out_y, ptrdiff_t out_x, int32_t n) {
    Some sum = {};
    each_tap(step, out_y, out_x, [&](ptrdiff_t y, ptrdiff_t x, int32_t ky, int32_t kx) {
      Some in, weights;
      std::memcpy(&in, floats_at(step.in, y, x) + n, sizeof in);
      std::memcpy(&weights, floats_at(step.in2, ky, kx) + n, sizeof weights);
      sum += in * weights;
    });
    std::memcpy(room_at(step.out, out_y, out_x) + n, &sum, sizeof sum);
  }
};

}  // namespace
}  // namespace ocellus
