// Programs of one step on floats, whose operands are constants of the file, between other bytes.
#pragma once

#include "program_case.h"

namespace check {

constexpr ProgramOp float_ops[] = {ProgramOp::quantise,       ProgramOp::constant,     ProgramOp::add_float,      ProgramOp::subtract_float,
                                   ProgramOp::multiply_float, ProgramOp::divide_float, ProgramOp::function_float, ProgramOp::softmax,
                                   ProgramOp::matmul,         ProgramOp::rearrange,    ProgramOp::conv_float,     ProgramOp::depthwise_float,
                                   ProgramOp::max_float,      ProgramOp::min_float,    ProgramOp::argmax};
constexpr int64_t float_op_count = 15;

class FloatCaseMaker {
 public:
  explicit FloatCaseMaker(Random& random) : random_(random) {}

  /// @param channels Of the output.
  Made make(ProgramOp op, uint32_t channels) {
    const auto h = static_cast<uint32_t>(random_.between(1, 4));
    const auto w = static_cast<uint32_t>(random_.between(1, 7));
    ProgramStep step = ProgramFileMaker::step(op, 0, 0);
    const auto some = [&](uint32_t side) { return random_.between(0, 2) == 0 ? 1 : side; };
    switch (op) {
      case ProgramOp::constant:
        step.m = maker_.constant(values(h * w * channels, 3));
        break;
      case ProgramOp::quantise:
        step.in = floats(h, w, channels);
        step.m = maker_.constant(values(channels, random_.between(0, 5) == 0 ? 1e9 : 40));
        step.z = maker_.constant(noise(random_, channels));
        break;
      case ProgramOp::function_float: {
        step.in = floats(h, w, channels);
        step.e = static_cast<int16_t>(random_.between(0, ocellus::program_function_count - 1));
        const auto function = static_cast<ocellus::ProgramFunction>(step.e);
        if (function == ocellus::ProgramFunction::clip) step.m = maker_.constant(std::vector<float>{-1.5f, 2.5f});
        if (function == ocellus::ProgramFunction::leaky) step.m = maker_.constant(values(channels, 1));
        break;
      }
      case ProgramOp::softmax: {
        step.in = floats(h, w, channels);
        step.rs = static_cast<uint16_t>(channels);
        for (uint16_t group = 1; group < channels; group++) {
          if (channels % group == 0 && random_.between(0, 3) == 0) step.rs = group;
        }
        break;
      }
      case ProgramOp::argmax:
        step.in = floats(h, w, channels);
        channels = 1;
        break;
      case ProgramOp::matmul: {
        const auto rows = static_cast<uint32_t>(random_.between(1, 4));
        const auto columns = static_cast<uint32_t>(random_.between(1, 9));
        step.in = floats(h, w, rows * columns);
        step.in2 = floats(rows, columns, channels);
        break;
      }
      case ProgramOp::rearrange: {
        // A picture whose axes change places, of which every second pixel is taken.
        step.in = floats(2 * w, channels, h);
        std::vector<int32_t> walk = {2, static_cast<int32_t>(h), 1, 0, static_cast<int32_t>(w), 2, 1, static_cast<int32_t>(channels), 1};
        while (walk.size() < 3 * ocellus::program_walk) walk.insert(walk.end(), {static_cast<int32_t>(random_.between(0, 2)), 1, 0});
        step.bias = maker_.constant(walk);
        break;
      }
      case ProgramOp::conv_float:
      case ProgramOp::depthwise_float: {
        const auto between = [&](int64_t low, int64_t high) { return static_cast<uint16_t>(random_.between(low, high)); };
        step.kh = between(1, 4);
        step.kw = between(1, 4);
        step.sh = between(1, 2);
        step.sw = between(1, 3);
        step.dh = between(1, 2);
        step.dw = between(1, 3);
        // Some windows lie beside the picture.
        step.pad_top = between(0, 5);
        step.pad_left = between(0, 5);
        const bool each = op == ProgramOp::depthwise_float;
        const uint32_t inputs = each ? channels : static_cast<uint32_t>(random_.between(1, 9));
        step.in = floats(static_cast<uint32_t>(random_.between(1, 6)), static_cast<uint32_t>(random_.between(1, 9)), inputs);
        step.in2 = each ? floats(step.kh, step.kw, channels) : floats(step.kh * step.kw, inputs, channels);
        break;
      }
      default:
        step.in = floats(some(h), some(w), some(channels));
        step.in2 = floats(some(h), some(w), some(channels));
    }
    step.out = op == ProgramOp::quantise ? bytes(h, w, channels) : floats(h, w, channels);
    maker_.add(step, "case");
    maker_.tensor("arena", ProgramDirection::output, ProgramElement::uint8, {1, static_cast<uint32_t>(maker_.arena_bytes() - 128)}, 64);
    return {maker_.file(), {}};
  }

 private:
  std::vector<float> values(size_t count, double size) {
    std::vector<float> result(count);
    for (float& value : result) {
      value = static_cast<float>(size * static_cast<double>(random_.between(-1000, 1000)) / 1000);
      if (random_.between(0, 15) == 0) value *= 40.0f;
    }
    return result;
  }

  /// A view of some channels of a buffer of floats, all of which are filled.
  uint32_t floats(uint32_t h, uint32_t w, uint32_t channels) {
    const auto before = static_cast<uint32_t>(random_.between(0, 3));
    const uint32_t all = before + channels + static_cast<uint32_t>(random_.between(0, 3));
    const Place place = maker_.place(h, w, 4 * all, 0);
    ProgramStep fill = ProgramFileMaker::step(ProgramOp::constant, 0, maker_.view(place, 0, all, ProgramElement::float32, 0));
    fill.m = maker_.constant(values(static_cast<size_t>(h) * w * all, 3));
    maker_.add(fill, "fill");
    return maker_.view(place, 4 * before, channels, ProgramElement::float32, 0);
  }

  uint32_t bytes(uint32_t h, uint32_t w, uint32_t channels) {
    const auto halo = static_cast<uint32_t>(random_.between(0, 2));
    const Place place = maker_.place(h, w, channels, halo);
    return maker_.view(place, 0, channels, ProgramElement::uint8, maker_.constant(noise(random_, channels)));
  }

  Random& random_;
  ProgramFileMaker maker_;
};

}  // namespace check
