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

float dot_f32(const float* a, const float* b, size_t n) {
  float lanes[dot_lanes] = {};
  for (size_t i = 0; i < n; i++) lanes[i % dot_lanes] += a[i] * b[i];
  return sum_of_lanes(lanes);
}

float distance_f32(const float* a, const float* b, size_t n) {
  float lanes[dot_lanes] = {};
  for (size_t i = 0; i < n; i++) {
    const float difference = a[i] - b[i];
    lanes[i % dot_lanes] += difference * difference;
  }
  return sum_of_lanes(lanes);
}

}  // namespace

extern const DotKernels dot_scalar;
const DotKernels dot_scalar = {dot_i8, dot_f32, distance_f32};

}  // namespace ocellus
