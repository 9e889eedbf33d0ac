// The tables for one size and format of source in one place of a network's input, and the way over its rows. Made once for a
// geometry; what runs for each frame allocates nothing.
#pragma once

#include "native/memory.h"
#include "preprocess/preprocess.h"

namespace ocellus {

enum class PixelFormat { i420, nv12, bgr24, rgb24, gray8 };

/// What a network wants. `scale` and `bias` are in the order of the tensor's channels.
struct InputTarget {
  size_t width, height;
  bool planar, floats, bgr, area;
  uint8_t pad;
  float scale[3], bias[3];
};

/// A part of a picture and the rectangle of the input it fills. The caller has checked that each lies inside.
struct Placement {
  PixelFormat format;
  size_t source_width, source_height;
  size_t region_x, region_y, region_width, region_height;
  size_t left, top, width, height;

  bool operator==(const Placement& other) const {
    return format == other.format && source_width == other.source_width && source_height == other.source_height &&
           region_x == other.region_x && region_y == other.region_y && region_width == other.region_width &&
           region_height == other.region_height && left == other.left && top == other.top && width == other.width &&
           height == other.height;
  }
};

/// The pixels of a picture. A plane holds at least `stride * (rows - 1)` bytes and one row without padding.
struct Picture {
  const uint8_t* planes[3];
  size_t strides[3];
  /// ITU-R BT.709, else BT.601.
  bool bt709;
  /// 16..235, else 0..255.
  bool limited;
};

size_t plane_count(PixelFormat format);
/// Bytes of a row without padding, and rows.
void plane_size(PixelFormat format, size_t width, size_t height, size_t plane, size_t& row_bytes, size_t& rows);

YuvColour yuv_colour(bool bt709, bool limited);
/// For boxes of `columns` by `rows` pixels, 256 at most.
BoxMean box_mean(size_t columns, size_t rows, size_t channels);

/// How one axis of a plane is sampled; the same as axis.ts.
struct Axis {
  enum class Sampling { area, bilinear, nearest };

  size_t box = 1;
  /// Pixels of the plane that are read.
  size_t start = 0, size = 0;
  /// Elements.
  size_t length = 0;
  /// No output lies between two elements.
  bool direct = true;
  Taps taps{};

  bool make(size_t out_size, size_t region_start, size_t region_size, size_t plane_size, size_t subsampling, size_t step,
            Sampling sampling);
  /// Fills the tables for gathering, where elements may be read from `low` to `high` (offsets, the latter excluded).
  bool gather(int64_t low, int64_t high, size_t channels);

 private:
  Buffer<int32_t> first_;
  Buffer<int16_t> weights_;
  Buffer<int32_t> base_;
  Buffer<uint8_t> mask_;
};

/// The rows of one plane: means over boxes are made when they are asked for and two are kept, since output rows go downwards
/// and each looks at two neighbours.
class PlaneRows {
 public:
  bool make(const Axis& x, const Axis& y, size_t channels);
  void attach(const uint8_t* data, size_t stride);
  Rows rows(const PreprocessKernels& kernels, size_t row);
  bool averaged() const { return averaged_; }

 private:
  const uint8_t* element_row(const PreprocessKernels& kernels, size_t row);
  void average(const PreprocessKernels& kernels, size_t row, uint8_t* target);

  const Axis* x_ = nullptr;
  const Axis* y_ = nullptr;
  size_t channels_ = 1;
  bool averaged_ = false;
  const uint8_t* data_ = nullptr;
  size_t stride_ = 0;
  Buffer<uint8_t> slots_[2];
  /// The element row in each slot, plus one; 0 for none.
  size_t held_[2] = {0, 0};
  Buffer<uint16_t> sums_;
};

class Plan {
 public:
  /// @returns False when there is no memory.
  bool make(const InputTarget& target, const Placement& placement);
  const Placement& placement() const { return placement_; }
  /// Writes the picture's part of `out`, which holds 3 x width x height values.
  void run(const PreprocessKernels& kernels, const InputTarget& target, const Picture& picture, void* out);

 private:
  Placement placement_{};
  Axis x_, y_, x_chroma_, y_chroma_;
  PlaneRows rows_[3];
};

/// Writes the padding value everywhere.
void pad(const InputTarget& target, void* out);

}  // namespace ocellus
