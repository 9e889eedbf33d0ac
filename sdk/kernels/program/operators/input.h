// The caller's picture: copied into its view, or each 2 x 2 pixels to one of four times as many channels.
#pragma once

#include "program/check.h"
#include "program/operators/rows.h"

namespace ocellus {
namespace {

struct Input {
  static bool check(StepCheck& check) {
    const ProgramStep& said = check.said();
    Step& step = check.step();
    if (!check.flags(program_nchw | program_space_to_depth) || !check.out(ProgramElement::uint8) || !check.no_window()) return false;
    if (said.in >= check.file().header().tensor_count) {
      return check.fail("in: expected a tensor below %u, got %u", check.file().header().tensor_count, said.in);
    }
    const ProgramTensor& tensor = check.file().tensor(said.in);
    if (tensor.direction != static_cast<uint16_t>(ProgramDirection::input)) return check.fail("in: expected an input, got an output");
    step.tensor = said.in;
    const uint32_t times = step.space_to_depth ? 2 : 1;
    if (step.out.channels % static_cast<int32_t>(times * times) != 0) {
      return check.fail("expected a multiple of 4 output channels, got %d", step.out.channels);
    }
    const uint32_t h = times * static_cast<uint32_t>(step.out.h);
    const uint32_t w = times * static_cast<uint32_t>(step.out.w);
    const uint32_t c = static_cast<uint32_t>(step.out.channels) / (times * times);
    const uint32_t expected[4] = {1, step.nchw ? c : h, step.nchw ? h : w, step.nchw ? w : c};
    bool right = tensor.rank == 4;
    for (size_t i = 0; i < 4 && right; i++) right = tensor.dims[i] == expected[i];
    if (!right) {
      return check.fail("expected an input tensor of %u x %u x %u x %u, got rank %u, %u x %u x %u x %u", expected[0], expected[1],
                        expected[2], expected[3], tensor.rank, tensor.dims[0], tensor.dims[1], tensor.dims[2], tensor.dims[3]);
    }
    for (const uint8_t at : step.order) {
      if (at > 1 || (at != 0 && !step.space_to_depth)) return check.fail("order: expected 0 or 1 for each block, got %u", at);
    }
    return check.no_epilogue() && check.rest(false);
  }

  static void run(const Step& step, size_t from, size_t to) {
    const ptrdiff_t times = step.space_to_depth ? 2 : 1;
    const ptrdiff_t blocks = times * times;
    const ptrdiff_t channels = step.out.channels / blocks;
    const ptrdiff_t w = step.out.w * times;
    const ptrdiff_t plane = w * step.out.h * times;
    each_pixel(step, from, to, [&](uint8_t* out, ptrdiff_t y, ptrdiff_t x) {
      for (ptrdiff_t b = 0; b < blocks; b++) {
        const ptrdiff_t pixel = (y * times + step.order[2 * b]) * w + x * times + step.order[2 * b + 1];
        for (ptrdiff_t c = 0; c < channels; c++) {
          *out++ = step.nchw ? step.source[c * plane + pixel] : step.source[pixel * channels + c];
        }
      }
    });
  }
};

}  // namespace
}  // namespace ocellus
