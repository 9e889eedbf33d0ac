// Convolution of each channel by itself: weights [kh][kw][c].
#pragma once

#include "program/check.h"
#include "program/epilogue.h"
#include "program/operators/bounds.h"
#include "program/operators/rows.h"

namespace ocellus {
namespace {

struct Depthwise {
  static bool check(StepCheck& check) {
    const ProgramStep& said = check.said();
    Step& step = check.step();
    if (!check.flags(program_residual) || !check.in() || !check.out(element_of(said.epilogue)) || !check.window(false)) return false;
    const auto channels = static_cast<size_t>(step.out.channels);
    if (step.in.channels != step.out.channels) {
      return check.fail("expected as many input as output channels, got %d and %d", step.in.channels, step.out.channels);
    }
    const size_t taps = static_cast<size_t>(step.kh) * step.kw;
    if (!check.constant("weights", said.weights, channels * taps, step.weights)) return false;
    if (!check.constant("bias", said.bias, channels, step.bias)) return false;
    Bounds most;
    for (size_t c = 0; c < channels; c++) {
      if (!most.sum(check, c, step.weights + c, taps, channels, step.bias[c])) return false;
    }
    return check.epilogue(most.of) && check.rest(false);
  }

  static void run(const Step& step, size_t from, size_t to) {
    each_pixel(step, from, to, [&](uint8_t* out, ptrdiff_t y, ptrdiff_t x) {
      const uint8_t* residual = step.residual ? step.in2.at(y, x) : nullptr;
      for (int32_t c = 0; c < step.out.channels; c++) {
        int32_t acc = step.bias[c];
        const int8_t* weight = step.weights + c;
        for (int32_t ky = 0; ky < step.kh; ky++) {
          for (int32_t kx = 0; kx < step.kw; kx++) {
            acc += step.in.at(y * step.sh - step.pad_top + ky * step.dh, x * step.sw - step.pad_left + kx * step.dw)[c] * *weight;
            weight += step.out.channels;
          }
        }
        finish(step, acc, static_cast<size_t>(c), residual, out);
      }
    });
  }
};

}  // namespace
}  // namespace ocellus
