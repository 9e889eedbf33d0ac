// The reference: what every other variant gives, bit for bit.
#include "motion/cell.h"

namespace ocellus {
namespace {

void means(const uint8_t* luma, size_t stride, size_t columns, uint16_t* current) {
  for (size_t i = 0; i < columns; i++) current[i] = motion_mean(luma + i * motion_cell, stride, 1);
}

size_t compare(const MotionState& row, size_t columns, MotionRule rule) {
  size_t count = 0;
  for (size_t i = 0; i < columns; i++) count += motion_compare(row, i, rule);
  return count;
}

}  // namespace

extern const MotionKernels motion_scalar;
const MotionKernels motion_scalar = {means, compare};

}  // namespace ocellus
