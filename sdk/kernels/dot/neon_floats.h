// The float kernels of NEON, which the dot-product extension does not change.
#pragma once

#include <arm_neon.h>

#include "dot/lanes.h"

namespace ocellus {
namespace {

/// Adds f(a, b) lane by lane, then what is left of a step, then the lanes.
template <typename Step, typename One>
float in_lanes(const float* a, const float* b, size_t n, Step step, One one) {
  float32x4_t sums[4] = {vdupq_n_f32(0), vdupq_n_f32(0), vdupq_n_f32(0), vdupq_n_f32(0)};
  size_t i = 0;
  for (; i + dot_lanes <= n; i += dot_lanes) {
    for (size_t k = 0; k < 4; k++) {
      sums[k] = vaddq_f32(sums[k], step(vld1q_f32(a + i + 4 * k), vld1q_f32(b + i + 4 * k)));
    }
  }
  float lanes[dot_lanes];
  for (size_t k = 0; k < 4; k++) vst1q_f32(lanes + 4 * k, sums[k]);
  for (; i < n; i++) lanes[i % dot_lanes] += one(a[i], b[i]);
  return sum_of_lanes(lanes);
}

float dot_f32(const float* a, const float* b, size_t n) {
  return in_lanes(
      a, b, n, [](float32x4_t x, float32x4_t y) { return vmulq_f32(x, y); }, [](float x, float y) { return x * y; });
}

float distance_f32(const float* a, const float* b, size_t n) {
  return in_lanes(
      a, b, n,
      [](float32x4_t x, float32x4_t y) {
        const float32x4_t difference = vsubq_f32(x, y);
        return vmulq_f32(difference, difference);
      },
      [](float x, float y) { return (x - y) * (x - y); });
}

}  // namespace
}  // namespace ocellus
