// Which channel of each pixel is the largest.
#pragma once

#include "program/operators/pixels.h"

namespace ocellus {
namespace {

/// The first one where several are as large. What is no number is larger than nothing.
struct ArgMax {
  static bool check(StepCheck& check) {
    const Step& step = check.step();
    if (!on_floats(check)) return false;
    if (step.in.h != step.out.h || step.in.w != step.out.w || step.out.channels != 1) {
      return check.fail("expected %d x %d x 1 to be written, got %d x %d x %d", step.in.h, step.in.w, step.out.h, step.out.w,
                        step.out.channels);
    }
    return check.rest(false);
  }

  static void run(const Step& step, size_t from, size_t to) {
    each_of(step, from, to, [&](ptrdiff_t y, ptrdiff_t x) {
      const float* in = floats_at(step.in, y, x);
      int32_t found = 0;
      for (int32_t c = 1; c < step.in.channels; c++) {
        if (in[c] > in[found]) found = c;
      }
      *room_at(step.out, y, x) = static_cast<float>(found);
    });
  }
};

}  // namespace
}  // namespace ocellus
