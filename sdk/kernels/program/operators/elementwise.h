// One pixel to one pixel.
#pragma once

#include "program/check.h"
#include "program/epilogue.h"
#include "program/operators/bounds.h"
#include "program/operators/pool.h"
#include "program/operators/rows.h"

namespace ocellus {
namespace {

struct Add {
  static bool check(StepCheck& check) {
    const ProgramStep& said = check.said();
    Step& step = check.step();
    if (!check.flags(0) || !check.in() || !check.in2() || !check.out(ProgramElement::uint8) || !check.no_window()) return false;
    if (!check.same_size(step.in, "in", step.out, "out") || !check.same_size(step.in2, "in2", step.out, "out")) return false;
    const auto channels = static_cast<size_t>(step.out.channels);
    Bounds most;
    for (size_t c = 0; c < channels; c++) most.of[c] = 255;
    return check.constant("za", said.za, channels, step.za) && check.constant("zb", said.zb, channels, step.zb) &&
           check.multipliers("m", said.m, most.of, step.m) && check.addends(most.of) && check.linear() && check.rest(true);
  }

  static void run(const Step& step, size_t from, size_t to) {
    each_pixel(step, from, to, [&](uint8_t* out, ptrdiff_t y, ptrdiff_t x) {
      const uint8_t* a = step.in.at(y, x);
      const uint8_t* b = step.in2.at(y, x);
      for (int32_t c = 0; c < step.out.channels; c++) {
        const float first = static_cast<float>(a[c] - step.za[c]) * step.m[c];
        const float second = static_cast<float>(b[c] - step.zb[c]) * step.rm[c];
        out[c] = between_limits(nearest(first + second), step, static_cast<size_t>(c));
      }
    });
  }
};

/// The second operand may be one pixel, for all.
struct Multiply {
  static bool check(StepCheck& check) {
    const ProgramStep& said = check.said();
    Step& step = check.step();
    if (!check.flags(0) || !check.in() || !check.in2() || !check.out(ProgramElement::uint8) || !check.no_window()) return false;
    if (!check.same_size(step.in, "in", step.out, "out")) return false;
    const bool one = step.in2.h == 1 && step.in2.w == 1 && step.in2.channels == step.out.channels;
    if (!one && !check.same_size(step.in2, "in2", step.out, "out")) return false;
    const auto channels = static_cast<size_t>(step.out.channels);
    Bounds most;
    for (size_t c = 0; c < channels; c++) most.of[c] = 255 * 255;
    return check.constant("za", said.za, channels, step.za) && check.constant("zb", said.zb, channels, step.zb) &&
           check.multipliers("m", said.m, most.of, step.m) && check.linear() && check.rest(false);
  }

  static void run(const Step& step, size_t from, size_t to) {
    const bool one = step.in2.h == 1 && step.in2.w == 1;
    each_pixel(step, from, to, [&](uint8_t* out, ptrdiff_t y, ptrdiff_t x) {
      const uint8_t* a = step.in.at(y, x);
      const uint8_t* b = one ? step.in2.data : step.in2.at(y, x);
      for (int32_t c = 0; c < step.out.channels; c++) {
        finish(step, (a[c] - step.za[c]) * (b[c] - step.zb[c]), static_cast<size_t>(c), nullptr, out);
      }
    });
  }
};

/// Other scales and zero points; a copy where they are the same.
struct Requantise {
  static bool check(StepCheck& check) {
    const ProgramStep& said = check.said();
    Step& step = check.step();
    if (!check.flags(0) || !check.in() || !check.out(ProgramElement::uint8) || !check.no_window()) return false;
    if (!check.same_size(step.in, "in", step.out, "out")) return false;
    const auto channels = static_cast<size_t>(step.out.channels);
    Bounds most;
    for (size_t c = 0; c < channels; c++) most.of[c] = 255;
    return check.constant("za", said.za, channels, step.za) && check.multipliers("m", said.m, most.of, step.m) &&
           check.linear() && check.rest(true);
  }

  static void run(const Step& step, size_t from, size_t to) {
    each_pixel(step, from, to, [&](uint8_t* out, ptrdiff_t y, ptrdiff_t x) {
      const uint8_t* in = step.in.at(y, x);
      for (int32_t c = 0; c < step.out.channels; c++) finish(step, in[c] - step.za[c], static_cast<size_t>(c), nullptr, out);
    });
  }
};

/// Any function of one value: 256 results a channel.
struct LookUp {
  static bool check(StepCheck& check) {
    Step& step = check.step();
    if (!check.flags(0) || !check.in() || !check.out(ProgramElement::uint8) || !check.no_window()) return false;
    if (!check.same_size(step.in, "in", step.out, "out")) return false;
    return check.constant("table", check.said().table, 256 * static_cast<size_t>(step.out.channels), step.table) &&
           check.no_epilogue() && check.rest(true);
  }

  static void run(const Step& step, size_t from, size_t to) {
    each_pixel(step, from, to, [&](uint8_t* out, ptrdiff_t y, ptrdiff_t x) {
      const uint8_t* in = step.in.at(y, x);
      for (int32_t c = 0; c < step.out.channels; c++) out[c] = step.table[256 * c + in[c]];
    });
  }
};

struct Dequantise {
  static bool check(StepCheck& check) {
    const ProgramStep& said = check.said();
    Step& step = check.step();
    if (!check.flags(0) || !check.in() || !check.out(ProgramElement::float32) || !check.no_window()) return false;
    if (!check.same_size(step.in, "in", step.out, "out")) return false;
    const auto channels = static_cast<size_t>(step.out.channels);
    Bounds most;
    for (size_t c = 0; c < channels; c++) most.of[c] = 255;
    return check.constant("za", said.za, channels, step.za) && check.multipliers("m", said.m, most.of, step.m) &&
           check.no_epilogue() && check.rest(false);
  }

  static void run(const Step& step, size_t from, size_t to) {
    each_pixel(step, from, to, [&](uint8_t* out, ptrdiff_t y, ptrdiff_t x) {
      const uint8_t* in = step.in.at(y, x);
      float* floats = reinterpret_cast<float*>(out);
      for (int32_t c = 0; c < step.out.channels; c++) floats[c] = static_cast<float>(in[c] - step.za[c]) * step.m[c];
    });
  }
};

}  // namespace
}  // namespace ocellus
