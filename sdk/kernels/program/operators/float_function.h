// A function of one float: e of the step says which, values what it needs.
#pragma once

#include <cmath>

#include "program/epilogue.h"
#include "program/log.h"
#include "program/operators/pixels.h"

namespace ocellus {
namespace {

struct FloatFunction {
  static bool check(StepCheck& check) {
    const ProgramStep& said = check.said();
    Step& step = check.step();
    if (!on_floats(check) || !check.same_size(step.in, "in", step.out, "out")) return false;
    if (said.e < 0 || said.e >= static_cast<int16_t>(program_function_count) || said.rs != 0) {
      return check.fail("e, rs: expected a function from 0 to %zu and 0, got %d and %u", program_function_count - 1, said.e, said.rs);
    }
    const auto function = static_cast<ProgramFunction>(said.e);
    if (function == ProgramFunction::clip && !check.constant("m", said.m, 2, step.m)) return false;
    if (function == ProgramFunction::leaky && !check.constant("m", said.m, static_cast<size_t>(step.out.channels), step.m)) return false;
    return check.rest(false);
  }

  static void run(const Step& step, size_t from, size_t to) {
    switch (static_cast<ProgramFunction>(step.e)) {
      case ProgramFunction::sigmoid:
        return each(step, from, to, [](float x, int32_t) { return ocellus::sigmoid_of(x); });
      case ProgramFunction::exp:
        return each(step, from, to, [](float x, int32_t) { return ocellus::exp_of(x > -exp_least ? -exp_least : x); });
      case ProgramFunction::silu:
        return each(step, from, to, [](float x, int32_t) { return x * ocellus::sigmoid_of(x); });
      case ProgramFunction::hardswish:
        return each(step, from, to, [](float x, int32_t) {
          float six = x + 3.0f;
          six = six < 0.0f ? 0.0f : six > 6.0f ? 6.0f : six;
          return (x * six) / 6.0f;
        });
      case ProgramFunction::clip: {
        const float low = step.m[0];
        const float high = step.m[1];
        return each(step, from, to, [=](float x, int32_t) { return x < low ? low : x > high ? high : x; });
      }
      case ProgramFunction::leaky: {
        const float* slope = step.m;
        return each(step, from, to, [=](float x, int32_t c) { return x < 0.0f ? x * slope[c] : x; });
      }
      case ProgramFunction::sqrt:
        return each(step, from, to, [](float x, int32_t) { return std::sqrt(x); });
      case ProgramFunction::log:
        return each(step, from, to, [](float x, int32_t) { return ocellus::log_of(x); });
    }
  }

 private:
  template <typename Function>
  static void each(const Step& step, size_t from, size_t to, Function function) {
    const int32_t channels = step.out.channels;
    each_of(step, from, to, [&](ptrdiff_t y, ptrdiff_t x) {
      const float* in = floats_at(step.in, y, x);
      float* __restrict out = room_at(step.out, y, x);
      for (int32_t c = 0; c < channels; c++) out[c] = function(in[c], c);
    });
  }
};

}  // namespace
}  // namespace ocellus
