// Pixels to YUV, row by row. convert/yuv.h drives them.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ocellus {

/// Weights of the three bytes of a pixel, in their order, with 15 fractional bits.
struct PixelWeights {
  int16_t y[3], u[3], v[3];
  /// Black, 0..255.
  int32_t black;
};

struct ConvertKernels {
  /// y[i] = luma of pixel i of `count`.
  void (*luma)(const uint8_t* pixels, size_t count, const PixelWeights& weights, uint8_t* y);
  /// u[i], v[i] of the pixels 2i and 2i + 1 of two rows; the last pixel counts twice where `count` is odd.
  void (*chroma)(const uint8_t* top, const uint8_t* bottom, size_t count, const PixelWeights& weights, uint8_t* u, uint8_t* v);
  /// uv = u, v, u, v, …
  void (*interleave)(const uint8_t* u, const uint8_t* v, size_t count, uint8_t* uv);
  void (*split)(const uint8_t* uv, size_t count, uint8_t* u, uint8_t* v);
};

}  // namespace ocellus
