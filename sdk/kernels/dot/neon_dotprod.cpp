#include "dot/dot.h"
#include "dot/neon_floats.h"

namespace ocellus {
namespace {

int32_t dot_i8(const int8_t* a, const int8_t* b, size_t n) {
  int32x4_t sum0 = vdupq_n_s32(0);
  int32x4_t sum1 = sum0;
  size_t i = 0;
  for (; i + 32 <= n; i += 32) {
    sum0 = vdotq_s32(sum0, vld1q_s8(a + i), vld1q_s8(b + i));
    sum1 = vdotq_s32(sum1, vld1q_s8(a + i + 16), vld1q_s8(b + i + 16));
  }
  for (; i + 16 <= n; i += 16) sum0 = vdotq_s32(sum0, vld1q_s8(a + i), vld1q_s8(b + i));
  int32_t total = vaddvq_s32(vaddq_s32(sum0, sum1));
  for (; i < n; i++) total += a[i] * b[i];
  return total;
}

}  // namespace

extern const DotKernels dot_neon_dotprod;
const DotKernels dot_neon_dotprod = {dot_i8, dot_f32, distance_f32};

}  // namespace ocellus
