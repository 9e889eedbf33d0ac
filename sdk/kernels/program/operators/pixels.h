// What the operators on floats share: a unit is a pixel of the output, so that lists of pixels, which are one row, are shared too.
#pragma once

#include "program/check.h"

namespace ocellus {
namespace {

[[maybe_unused]] size_t pixels_of(const Step& step) { return static_cast<size_t>(step.out.h) * static_cast<size_t>(step.out.w); }

/// Calls `pixel(y, x)` for each output pixel of [from, to).
template <typename Pixel>
void each_of(const Step& step, size_t from, size_t to, Pixel pixel) {
  const auto w = static_cast<size_t>(step.out.w);
  auto y = static_cast<ptrdiff_t>(from / w);
  auto x = static_cast<ptrdiff_t>(from % w);
  for (size_t i = from; i < to; i++) {
    pixel(y, x);
    if (++x == step.out.w) {
      x = 0;
      y++;
    }
  }
}

inline const float* floats_at(const View& view, ptrdiff_t y, ptrdiff_t x) { return reinterpret_cast<const float*>(view.at(y, x)); }
inline float* room_at(const View& view, ptrdiff_t y, ptrdiff_t x) { return reinterpret_cast<float*>(view.at(y, x)); }

/// Floats are read and written, by no window, and there is no epilogue. (`rest` is left to the operator.)
[[maybe_unused]] bool on_floats(StepCheck& check) {
  return check.flags(0) && check.in(ProgramElement::float32) && check.out_floats() && check.no_window() && check.no_epilogue();
}

}  // namespace
}  // namespace ocellus
