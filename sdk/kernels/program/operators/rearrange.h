// Floats in another order, floats of the file, and bytes made of floats.
#pragma once

#include "program/epilogue.h"
#include "program/operators/pixels.h"

namespace ocellus {
namespace {

/// What is read in the order of the walk is written row by row, pixel by pixel, channel by channel. The walk is eight triples of
/// axis (0 height, 1 width, 2 channels), size and step, the outermost first.
struct Rearrange {
  static bool check(StepCheck& check) {
    Step& step = check.step();
    if (!on_floats(check) || !check.constant("bias", check.said().bias, 3 * program_walk, step.bias)) return false;
    const int64_t sides[] = {step.in.h, step.in.w, step.in.channels};
    int64_t reach[] = {0, 0, 0};
    int64_t count = 1;
    const int64_t all = static_cast<int64_t>(step.out.h) * step.out.w * step.out.channels;
    for (size_t i = 0; i < program_walk; i++) {
      const int32_t axis = step.bias[3 * i];
      const int64_t size = step.bias[3 * i + 1];
      const int64_t pitch = step.bias[3 * i + 2];
      if (axis < 0 || axis > 2 || size < 1 || pitch < 0) {
        return check.fail("walk: expected axes from 0 to 2, sizes from 1 and steps from 0, got %d, %lld, %lld", axis,
                          static_cast<long long>(size), static_cast<long long>(pitch));
      }
      // Below 2^62 each: sizes and steps have 31 bits, and a reach that is too far ends it.
      count *= size;
      reach[axis] += (size - 1) * pitch;
      if (reach[axis] >= sides[axis] || count > all) {
        return check.fail("walk: expected %lld numbers within %d x %d x %d, got more, or a place outside", static_cast<long long>(all),
                          step.in.h, step.in.w, step.in.channels);
      }
    }
    if (count != all) return check.fail("walk: expected %lld numbers, got %lld", static_cast<long long>(all), static_cast<long long>(count));
    return check.rest(false);
  }

  static void run(const Step& step, size_t from, size_t to) {
    Walk walk(step, static_cast<int64_t>(from) * step.out.channels);
    each_of(step, from, to, [&](ptrdiff_t y, ptrdiff_t x) {
      float* out = room_at(step.out, y, x);
      for (int32_t c = 0; c < step.out.channels;) c += walk.take(out + c, step.out.channels - c);
    });
  }

 private:
  /// Where in the picture the next number is.
  class Walk {
   public:
    Walk(const Step& step, int64_t first) : at_(step.in.data) {
      const ptrdiff_t pitches[] = {step.in.row, step.in.pixel, 4};
      int64_t left = first;
      for (size_t i = program_walk; i-- > 0;) {
        const int32_t size = step.bias[3 * i + 1];
        // The innermost that is one stays, so that there is always one.
        if (size == 1 && !(i == 0 && count_ == 0)) continue;
        Stretch& stretch = stretches_[count_++];
        stretch.size = size;
        stretch.apart = step.bias[3 * i + 2] * pitches[step.bias[3 * i]];
        stretch.index = left % size;
        left /= size;
        at_ += stretch.index * stretch.apart;
      }
    }

    /// Up to `most` numbers that are evenly apart. @returns How many.
    int32_t take(float* out, int32_t most) {
      Stretch& inner = stretches_[0];
      const int64_t left = inner.size - inner.index;
      const auto some = static_cast<int32_t>(left < most ? left : most);
      if (inner.apart == 4) {
        std::memcpy(out, at_, 4 * static_cast<size_t>(some));
      } else {
        for (int32_t i = 0; i < some; i++) out[i] = *reinterpret_cast<const float*>(at_ + i * inner.apart);
      }
      at_ += some * inner.apart;
      inner.index += some;
      for (size_t i = 0; i < count_ && stretches_[i].index == stretches_[i].size; i++) {
        at_ -= stretches_[i].size * stretches_[i].apart;
        stretches_[i].index = 0;
        if (i + 1 == count_) break;
        stretches_[i + 1].index++;
        at_ += stretches_[i + 1].apart;
      }
      return some;
    }

   private:
    struct Stretch {
      int64_t size, index;
      ptrdiff_t apart;
    };
    /// The innermost first.
    Stretch stretches_[program_walk];
    size_t count_ = 0;
    const uint8_t* at_;
  };
};

struct Constant {
  static bool check(StepCheck& check) {
    const ProgramStep& said = check.said();
    Step& step = check.step();
    if (said.in != 0) return check.fail("in: expected 0, as nothing is read, got %u", said.in);
    if (!check.flags(0) || !check.out_floats() || !check.no_window() || !check.no_epilogue()) return false;
    const size_t count = static_cast<size_t>(step.out.h) * static_cast<size_t>(step.out.w) * static_cast<size_t>(step.out.channels);
    return check.constant("m", said.m, count, step.m) && check.rest(false);
  }

  static void run(const Step& step, size_t from, size_t to) {
    const auto channels = static_cast<size_t>(step.out.channels);
    const float* values = step.m + from * channels;
    each_of(step, from, to, [&](ptrdiff_t y, ptrdiff_t x) {
      std::memcpy(step.out.at(y, x), values, 4 * channels);
      values += channels;
    });
  }
};

/// What is no number becomes the least one.
struct Quantise {
  static bool check(StepCheck& check) {
    const ProgramStep& said = check.said();
    Step& step = check.step();
    if (!check.flags(0) || !check.in(ProgramElement::float32) || !check.out(ProgramElement::uint8) || !check.no_window()) return false;
    const auto channels = static_cast<size_t>(step.out.channels);
    return check.same_size(step.in, "in", step.out, "out") && check.no_epilogue() && check.constant("m", said.m, channels, step.m) &&
           check.constant("z", said.z, channels, step.z) && check.rest(false);
  }

  static void run(const Step& step, size_t from, size_t to) {
    const int32_t channels = step.out.channels;
    each_of(step, from, to, [&](ptrdiff_t y, ptrdiff_t x) {
      const float* in = floats_at(step.in, y, x);
      uint8_t* out = step.out.at(y, x);
      for (int32_t c = 0; c < channels; c++) {
        const float scaled = in[c] * step.m[c];
        const float limited = scaled > 70000.0f ? 70000.0f : scaled > -70000.0f ? scaled : -70000.0f;
        out[c] = clamp8(with_zero(nearest(limited), step.z[c]));
      }
    });
  }
};

}  // namespace
}  // namespace ocellus
