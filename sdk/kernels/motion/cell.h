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

/// From one level towards another, by a fraction of the distance but at least by one, or a small difference would remain forever.
static inline int motion_approach(int from, int to, int rate) {
  const int size = to < from ? from - to : to - from;
  int step = (size * rate) >> 15;
  if (step == 0 && size > 0) step = 1;
  return to < from ? from - step : from + step;
}

static inline size_t motion_compare(const MotionState& row, size_t i, const MotionRule& rule) {
  row.changed[i] = 0;
  if (row.mask[i] == 0) return 0;
  const int was = row.background[i];
  const int now = motion_approach(row.level[i], row.current[i], rule.smooth);
  const int size = now < was ? was - now : now - was;
  const int noisy = row.noise[i] >> 3;
  const int limit = rule.floor + 4 * noisy;
  const bool away = size > limit;
  // Of the newest frame, towards the same side.
  const int newest = now < was ? was - row.current[i] : row.current[i] - was;
  const int drift = now < row.anchor[i] ? row.anchor[i] - now : now - row.anchor[i];
  const bool still = drift <= (rule.floor >> 3) + 2 * noisy + (size >> 4);
  int rested = 0;
  if (still) {
    rested = row.rest[i] + rule.passed;
    if (rested > 32767) rested = 32767;
  } else {
    row.anchor[i] = static_cast<uint16_t>(now);
  }
  row.changed[i] = away && 2 * newest >= size && rested <= rule.settle >> 1 ? 1 : 0;
  row.rest[i] = static_cast<uint16_t>(rested);
  row.level[i] = static_cast<uint16_t>(now);
  if (!away) {
    row.background[i] = static_cast<uint16_t>(motion_approach(was, now, rule.follow));
  } else if (rested >= rule.settle) {
    row.background[i] = static_cast<uint16_t>(now);
  }
  // What is far away counts as the limit: one object is not taken for noise.
  const int learnt = 8 * (away ? limit : size) - row.noise[i];
  row.noise[i] = static_cast<uint16_t>(row.noise[i] + ((learnt * (away ? rule.learn_changed : rule.learn)) >> 16));
  return row.changed[i];
}

}  // namespace ocellus
