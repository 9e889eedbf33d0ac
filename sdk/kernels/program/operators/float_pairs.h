// Two operands of floats, number by number: each side of an operand is that of the output, or 1.
#pragma once

#include "program/operators/pixels.h"

namespace ocellus {
namespace {

struct Sum {
  static float of(float a, float b) { return a + b; }
};
struct Difference {
  static float of(float a, float b) { return a - b; }
};
struct Product {
  static float of(float a, float b) { return a * b; }
};
struct Quotient {
  static float of(float a, float b) { return a / b; }
};
struct Larger {
  static float of(float a, float b) { return a > b ? a : b; }
};
struct Smaller {
  static float of(float a, float b) { return a < b ? a : b; }
};

template <class Function>
struct FloatPair {
  static bool check(StepCheck& check) {
    const Step& step = check.step();
    return on_floats(check) && check.in2(ProgramElement::float32) && spread(check, step.in, "in") && spread(check, step.in2, "in2") &&
           check.rest(false);
  }

  static void run(const Step& step, size_t from, size_t to) {
    const int32_t channels = step.out.channels;
    const bool first_alone = step.in.channels == 1;
    const bool second_alone = step.in2.channels == 1;
    each_of(step, from, to, [&](ptrdiff_t y, ptrdiff_t x) {
      const float* a = at(step.in, y, x);
      const float* b = at(step.in2, y, x);
      // What is written lies apart from what is read.
      float* __restrict out = room_at(step.out, y, x);
      if (first_alone && second_alone) {
        for (int32_t c = 0; c < channels; c++) out[c] = Function::of(*a, *b);
      } else if (first_alone) {
        for (int32_t c = 0; c < channels; c++) out[c] = Function::of(*a, b[c]);
      } else if (second_alone) {
        for (int32_t c = 0; c < channels; c++) out[c] = Function::of(a[c], *b);
      } else {
        for (int32_t c = 0; c < channels; c++) out[c] = Function::of(a[c], b[c]);
      }
    });
  }

 private:
  static const float* at(const View& view, ptrdiff_t y, ptrdiff_t x) { return floats_at(view, view.h == 1 ? 0 : y, view.w == 1 ? 0 : x); }

  static bool spread(StepCheck& check, const View& view, const char* name) {
    const View& out = check.step().out;
    const auto fits = [](int32_t one, int32_t all) { return one == all || one == 1; };
    if (fits(view.h, out.h) && fits(view.w, out.w) && fits(view.channels, out.channels)) return true;
    return check.fail("%s: expected %d x %d x %d or 1 of these, got %d x %d x %d", name, out.h, out.w, out.channels, view.h, view.w,
                      view.channels);
  }
};

using AddFloat = FloatPair<Sum>;
using SubtractFloat = FloatPair<Difference>;
using MultiplyFloat = FloatPair<Product>;
using DivideFloat = FloatPair<Quotient>;
using MaxFloat = FloatPair<Larger>;
using MinFloat = FloatPair<Smaller>;

}  // namespace
}  // namespace ocellus
