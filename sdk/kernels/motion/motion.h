// Which cells of a picture changed against a background that is learnt. A cell is 8 x 8 pixels; levels are in sixteenths of
// a grey level, 0..4080.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ocellus {

constexpr size_t motion_cell = 8;

/// One value per cell, row by row. Noise is in 128ths of a grey level, 0..32640; rest in milliseconds, 0..32767.
struct MotionState {
  uint16_t* current;
  /// Mean of the last moments.
  uint16_t* level;
  uint16_t* background;
  /// Mean absolute difference of `level` from the background.
  uint16_t* noise;
  /// `level` when the rest began.
  uint16_t* anchor;
  uint16_t* rest;
  uint8_t* changed;
  /// 0 where the cell is not looked at.
  const uint8_t* mask;
};

/// How much makes a change, and how fast each memory follows: rates are 0..32767 in 32768ths a frame.
struct MotionRule {
  /// Least difference, 0..4080.
  uint16_t floor;
  /// Of `level`.
  uint16_t smooth;
  /// Of the background, where nothing changed.
  uint16_t follow;
  /// Of the noise where nothing changed, and where something did; half of a rate is used.
  uint16_t learn;
  uint16_t learn_changed;
  /// Milliseconds since the frame before, 0..32767.
  uint16_t passed;
  /// A change at rest for this many milliseconds becomes background; after half of it, it no longer counts as a change; 0..32767.
  uint16_t settle;
};

/// What one row of cells needs.
struct MotionKernels {
  /// Sum of the pixels at even columns and rows of each cell: its mean in sixteenths. Pixels lie side by side.
  void (*means)(const uint8_t* luma, size_t stride, size_t columns, uint16_t* current);
  /// Marks what changed, lets the memory follow, and counts the marks.
  size_t (*compare)(const MotionState& row, size_t columns, MotionRule rule);
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

/// Means and comparison, row by row in one pass over the picture.
/// @returns How many cells changed.
size_t motion(const MotionKernels& kernels, const Luma& luma, const MotionState& state, MotionRule rule);

}  // namespace ocellus
