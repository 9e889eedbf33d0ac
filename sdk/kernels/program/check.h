// Everything a file can have wrong is found before it runs: what is resolved here, the kernels trust.
#pragma once

#include <cstddef>
#include <cstdint>

#include "program/step.h"

namespace ocellus {

/// A text that says what was expected, what came, and where.
struct ProgramError {
  char text[320] = "";
  /// Sets the text. Always false.
  bool set(const char* format, ...) __attribute__((format(printf, 2, 3)));
};

/// The file in memory, at a multiple of 64, after `check_file` has looked at its header, lists and names.
struct ProgramFile {
  const uint8_t* bytes = nullptr;
  size_t size = 0;

  const ProgramHeader& header() const { return *reinterpret_cast<const ProgramHeader*>(bytes); }
  const ProgramStep& step(size_t i) const { return reinterpret_cast<const ProgramStep*>(bytes + header().steps_offset)[i]; }
  const ProgramView& view(size_t i) const { return reinterpret_cast<const ProgramView*>(bytes + header().views_offset)[i]; }
  const ProgramTensor& tensor(size_t i) const {
    return reinterpret_cast<const ProgramTensor*>(bytes + header().tensors_offset)[i];
  }
  const char* name(uint32_t offset) const { return reinterpret_cast<const char*>(bytes + header().names_offset) + offset; }
};

/// Header, checksum, lists, names, tensors and views.
bool check_file(const ProgramFile& file, ProgramError& error);
/// Step `index`, with its pointers. @param arena `arena_bytes` at a multiple of 64.
bool check_step(const ProgramFile& file, size_t index, uint8_t* arena, Step& step, ProgramError& error);

/// Do two views share no byte? Where `in_place`, they may be the very same.
bool apart(const View& in, const View& out, bool in_place);

/// Values of a tensor.
size_t tensor_values(const ProgramTensor& tensor);
size_t tensor_bytes(const ProgramTensor& tensor);

/// What an operator's `check` has in its hands: the step of the file, the resolved step, and questions that give false after
/// they have set the error.
class StepCheck {
 public:
  StepCheck(const ProgramFile& file, size_t index, uint8_t* arena, Step& step, ProgramError& error)
      : file_(file), index_(index), arena_(arena), step_(step), error_(error) {}

  const ProgramStep& said() const { return file_.step(index_); }
  const ProgramFile& file() const { return file_; }
  Step& step() { return step_; }
  /// Always false. @param format What is wrong; step and name are put before it.
  bool fail(const char* format, ...) __attribute__((format(printf, 2, 3)));

  bool in(ProgramElement element = ProgramElement::uint8);
  bool in2(ProgramElement element = ProgramElement::uint8);
  bool out(ProgramElement element);
  /// Floats, with more channels than steps can have that begin with bytes.
  bool out_floats();
  /// Only these flags may be set.
  bool flags(uint16_t allowed);
  /// Kernel, stride, padding and dilation, and that every output pixel's window lies in the input and its halo. Where
  /// `clipped`, the window is cut at the input's edge instead, and something must be left of it.
  bool window(bool clipped);
  /// Kernel, stride, padding and dilation alone: windows may lie anywhere.
  bool window_sizes();
  bool no_window();
  bool same_size(const View& a, const char* a_name, const View& b, const char* b_name);

  /// A constant of `count` values.
  bool constant(const char* what, uint64_t offset, size_t count, size_t value_bytes, const void*& data);
  template <typename T>
  bool constant(const char* what, uint64_t offset, size_t count, const T*& data) {
    const void* raw = nullptr;
    if (!constant(what, offset, count, sizeof(T), raw)) return false;
    data = static_cast<const T*>(raw);
    return true;
  }
  /// Multipliers: finite, and |value| * most(o) below 2^31, so that rounding to 32 bits is defined.
  bool multipliers(const char* what, uint64_t offset, const double* most, const float*& data);
  /// rm: that most(o) * m + 255 * rm stays below 2^31. After `multipliers` of m.
  bool addends(const double* most);
  /// The epilogue of a step with accumulators, and what it needs. @param most The largest |accumulator| of each output channel.
  bool epilogue(const double* most);
  /// That only LINEAR is asked for; z, lo and hi with it.
  bool linear();
  /// That the step has no epilogue.
  bool no_epilogue();
  /// That the step uses no constant that was not asked for, and that in and out share no byte.
  bool rest(bool in_place);

 private:
  bool view(const char* which, uint32_t index, ProgramElement element, View& view);
  bool limits();

  const ProgramFile& file_;
  size_t index_;
  uint8_t* arena_;
  Step& step_;
  ProgramError& error_;
  uint32_t used_ = 0;
};

}  // namespace ocellus
