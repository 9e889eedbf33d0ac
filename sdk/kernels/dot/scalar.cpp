// The reference: what every other variant gives, bit for bit.
#include "dot/dot.h"
#include "dot/lanes.h"

namespace ocellus {
namespace {

int32_t dot_i8(const int8_t* a, const int8_t* b, size_t n) {
  int32_t sum = 0;
  for (size_t i = 0; i < n; i++) sum += a[i] * b[i];
  return sum;
}

/// Adds f(a, b) lane by lane, then what is left of a step, then the lanes.
template <typename One>
float in_lanes(const float* a, const float* b, size_t n, One one) {
  float lanes[dot_lanes] = {};
  size_t i = 0;
  for (; i + dot_lanes <= n; i += dot_lanes) {
    for (size_t k = 0; k < dot_lanes; k++) lanes[k] += one(a[i + k], b[i + k]);
  }
  for (size_t k = 0; i < n; i++, k++) lanes[k] += one(a[i], b[i]);
  return sum_of_lanes(lanes);
}

float dot_f32(const float* a, const float* b, size_t n) {
  return in_lanes(a, b, n, [](float x, float y) { return x * y; });
}

float distance_f32(const float* a, const float* b, size_t n) {
  return in_lanes(a, b, n, [](float x, float y) { return (x - y) * (x - y); });
}

}  // namespace

extern const DotKernels dot_scalar;
const DotKernels dot_scalar = {dot_i8, dot_f32, distance_f32};

}  // namespace ocellus
