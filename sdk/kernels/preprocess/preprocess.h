// From a picture to a network's input: the row functions that the variants give, and what they work on. plan.h drives them.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ocellus {

/// How the output pixels of a row are blended from pairs of neighbouring elements (pixels, or means of boxes of pixels). The
/// arrays hold whole groups of eight: the last output is repeated.
struct Taps {
  /// Output pixels.
  size_t count;
  /// Bytes from the first element of a pair to the second; 0 when there is only one element.
  size_t next;
  /// Offset of the first element in bytes, never falling.
  const int32_t* first;
  /// Pairs: weights of the first and of the second element, 2048 in sum.
  const int16_t* weights;
  /// Outputs from whose first element eight bytes may be read, a pair of pixels of three bytes among them.
  size_t safe;
  /// May four outputs be gathered from sixteen bytes at once? The next two are for that.
  bool gathered;
  /// For each group of four outputs the offset of sixteen bytes, all inside the row.
  const int32_t* base;
  /// For each group of four outputs which of the sixteen bytes are (first, second) of channel 0, then of channel 1.
  const uint8_t* mask;
};

/// Two rows of elements and the weight of the lower one, 1..255 of 256.
struct Rows {
  const uint8_t* upper;
  const uint8_t* lower;
  int32_t weight;
};

/// YUV to RGB with 13 fractional bits, of values around 128: `r = y * luma + v * rv + offset`; the offset has 20.
struct YuvColour {
  int16_t luma, rv, gu, gv, bu;
  int32_t offset;
};

/// Where a row of output goes. Channels 0, 1, 2 are in the order of the tensor.
struct RowTarget {
  /// The first value of each channel; for interleaved pixels only [0] counts. Bytes or floats.
  void* channels[3];
  /// Blue comes first.
  bool bgr;
  /// For floats: `pixel * scale + bias`, of value i of interleaved pixels or of channel i of planes.
  const float* scale;
  const float* bias;
};

struct RowJob {
  const Taps* luma;
  const Taps* chroma;
  /// Y, U, V; Y, UV; or one of pixels.
  Rows planes[3];
  const YuvColour* colour;
  /// The source is BGR24.
  bool source_bgr;
  RowTarget target;
};

enum RowSource { planar_yuv, semiplanar_yuv, rgb_pixels, gray_pixels, row_sources };
enum RowOutput { bytes_interleaved, bytes_planar, floats_interleaved, floats_planar, row_outputs };
/// As many values as the pattern of scale and bias has for interleaved floats.
constexpr size_t pattern_size = 24;

/// The mean of boxes: `((sum << up) * reciprocal >> 16 + 64) >> 7`.
struct BoxMean {
  size_t box;
  size_t channels;
  uint32_t up;
  uint16_t reciprocal;
};

struct PreprocessKernels {
  void (*rows[row_sources][row_outputs])(const RowJob& job);
  /// sums[i] = sum over `rows` rows of row[i]. The sums may be written up to the next multiple of 32.
  void (*sum)(const uint8_t* first, size_t stride, size_t rows, size_t bytes, uint16_t* sums);
  /// target[i] = mean of `box` neighbouring sums, for `count` boxes of `channels` interleaved values. Up to 32 values more
  /// may be read and written.
  void (*mean)(const uint16_t* sums, const BoxMean& mean, size_t count, uint8_t* target);
};

}  // namespace ocellus
