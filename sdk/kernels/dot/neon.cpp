#include "dot/dot.h"
#include "dot/neon_floats.h"

namespace ocellus {
namespace {

int32_t dot_i8(const int8_t* a, const int8_t* b, size_t n) {
  int32x4_t sum0 = vdupq_n_s32(0);
  int32x4_t sum1 = sum0;
  size_t i = 0;
  for (; i + 16 <= n; i += 16) {
    const int8x16_t x = vld1q_s8(a + i);
    const int8x16_t y = vld1q_s8(b + i);
    sum0 = vpadalq_s16(sum0, vmull_s8(vget_low_s8(x), vget_low_s8(y)));
    sum1 = vpadalq_s16(sum1, vmull_high_s8(x, y));
  }
  int32_t total = vaddvq_s32(vaddq_s32(sum0, sum1));
  for (; i < n; i++) total += a[i] * b[i];
  return total;
}

}  // namespace

extern const DotKernels dot_neon;
const DotKernels dot_neon = {dot_i8, dot_f32, distance_f32};

}  // namespace ocellus
