#include <arm_neon.h>

#include "motion/cell.h"

namespace ocellus {
namespace {

/// Sums of the even columns of two cells, two columns in each value.
uint16x8_t two_cells(const uint8_t* luma, size_t stride) {
  const uint16x8_t even = vdupq_n_u16(0x00ff);
  uint16x8_t sum = vandq_u16(vreinterpretq_u16_u8(vld1q_u8(luma)), even);
  for (size_t y = 2; y < motion_cell; y += 2) {
    sum = vaddq_u16(sum, vandq_u16(vreinterpretq_u16_u8(vld1q_u8(luma + y * stride)), even));
  }
  return sum;
}

void means(const uint8_t* luma, size_t stride, size_t columns, uint16_t* current) {
  size_t i = 0;
  for (; i + 8 <= columns; i += 8) {
    const uint8_t* at = luma + i * motion_cell;
    const uint16x8_t low = vpaddq_u16(two_cells(at, stride), two_cells(at + 16, stride));
    const uint16x8_t high = vpaddq_u16(two_cells(at + 32, stride), two_cells(at + 48, stride));
    vst1q_u16(current + i, vpaddq_u16(low, high));
  }
  for (; i < columns; i++) current[i] = motion_mean(luma + i * motion_cell, stride, 1);
}

void compare(const MotionState& row, size_t columns, MotionRule rule) {
  const uint16x8_t floor = vdupq_n_u16(rule.floor);
  const uint16x4_t follow = vdup_n_u16(rule.follow);
  size_t i = 0;
  for (; i + 8 <= columns; i += 8) {
    const uint16x8_t current = vld1q_u16(row.current + i);
    const uint16x8_t background = vld1q_u16(row.background + i);
    const uint16x8_t noise = vld1q_u16(row.noise + i);
    const uint16x8_t size = vabdq_u16(current, background);
    uint16x8_t step = vcombine_u16(vshrn_n_u32(vmull_u16(vget_low_u16(size), follow), 8),
                                   vshrn_n_u32(vmull_u16(vget_high_u16(size), follow), 8));
    step = vmaxq_u16(step, vminq_u16(size, vdupq_n_u16(1)));
    const uint8x8_t mask = vld1_u8(row.mask + i);
    const uint16x8_t watched = vreinterpretq_u16_s16(vmovl_s8(vreinterpret_s8_u8(vtst_u8(mask, mask))));
    const uint16x8_t changed = vandq_u16(watched, vcgtq_u16(size, vaddq_u16(floor, vshlq_n_u16(noise, 2))));
    const uint16x8_t followed = vbslq_u16(vcltq_u16(current, background), vsubq_u16(background, step),
                                          vaddq_u16(background, step));
    vst1q_u16(row.background + i, vbslq_u16(watched, followed, background));
    const int16x8_t away = vsubq_s16(vreinterpretq_s16_u16(size), vreinterpretq_s16_u16(noise));
    const uint16x8_t learnt = vaddq_u16(noise, vreinterpretq_u16_s16(vshrq_n_s16(away, 4)));
    vst1q_u16(row.noise + i, vbslq_u16(vbicq_u16(watched, changed), learnt, noise));
    vst1_u8(row.changed + i, vand_u8(vmovn_u16(changed), vdup_n_u8(1)));
  }
  for (; i < columns; i++) motion_compare(row, i, rule);
}

size_t count(const uint8_t* changed, const uint8_t* above, size_t columns) {
  size_t sum = motion_beside(changed, above, 0);
  size_t i = 1;
  for (; i + 16 <= columns; i += 16) {
    const uint8x16_t near = vorrq_u8(vld1q_u8(changed + i - 1), vld1q_u8(above + i));
    sum += vaddvq_u8(vandq_u8(vld1q_u8(changed + i), near));
  }
  for (; i < columns; i++) sum += motion_beside(changed, above, i);
  return sum;
}

}  // namespace

extern const MotionKernels motion_neon;
const MotionKernels motion_neon = {means, compare, count};

}  // namespace ocellus
