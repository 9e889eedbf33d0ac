// The reference: what every other variant gives, bit for bit.
#include "motion/cell.h"

namespace ocellus {
namespace {

void means(const uint8_t* luma, size_t stride, size_t columns, uint16_t* current) {
  for (size_t i = 0; i < columns; i++) current[i] = motion_mean(luma + i * motion_cell, stride, 1);
}

void compare(const MotionState& row, size_t columns, MotionRule rule) {
  for (size_t i = 0; i < columns; i++) motion_compare(row, i, rule);
}

size_t count(const uint8_t* changed, const uint8_t* above, size_t columns) {
  size_t sum = 0;
  for (size_t i = 0; i < columns; i++) sum += motion_beside(changed, above, i);
  return sum;
}

}  // namespace

extern const MotionKernels motion_scalar;
const MotionKernels motion_scalar = {means, compare, count};

}  // namespace ocellus
