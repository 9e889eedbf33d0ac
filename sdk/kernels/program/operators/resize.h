// Larger pictures: by repeating pixels, or twice as large, bilinear at half pixels with the edge repeated.
#pragma once

#include "program/check.h"
#include "program/operators/pool.h"
#include "program/operators/rows.h"

namespace ocellus {
namespace {

/// That the output is the input times the factors kh and kw, and nothing else of a window is said.
bool scaled(StepCheck& check) {
  const ProgramStep& said = check.said();
  const Step& step = check.step();
  if (said.sh != 1 || said.sw != 1 || said.dh != 1 || said.dw != 1 || said.pad_top != 0 || said.pad_left != 0) {
    return check.fail("expected strides and dilations of 1 and no padding");
  }
  const int64_t h = static_cast<int64_t>(step.in.h) * said.kh;
  const int64_t w = static_cast<int64_t>(step.in.w) * said.kw;
  if (step.out.h == h && step.out.w == w) return true;
  return check.fail("expected an output of %lld x %lld pixels (the input's times %u x %u), got %d x %d", static_cast<long long>(h),
                    static_cast<long long>(w), said.kh, said.kw, step.out.h, step.out.w);
}

struct ResizeNearest {
  static bool check(StepCheck& check) {
    Step& step = check.step();
    step.kh = check.said().kh;
    step.kw = check.said().kw;
    return check.flags(0) && check.in() && check.out(ProgramElement::uint8) && same_channels(check) && scaled(check) &&
           check.no_epilogue() && check.rest(false);
  }

  static void run(const Step& step, size_t from, size_t to) {
    each_pixel(step, from, to, [&](uint8_t* out, ptrdiff_t y, ptrdiff_t x) {
      std::memcpy(out, step.in.at(y / step.kh, x / step.kw), static_cast<size_t>(step.out.channels));
    });
  }
};

struct ResizeBilinear {
  static bool check(StepCheck& check) {
    const ProgramStep& said = check.said();
    if (said.kh != 2 || said.kw != 2) return check.fail("expected factors (the kernel) of 2 x 2, got %u x %u", said.kh, said.kw);
    return check.flags(0) && check.in() && check.out(ProgramElement::uint8) && same_channels(check) && scaled(check) &&
           check.no_epilogue() && check.rest(false);
  }

  static void run(const Step& step, size_t from, size_t to) {
    each_pixel(step, from, to, [&](uint8_t* out, ptrdiff_t y, ptrdiff_t x) {
      const uint8_t* near = step.in.at(y / 2, x / 2);
      const ptrdiff_t far_y = other(y, step.in.h);
      const ptrdiff_t far_x = other(x, step.in.w);
      const uint8_t* beside = step.in.at(y / 2, far_x);
      const uint8_t* above = step.in.at(far_y, x / 2);
      const uint8_t* across = step.in.at(far_y, far_x);
      for (int32_t c = 0; c < step.out.channels; c++) {
        out[c] = static_cast<uint8_t>((9 * near[c] + 3 * beside[c] + 3 * above[c] + across[c] + 8) >> 4);
      }
    });
  }

  /// The source pixel on the other side of the output pixel `at`; its nearest one is at / 2.
  static ptrdiff_t other(ptrdiff_t at, ptrdiff_t size) {
    const ptrdiff_t index = at % 2 == 0 ? at / 2 - 1 : at / 2 + 1;
    return index < 0 ? 0 : index >= size ? size - 1 : index;
  }
};

}  // namespace
}  // namespace ocellus
