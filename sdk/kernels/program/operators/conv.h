// Convolution of all input channels: weights [oc][kh][kw][ic].
#pragma once

#include "program/check.h"
#include "program/epilogue.h"
#include "program/operators/bounds.h"
#include "program/operators/rows.h"

namespace ocellus {
namespace {

struct Conv {
  static bool check(StepCheck& check) {
    const ProgramStep& said = check.said();
    Step& step = check.step();
    if (!check.flags(program_residual) || !check.in() || !check.out(element_of(said.epilogue)) || !check.window(false)) return false;
    const auto outputs = static_cast<size_t>(step.out.channels);
    const size_t each = static_cast<size_t>(step.kh) * step.kw * step.in.channels;
    if (!check.constant("weights", said.weights, outputs * each, step.weights)) return false;
    if (!check.constant("bias", said.bias, outputs, step.bias)) return false;
    Bounds most;
    for (size_t o = 0; o < outputs; o++) {
      if (!most.sum(check, o, step.weights + o * each, each, 1, step.bias[o])) return false;
    }
    return check.epilogue(most.of) && check.rest(false);
  }

  static void run(const Step& step, size_t from, size_t to) {
    each_pixel(step, from, to, [&](uint8_t* out, ptrdiff_t y, ptrdiff_t x) {
      const uint8_t* residual = step.residual ? step.in2.at(y, x) : nullptr;
      const int8_t* weights = step.weights;
      for (int32_t o = 0; o < step.out.channels; o++) {
        int32_t acc = step.bias[o];
        for (int32_t ky = 0; ky < step.kh; ky++) {
          for (int32_t kx = 0; kx < step.kw; kx++) {
            const uint8_t* in = step.in.at(y * step.sh - step.pad_top + ky * step.dh, x * step.sw - step.pad_left + kx * step.dw);
            for (int32_t i = 0; i < step.in.channels; i++) acc += in[i] * weights[i];
            weights += step.in.channels;
          }
        }
        finish(step, acc, static_cast<size_t>(o), residual, out);
      }
    });
  }
};

}  // namespace
}  // namespace ocellus
