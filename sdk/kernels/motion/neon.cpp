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

int16x8_t load(const uint16_t* at) { return vreinterpretq_s16_u16(vld1q_u16(at)); }

/// Writes what is new where the cell is looked at.
void store(uint16_t* at, uint16x8_t watched, int16x8_t value, int16x8_t before) {
  vst1q_u16(at, vreinterpretq_u16_s16(vbslq_s16(watched, value, before)));
}

/// See motion_approach.
int16x8_t approach(int16x8_t from, int16x8_t to, int16x8_t rate) {
  const int16x8_t size = vabdq_s16(to, from);
  // Twice the product's upper half.
  const int16x8_t step = vmaxq_s16(vqdmulhq_s16(size, rate), vminq_s16(size, vdupq_n_s16(1)));
  return vbslq_s16(vcltq_s16(to, from), vsubq_s16(from, step), vaddq_s16(from, step));
}

int16x8_t set(int value) { return vdupq_n_s16(static_cast<int16_t>(value)); }

size_t compare(const MotionState& row, size_t columns, MotionRule rule) {
  const int16x8_t floor = set(rule.floor);
  const int16x8_t tread = set(rule.floor >> 3);
  const int16x8_t smooth = set(rule.smooth);
  const int16x8_t follow = set(rule.follow);
  const int16x8_t learn = set(rule.learn);
  const int16x8_t learn_changed = set(rule.learn_changed);
  const int16x8_t passed = set(rule.passed);
  const int16x8_t settle = set(rule.settle);
  const int16x8_t half = set(rule.settle >> 1);
  uint16x8_t counts = vdupq_n_u16(0);
  size_t i = 0;
  for (; i + 8 <= columns; i += 8) {
    const int16x8_t current = load(row.current + i);
    const int16x8_t level = load(row.level + i);
    const int16x8_t background = load(row.background + i);
    const int16x8_t noise = load(row.noise + i);
    const int16x8_t anchor = load(row.anchor + i);
    const int16x8_t rest = load(row.rest + i);
    const uint8x8_t mask = vld1_u8(row.mask + i);
    const uint16x8_t watched = vreinterpretq_u16_s16(vmovl_s8(vreinterpret_s8_u8(vtst_u8(mask, mask))));

    const int16x8_t now = approach(level, current, smooth);
    const int16x8_t size = vabdq_s16(now, background);
    const int16x8_t noisy = vshrq_n_s16(noise, 3);
    const int16x8_t limit = vaddq_s16(floor, vshlq_n_s16(noisy, 2));
    const uint16x8_t away = vcgtq_s16(size, limit);
    const int16x8_t newest =
        vbslq_s16(vcltq_s16(now, background), vsubq_s16(background, current), vsubq_s16(current, background));
    const uint16x8_t there = vcgeq_s16(vshlq_n_s16(newest, 1), size);

    const int16x8_t tremble = vaddq_s16(vaddq_s16(tread, vshlq_n_s16(noisy, 1)), vshrq_n_s16(size, 4));
    const uint16x8_t moved = vcgtq_s16(vabdq_s16(now, anchor), tremble);
    const int16x8_t rested = vbicq_s16(vqaddq_s16(rest, passed), vreinterpretq_s16_u16(moved));
    const uint16x8_t moves = vandq_u16(vcleq_s16(rested, half), vandq_u16(there, watched));
    const uint16x8_t changed = vandq_u16(moves, away);
    const int16x8_t stood = vbslq_s16(vcgeq_s16(rested, settle), now, background);
    const int16x8_t followed = vbslq_s16(away, stood, approach(background, now, follow));
    const int16x8_t learnt = vsubq_s16(vshlq_n_s16(vminq_s16(size, limit), 3), noise);
    const int16x8_t share = vshrq_n_s16(vqdmulhq_s16(learnt, vbslq_s16(away, learn_changed, learn)), 1);

    store(row.level + i, watched, now, level);
    store(row.background + i, watched, followed, background);
    store(row.noise + i, watched, vaddq_s16(noise, share), noise);
    store(row.anchor + i, vandq_u16(watched, moved), now, anchor);
    store(row.rest + i, watched, rested, rest);
    vst1_u8(row.changed + i, vand_u8(vmovn_u16(changed), vdup_n_u8(1)));
    // A change is -1; a row has fewer cells than a lane can count.
    counts = vsubq_u16(counts, changed);
  }
  size_t count = vaddlvq_u16(counts);
  for (; i < columns; i++) count += motion_compare(row, i, rule);
  return count;
}

}  // namespace

extern const MotionKernels motion_neon;
const MotionKernels motion_neon = {means, compare};

}  // namespace ocellus
