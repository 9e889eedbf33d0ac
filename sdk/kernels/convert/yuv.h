// A whole picture to I420 or NV12.
#pragma once

#include "convert/convert.h"
#include "preprocess/plan.h"

namespace ocellus {

/// A picture that is written, as `Picture` of plan.h.
struct YuvTarget {
  uint8_t* planes[3];
  size_t strides[3];
  bool nv12, bt709, limited;
};

/// The caller has checked that the planes hold width x height pixels; `format` is not gray8.
/// @returns False when there is no memory.
bool to_yuv(const ConvertKernels& kernels, PixelFormat format, size_t width, size_t height, const Picture& source,
            const YuvTarget& target);

}  // namespace ocellus
