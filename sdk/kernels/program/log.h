// The natural logarithm in 32-bit floats, so that every variant and the TypeScript twin give the same bits: x = 2^e m with m
// from sqrt(1/2) to sqrt(2), and ln m = 2 (s + s^3/3 + .. + s^9/9) of s = (m - 1) / (m + 1) (|s| < 0.1716, so what is cut off is
// 1e-9 of the value). Each step is one rounded operation, nothing is fused. Below the least normal number, and of none, it is
// what it is there. Off by at most 2e-7 of the value or of 1, which tests/kernels/program/log.test.ts measures.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "boxes/exp.h"

namespace ocellus {

constexpr float log_least = 1.17549435e-38f;
constexpr float log_half_root = 0.707106769f;
// 1/9 .. 1/3
constexpr float log_series[] = {1.0f / 9, 1.0f / 7, 1.0f / 5, 1.0f / 3};

// Static: each file has its own, compiled for its own instruction set.
static inline float log_of(float x) {
  if (!(x >= log_least)) x = log_least;
  uint32_t bits;
  std::memcpy(&bits, &x, sizeof bits);
  int32_t e = static_cast<int32_t>(bits >> 23) - 126;
  bits = (bits & 0x007fffffu) | 0x3f000000u;
  float m;
  std::memcpy(&m, &bits, sizeof m);
  if (m < log_half_root) {
    e -= 1;
    m = m + m;
  }
  const float s = (m - 1.0f) / (m + 1.0f);
  const float z = s * s;
  float sum = log_series[0];
  for (size_t i = 1; i < sizeof log_series / sizeof log_series[0]; i++) sum = sum * z + log_series[i];
  const float twice = s + s;
  const float part = twice + twice * (sum * z);
  const float n = static_cast<float>(e);
  return n * exp_ln2_high + (n * exp_ln2_low + part);
}

}  // namespace ocellus
