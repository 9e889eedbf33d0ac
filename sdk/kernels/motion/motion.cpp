#include "motion/motion.h"

#include "motion/cell.h"

namespace ocellus {

size_t motion_columns(size_t width) { return width < motion_cell ? 1 : width / motion_cell; }
size_t motion_rows(size_t height) { return height < motion_cell ? 1 : height / motion_cell; }

size_t motion(const MotionKernels& kernels, const Luma& luma, const MotionState& state, MotionRule rule) {
  const size_t columns = motion_columns(luma.width);
  const size_t rows = motion_rows(luma.height);
  const bool whole = luma.width >= motion_cell && luma.height >= motion_cell;
  size_t count = 0;
  for (size_t row = 0; row < rows; row++) {
    const size_t at = row * columns;
    const MotionState part = {state.current + at, state.level + at, state.background + at, state.noise + at,
                              state.anchor + at,  state.rest + at,  state.changed + at,    state.mask + at};
    const uint8_t* line = luma.data + row * motion_cell * luma.stride;
    if (!whole) {
      // Smaller than a cell: any pixel speaks for all.
      for (size_t i = 0; i < columns; i++) part.current[i] = static_cast<uint16_t>(luma.data[0] * 16);
    } else if (luma.step == 1) {
      kernels.means(line, luma.stride, columns, part.current);
    } else {
      for (size_t i = 0; i < columns; i++) {
        part.current[i] = motion_mean(line + i * motion_cell * luma.step, luma.stride, luma.step);
      }
    }
    count += kernels.compare(part, columns, rule);
  }
  return count;
}

}  // namespace ocellus
