// Programs of one step, of any operation, with random constants and noise around everything.
#pragma once

#include <cmath>

#include "check.h"
#include "program/program.h"
#include "program_file.h"

namespace check {

using ocellus::ProgramDirection;
using ocellus::ProgramElement;
using ocellus::ProgramEpilogue;
using ocellus::ProgramOp;
using ocellus::ProgramStep;

inline std::vector<uint8_t> noise(Random& random, size_t size) {
  std::vector<uint8_t> bytes(size);
  for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random.next() >> 40);
  return bytes;
}

/// One step of any operation between views that are surrounded by other bytes.
struct Case {
  ProgramOp op;
  ProgramEpilogue epilogue = ProgramEpilogue::linear;
  bool residual = false;
  uint32_t h = 5, w = 5, cin = 16, cout = 16;
  uint16_t kh = 1, kw = 1, sh = 1, sw = 1, dh = 1, dw = 1;
  uint16_t pad_top = 0, pad_left = 0;
  uint32_t in_halo = 0, out_halo = 0;
  /// Other channels of the buffer before and behind the view's own.
  uint32_t before = 0, behind = 0;
  /// One pixel as the second operand.
  bool one = false;
  /// Weights and inputs at their extremes.
  bool extreme = false;
};

/// A program of one step, and the bytes that its inputs are given.
struct Made {
  std::vector<uint8_t> file;
  std::vector<std::vector<uint8_t>> inputs;
};

inline uint32_t out_size(uint32_t in, uint32_t pad, uint32_t halo, uint32_t kernel, uint32_t stride, uint32_t dilation) {
  const int span = static_cast<int>(in + pad + halo) - static_cast<int>((kernel - 1) * dilation + 1);
  return span < 0 ? 0 : static_cast<uint32_t>(span) / stride + 1;
}

class CaseMaker {
 public:
  CaseMaker(const Case& c, Random& random) : case_(c), random_(random) {}

  Made make() {
    const Case& c = case_;
    const bool windowed = c.op == ProgramOp::conv || c.op == ProgramOp::depthwise || c.op == ProgramOp::max_pool || c.op == ProgramOp::average_pool;
    const bool resize = c.op == ProgramOp::resize_nearest || c.op == ProgramOp::resize_bilinear;
    uint32_t oh = c.h, ow = c.w;
    if (windowed) {
      const uint32_t halo = c.op == ProgramOp::max_pool ? c.pad_top : c.in_halo;
      oh = out_size(c.h, c.pad_top, halo, c.kh, c.sh, c.dh);
      ow = out_size(c.w, c.pad_left, halo, c.kw, c.sw, c.dw);
    } else if (resize) {
      oh = c.h * c.kh;
      ow = c.w * c.kw;
    }
    const bool floats = c.op == ProgramOp::dequantise || c.epilogue == ProgramEpilogue::float32 || c.epilogue == ProgramEpilogue::float_sigmoid;
    ProgramStep step = ProgramFileMaker::step(c.op, 0, 0);
    step.epilogue = static_cast<uint16_t>(c.epilogue);
    step.in = filled(c.h, c.w, c.cin, c.in_halo, ProgramElement::uint8);
    if (c.residual || c.op == ProgramOp::add || c.op == ProgramOp::multiply) {
      step.in2 = filled(c.one ? 1 : oh, c.one ? 1 : ow, c.cout, c.residual ? c.out_halo : 0, ProgramElement::uint8);
    }
    step.out = filled(oh, ow, c.cout, floats ? 0 : c.out_halo, floats ? ProgramElement::float32 : ProgramElement::uint8);
    if (c.residual) step.flags |= ocellus::program_residual;
    if (windowed || resize) {
      step.kh = c.kh;
      step.kw = c.kw;
    }
    if (windowed) {
      step.sh = c.sh;
      step.sw = c.sw;
      step.dh = c.dh;
      step.dw = c.dw;
      step.pad_top = c.pad_top;
      step.pad_left = c.pad_left;
    }
    constants(step);
    maker_.add(step, "case");
    // All of the arena is compared, so that what is written beside a view is seen as well.
    maker_.tensor("arena", ProgramDirection::output, ProgramElement::uint8, {1, static_cast<uint32_t>(maker_.arena_bytes() - 128)}, 64);
    return {maker_.file(), inputs_};
  }

 private:
  /// A view of a buffer all of whose channels an input step fills with noise.
  uint32_t filled(uint32_t h, uint32_t w, uint32_t channels, uint32_t halo, ProgramElement element) {
    const bool floats = element == ProgramElement::float32;
    const uint32_t size = floats ? 4 : 1;
    const uint32_t all = (channels + case_.before + case_.behind) * size;
    const Place place = maker_.place(h, w, all, halo, floats ? 0 : static_cast<uint32_t>(random_.between(0, 3)));
    const uint64_t zeros = maker_.constant(noise(random_, all));
    const uint32_t whole = maker_.view(place, 0, all, ProgramElement::uint8, zeros);
    std::vector<uint8_t> bytes = noise(random_, static_cast<size_t>(h) * w * all);
    if (case_.extreme) {
      for (uint8_t& byte : bytes) byte = random_.between(0, 7) == 0 ? 0 : 255;
    }
    inputs_.push_back(bytes);
    const uint32_t tensor = maker_.tensor("noise", ProgramDirection::input, ProgramElement::uint8, {1, h, w, all});
    maker_.add(ProgramFileMaker::step(ProgramOp::input, tensor, whole), "fill");
    const uint64_t own = halo > 0 ? maker_.constant(noise(random_, channels)) : 0;
    return maker_.view(place, case_.before * size, channels, element, own);
  }

  void constants(ProgramStep& step) {
    const Case& c = case_;
    const size_t n = c.cout;
    double spread = 74;  // of an 8-bit noise
    if (c.op == ProgramOp::conv || c.op == ProgramOp::depthwise) {
      const size_t each = static_cast<size_t>(c.kh) * c.kw * (c.op == ProgramOp::conv ? c.cin : 1);
      std::vector<int8_t> weights(n * each);
      std::vector<int32_t> bias(n);
      const bool same_sign = c.extreme && random_.between(0, 1) == 0;
      for (int8_t& weight : weights) {
        const int64_t value = c.extreme ? (same_sign || random_.between(0, 1) == 0 ? 127 : -127) : random_.between(-127, 127);
        weight = static_cast<int8_t>(value);
      }
      spread = 74.0 * 74.0 * std::sqrt(static_cast<double>(each));
      for (int32_t& value : bias) value = static_cast<int32_t>(static_cast<double>(random_.between(-1000, 1000)) * spread / 500);
      step.weights = maker_.constant(weights);
      step.bias = maker_.constant(bias);
    } else if (c.op == ProgramOp::average_pool) {
      std::vector<int32_t> bias(n);
      for (int32_t& value : bias) value = static_cast<int32_t>(random_.between(-255 * c.kh * c.kw, 255));
      spread *= c.kh * c.kw;
      step.bias = maker_.constant(bias);
    } else if (c.op == ProgramOp::multiply) {
      spread *= 74;
    }
    const bool has_m = c.op == ProgramOp::conv || c.op == ProgramOp::depthwise || c.op == ProgramOp::average_pool || c.op == ProgramOp::add ||
                       c.op == ProgramOp::multiply || c.op == ProgramOp::requantise || c.op == ProgramOp::dequantise;
    // What the epilogue's argument is to be like: levels of the output, or real units.
    const int16_t e = static_cast<int16_t>(random_.between(4, 11));
    double target = 90;
    if (c.epilogue == ProgramEpilogue::silu) target = 3.0 * (1 << e);
    if (floating(c.epilogue)) target = 4;
    if (has_m) step.m = maker_.constant(multipliers(target / spread));
    if (c.epilogue == ProgramEpilogue::leaky) step.m2 = maker_.constant(multipliers(target / spread / 10));
    const auto byte_constant = [&] { return maker_.constant(noise(random_, n)); };
    const bool subtracts = c.op == ProgramOp::add || c.op == ProgramOp::multiply || c.op == ProgramOp::requantise || c.op == ProgramOp::dequantise;
    if (subtracts) step.za = byte_constant();
    if (c.op == ProgramOp::add || c.op == ProgramOp::multiply || c.residual) step.zb = byte_constant();
    if (c.op == ProgramOp::add || (c.residual && c.epilogue == ProgramEpilogue::linear)) step.rm = maker_.constant(multipliers(0.8));
    if (c.epilogue == ProgramEpilogue::silu) {
      step.e = e;
      if (c.residual) step.rs = static_cast<uint16_t>(random_.between(0, 4));
      step.k = maker_.constant(fractions(0, 32767));
      if (c.residual) step.rm = maker_.constant(fractions(-32768, 32767));
    }
    if (c.epilogue == ProgramEpilogue::hardswish || c.epilogue == ProgramEpilogue::sigmoid) step.k = maker_.constant(multipliers(20));
    if (has_m && c.op != ProgramOp::dequantise && c.epilogue != ProgramEpilogue::float32 && c.epilogue != ProgramEpilogue::float_sigmoid) {
      step.z = byte_constant();
      if (c.epilogue == ProgramEpilogue::linear || c.epilogue == ProgramEpilogue::leaky) {
        std::vector<uint8_t> lo(n, 0), hi(n, 255);
        for (size_t i = 0; i < n; i++) {
          if (random_.between(0, 1) == 0) lo[i] = static_cast<uint8_t>(random_.between(0, 130));
          if (random_.between(0, 1) == 0) hi[i] = static_cast<uint8_t>(random_.between(120, 255));
        }
        step.lo = maker_.constant(lo);
        step.hi = maker_.constant(hi);
      }
    }
    if (c.op == ProgramOp::table) step.table = maker_.constant(noise(random_, 256 * n));
  }

  static bool floating(ProgramEpilogue epilogue) {
    return epilogue == ProgramEpilogue::float32 || epilogue == ProgramEpilogue::float_sigmoid || epilogue == ProgramEpilogue::hardswish ||
           epilogue == ProgramEpilogue::sigmoid;
  }

  std::vector<float> multipliers(double size) {
    std::vector<float> values(case_.cout);
    for (float& value : values) {
      value = static_cast<float>(size * static_cast<double>(random_.between(100, 2000)) / 1000);
      if (random_.between(0, 31) == 0) value *= case_.op == ProgramOp::conv ? 30.0f : 3.0f;
      if (random_.between(0, 15) == 0) value = -value;
    }
    return values;
  }

  std::vector<int16_t> fractions(int64_t low, int64_t high) {
    std::vector<int16_t> values(case_.cout);
    for (int16_t& value : values) value = static_cast<int16_t>(random_.between(0, 7) == 0 ? (random_.between(0, 1) == 0 ? low : high) : random_.between(low, high) / 8);
    return values;
  }

  Case case_;
  Random& random_;
  ProgramFileMaker maker_;
  std::vector<std::vector<uint8_t>> inputs_;
};

}  // namespace check
