#include <arm_neon.h>

#include <cmath>

#include "boxes/boxes.h"
#include "boxes/neon_exp.h"

namespace ocellus {
namespace {

size_t find_f32(const float* values, size_t from, size_t to, float least) {
  const float32x4_t limit = vdupq_n_f32(least);
  const auto passes = [&](size_t at) { return vcgeq_f32(vld1q_f32(values + at), limit); };
  // Most scores are far below: ask of 16 at once whether any passes.
  for (; from + 16 <= to; from += 16) {
    const uint32x4_t any = vorrq_u32(vorrq_u32(passes(from), passes(from + 4)),
                                     vorrq_u32(passes(from + 8), passes(from + 12)));
    if (vmaxvq_u32(any) != 0) break;
  }
  while (from < to && !(values[from] >= least)) from++;
  return from;
}

size_t find_u8(const uint8_t* values, size_t from, size_t to, uint8_t least) {
  for (; from + 32 <= to; from += 32) {
    if (vmaxvq_u8(vmaxq_u8(vld1q_u8(values + from), vld1q_u8(values + from + 16))) >= least) break;
  }
  while (from < to && values[from] < least) from++;
  return from;
}

/// The four sides in the four lanes.
void means(const float* logits, size_t bins, float* means) {
  const auto sides = [&](size_t i) {
    float32x4_t four = vld1q_dup_f32(logits + i);
    four = vld1q_lane_f32(logits + bins + i, four, 1);
    four = vld1q_lane_f32(logits + 2 * bins + i, four, 2);
    return vld1q_lane_f32(logits + 3 * bins + i, four, 3);
  };
  float32x4_t most = vdupq_n_f32(-INFINITY);
  for (size_t i = 0; i < bins; i++) {
    const float32x4_t logit = sides(i);
    most = vbslq_f32(vcgtq_f32(logit, most), logit, most);
  }
  float32x4_t total = vdupq_n_f32(0);
  float32x4_t sum = total;
  for (size_t i = 0; i < bins; i++) {
    const float32x4_t weight = exp_of(vsubq_f32(sides(i), most));
    total = vaddq_f32(total, weight);
    sum = vaddq_f32(sum, vmulq_f32(weight, vdupq_n_f32(static_cast<float>(i))));
  }
  vst1q_f32(means, vdivq_f32(sum, total));
}

}  // namespace

extern const BoxesKernels boxes_neon;
const BoxesKernels boxes_neon = {find_f32, find_u8, means};

}  // namespace ocellus
