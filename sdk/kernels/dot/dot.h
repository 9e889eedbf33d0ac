// Dot products and distances of vectors, for the learning layer. No pointer need be aligned.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ocellus {

struct DotKernels {
  /// Sum of a[i] * b[i], exact while it fits 32 bits: up to 131,071 values.
  int32_t (*i8)(const int8_t* a, const int8_t* b, size_t n);
  /// The float kernels add in sixteen lanes, in an order that is part of their contract: all variants give the same bits.
  float (*f32)(const float* a, const float* b, size_t n);
  /// Sum of (a[i] - b[i])^2.
  float (*distance_f32)(const float* a, const float* b, size_t n);
};

}  // namespace ocellus
