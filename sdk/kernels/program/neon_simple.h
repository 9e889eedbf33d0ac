// The operations without multiplications by weights, for NEON: sixteen channels at a time. And the list of all of them.
#pragma once

#include "program/neon_conv.h"
#include "program/neon_depthwise.h"
#include "program/operators/list.h"

namespace ocellus {
namespace {

/// Calls `work(c, left)` for each sixteen channels; `left` is how many there are from `c` on.
template <typename Work>
inline void each_block(int32_t channels, Work work) {
  for (int32_t c = 0; c < channels; c += block_channels) work(c, channels - c);
}

inline void copy_bytes(uint8_t* out, const uint8_t* in, int32_t count) {
  int32_t i = 0;
  for (; i + 16 <= count; i += 16) vst1q_u8(out + i, vld1q_u8(in + i));
  if (i + 8 <= count) {
    vst1_u8(out + i, vld1_u8(in + i));
    i += 8;
  }
  for (; i < count; i++) out[i] = in[i];
}

struct NeonMaxPool {
  static void run(const Step& step, size_t from, size_t to) {
    each_pixel(step, from, to, [&](uint8_t* out, ptrdiff_t y, ptrdiff_t x) {
      const ptrdiff_t top = y * step.sh - step.pad_top, left = x * step.sw - step.pad_left;
      // The part of the window that lies in the picture; a dilation is never there (check.cpp).
      const ptrdiff_t y0 = top < 0 ? 0 : top, x0 = left < 0 ? 0 : left;
      const ptrdiff_t y1 = top + step.kh < step.in.h ? top + step.kh : step.in.h;
      const ptrdiff_t x1 = left + step.kw < step.in.w ? left + step.kw : step.in.w;
      each_block(step.out.channels, [&](int32_t c, int32_t channels) {
        uint8x16_t most = vdupq_n_u8(0);
        for (ptrdiff_t iy = y0; iy < y1; iy++) {
          const uint8_t* in = step.in.at(iy, x0) + c;
          for (ptrdiff_t ix = x0; ix < x1; ix++, in += step.in.pixel) most = vmaxq_u8(most, vld1q_u8(in));
        }
        store_some(out + c, most, channels);
      });
    });
  }
};

/// Operations with an epilogue LINEAR, whose accumulators come of one or two pixels.
struct NeonElementwise {
  static size_t packed_bytes(const Step& step) { return static_cast<size_t>(block_count(step)) * sizeof(ChannelBlock); }
  static void pack(const Step& step, uint8_t* packed) { pack_channels(step, step.bias, reinterpret_cast<ChannelBlock*>(packed)); }
  static const ChannelBlock* blocks(const Step& step) { return reinterpret_cast<const ChannelBlock*>(step.packed); }

  /// Calls `sums(block, c, y, x, acc)`, which gives sixteen accumulators, and finishes them.
  template <typename Sums>
  static void finished(const Step& step, size_t from, size_t to, Sums sums) {
    const Finish finish = finish_of<false>(step);
    each_pixel(step, from, to, [&](uint8_t* out, ptrdiff_t y, ptrdiff_t x) {
      each_block(step.out.channels, [&](int32_t c, int32_t channels) {
        alignas(64) int32_t acc[block_channels];
        const ChannelBlock& block = blocks(step)[c / block_channels];
        sums(block, c, y, x, acc);
        const uint8_t* none = nullptr;
        finish({acc, 1, &out, &none, c, 0, channels}, block, {});
      });
    });
  }
};

inline void store_wide(int32_t* acc, const int16x8_t* values) {
  for (int i = 0; i < 2; i++) {
    vst1q_s32(acc + 8 * i, vmovl_s16(vget_low_s16(values[i])));
    vst1q_s32(acc + 8 * i + 4, vmovl_high_s16(values[i]));
  }
}

struct NeonAveragePool {
  static void run(const Step& step, size_t from, size_t to) {
    NeonElementwise::finished(step, from, to, [&](const ChannelBlock& block, int32_t c, ptrdiff_t y, ptrdiff_t x, int32_t* acc) {
      uint32x4_t sums[4];
      for (int i = 0; i < 4; i++) sums[i] = vld1q_u32(reinterpret_cast<const uint32_t*>(block.bias) + 4 * i);
      for (int32_t ky = 0; ky < step.kh; ky++) {
        // At most 64 bytes in each.
        uint16x8_t low = vdupq_n_u16(0), high = low;
        const uint8_t* in = step.in.at(y * step.sh - step.pad_top + ky * step.dh, x * step.sw - step.pad_left) + c;
        for (int32_t kx = 0; kx < step.kw; kx++, in += step.dw * step.in.pixel) {
          const uint8x16_t values = vld1q_u8(in);
          low = vaddw_u8(low, vget_low_u8(values));
          high = vaddw_high_u8(high, values);
        }
        sums[0] = vaddw_u16(sums[0], vget_low_u16(low));
        sums[1] = vaddw_high_u16(sums[1], low);
        sums[2] = vaddw_u16(sums[2], vget_low_u16(high));
        sums[3] = vaddw_high_u16(sums[3], high);
      }
      for (int i = 0; i < 4; i++) vst1q_s32(acc + 4 * i, vreinterpretq_s32_u32(sums[i]));
    });
  }
};

struct NeonResizeNearest {
  static void run(const Step& step, size_t from, size_t to) {
    for (size_t row = from; row < to; row++) {
      const auto y = static_cast<ptrdiff_t>(row);
      uint8_t* out = step.out.at(y, 0);
      for (ptrdiff_t ix = 0; ix < step.in.w; ix++) {
        const uint8_t* in = step.in.at(y / step.kh, ix);
        for (int32_t kx = 0; kx < step.kw; kx++, out += step.out.pixel) copy_bytes(out, in, step.out.channels);
      }
    }
  }
};

struct NeonResizeBilinear {
  static void run(const Step& step, size_t from, size_t to) {
    each_pixel(step, from, to, [&](uint8_t* out, ptrdiff_t y, ptrdiff_t x) {
      const ptrdiff_t far_y = ResizeBilinear::other(y, step.in.h), far_x = ResizeBilinear::other(x, step.in.w);
      const uint8_t* near = step.in.at(y / 2, x / 2);
      const uint8_t* beside = step.in.at(y / 2, far_x);
      const uint8_t* above = step.in.at(far_y, x / 2);
      const uint8_t* across = step.in.at(far_y, far_x);
      each_block(step.out.channels, [&](int32_t c, int32_t channels) {
        const uint8x16_t n = vld1q_u8(near + c), b = vld1q_u8(beside + c), a = vld1q_u8(above + c), d = vld1q_u8(across + c);
        // At most 16 * 255.
        const uint8x8_t three = vdup_n_u8(3), nine = vdup_n_u8(9);
        const uint16x8_t low = vaddw_u8(
            vmlal_u8(vmlal_u8(vmull_u8(vget_low_u8(n), nine), vget_low_u8(b), three), vget_low_u8(a), three), vget_low_u8(d));
        const uint16x8_t high = vaddw_u8(
            vmlal_u8(vmlal_u8(vmull_u8(vget_high_u8(n), nine), vget_high_u8(b), three), vget_high_u8(a), three), vget_high_u8(d));
        store_some(out + c, vrshrn_high_n_u16(vrshrn_n_u16(low, 4), high, 4), channels);
      });
    });
  }
};

struct NeonAdd {
  static void run(const Step& step, size_t from, size_t to) {
    each_pixel(step, from, to, [&](uint8_t* out, ptrdiff_t y, ptrdiff_t x) {
      const uint8_t* first = step.in.at(y, x);
      const uint8_t* second = step.in2.at(y, x);
      each_block(step.out.channels, [&](int32_t c, int32_t channels) {
        const ChannelBlock& block = NeonElementwise::blocks(step)[c / block_channels];
        int16x8_t a[2], b[2];
        centred(first + c, block.za, a);
        centred(second + c, block.zb, b);
        int32x4_t v[4];
        for (int i = 0; i < 4; i++) {
          const float32x4_t of_a = vmulq_f32(quarter_of(a, i), vld1q_f32(block.m + 4 * i));
          v[i] = vcvtnq_s32_f32(vaddq_f32(of_a, vmulq_f32(quarter_of(b, i), vld1q_f32(block.second + 4 * i))));
        }
        store_some(out + c, within_limits(v, block), channels);
      });
    });
  }
};

struct NeonMultiply {
  static void run(const Step& step, size_t from, size_t to) {
    const bool one = step.in2.h == 1 && step.in2.w == 1;
    NeonElementwise::finished(step, from, to, [&](const ChannelBlock& block, int32_t c, ptrdiff_t y, ptrdiff_t x, int32_t* acc) {
      int16x8_t a[2], b[2];
      centred(step.in.at(y, x) + c, block.za, a);
      centred((one ? step.in2.data : step.in2.at(y, x)) + c, block.zb, b);
      for (int i = 0; i < 2; i++) {
        vst1q_s32(acc + 8 * i, vmull_s16(vget_low_s16(a[i]), vget_low_s16(b[i])));
        vst1q_s32(acc + 8 * i + 4, vmull_high_s16(a[i], b[i]));
      }
    });
  }
};

struct NeonRequantise {
  static void run(const Step& step, size_t from, size_t to) {
    NeonElementwise::finished(step, from, to, [&](const ChannelBlock& block, int32_t c, ptrdiff_t y, ptrdiff_t x, int32_t* acc) {
      int16x8_t a[2];
      centred(step.in.at(y, x) + c, block.za, a);
      store_wide(acc, a);
    });
  }
};

struct NeonDequantise {
  static void run(const Step& step, size_t from, size_t to) {
    each_pixel(step, from, to, [&](uint8_t* out, ptrdiff_t y, ptrdiff_t x) {
      const uint8_t* in = step.in.at(y, x);
      each_block(step.out.channels, [&](int32_t c, int32_t channels) {
        const ChannelBlock& block = NeonElementwise::blocks(step)[c / block_channels];
        int16x8_t a[2];
        alignas(64) int32_t acc[block_channels];
        centred(in + c, block.za, a);
        store_wide(acc, a);
        const uint8_t* none = nullptr;
        finish_float<false>({acc, 1, &out, &none, 4 * static_cast<ptrdiff_t>(c), 0, channels}, block, {});
      });
    });
  }
};

/// Pictures of three channels, pixel by pixel, each 2 x 2 of them to twelve channels: what networks begin with. Others go the
/// scalar way, which is a copy.
struct NeonInput {
  static bool takes(const Step& step) { return step.space_to_depth && step.out.channels == 12; }

  static void run(const Step& step, size_t from, size_t to) {
    if (step.nchw) {
      planar(step, from, to);
    } else {
      interleaved(step, from, to);
    }
  }

  static void interleaved(const Step& step, size_t from, size_t to) {
    // Six bytes of either row: which of them each block begins with. The second row's come from 16 on.
    uint8_t index[16] = {};
    for (int b = 0; b < 4; b++) {
      for (int c = 0; c < 3; c++) index[3 * b + c] = static_cast<uint8_t>(16 * step.order[2 * b] + 3 * step.order[2 * b + 1] + c);
    }
    const uint8x16_t pick = vld1q_u8(index);
    const ptrdiff_t pitch = 6 * static_cast<ptrdiff_t>(step.out.w);
    const uint8_t* end = step.source + 2 * pitch * step.out.h;
    for (size_t row = from; row < to; row++) {
      const auto y = static_cast<ptrdiff_t>(row);
      uint8_t* out = step.out.at(y, 0);
      const uint8_t* first = step.source + 2 * y * pitch;
      const uint8_t* second = first + pitch;
      for (ptrdiff_t x = 0; x < step.out.w; x++, out += step.out.pixel, first += 6, second += 6) {
        uint8x16x2_t rows;
        if (end - second >= 16) {
          rows = {{vld1q_u8(first), vld1q_u8(second)}};
        } else {
          // Nothing of the caller's memory behind the picture is read.
          uint8_t bytes[32] = {};
          for (int i = 0; i < 6; i++) {
            bytes[i] = first[i];
            bytes[16 + i] = second[i];
          }
          rows = {{vld1q_u8(bytes), vld1q_u8(bytes + 16)}};
        }
        const uint8x16_t pixel = vqtbl2q_u8(rows, pick);
        vst1_u8(out, vget_low_u8(pixel));
        vst1q_lane_u32(reinterpret_cast<uint32_t*>(out + 8), vreinterpretq_u32_u8(pixel), 2);
      }
    }
  }

  static void planar(const Step& step, size_t from, size_t to) {
    const ptrdiff_t w = 2 * static_cast<ptrdiff_t>(step.out.w);
    const ptrdiff_t plane = 2 * step.out.h * w;
    for (size_t row = from; row < to; row++) {
      const auto y = static_cast<ptrdiff_t>(row);
      for (ptrdiff_t b = 0; b < 4; b++) {
        for (ptrdiff_t c = 0; c < 3; c++) {
          const uint8_t* in = step.source + c * plane + (2 * y + step.order[2 * b]) * w;
          const int right = step.order[2 * b + 1];
          uint8_t* out = step.out.at(y, 0) + 3 * b + c;
          ptrdiff_t x = 0;
          // Sixteen bytes are eight pixels of either column.
          for (; x + 8 <= step.out.w; x += 8, out += 8 * step.out.pixel) {
            const uint8x8x2_t columns = vld2_u8(in + 2 * x);
            uint8_t eight[8];
            vst1_u8(eight, right != 0 ? columns.val[1] : columns.val[0]);
            for (ptrdiff_t i = 0; i < 8; i++) out[i * step.out.pixel] = eight[i];
          }
          for (; x < step.out.w; x++, out += step.out.pixel) *out = in[2 * x + right];
        }
      }
    }
  }
};

template <typename Multiply>
constexpr ProgramKernels neon_kernels() {
  ProgramKernels kernels{};
  const auto set = [&kernels](ProgramOp op, ProgramOperation operation) { kernels.operations[static_cast<size_t>(op)] = operation; };
  set(ProgramOp::conv, NeonConv<Multiply>::operation);
  set(ProgramOp::depthwise,
      {pack_by<NeonDepthwise::packed_bytes, NeonDepthwise::pack<Multiply::prefers_small>>, rows_of, NeonDepthwise::run, nullptr});
  set(ProgramOp::max_pool, {nullptr, rows_of, NeonMaxPool::run, nullptr});
  set(ProgramOp::average_pool, {pack_by<NeonElementwise::packed_bytes, NeonElementwise::pack>, rows_of, NeonAveragePool::run, nullptr});
  set(ProgramOp::resize_nearest, {nullptr, rows_of, NeonResizeNearest::run, nullptr});
  set(ProgramOp::resize_bilinear, {nullptr, rows_of, NeonResizeBilinear::run, nullptr});
  set(ProgramOp::add, {pack_by<NeonElementwise::packed_bytes, NeonElementwise::pack>, rows_of, NeonAdd::run, nullptr});
  set(ProgramOp::multiply, {pack_by<NeonElementwise::packed_bytes, NeonElementwise::pack>, rows_of, NeonMultiply::run, nullptr});
  set(ProgramOp::requantise, {pack_by<NeonElementwise::packed_bytes, NeonElementwise::pack>, rows_of, NeonRequantise::run, nullptr});
  set(ProgramOp::dequantise, {pack_by<NeonElementwise::packed_bytes, NeonElementwise::pack>, rows_of, NeonDequantise::run, nullptr});
  set(ProgramOp::input, {nullptr, rows_of, NeonInput::run, NeonInput::takes});
  return kernels;
}

}  // namespace
}  // namespace ocellus
