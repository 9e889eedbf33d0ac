// One cell: the reference of the vectors and what is left of a row. Static, so that each file has its own, compiled for its
// own instruction set.
#pragma once

#include "motion/motion.h"

namespace ocellus {

static inline uint16_t motion_mean(const uint8_t* luma, size_t stride, size_t step) {
  unsigned sum = 0;
  for (size_t y = 0; y < motion_cell; y += 2) {
    for (size_t x = 0; x < motion_cell; x += 2) sum += luma[y * stride + x * step];
  }
  return static_cast<uint16_t>(sum);
}

static inline void motion_compare(const MotionState& row, size_t i, MotionRule rule) {
  row.changed[i] = 0;
  if (row.mask[i] == 0) return;
  const int difference = row.current[i] - row.background[i];
  const int size = difference < 0 ? -difference : difference;
  int step = (size * rule.follow) >> 8;
  // At least one, or a small difference would stand for ever.
  if (step == 0 && size > 0) step = 1;
  row.background[i] = static_cast<uint16_t>(row.background[i] + (difference < 0 ? -step : step));
  if (size > rule.floor + 4 * row.noise[i]) {
    row.changed[i] = 1;
  } else {
    row.noise[i] = static_cast<uint16_t>(row.noise[i] + ((size - row.noise[i]) >> 4));
  }
}

static inline size_t motion_beside(const uint8_t* changed, const uint8_t* above, size_t i) {
  return changed[i] & ((i > 0 ? changed[i - 1] : 0) | above[i]);
}

}  // namespace ocellus
