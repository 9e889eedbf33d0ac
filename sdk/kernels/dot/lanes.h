// The order in which the float kernels add: value i goes to lane i % 16, and the lanes are added in halves.
#pragma once

#include <cstddef>

namespace ocellus {

constexpr size_t dot_lanes = 16;

// Static: each file has its own, compiled for its own instruction set.
static inline float sum_of_lanes(float* lanes) {
  for (size_t half = dot_lanes / 2; half > 0; half /= 2) {
    for (size_t i = 0; i < half; i++) lanes[i] += lanes[i + half];
  }
  return lanes[0];
}

}  // namespace ocellus
