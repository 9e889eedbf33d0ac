// One value at a time: the reference arithmetic, and what vectors leave over at the end of a row. In a namespace of its own for
// each file that includes it, because each is compiled for another instruction set.
#pragma once

#include "convert/convert.h"

namespace ocellus {
namespace {

inline int32_t luma_offset(const PixelWeights& weights) { return (weights.black << 15) + (1 << 14); }
constexpr int32_t chroma_offset = (128 << 17) + (1 << 16);

inline uint8_t chroma_value(const int16_t (&weights)[3], const int32_t (&sums)[3]) {
  const int32_t value = (weights[0] * sums[0] + weights[1] * sums[1] + weights[2] * sums[2] + chroma_offset) >> 17;
  // Full-range chroma reaches 255.5, which rounds to what does not fit.
  return static_cast<uint8_t>(value > 255 ? 255 : value);
}

inline void rest_of_luma(const uint8_t* pixels, size_t from, size_t count, const PixelWeights& weights, uint8_t* y) {
  const int32_t offset = luma_offset(weights);
  for (size_t i = from; i < count; i++) {
    const uint8_t* pixel = pixels + 3 * i;
    y[i] = static_cast<uint8_t>((weights.y[0] * pixel[0] + weights.y[1] * pixel[1] + weights.y[2] * pixel[2] + offset) >> 15);
  }
}

/// From pixel `from`, an even number, on.
inline void rest_of_chroma(const uint8_t* top, const uint8_t* bottom, size_t from, size_t count, const PixelWeights& weights,
                           uint8_t* u, uint8_t* v) {
  for (size_t x = from; x < count; x += 2) {
    const size_t left = 3 * x;
    const size_t right = x + 1 < count ? left + 3 : left;
    int32_t sums[3];
    for (size_t c = 0; c < 3; c++) sums[c] = top[left + c] + top[right + c] + bottom[left + c] + bottom[right + c];
    u[x / 2] = chroma_value(weights.u, sums);
    v[x / 2] = chroma_value(weights.v, sums);
  }
}

// Plain loops, which compilers turn into the vectors of each instruction set.
inline void interleave(const uint8_t* u, const uint8_t* v, size_t count, uint8_t* uv) {
  for (size_t i = 0; i < count; i++) {
    uv[2 * i] = u[i];
    uv[2 * i + 1] = v[i];
  }
}

inline void split(const uint8_t* uv, size_t count, uint8_t* u, uint8_t* v) {
  for (size_t i = 0; i < count; i++) {
    u[i] = uv[2 * i];
    v[i] = uv[2 * i + 1];
  }
}

}  // namespace
}  // namespace ocellus
