#include "dot/dot.h"
#include "dot/neon_floats.h"

namespace ocellus {
namespace {

/// Adds the products of sixteen values.
void add_products(const int8_t* a, const int8_t* b, int32x4_t& sum0, int32x4_t& sum1) {
  const int8x16_t x = vld1q_s8(a);
  const int8x16_t y = vld1q_s8(b);
  sum0 = vpadalq_s16(sum0, vmull_s8(vget_low_s8(x), vget_low_s8(y)));
  sum1 = vpadalq_s16(sum1, vmull_high_s8(x, y));
}

int32_t dot_i8(const int8_t* a, const int8_t* b, size_t n) {
  // Four sums, so that an addition need not wait for the one before.
  int32x4_t sum0 = vdupq_n_s32(0);
  int32x4_t sum1 = sum0, sum2 = sum0, sum3 = sum0;
  size_t i = 0;
  for (; i + 32 <= n; i += 32) {
    add_products(a + i, b + i, sum0, sum1);
    add_products(a + i + 16, b + i + 16, sum2, sum3);
  }
  if (i + 16 <= n) {
    add_products(a + i, b + i, sum0, sum1);
    i += 16;
  }
  int32_t total = vaddvq_s32(vaddq_s32(vaddq_s32(sum0, sum1), vaddq_s32(sum2, sum3)));
  for (; i < n; i++) total += a[i] * b[i];
  return total;
}

}  // namespace

extern const DotKernels dot_neon;
const DotKernels dot_neon = {dot_i8, dot_f32, distance_f32};

}  // namespace ocellus
