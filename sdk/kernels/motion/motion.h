// Which cells of a picture changed against a background that is learnt. A cell is 8 x 8 pixels; levels are in sixteenths of
// a grey level, 0..4080.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ocellus {

constexpr size_t motion_cell = 8;

/// One value per cell, row by row.
struct MotionState {
  uint16_t* background;
  uint16_t* noise;
  uint16_t* current;
  uint8_t* changed;
  /// 0 where the cell is not looked at.
  const uint8_t* mask;
};

/// How much makes a change, and how fast the background follows.
struct MotionRule {
  /// Least difference, 0..4080.
  uint16_t floor;
  /// How much of a difference the background takes over, 0..256 in 256ths.
  uint16_t follow;
};

/// What one row of cells needs.
struct MotionKernels {
  /// Sum of the pixels at even columns and rows of each cell: its mean in sixteenths. Pixels lie side by side.
  void (*means)(const uint8_t* luma, size_t stride, size_t columns, uint16_t* current);
  /// Marks what changed and lets background and noise follow.
  void (*compare)(const MotionState& row, size_t columns, MotionRule rule);
  /// How many changed cells have a changed one to the left or above. `above` is the row before.
  size_t (*count)(const uint8_t* changed, const uint8_t* above, size_t columns);
};

struct Luma {
  const uint8_t* data;
  size_t width;
  size_t height;
  size_t stride;
  /// Bytes from pixel to pixel.
  size_t step;
};

size_t motion_columns(size_t width);
size_t motion_rows(size_t height);

/// Means, comparison and count, row by row in one pass over the picture.
/// @returns Cells that changed beside another (see `count`).
size_t motion(const MotionKernels& kernels, const Luma& luma, const MotionState& state, MotionRule rule);

}  // namespace ocellus
