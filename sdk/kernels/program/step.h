// A step as the kernels take it: all that the file says is checked (check.cpp), offsets are pointers.
#pragma once

#include <cstddef>
#include <cstdint>

#include "native/memory.h"
#include "program/format.h"

namespace ocellus {

/// A channel range of a picture in the arena. `data` is pixel (0, 0), first channel.
struct View {
  uint8_t* data = nullptr;
  int32_t h = 0, w = 0, channels = 0;
  ptrdiff_t pixel = 0, row = 0;
  int32_t halo = 0;
  bool floats = false;
  const uint8_t* zero_points = nullptr;

  uint8_t* at(ptrdiff_t y, ptrdiff_t x) const { return data + y * row + x * pixel; }
};

struct Step {
  ProgramOp op;
  ProgramEpilogue epilogue;
  bool residual, nchw, space_to_depth;
  /// `in2` is what is added (residual), or the second operand.
  View in, in2, out;
  int32_t kh, kw, sh, sw, pad_top, pad_left, dh, dw;
  int32_t e, rs;
  uint8_t order[8];
  const char* name;
  /// Constants of the file; null where the operation has none.
  const int8_t* weights;
  const int32_t* bias;
  const float* m;
  const float* m2;
  const int16_t* k;
  const float* k32;
  const uint8_t* z;
  const uint8_t* lo;
  const uint8_t* hi;
  const uint8_t* za;
  const uint8_t* zb;
  const float* rm;
  const int16_t* kr;
  const uint8_t* table;
  uint64_t macs;
  /// What the kernel packed when the program was loaded, at a multiple of 64; null where it packs nothing.
  const uint8_t* packed;
  /// Of an input step: which tensor, and the caller's memory in this run.
  uint32_t tensor;
  const uint8_t* source;
};

enum class Packing {
  done,
  /// It turned out that another kernel is faster.
  declined,
  no_memory
};

/// Packs by `write`, in as many bytes as `size_of` says.
template <size_t (*size_of)(const Step&), void (*write)(const Step&, uint8_t* zeros)>
Packing pack_by(Step& step, Pieces& memory) {
  uint8_t* packed = memory.add(size_of(step));
  if (packed == nullptr) return Packing::no_memory;
  write(step, packed);
  step.packed = packed;
  return Packing::done;
}

/// One operation for one instruction set. A step is divided into units that write different bytes, so that threads can share
/// it; a kernel says how many there are.
struct ProgramOperation {
  /// Writes what the kernel wants of the constants, once, to memory of its own, and sets `packed`. Null where it packs nothing.
  Packing (*pack)(Step&, Pieces& memory);
  size_t (*units)(const Step&);
  /// Units [from, to). It writes the bytes of the view `out` and no others; it may read up to 63 bytes beyond a view.
  void (*run)(const Step&, size_t from, size_t to);
  /// Can it run this step, as far as its shape says? Null where it runs all of them.
  bool (*takes)(const Step&);
  /// In place of `run`, where it needs memory to work in: each thread has its own, `scratch_bytes` at a multiple of 64.
  size_t (*scratch_bytes)(const Step&) = nullptr;
  void (*run_with)(const Step&, size_t from, size_t to, uint8_t* scratch) = nullptr;

  bool runs() const { return run != nullptr || run_with != nullptr; }
};

/// What one instruction set brings, by ProgramOp. Where there is none, or `takes` says no, the scalar one serves.
struct ProgramKernels {
  ProgramOperation operations[program_op_count];
  /// Faster ones for some of the steps: the first whose `takes` does not refuse and whose `pack` does not decline a step runs it.
  static constexpr size_t most_faster = 2;
  ProgramOperation faster[most_faster][program_op_count];
};

}  // namespace ocellus
