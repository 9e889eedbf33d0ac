// How large accumulators can become, whatever the picture.
#pragma once

#include "program/check.h"

namespace ocellus {
namespace {

/// The element that an epilogue writes.
ProgramElement element_of(uint16_t epilogue) {
  const bool floats = epilogue == static_cast<uint16_t>(ProgramEpilogue::float32) ||
                      epilogue == static_cast<uint16_t>(ProgramEpilogue::float_sigmoid);
  return floats ? ProgramElement::float32 : ProgramElement::uint8;
}

struct Bounds {
  double of[program_most_channels];

  /// bias + sum of 0..255 times each weight: it, and every part of the sum, must fit 32 bits.
  bool sum(StepCheck& check, size_t o, const int8_t* weights, size_t count, size_t pitch, int32_t bias) {
    const Weights all = pitch == 1 ? weights_of(weights, count, [](size_t i) { return i; })
                                   : weights_of(weights, count, [pitch](size_t i) { return i * pitch; });
    if (all.has_least) return check.fail("weights: expected values from -127 to 127, got -128 for output channel %zu", o);
    return range(check, o, bias + 255 * (all.sum - all.sizes) / 2, bias + 255 * (all.sum + all.sizes) / 2);
  }

  bool range(StepCheck& check, size_t o, int64_t low, int64_t high) {
    if (low < INT32_MIN || high > INT32_MAX) {
      return check.fail("output channel %zu: its sum can be from %lld to %lld, which does not fit 32 bits", o,
                        static_cast<long long>(low), static_cast<long long>(high));
    }
    of[o] = static_cast<double>(-low > high ? -low : high);
    return true;
  }

 private:
  struct Weights {
    int64_t sum, sizes;
    bool has_least;
  };

  /// In words as long as these cannot overflow, which the compiler does for many weights at once: every one of a file is looked at.
  template <typename At>
  static Weights weights_of(const int8_t* weights, size_t count, At at) {
    constexpr size_t some = 255;
    Weights all = {};
    for (size_t from = 0; from < count; from += some) {
      const size_t to = count - from < some ? count : from + some;
      int16_t sum = 0, sizes = 0, least = 0;
      for (size_t i = from; i < to; i++) {
        const int16_t weight = weights[at(i)];
        sum = static_cast<int16_t>(sum + weight);
        sizes = static_cast<int16_t>(sizes + (weight < 0 ? -weight : weight));
        least = weight < least ? weight : least;
      }
      all.sum += sum;
      all.sizes += sizes;
      all.has_least = all.has_least || least < -127;
    }
    return all;
  }
};

}  // namespace
}  // namespace ocellus
