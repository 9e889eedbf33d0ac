// What the scalar operators share: a unit is a row of the output.
#pragma once

#include "program/step.h"

namespace ocellus {
namespace {

[[maybe_unused]] size_t rows_of(const Step& step) { return static_cast<size_t>(step.out.h); }

/// Calls `pixel(out, y, x)` for each output pixel of the rows [from, to).
template <typename Pixel>
void each_pixel(const Step& step, size_t from, size_t to, Pixel pixel) {
  for (auto y = static_cast<ptrdiff_t>(from); y < static_cast<ptrdiff_t>(to); y++) {
    for (ptrdiff_t x = 0; x < step.out.w; x++) pixel(step.out.at(y, x), y, x);
  }
}

}  // namespace
}  // namespace ocellus
