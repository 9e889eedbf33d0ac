// One output pixel at a time: the reference arithmetic, and what vectors leave over at the end of a row. In a namespace of its
// own for each file that includes it, because each is compiled for another instruction set.
#pragma once

#include "preprocess/preprocess.h"

namespace ocellus {
namespace {

struct Pixel {
  uint8_t r, g, b;
};

inline uint8_t clamped(int32_t value) { return static_cast<uint8_t>(value < 0 ? 0 : value > 255 ? 255 : value); }

/// Output `i` of one channel, around 128 and with 19 fractional bits.
inline int32_t across(const Taps& taps, const Rows& rows, size_t i, size_t channel) {
  const size_t first = static_cast<size_t>(taps.first[i]) + channel;
  const size_t second = first + taps.next;
  const int32_t rest = 256 - rows.weight;
  const int32_t a = rows.upper[first] * rest + rows.lower[first] * rows.weight - 32768;
  const int32_t b = rows.upper[second] * rest + rows.lower[second] * rows.weight - 32768;
  return a * taps.weights[2 * i] + b * taps.weights[2 * i + 1];
}

inline uint8_t rounded(int32_t value) { return clamped(((value + (1 << 18)) >> 19) + 128); }

inline Pixel yuv_pixel(const RowJob& job, const Rows& v_rows, size_t v_channel, size_t i) {
  const YuvColour& colour = *job.colour;
  const int32_t y = (across(*job.luma, job.planes[0], i, 0) >> 12) * colour.luma + colour.offset;
  const int32_t u = across(*job.chroma, job.planes[1], i, 0) >> 12;
  const int32_t v = across(*job.chroma, v_rows, i, v_channel) >> 12;
  return {clamped((y + v * colour.rv) >> 20), clamped((y + u * colour.gu + v * colour.gv) >> 20),
          clamped((y + u * colour.bu) >> 20)};
}

template <RowSource source>
inline Pixel pixel_of(const RowJob& job, size_t i) {
  if constexpr (source == planar_yuv) {
    return yuv_pixel(job, job.planes[2], 0, i);
  } else if constexpr (source == semiplanar_yuv) {
    return yuv_pixel(job, job.planes[1], 1, i);
  } else if constexpr (source == rgb_pixels) {
    const Rows& rows = job.planes[0];
    const size_t red = job.source_bgr ? 2 : 0;
    return {rounded(across(*job.luma, rows, i, red)), rounded(across(*job.luma, rows, i, 1)),
            rounded(across(*job.luma, rows, i, 2 - red))};
  } else {
    const uint8_t value = rounded(across(*job.luma, job.planes[0], i, 0));
    return {value, value, value};
  }
}

template <RowOutput output>
inline void put(const RowTarget& target, size_t i, Pixel pixel) {
  const uint8_t values[3] = {target.bgr ? pixel.b : pixel.r, pixel.g, target.bgr ? pixel.r : pixel.b};
  for (size_t c = 0; c < 3; c++) {
    if constexpr (output == bytes_interleaved) {
      static_cast<uint8_t*>(target.channels[0])[3 * i + c] = values[c];
    } else if constexpr (output == bytes_planar) {
      static_cast<uint8_t*>(target.channels[c])[i] = values[c];
    } else {
      const float value = static_cast<float>(values[c]) * target.scale[c] + target.bias[c];
      if constexpr (output == floats_interleaved) static_cast<float*>(target.channels[0])[3 * i + c] = value;
      else static_cast<float*>(target.channels[c])[i] = value;
    }
  }
}

/// Outputs from `from` on.
template <RowSource source, RowOutput output>
void rest_of_row(const RowJob& job, size_t from) {
  for (size_t i = from; i < job.luma->count; i++) put<output>(job.target, i, pixel_of<source>(job, i));
}

inline uint8_t mean_of(uint32_t sum, const BoxMean& mean) {
  return static_cast<uint8_t>(((((sum << mean.up) * mean.reciprocal) >> 16) + 64) >> 7);
}

/// Boxes from `from` on.
void rest_of_means(const uint16_t* sums, const BoxMean& mean, size_t from, size_t count, uint8_t* target) {
  const size_t channels = mean.channels;
  for (size_t i = from; i < count; i++) {
    for (size_t c = 0; c < channels; c++) {
      uint32_t sum = 0;
      for (size_t k = 0; k < mean.box; k++) sum += sums[(i * mean.box + k) * channels + c];
      target[i * channels + c] = mean_of(sum, mean);
    }
  }
}

}  // namespace
}  // namespace ocellus

/// All row functions of a variant, from its template `row<source, output>`.
#define ROW_FUNCTIONS                                                                                      \
  {                                                                                                        \
    {row<planar_yuv, bytes_interleaved>, row<planar_yuv, bytes_planar>, row<planar_yuv, floats_interleaved>, \
     row<planar_yuv, floats_planar>},                                                                      \
        {row<semiplanar_yuv, bytes_interleaved>, row<semiplanar_yuv, bytes_planar>,                        \
         row<semiplanar_yuv, floats_interleaved>, row<semiplanar_yuv, floats_planar>},                     \
        {row<rgb_pixels, bytes_interleaved>, row<rgb_pixels, bytes_planar>,                                \
         row<rgb_pixels, floats_interleaved>, row<rgb_pixels, floats_planar>},                             \
    {                                                                                                      \
      row<gray_pixels, bytes_interleaved>, row<gray_pixels, bytes_planar>,                                 \
          row<gray_pixels, floats_interleaved>, row<gray_pixels, floats_planar>                            \
    }                                                                                                      \
  }
