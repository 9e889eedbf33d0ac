#include <arm_neon.h>

#include "convert/rgb.h"

namespace ocellus {
namespace {

/// Eight values with 32 bits.
struct Sums {
  int32x4_t low, high;
};

Sums weighted(int16x8_t a, int16x8_t b, int16x8_t c, const int16_t (&weights)[3], int32_t offset) {
  const int32x4_t start = vdupq_n_s32(offset);
  int32x4_t low = vmlal_n_s16(start, vget_low_s16(a), weights[0]);
  int32x4_t high = vmlal_high_n_s16(start, a, weights[0]);
  low = vmlal_n_s16(vmlal_n_s16(low, vget_low_s16(b), weights[1]), vget_low_s16(c), weights[2]);
  high = vmlal_high_n_s16(vmlal_high_n_s16(high, b, weights[1]), c, weights[2]);
  return {low, high};
}

int16x8_t widened(uint8x8_t bytes) { return vreinterpretq_s16_u16(vmovl_u8(bytes)); }

void luma(const uint8_t* pixels, size_t count, const PixelWeights& weights, uint8_t* y) {
  const int32_t offset = luma_offset(weights);
  size_t i = 0;
  for (; i + 8 <= count; i += 8) {
    const uint8x8x3_t p = vld3_u8(pixels + 3 * i);
    const Sums sums = weighted(widened(p.val[0]), widened(p.val[1]), widened(p.val[2]), weights.y, offset);
    vst1_u8(y + i, vqmovun_s16(vshrn_high_n_s32(vshrn_n_s32(sums.low, 15), sums.high, 15)));
  }
  rest_of_luma(pixels, i, count, weights, y);
}

/// 17 fractional bits off, in two steps.
uint8x8_t chroma_bytes(Sums sums) {
  return vqshrun_n_s16(vshrn_high_n_s32(vshrn_n_s32(sums.low, 16), sums.high, 16), 1);
}

void chroma(const uint8_t* top, const uint8_t* bottom, size_t count, const PixelWeights& weights, uint8_t* u, uint8_t* v) {
  size_t i = 0;
  for (; i + 16 <= count; i += 16) {
    const uint8x16x3_t a = vld3q_u8(top + 3 * i);
    const uint8x16x3_t b = vld3q_u8(bottom + 3 * i);
    int16x8_t sums[3];
    for (size_t c = 0; c < 3; c++) sums[c] = vreinterpretq_s16_u16(vpadalq_u8(vpaddlq_u8(a.val[c]), b.val[c]));
    vst1_u8(u + i / 2, chroma_bytes(weighted(sums[0], sums[1], sums[2], weights.u, chroma_offset)));
    vst1_u8(v + i / 2, chroma_bytes(weighted(sums[0], sums[1], sums[2], weights.v, chroma_offset)));
  }
  rest_of_chroma(top, bottom, i, count, weights, u, v);
}

}  // namespace

extern const ConvertKernels convert_neon;
const ConvertKernels convert_neon = {luma, chroma, interleave, split};

}  // namespace ocellus
