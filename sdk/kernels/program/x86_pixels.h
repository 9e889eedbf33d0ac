// What is computed pixel by pixel and channel by channel: pooling, resizing, arithmetic of two pictures, the input.
#pragma once

#include <cstring>

#include "program/operators/rows.h"
#include "program/x86_epilogue.h"

namespace ocellus {
namespace {

/// A unit is up to `strip` pixels of a row.
struct Strips {
  static constexpr ptrdiff_t strip = 16;

  static size_t units(const Step& step) { return static_cast<size_t>(step.out.h * ((step.out.w + strip - 1) / strip)); }

  /// Calls `pixel(y, x)` for all of units [from, to).
  template <typename Pixel>
  static void each(const Step& step, size_t from, size_t to, Pixel pixel) {
    const auto strips = static_cast<size_t>((step.out.w + strip - 1) / strip);
    for (size_t unit = from; unit < to; unit++) {
      const auto y = static_cast<ptrdiff_t>(unit / strips);
      const ptrdiff_t start = static_cast<ptrdiff_t>(unit % strips) * strip;
      const ptrdiff_t end = start + strip < step.out.w ? start + strip : step.out.w;
      for (ptrdiff_t x = start; x < end; x++) pixel(y, x);
    }
  }
};

template <class V>
struct PixelsOn {
  using I = typename V::I;
  using C = Constants<V, 4>;

  /// Calls `vector(c, count)` for each vector of channels of a pixel.
  template <typename Vector>
  static void each_vector(const Step& step, Vector vector) {
    const auto channels = static_cast<size_t>(step.out.channels);
    for (size_t c = 0; c < channels; c += V::bytes) vector(c, channels - c < V::bytes ? channels - c : V::bytes);
  }

  static size_t packed_bytes(const Step& step) {
    return (static_cast<size_t>(step.out.channels) + V::bytes - 1) / V::bytes * sizeof(C);
  }

  static void pack(const Step& step, uint8_t* packed) {
    auto* constants = reinterpret_cast<C*>(packed);
    each_vector(step, [&](size_t c, size_t count) { constants[c / V::bytes].fill(step, c, count); });
  }

  static const C& constants_of(const Step& step, size_t c) { return reinterpret_cast<const C*>(step.packed)[c / V::bytes]; }

  /// Words of bytes, in the order of the constants: half 0 or 1 of each 128 bits.
  static I words_of_bytes(I bytes, size_t half) { return half == 0 ? V::low8(bytes, V::zero()) : V::high8(bytes, V::zero()); }
  static I to_32(I words, I signs, size_t half) { return half == 0 ? V::low16(words, signs) : V::high16(words, signs); }

  /// Bytes from four accumulators by the LINEAR epilogue.
  static I linear(const I (&acc)[4], const C& c, const Shared<V>& shared) {
    I words[2];
    for (size_t half = 0; half < 2; half++) {
      const I v = words_of<V, Finish::linear, 4>(acc[2 * half], acc[2 * half + 1], 2 * half, 2 * half + 1, c, V::zero());
      words[half] = levels_of<V, Finish::linear, 4>(v, 2 * half * V::lanes, c, shared, V::zero());
    }
    return V::packus16(words[0], words[1]);
  }

  /// The operations of which one pixel, or two, give one: `sums(c, y, x, acc)` has the accumulators of a vector.
  template <typename Sums>
  static void run_linear(const Step& step, size_t from, size_t to, Sums sums) {
    const Shared<V> shared(step);
    Strips::each(step, from, to, [&](ptrdiff_t y, ptrdiff_t x) {
      uint8_t* out = step.out.at(y, x);
      each_vector(step, [&](size_t c, size_t count) {
        I acc[4];
        const C& constants = constants_of(step, c);
        sums(c, y, x, constants, acc);
        V::store_first(out + c, linear(acc, constants, shared), count);
      });
    });
  }

  static void requantise(const Step& step, size_t from, size_t to) {
    run_linear(step, from, to, [&](size_t c, ptrdiff_t y, ptrdiff_t x, const C& constants, I(&acc)[4]) {
      const I bytes = V::load(step.in.at(y, x) + c);
      for (size_t half = 0; half < 2; half++) {
        const I less = V::sub16(words_of_bytes(bytes, half), V::load(constants.za + 2 * half * V::lanes));
        for (size_t i = 0; i < 2; i++) acc[2 * half + i] = to_32(less, V::signs16(less), i);
      }
    });
  }

  static void multiply(const Step& step, size_t from, size_t to) {
    const bool one = step.in2.h == 1 && step.in2.w == 1;
    run_linear(step, from, to, [&](size_t c, ptrdiff_t y, ptrdiff_t x, const C& constants, I(&acc)[4]) {
      const I a = V::load(step.in.at(y, x) + c);
      const I b = V::load((one ? step.in2.data : step.in2.at(y, x)) + c);
      for (size_t half = 0; half < 2; half++) {
        const I first = V::sub16(words_of_bytes(a, half), V::load(constants.za + 2 * half * V::lanes));
        const I second = V::sub16(words_of_bytes(b, half), V::load(constants.zr + 2 * half * V::lanes));
        const I low = V::mul16(first, second);
        const I high = V::mulhi16(first, second);
        for (size_t i = 0; i < 2; i++) acc[2 * half + i] = to_32(low, high, i);
      }
    });
  }

  static void average_pool(const Step& step, size_t from, size_t to) {
    run_linear(step, from, to, [&](size_t c, ptrdiff_t y, ptrdiff_t x, const C& constants, I(&acc)[4]) {
      for (size_t v = 0; v < 4; v++) acc[v] = V::load(constants.bias + v * V::lanes);
      for (int32_t ky = 0; ky < step.kh; ky++) {
        // At most 64 bytes: they fit 16 bits.
        I words[2] = {V::zero(), V::zero()};
        for (int32_t kx = 0; kx < step.kw; kx++) {
          const I bytes = V::load(step.in.at(y * step.sh - step.pad_top + ky * step.dh, x * step.sw - step.pad_left + kx * step.dw) + c);
          for (size_t half = 0; half < 2; half++) words[half] = V::add16(words[half], words_of_bytes(bytes, half));
        }
        for (size_t v = 0; v < 4; v++) acc[v] = V::add32(acc[v], to_32(words[v / 2], V::zero(), v % 2));
      }
    });
  }

  static void add(const Step& step, size_t from, size_t to) {
    const Shared<V> shared(step);
    Strips::each(step, from, to, [&](ptrdiff_t y, ptrdiff_t x) {
      const uint8_t* in = step.in.at(y, x);
      const uint8_t* in2 = step.in2.at(y, x);
      uint8_t* out = step.out.at(y, x);
      each_vector(step, [&](size_t c, size_t count) {
        const C& constants = constants_of(step, c);
        const I a = V::load(in + c);
        const I b = V::load(in2 + c);
        I words[2];
        for (size_t half = 0; half < 2; half++) {
          const size_t word = 2 * half * V::lanes;
          const I less = V::sub16(words_of_bytes(a, half), V::load(constants.za + word));
          const I signs = V::signs16(less);
          const I v = words_of<V, Finish::linear_residual, 4>(to_32(less, signs, 0), to_32(less, signs, 1), 2 * half, 2 * half + 1, constants,
                                                              words_of_bytes(b, half));
          words[half] = levels_of<V, Finish::linear_residual, 4>(v, word, constants, shared, V::zero());
        }
        V::store_first(out + c, V::packus16(words[0], words[1]), count);
      });
    });
  }

  static void max_pool(const Step& step, size_t from, size_t to) {
    Strips::each(step, from, to, [&](ptrdiff_t y, ptrdiff_t x) {
      const ptrdiff_t top = y * step.sh - step.pad_top;
      const ptrdiff_t left = x * step.sw - step.pad_left;
      const ptrdiff_t first_row = top < 0 ? 0 : top, end_row = top + step.kh < step.in.h ? top + step.kh : step.in.h;
      const ptrdiff_t first_column = left < 0 ? 0 : left, end_column = left + step.kw < step.in.w ? left + step.kw : step.in.w;
      uint8_t* out = step.out.at(y, x);
      each_vector(step, [&](size_t c, size_t count) {
        I most = V::zero();
        for (ptrdiff_t row = first_row; row < end_row; row++) {
          const uint8_t* in = step.in.at(row, first_column) + c;
          for (ptrdiff_t column = first_column; column < end_column; column++, in += step.in.pixel) most = V::max8(most, V::load(in));
        }
        V::store_first(out + c, most, count);
      });
    });
  }

  static void resize_nearest(const Step& step, size_t from, size_t to) {
    Strips::each(step, from, to, [&](ptrdiff_t y, ptrdiff_t x) {
      const uint8_t* in = step.in.at(y / step.kh, x / step.kw);
      uint8_t* out = step.out.at(y, x);
      each_vector(step, [&](size_t c, size_t count) { V::store_first(out + c, V::load(in + c), count); });
    });
  }

  static void resize_bilinear(const Step& step, size_t from, size_t to) {
    const auto other = [](ptrdiff_t at, ptrdiff_t size) {
      const ptrdiff_t index = at % 2 == 0 ? at / 2 - 1 : at / 2 + 1;
      return index < 0 ? 0 : index >= size ? size - 1 : index;
    };
    Strips::each(step, from, to, [&](ptrdiff_t y, ptrdiff_t x) {
      const ptrdiff_t far_y = other(y, step.in.h), far_x = other(x, step.in.w);
      const uint8_t* in[4] = {step.in.at(y / 2, x / 2), step.in.at(y / 2, far_x), step.in.at(far_y, x / 2), step.in.at(far_y, far_x)};
      uint8_t* out = step.out.at(y, x);
      each_vector(step, [&](size_t c, size_t count) {
        const I a = V::load(in[0] + c), b = V::load(in[1] + c), d = V::load(in[2] + c), e = V::load(in[3] + c);
        I words[2];
        for (size_t half = 0; half < 2; half++) {
          const I nine = V::mul16(words_of_bytes(a, half), V::set16(9));
          const I three = V::mul16(V::add16(words_of_bytes(b, half), words_of_bytes(d, half)), V::set16(3));
          const I sum = V::add16(V::add16(nine, three), V::add16(words_of_bytes(e, half), V::set16(8)));
          words[half] = V::srl16(sum, _mm_cvtsi32_si128(4));
        }
        V::store_first(out + c, V::packus16(words[0], words[1]), count);
      });
    });
  }

  /// Zero points and multipliers in the order of the channels.
  static size_t dequantise_packed_bytes(const Step& step) {
    return 2 * 4 * ((static_cast<size_t>(step.out.channels) + V::lanes - 1) / V::lanes * V::lanes);
  }
  static void dequantise_pack(const Step& step, uint8_t* packed) {
    const auto channels = static_cast<size_t>(step.out.channels);
    auto* za = reinterpret_cast<int32_t*>(packed);
    auto* m = reinterpret_cast<float*>(packed + dequantise_packed_bytes(step) / 2);
    for (size_t c = 0; c < channels; c++) {
      za[c] = step.za[c];
      m[c] = step.m[c];
    }
  }
  static void dequantise(const Step& step, size_t from, size_t to) {
    const auto channels = static_cast<size_t>(step.out.channels);
    const uint8_t* m = step.packed + dequantise_packed_bytes(step) / 2;
    Strips::each(step, from, to, [&](ptrdiff_t y, ptrdiff_t x) {
      const uint8_t* in = step.in.at(y, x);
      auto* out = reinterpret_cast<float*>(step.out.at(y, x));
      for (size_t c = 0; c < channels; c += V::lanes) {
        const I less = V::sub32(V::integers_of_bytes(in + c), V::load(step.packed + 4 * c));
        const auto value = V::mul(V::to_floats(less), V::load_floats(reinterpret_cast<const float*>(m + 4 * c)));
        V::store_first_floats(out + c, value, channels - c < V::lanes ? channels - c : V::lanes);
      }
    });
  }

  /// Pictures of which a row is a copy, and those whose 2 x 2 pixels of three channels become one of twelve.
  static bool input_takes(const Step& step) {
    if (step.nchw) return false;
    if (step.space_to_depth) return step.out.channels == 12;
    return step.out.pixel == step.out.channels || is_padded(step);
  }

  /// Three channels in pixels of four bytes.
  static bool is_padded(const Step& step) { return step.out.channels == 3 && step.out.pixel == 4; }

  static void input(const Step& step, size_t from, size_t to) {
    const auto width = static_cast<size_t>(step.out.w);
    for (size_t y = from; y < to; y++) {
      uint8_t* out = step.out.at(static_cast<ptrdiff_t>(y), 0);
      if (step.space_to_depth) {
        const uint8_t* rows = step.source + 2 * y * 6 * width;
        space_to_depth(step, rows, rows + 6 * width, out);
      } else if (is_padded(step)) {
        pad(step.source + 3 * y * width, width, out);
      } else {
        const size_t bytes = width * static_cast<size_t>(step.out.channels);
        std::memcpy(out, step.source + y * bytes, bytes);
      }
    }
  }

  static void pad(const uint8_t* row, size_t width, uint8_t* out) {
    const __m128i apart = _mm_setr_epi8(0, 1, 2, -1, 3, 4, 5, -1, 6, 7, 8, -1, 9, 10, 11, -1);
    const __m128i fourth = _mm_set1_epi32(static_cast<int32_t>(0xff000000u));
    size_t x = 0;
    // Sixteen bytes are read of which twelve are used: not at the row's end. Each fourth byte stays: it is not ours.
    for (; 3 * x + 16 <= 3 * width; x += 4) {
      const __m128i pixels = _mm_shuffle_epi8(V128::load(row + 3 * x), apart);
      V128::store(out + 4 * x, _mm_or_si128(pixels, _mm_and_si128(fourth, V128::load(out + 4 * x))));
    }
    for (; x < width; x++) std::memcpy(out + 4 * x, row + 3 * x, 3);
  }

  static void space_to_depth(const Step& step, const uint8_t* upper, const uint8_t* lower, uint8_t* out) {
    // Where each of a pixel's twelve bytes is in six bytes of the upper or the lower row.
    alignas(16) int8_t from[2][16];
    std::memset(from, -1, sizeof from);
    for (int8_t b = 0; b < 4; b++) {
      for (int8_t c = 0; c < 3; c++) from[step.order[2 * b]][3 * b + c] = static_cast<int8_t>(3 * step.order[2 * b + 1] + c);
    }
    const __m128i of_upper = _mm_load_si128(reinterpret_cast<const __m128i*>(from[0]));
    const __m128i of_lower = _mm_load_si128(reinterpret_cast<const __m128i*>(from[1]));
    const auto width = static_cast<ptrdiff_t>(step.out.w);
    ptrdiff_t x = 0;
    // Sixteen bytes are read of which six are used: not at the row's end.
    for (; 6 * x + 16 <= 6 * width; x++, out += step.out.pixel) {
      const __m128i a = _mm_shuffle_epi8(V128::load(upper + 6 * x), of_upper);
      const __m128i b = _mm_shuffle_epi8(V128::load(lower + 6 * x), of_lower);
      const __m128i both = _mm_or_si128(a, b);
      _mm_storel_epi64(reinterpret_cast<__m128i*>(out), both);
      const int32_t last = _mm_extract_epi32(both, 2);
      std::memcpy(out + 8, &last, sizeof last);
    }
    for (; x < width; x++, out += step.out.pixel) {
      for (size_t b = 0; b < 4; b++) {
        std::memcpy(out + 3 * b, (step.order[2 * b] == 0 ? upper : lower) + 6 * x + 3 * step.order[2 * b + 1], 3);
      }
    }
  }
};

/// All operations for the vectors of `V`, but the convolutions.
template <class V>
constexpr void set_pixel_operations(ProgramKernels& kernels) {
  using On = PixelsOn<V>;
  const auto set = [&](ProgramOp op, ProgramOperation operation) { kernels.operations[static_cast<size_t>(op)] = operation; };
  set(ProgramOp::max_pool, {nullptr, Strips::units, On::max_pool, nullptr});
  set(ProgramOp::average_pool, {pack_by<On::packed_bytes, On::pack>, Strips::units, On::average_pool, nullptr});
  set(ProgramOp::resize_nearest, {nullptr, Strips::units, On::resize_nearest, nullptr});
  set(ProgramOp::resize_bilinear, {nullptr, Strips::units, On::resize_bilinear, nullptr});
  set(ProgramOp::add, {pack_by<On::packed_bytes, On::pack>, Strips::units, On::add, nullptr});
  set(ProgramOp::multiply, {pack_by<On::packed_bytes, On::pack>, Strips::units, On::multiply, nullptr});
  set(ProgramOp::requantise, {pack_by<On::packed_bytes, On::pack>, Strips::units, On::requantise, nullptr});
  set(ProgramOp::input, {nullptr, rows_of, On::input, On::input_takes});
  set(ProgramOp::dequantise, {pack_by<On::dequantise_packed_bytes, On::dequantise_pack>, Strips::units, On::dequantise, nullptr});
}

}  // namespace
}  // namespace ocellus
