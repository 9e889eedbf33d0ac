// e^x in 32-bit floats, so that every variant and the TypeScript twin give the same bits: x = n ln 2 + r, and e^r by its
// Taylor series to the seventh power (|r| <= ln 2 / 2, so what is cut off is 5e-9 of the value). Each step is one rounded
// operation, nothing is fused. For x <= 0; below `exp_least` it stays as it is there. Off by at most 1.2e-7 of the value, which
// tests/kernels/boxes/exp.test.ts measures.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace ocellus {

constexpr float exp_least = -86.0f;  // e^-86 is still a normal number
constexpr float exp_log2e = 1.44269504f;
// ln 2 in two parts: the first has 9 bits, so that its product with n is exact.
constexpr float exp_ln2_high = 0.693359375f;
constexpr float exp_ln2_low = -2.12194440e-4f;
// 1.5 * 2^23: adding it leaves the nearest whole number in the low bits.
constexpr float exp_magic = 12582912.0f;
// 1/7! .. 1/2!
constexpr float exp_series[] = {1.0f / 5040, 1.0f / 720, 1.0f / 120, 1.0f / 24, 1.0f / 6, 0.5f};

// Static: each file has its own, compiled for its own instruction set.
static inline float exp_of(float x) {
  if (x < exp_least) x = exp_least;
  const float shifted = x * exp_log2e + exp_magic;
  const float n = shifted - exp_magic;
  const float r = (x - n * exp_ln2_high) - n * exp_ln2_low;
  float sum = exp_series[0];
  for (size_t i = 1; i < sizeof exp_series / sizeof exp_series[0]; i++) sum = sum * r + exp_series[i];
  sum = (sum * r + 1.0f) * r + 1.0f;
  uint32_t bits;
  std::memcpy(&bits, &shifted, sizeof bits);
  // The low bits are n: into the exponent of 1.
  bits = (bits << 23) + 0x3f800000u;
  float scale;
  std::memcpy(&scale, &bits, sizeof scale);
  return sum * scale;
}

}  // namespace ocellus
