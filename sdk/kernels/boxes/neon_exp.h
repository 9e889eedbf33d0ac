// e^x of exp.h in four lanes: the same bits.
#pragma once

#include <arm_neon.h>

#include "boxes/exp.h"

namespace ocellus {
namespace {

[[maybe_unused]] float32x4_t exp_of(float32x4_t x) {
  // Not the maximum, which would be a number where x is NaN.
  const float32x4_t low = vdupq_n_f32(exp_least);
  x = vbslq_f32(vcltq_f32(x, low), low, x);
  const float32x4_t magic = vdupq_n_f32(exp_magic);
  const float32x4_t shifted = vaddq_f32(vmulq_f32(x, vdupq_n_f32(exp_log2e)), magic);
  const float32x4_t n = vsubq_f32(shifted, magic);
  const float32x4_t r = vsubq_f32(vsubq_f32(x, vmulq_f32(n, vdupq_n_f32(exp_ln2_high))),
                                  vmulq_f32(n, vdupq_n_f32(exp_ln2_low)));
  float32x4_t sum = vdupq_n_f32(exp_series[0]);
  for (size_t i = 1; i < sizeof exp_series / sizeof exp_series[0]; i++) {
    sum = vaddq_f32(vmulq_f32(sum, r), vdupq_n_f32(exp_series[i]));
  }
  const float32x4_t one = vdupq_n_f32(1.0f);
  sum = vaddq_f32(vmulq_f32(vaddq_f32(vmulq_f32(sum, r), one), r), one);
  const uint32x4_t bits = vaddq_u32(vshlq_n_u32(vreinterpretq_u32_f32(shifted), 23), vreinterpretq_u32_f32(one));
  return vmulq_f32(sum, vreinterpretq_f32_u32(bits));
}

}  // namespace
}  // namespace ocellus
