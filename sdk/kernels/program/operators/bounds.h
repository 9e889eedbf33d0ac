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
    int64_t above = 0;
    int64_t below = 0;
    int32_t least = 0;
    for (size_t i = 0; i < count; i++) {
      const int32_t weight = weights[i * pitch];
      above += weight > 0 ? weight : 0;
      below += weight < 0 ? weight : 0;
      least = weight < least ? weight : least;
    }
    if (least < -127) return check.fail("weights: expected values from -127 to 127, got -128 for output channel %zu", o);
    return range(check, o, bias + 255 * below, bias + 255 * above);
  }

  bool range(StepCheck& check, size_t o, int64_t low, int64_t high) {
    if (low < INT32_MIN || high > INT32_MAX) {
      return check.fail("output channel %zu: its sum can be from %lld to %lld, which does not fit 32 bits", o,
                        static_cast<long long>(low), static_cast<long long>(high));
    }
    of[o] = static_cast<double>(-low > high ? -low : high);
    return true;
  }
};

}  // namespace
}  // namespace ocellus
