// The reference: what every other variant gives, byte for byte.
#include "convert/rgb.h"

namespace ocellus {
namespace {

void luma(const uint8_t* pixels, size_t count, const PixelWeights& weights, uint8_t* y) {
  rest_of_luma(pixels, 0, count, weights, y);
}

void chroma(const uint8_t* top, const uint8_t* bottom, size_t count, const PixelWeights& weights, uint8_t* u, uint8_t* v) {
  rest_of_chroma(top, bottom, 0, count, weights, u, v);
}

}  // namespace

extern const ConvertKernels convert_scalar;
const ConvertKernels convert_scalar = {luma, chroma, interleave, split};

}  // namespace ocellus
