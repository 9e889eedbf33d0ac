// Pooling: the largest value of a window that is cut at the edge; the mean of a window that is not.
#pragma once

#include "program/check.h"
#include "program/epilogue.h"
#include "program/operators/bounds.h"
#include "program/operators/rows.h"

namespace ocellus {
namespace {

bool same_channels(StepCheck& check) {
  const Step& step = check.step();
  if (step.in.channels == step.out.channels) return true;
  return check.fail("expected as many input as output channels, got %d and %d", step.in.channels, step.out.channels);
}

struct MaxPool {
  static bool check(StepCheck& check) {
    return check.flags(0) && check.in() && check.out(ProgramElement::uint8) && same_channels(check) && check.window(true) &&
           check.no_epilogue() && check.rest(false);
  }

  static void run(const Step& step, size_t from, size_t to) {
    each_pixel(step, from, to, [&](uint8_t* out, ptrdiff_t y, ptrdiff_t x) {
      for (int32_t c = 0; c < step.out.channels; c++) out[c] = 0;
      for (int32_t ky = 0; ky < step.kh; ky++) {
        const ptrdiff_t iy = y * step.sh - step.pad_top + ky * step.dh;
        if (iy < 0 || iy >= step.in.h) continue;
        for (int32_t kx = 0; kx < step.kw; kx++) {
          const ptrdiff_t ix = x * step.sw - step.pad_left + kx * step.dw;
          if (ix < 0 || ix >= step.in.w) continue;
          const uint8_t* in = step.in.at(iy, ix);
          for (int32_t c = 0; c < step.out.channels; c++) out[c] = in[c] > out[c] ? in[c] : out[c];
        }
      }
    });
  }
};

/// The mean is in the multiplier: acc = bias + sum.
struct AveragePool {
  static bool check(StepCheck& check) {
    const ProgramStep& said = check.said();
    Step& step = check.step();
    if (!check.flags(0) || !check.in() || !check.out(ProgramElement::uint8) || !same_channels(check) || !check.window(false)) return false;
    const auto channels = static_cast<size_t>(step.out.channels);
    if (!check.constant("bias", said.bias, channels, step.bias)) return false;
    Bounds most;
    for (size_t c = 0; c < channels; c++) {
      const int64_t bias = step.bias[c];
      if (!most.range(check, c, bias < 0 ? bias : 0, bias + 255 * static_cast<int64_t>(step.kh) * step.kw)) return false;
    }
    return check.multipliers("m", said.m, most.of, step.m) && check.linear() && check.rest(false);
  }

  static void run(const Step& step, size_t from, size_t to) {
    each_pixel(step, from, to, [&](uint8_t* out, ptrdiff_t y, ptrdiff_t x) {
      for (int32_t c = 0; c < step.out.channels; c++) {
        int32_t acc = step.bias[c];
        for (int32_t ky = 0; ky < step.kh; ky++) {
          for (int32_t kx = 0; kx < step.kw; kx++) {
            acc += step.in.at(y * step.sh - step.pad_top + ky * step.dh, x * step.sw - step.pad_left + kx * step.dw)[c];
          }
        }
        finish(step, acc, static_cast<size_t>(c), nullptr, out);
      }
    });
  }
};

}  // namespace
}  // namespace ocellus
