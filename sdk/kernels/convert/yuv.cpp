#include "convert/yuv.h"

#include <cmath>
#include <cstring>

#include "native/memory.h"

namespace ocellus {
namespace {

/// The same as colour.ts.
PixelWeights weights_of(bool bgr, bool bt709, bool limited) {
  const double kr = bt709 ? 0.2126 : 0.299;
  const double kb = bt709 ? 0.0722 : 0.114;
  const double kg = 1 - kr - kb;
  const double luma = limited ? 219.0 / 255 : 1;
  const double chroma = limited ? 224.0 / 255 : 1;
  const double u = chroma / (2 * (1 - kb));
  const double v = chroma / (2 * (1 - kr));
  const double values[3][3] = {{kr * luma, kg * luma, kb * luma}, {-kr * u, -kg * u, (1 - kb) * u}, {(1 - kr) * v, -kg * v, -kb * v}};
  PixelWeights weights{};
  for (size_t c = 0; c < 3; c++) {
    const size_t from = bgr ? 2 - c : c;
    const auto fixed = [from](const double(&row)[3]) { return static_cast<int16_t>(std::floor(row[from] * 32768 + 0.5)); };
    weights.y[c] = fixed(values[0]);
    weights.u[c] = fixed(values[1]);
    weights.v[c] = fixed(values[2]);
  }
  weights.black = limited ? 16 : 0;
  return weights;
}

}  // namespace

bool to_yuv(const ConvertKernels& kernels, PixelFormat format, size_t width, size_t height, const Picture& source,
            const YuvTarget& target) {
  const bool pixels = format == PixelFormat::bgr24 || format == PixelFormat::rgb24;
  const PixelWeights weights = weights_of(format == PixelFormat::bgr24, target.bt709, target.limited);
  const size_t columns = (width + 1) / 2;
  const size_t rows = (height + 1) / 2;
  for (size_t row = 0; row < height; row++) {
    const uint8_t* from = source.planes[0] + row * source.strides[0];
    uint8_t* to = target.planes[0] + row * target.strides[0];
    if (pixels) kernels.luma(from, width, weights, to);
    else std::memcpy(to, from, width);
  }
  // A row of U and V each, where they are interleaved in the end.
  Buffer<uint8_t> both;
  if (target.nv12 && pixels && !both.allocate(2 * columns)) return false;
  for (size_t row = 0; row < rows; row++) {
    uint8_t* u = target.planes[1] + row * target.strides[1];
    uint8_t* v = target.nv12 ? nullptr : target.planes[2] + row * target.strides[2];
    if (pixels) {
      const uint8_t* top = source.planes[0] + 2 * row * source.strides[0];
      const uint8_t* bottom = 2 * row + 1 < height ? top + source.strides[0] : top;
      if (target.nv12) {
        kernels.chroma(top, bottom, width, weights, both.data(), both.data() + columns);
        kernels.interleave(both.data(), both.data() + columns, columns, u);
      } else {
        kernels.chroma(top, bottom, width, weights, u, v);
      }
      continue;
    }
    const uint8_t* from_u = source.planes[1] + row * source.strides[1];
    if (format == PixelFormat::nv12) {
      if (target.nv12) std::memcpy(u, from_u, 2 * columns);
      else kernels.split(from_u, columns, u, v);
    } else {
      const uint8_t* from_v = source.planes[2] + row * source.strides[2];
      if (target.nv12) {
        kernels.interleave(from_u, from_v, columns, u);
      } else {
        std::memcpy(u, from_u, columns);
        std::memcpy(v, from_v, columns);
      }
    }
  }
  return true;
}

}  // namespace ocellus
