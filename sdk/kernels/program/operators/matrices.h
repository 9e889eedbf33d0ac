// Softmax over groups of channels, and the product of two matrices whose rows are pixels.
#pragma once

#include "boxes/exp.h"
#include "program/operators/pixels.h"

namespace ocellus {
namespace {

/// What is further below the largest is as if it were there: its share would be no normal number, with which processors are slow.
constexpr float softmax_least = -60.0f;

/// rs of the step says how many channels are the parts of one.
struct Softmax {
  static bool check(StepCheck& check) {
    const ProgramStep& said = check.said();
    Step& step = check.step();
    if (!on_floats(check) || !check.same_size(step.in, "in", step.out, "out")) return false;
    if (said.rs < 1 || said.e != 0 || step.out.channels % said.rs != 0) {
      return check.fail("rs, e: expected a group of which %d channels are a multiple, and 0, got %u and %d", step.out.channels, said.rs, said.e);
    }
    return check.rest(false);
  }

  static void run(const Step& step, size_t from, size_t to) {
    const int32_t group = step.rs;
    each_of(step, from, to, [&](ptrdiff_t y, ptrdiff_t x) {
      const float* in = floats_at(step.in, y, x);
      float* __restrict out = room_at(step.out, y, x);
      for (int32_t first = 0; first < step.out.channels; first += group, in += group, out += group) {
        float most = in[0];
        for (int32_t i = 1; i < group; i++) most = in[i] > most ? in[i] : most;
        for (int32_t i = 0; i < group; i++) {
          const float below = in[i] - most;
          out[i] = ocellus::exp_of(below < softmax_least ? softmax_least : below);
        }
        float sum = 0.0f;
        for (int32_t i = 0; i < group; i++) sum += out[i];
        for (int32_t i = 0; i < group; i++) out[i] = out[i] / sum;
      }
    });
  }
};

/// out[pixel][n] = sum of in[pixel][k] * in2[pixel k][n], added from k = 0 on.
struct Matmul {
  static bool check(StepCheck& check) {
    const Step& step = check.step();
    if (!on_floats(check) || !check.in2(ProgramElement::float32)) return false;
    const int64_t rows = static_cast<int64_t>(step.in2.h) * step.in2.w;
    if (step.in.h != step.out.h || step.in.w != step.out.w || rows != step.in.channels || step.in2.channels != step.out.channels) {
      return check.fail("expected matrices that fit, got %d x %d x %d and %lld rows of %d for %d x %d x %d", step.in.h, step.in.w,
                        step.in.channels, static_cast<long long>(rows), step.in2.channels, step.out.h, step.out.w, step.out.channels);
    }
    return check.rest(false);
  }

  static void run(const Step& step, size_t from, size_t to) {
    each_of(step, from, to, [&](ptrdiff_t y, ptrdiff_t x) {
      const float* in = floats_at(step.in, y, x);
      float* out = room_at(step.out, y, x);
      int32_t n = 0;
      for (; n + block <= step.out.channels; n += block) sums(step, in, n, out, Some<block>{});
      for (; n + few <= step.out.channels; n += few) sums(step, in, n, out, Some<few>{});
      if (n < step.out.channels) sums(step, in, n, out, Part{step.out.channels - n});
    });
  }

 private:
  static constexpr int32_t block = 32;
  static constexpr int32_t few = 4;
  template <int32_t count>
  struct Some {
    static constexpr int32_t size() { return count; }
  };
  struct Part {
    int32_t count;
    int32_t size() const { return count; }
  };

  /// Outputs [n, n + size) of a row.
  template <class Size>
  static void sums(const Step& step, const float* in, int32_t n, float* out, Size size) {
    float sum[block] = {};
    for (ptrdiff_t y = 0; y < step.in2.h; y++) {
      for (ptrdiff_t x = 0; x < step.in2.w; x++) {
        const float* row = floats_at(step.in2, y, x) + n;
        const float factor = *in++;
        for (int32_t i = 0; i < size.size(); i++) sum[i] += factor * row[i];
      }
    }
    for (int32_t i = 0; i < size.size(); i++) out[n + i] = sum[i];
  }
};

}  // namespace
}  // namespace ocellus
