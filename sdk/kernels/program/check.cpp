#include "program/check.h"

#include <cmath>
#include <cstdarg>
#include <cstdio>
#include <cstring>

#include "program/crc32.h"
#include "program/operators/list.h"

namespace ocellus {
namespace {

using Word = unsigned long long;

/// Where |value| * multiplier stays below 2^31, with room for the roundings of both.
constexpr double most_product = 2147481600.0;

bool is_zero(const void* data, size_t size) {
  const auto* bytes = static_cast<const uint8_t*>(data);
  for (size_t i = 0; i < size; i++) {
    if (bytes[i] != 0) return false;
  }
  return true;
}

/// That `count` items of `size` bytes lie in the file, after the header, at a multiple of `align`.
bool lies_in(const ProgramFile& file, uint64_t offset, uint64_t count, uint64_t size, uint64_t align) {
  // Neither product nor sum can wrap: counts are below 2^32 and sizes below 2^16.
  return offset >= sizeof(ProgramHeader) && offset % align == 0 && offset <= file.size && count * size <= file.size - offset;
}

bool check_header(const ProgramFile& file, ProgramError& error) {
  if (file.size < sizeof(ProgramHeader)) {
    return error.set("expected a compiled program of at least %zu bytes, got %zu bytes: it was cut off", sizeof(ProgramHeader),
                     file.size);
  }
  const ProgramHeader& header = file.header();
  if (std::memcmp(header.magic, program_magic, sizeof header.magic) != 0) {
    return error.set("expected a compiled program (its first bytes are OCELLUSP), got another kind of file");
  }
  if (header.version != program_version) {
    return error.set("expected a program of version %u, got %u: compile the network again", program_version, header.version);
  }
  if (header.header_bytes != sizeof(ProgramHeader) || header.reserved0 != 0 || header.reserved1 != 0) {
    return error.set("expected a header of %zu bytes with reserved fields of 0, got %u bytes", sizeof(ProgramHeader),
                     header.header_bytes);
  }
  if (header.file_bytes != file.size) {
    return error.set("expected %llu bytes as its header says, got %zu: it was cut off, or something was added",
                     static_cast<Word>(header.file_bytes), file.size);
  }
  const uint32_t sum = crc32_of(file.bytes + sizeof(ProgramHeader), file.size - sizeof(ProgramHeader));
  if (sum != header.crc32) {
    return error.set("expected the checksum %08x as its header says, got %08x: the file is damaged", header.crc32, sum);
  }
  return true;
}

bool check_lists(const ProgramFile& file, ProgramError& error) {
  const ProgramHeader& header = file.header();
  struct List {
    const char* name;
    uint64_t offset, count, size, align;
  };
  const List lists[] = {{"steps", header.steps_offset, header.step_count, sizeof(ProgramStep), 8},
                        {"views", header.views_offset, header.view_count, sizeof(ProgramView), 8},
                        {"tensors", header.tensors_offset, header.tensor_count, sizeof(ProgramTensor), 8},
                        {"names", header.names_offset, header.names_bytes, 1, 1}};
  for (const List& list : lists) {
    if (list.count < 1 || (list.size > 1 && list.count > program_most_items)) {
      return error.set("%s: expected 1 to %u, got %llu", list.name, program_most_items, static_cast<Word>(list.count));
    }
    if (!lies_in(file, list.offset, list.count, list.size, list.align)) {
      return error.set("%s: expected %llu of %llu bytes within the file's %zu bytes, got an offset of %llu", list.name,
                       static_cast<Word>(list.count), static_cast<Word>(list.size), file.size, static_cast<Word>(list.offset));
    }
  }
  if (file.bytes[header.names_offset + header.names_bytes - 1] != 0) return error.set("names: expected a zero at their end");
  if (header.arena_bytes % 64 != 0 || header.arena_bytes < 2 * program_spare || header.arena_bytes > program_most_arena) {
    return error.set("arena: expected a multiple of 64 from %llu to %llu bytes, got %llu", static_cast<Word>(2 * program_spare),
                     static_cast<Word>(program_most_arena), static_cast<Word>(header.arena_bytes));
  }
  return true;
}

bool check_tensor(const ProgramFile& file, size_t index, ProgramError& error) {
  const ProgramHeader& header = file.header();
  const ProgramTensor& tensor = file.tensor(index);
  if (tensor.name >= header.names_bytes) return error.set("tensor %zu: its name lies outside the names", index);
  const char* name = file.name(tensor.name);
  if (tensor.direction > 1 || tensor.element > 1 || tensor.rank < 1 || tensor.rank > 6) {
    return error.set("tensor %zu (%.80s): expected a direction and an element of 0 or 1 and a rank from 1 to 6, got %u, %u, %u", index,
                     name, tensor.direction, tensor.element, tensor.rank);
  }
  if (tensor.zero != 0 || !is_zero(tensor.reserved, sizeof tensor.reserved)) {
    return error.set("tensor %zu (%.80s): expected reserved fields of 0", index, name);
  }
  uint64_t bytes = tensor.element == static_cast<uint16_t>(ProgramElement::float32) ? 4 : 1;
  for (size_t i = 0; i < 6; i++) {
    if (i >= tensor.rank ? tensor.dims[i] != 0 : tensor.dims[i] < 1 || tensor.dims[i] > program_most_arena) {
      return error.set("tensor %zu (%.80s): its dimension %zu is %u", index, name, i, tensor.dims[i]);
    }
    if (i < tensor.rank) bytes *= tensor.dims[i];
    if (bytes > program_most_arena) {
      return error.set("tensor %zu (%.80s): expected at most %llu bytes", index, name, static_cast<Word>(program_most_arena));
    }
  }
  if (tensor.direction == static_cast<uint16_t>(ProgramDirection::input)) {
    if (tensor.element != static_cast<uint16_t>(ProgramElement::uint8)) {
      return error.set("tensor %zu (%.80s): expected an input of bytes, got floats", index, name);
    }
    if (tensor.arena_offset == program_callers) return true;
    return error.set("tensor %zu (%.80s): expected an input in the caller's memory, got an offset", index, name);
  }
  const uint64_t at = tensor.arena_offset;
  if (at >= program_spare && at % 4 == 0 && at <= header.arena_bytes - program_spare && bytes <= header.arena_bytes - program_spare - at) {
    return true;
  }
  return error.set("tensor %zu (%.80s): expected %llu bytes within the arena's %llu at a multiple of 4, got an offset of %llu", index,
                   name, static_cast<Word>(bytes), static_cast<Word>(header.arena_bytes), static_cast<Word>(at));
}

bool check_view(const ProgramFile& file, size_t index, ProgramError& error) {
  const ProgramHeader& header = file.header();
  const ProgramView& view = file.view(index);
  const uint32_t most = view.element == 0 ? program_most_channels : program_most_float_channels;
  const uint32_t most_side = view.element == 0 ? program_most_side : program_most_float_side;
  if (view.h < 1 || view.h > most_side || view.w < 1 || view.w > most_side || view.channels < 1 || view.channels > most) {
    return error.set("view %zu: expected 1 to %u rows and columns and 1 to %u channels, got %u x %u x %u", index, most_side, most,
                     view.h, view.w, view.channels);
  }
  if (view.element > 1 || view.reserved != 0) {
    return error.set("view %zu: expected an element of 0 or 1 and reserved fields of 0, got %u", index, view.element);
  }
  const bool floats = view.element == static_cast<uint16_t>(ProgramElement::float32);
  const uint64_t halo = view.halo;
  if (halo > program_most_kernel || (halo > 0 && (floats || view.zero_points == 0))) {
    return error.set("view %zu: expected a halo of at most %u pixels of bytes with zero points, got %u", index, program_most_kernel,
                     view.halo);
  }
  const uint64_t pixel = view.pixel_bytes;
  const uint64_t row = view.row_bytes;
  const uint64_t own = static_cast<uint64_t>(view.channels) * (floats ? 4 : 1);
  if (pixel < own || row < (view.w + halo) * pixel || pixel > program_most_arena || row > program_most_arena) {
    return error.set("view %zu: expected pixels of at least %llu bytes and rows of at least %llu, got %u and %u", index,
                     static_cast<Word>(own), static_cast<Word>((view.w + halo) * pixel), view.pixel_bytes, view.row_bytes);
  }
  if (floats && (view.arena_offset % 4 != 0 || pixel % 4 != 0 || row % 4 != 0)) {
    return error.set("view %zu: expected offset and pitches of floats at multiples of 4", index);
  }
  // Below 2^30 * 2^21 each.
  const uint64_t before = halo * (row + pixel);
  const uint64_t behind = (view.h - 1 + halo) * row + (view.w - 1 + halo) * pixel + own;
  const uint64_t end = header.arena_bytes - program_spare;
  if (view.arena_offset > end || behind > end - view.arena_offset || view.arena_offset < program_spare + before) {
    return error.set("view %zu: expected it within the arena's %llu bytes without %llu at each end, got offset %llu, %llu bytes before, %llu behind",
                     index, static_cast<Word>(header.arena_bytes), static_cast<Word>(program_spare), static_cast<Word>(view.arena_offset),
                     static_cast<Word>(before), static_cast<Word>(behind));
  }
  if (view.zero_points != 0 && !lies_in(file, view.zero_points, view.channels, 1, 64)) {
    return error.set("view %zu: expected %u zero points within the file at a multiple of 64, got an offset of %llu", index, view.channels,
                     static_cast<Word>(view.zero_points));
  }
  return true;
}

}  // namespace

bool ProgramError::set(const char* format, ...) {
  va_list list;
  va_start(list, format);
  std::vsnprintf(text, sizeof text, format, list);
  va_end(list);
  return false;
}

size_t tensor_values(const ProgramTensor& tensor) {
  size_t values = 1;
  for (size_t i = 0; i < tensor.rank; i++) values *= tensor.dims[i];
  return values;
}

size_t tensor_bytes(const ProgramTensor& tensor) {
  return tensor_values(tensor) * (tensor.element == static_cast<uint16_t>(ProgramElement::float32) ? 4 : 1);
}

bool check_file(const ProgramFile& file, ProgramError& error) {
  if (!check_header(file, error) || !check_lists(file, error)) return false;
  for (size_t i = 0; i < file.header().tensor_count; i++) {
    if (!check_tensor(file, i, error)) return false;
  }
  for (size_t i = 0; i < file.header().view_count; i++) {
    if (!check_view(file, i, error)) return false;
  }
  return true;
}

bool check_step(const ProgramFile& file, size_t index, uint8_t* arena, Step& step, ProgramError& error) {
  const ProgramStep& said = file.step(index);
  StepCheck check(file, index, arena, step, error);
  step = Step{};
  if (said.name >= file.header().names_bytes) return error.set("step %zu: its name lies outside the names", index);
  step.name = file.name(said.name);
  if (said.reserved0 != 0 || said.reserved1 != 0 || !is_zero(said.reserved2, sizeof said.reserved2)) {
    return check.fail("expected reserved fields of 0");
  }
  step.op = static_cast<ProgramOp>(said.op);
  if (said.epilogue >= program_epilogue_count) return check.fail("epilogue: expected 0 to %zu, got %u", program_epilogue_count - 1, said.epilogue);
  step.epilogue = static_cast<ProgramEpilogue>(said.epilogue);
  step.residual = (said.flags & program_residual) != 0;
  step.nchw = (said.flags & program_nchw) != 0;
  step.space_to_depth = (said.flags & program_space_to_depth) != 0;
  step.e = said.e;
  step.rs = said.rs;
  std::memcpy(step.order, said.order, sizeof step.order);
  step.macs = said.macs;
  step.tensor = program_none;
  switch (step.op) {
#define OPERATOR(op, Operator) \
  case ProgramOp::op:          \
    return Operator::check(check);
    OCELLUS_OPERATORS
#undef OPERATOR
  }
  return check.fail("expected an operation from 1 to %zu, got %u", program_op_count - 1, said.op);
}

bool StepCheck::fail(const char* format, ...) {
  char text[sizeof error_.text];
  va_list list;
  va_start(list, format);
  std::vsnprintf(text, sizeof text, format, list);
  va_end(list);
  return error_.set("step %zu (%.80s): %s", index_, step_.name, text);
}

bool StepCheck::view(const char* which, uint32_t index, ProgramElement element, View& view) {
  if (index >= file_.header().view_count) return fail("%s: expected a view below %u, got %u", which, file_.header().view_count, index);
  const ProgramView& given = file_.view(index);
  if (given.element != static_cast<uint16_t>(element)) {
    return fail("%s: expected a view of %s, got one of %s", which, element == ProgramElement::uint8 ? "bytes" : "floats",
                element == ProgramElement::uint8 ? "floats" : "bytes");
  }
  view.data = arena_ + given.arena_offset;
  view.h = static_cast<int32_t>(given.h);
  view.w = static_cast<int32_t>(given.w);
  view.channels = static_cast<int32_t>(given.channels);
  view.pixel = static_cast<ptrdiff_t>(given.pixel_bytes);
  view.row = static_cast<ptrdiff_t>(given.row_bytes);
  view.halo = given.halo;
  view.floats = element == ProgramElement::float32;
  view.zero_points = given.zero_points != 0 ? file_.bytes + given.zero_points : nullptr;
  return true;
}

bool StepCheck::in(ProgramElement element) { return view("in", said().in, element, step_.in); }
bool StepCheck::in2(ProgramElement element) { return view("in2", said().in2, element, step_.in2); }
bool StepCheck::out(ProgramElement element) {
  if (!view("out", said().out, element, step_.out)) return false;
  if (step_.out.channels <= static_cast<int32_t>(program_most_channels)) return true;
  return fail("expected at most %u output channels, got %d", program_most_channels, step_.out.channels);
}
bool StepCheck::out_floats() { return view("out", said().out, ProgramElement::float32, step_.out); }

bool StepCheck::flags(uint16_t allowed) {
  if ((said().flags & ~allowed) == 0) return true;
  return fail("flags: expected none but %u, got %u", allowed, said().flags);
}

bool StepCheck::window_sizes() {
  const ProgramStep& s = said();
  const uint16_t all[] = {s.kh, s.kw, s.sh, s.sw, s.dh, s.dw};
  for (const uint16_t value : all) {
    if (value < 1 || value > program_most_kernel) {
      return fail("expected a kernel, strides and dilations from 1 to %u, got %u x %u, %u x %u, %u x %u", program_most_kernel, s.kh, s.kw,
                  s.sh, s.sw, s.dh, s.dw);
    }
  }
  step_.kh = s.kh;
  step_.kw = s.kw;
  step_.sh = s.sh;
  step_.sw = s.sw;
  step_.dh = s.dh;
  step_.dw = s.dw;
  step_.pad_top = s.pad_top;
  step_.pad_left = s.pad_left;
  return true;
}

bool StepCheck::window(bool clipped) {
  if (!window_sizes()) return false;
  const ProgramStep& s = said();
  // First and last input row and column that are read.
  const int64_t top = -static_cast<int64_t>(s.pad_top);
  const int64_t left = -static_cast<int64_t>(s.pad_left);
  const int64_t bottom = (step_.out.h - 1) * static_cast<int64_t>(s.sh) + top + (s.kh - 1) * static_cast<int64_t>(s.dh);
  const int64_t right = (step_.out.w - 1) * static_cast<int64_t>(s.sw) + left + (s.kw - 1) * static_cast<int64_t>(s.dw);
  if (clipped) {
    // Each window has a pixel of the input where the first one reaches row 0 and the last one begins above the end: with a
    // dilation a window may straddle the input, so none is taken.
    const bool covered = s.dh == 1 && s.dw == 1 && s.pad_top < s.kh && s.pad_left < s.kw && bottom - (s.kh - 1) < step_.in.h &&
                         right - (s.kw - 1) < step_.in.w;
    if (!covered) return fail("expected a pixel of the %d x %d input in each window, without dilation", step_.in.h, step_.in.w);
    return true;
  }
  const int64_t halo = step_.in.halo;
  if (top < -halo || left < -halo || bottom >= step_.in.h + halo || right >= step_.in.w + halo) {
    return fail("expected windows within the input of %d x %d and its halo of %d, got rows %lld to %lld, columns %lld to %lld", step_.in.h,
                step_.in.w, step_.in.halo, static_cast<long long>(top), static_cast<long long>(bottom), static_cast<long long>(left),
                static_cast<long long>(right));
  }
  return true;
}

bool StepCheck::no_window() {
  const ProgramStep& s = said();
  if (s.kh == 1 && s.kw == 1 && s.sh == 1 && s.sw == 1 && s.dh == 1 && s.dw == 1 && s.pad_top == 0 && s.pad_left == 0) return true;
  return fail("expected a kernel, strides and dilations of 1 and no padding");
}

bool StepCheck::same_size(const View& a, const char* a_name, const View& b, const char* b_name) {
  if (a.h == b.h && a.w == b.w && a.channels == b.channels) return true;
  return fail("expected %s and %s of one size, got %d x %d x %d and %d x %d x %d", a_name, b_name, a.h, a.w, a.channels, b.h, b.w,
              b.channels);
}

bool StepCheck::constant(const char* what, uint64_t offset, size_t count, size_t value_bytes, const void*& data) {
  if (!lies_in(file_, offset, count, value_bytes, 64)) {
    return fail("%s: expected %zu values of %zu bytes within the file at a multiple of 64, got an offset of %llu", what, count,
                value_bytes, static_cast<Word>(offset));
  }
  const uint64_t* fields = &said().weights;
  for (uint32_t i = 0; i < 12; i++) {
    if (fields[i] == offset) used_ |= 1u << i;
  }
  data = file_.bytes + offset;
  return true;
}

bool StepCheck::multipliers(const char* what, uint64_t offset, const double* most, const float*& data) {
  const auto channels = static_cast<size_t>(step_.out.channels);
  if (!constant(what, offset, channels, data)) return false;
  for (size_t c = 0; c < channels; c++) {
    const double value = data[c];
    if (!(std::fabs(value) * most[c] < most_product)) {
      return fail("%s: channel %zu: expected a multiplier whose products stay below 2^31 (values up to %g), got %g", what, c, most[c], value);
    }
  }
  return true;
}

bool StepCheck::addends(const double* most) {
  const auto channels = static_cast<size_t>(step_.out.channels);
  if (!constant("rm", said().rm, channels, step_.rm)) return false;
  for (size_t c = 0; c < channels; c++) {
    const double sum = std::fabs(static_cast<double>(step_.m[c])) * most[c] + std::fabs(static_cast<double>(step_.rm[c])) * 255;
    if (!(sum < most_product)) return fail("rm: channel %zu: expected sums below 2^31, got up to %g", c, sum);
  }
  return true;
}

bool StepCheck::limits() {
  const auto channels = static_cast<size_t>(step_.out.channels);
  return constant("z", said().z, channels, step_.z) && constant("lo", said().lo, channels, step_.lo) &&
         constant("hi", said().hi, channels, step_.hi);
}

bool StepCheck::linear() {
  if (step_.epilogue != ProgramEpilogue::linear) return fail("epilogue: expected 0 (linear), got %u", said().epilogue);
  return limits();
}

bool StepCheck::no_epilogue() {
  if (step_.epilogue == ProgramEpilogue::linear) return true;
  return fail("epilogue: expected 0, as the operation has none, got %u", said().epilogue);
}

bool StepCheck::epilogue(const double* most) {
  const ProgramStep& s = said();
  const auto channels = static_cast<size_t>(step_.out.channels);
  if (!multipliers("m", s.m, most, step_.m)) return false;
  if (step_.residual) {
    if (step_.epilogue != ProgramEpilogue::linear && step_.epilogue != ProgramEpilogue::silu) {
      return fail("expected a residual with epilogue 0 (linear) or 1 (SiLU), got epilogue %u", s.epilogue);
    }
    if (!in2() || !same_size(step_.in2, "in2", step_.out, "out") || !constant("zb", s.zb, channels, step_.zb)) return false;
  }
  switch (step_.epilogue) {
    case ProgramEpilogue::linear:
      if (step_.residual && !addends(most)) return false;
      return limits();
    case ProgramEpilogue::silu: {
      if (s.e < 4 || s.e > 11) return fail("e: expected 4 to 11, got %d", s.e);
      if (s.rs > (step_.residual ? 4 : 0)) return fail("rs: expected 0 to %d, got %u", step_.residual ? 4 : 0, s.rs);
      if (!constant("k", s.k, channels, step_.k) || !constant("z", s.z, channels, step_.z)) return false;
      if (step_.residual && !constant("rm", s.rm, channels, step_.kr)) return false;
      for (size_t c = 0; c < channels; c++) {
        if (step_.k[c] < 0) return fail("k: channel %zu: expected 0 to 32767, got %d", c, step_.k[c]);
      }
      return true;
    }
    case ProgramEpilogue::float32:
    case ProgramEpilogue::float_sigmoid:
      return true;
    case ProgramEpilogue::leaky:
      return multipliers("m2", s.m2, most, step_.m2) && limits();
    case ProgramEpilogue::hardswish:
      if (!constant("k", s.k, channels, step_.k32) || !constant("z", s.z, channels, step_.z)) return false;
      for (size_t c = 0; c < channels; c++) {
        const double value = std::fabs(static_cast<double>(step_.m[c])) * most[c] * 6 * std::fabs(static_cast<double>(step_.k32[c]));
        if (!(value < most_product)) return fail("k: channel %zu: expected products below 2^31, got up to %g", c, value);
      }
      return true;
    case ProgramEpilogue::sigmoid: {
      double one[program_most_channels];
      for (size_t c = 0; c < channels; c++) one[c] = 1;
      return multipliers("k", s.k, one, step_.k32) && constant("z", s.z, channels, step_.z);
    }
  }
  return fail("epilogue: got %u", s.epilogue);
}

bool StepCheck::rest(bool in_place) {
  const ProgramStep& s = said();
  static constexpr const char* names[] = {"weights", "bias", "m", "m2", "k", "z", "lo", "hi", "za", "zb", "rm", "table"};
  const uint64_t* fields = &s.weights;
  for (uint32_t i = 0; i < 12; i++) {
    if (fields[i] != 0 && (used_ & (1u << i)) == 0) return fail("%s: expected 0, as the step has no use for it, got %llu", names[i], static_cast<Word>(fields[i]));
  }
  if (step_.in2.data == nullptr && s.in2 != program_none) return fail("in2: expected none (%u), got %u", program_none, s.in2);
  const bool has_units = step_.epilogue == ProgramEpilogue::silu || step_.op == ProgramOp::function_float || step_.op == ProgramOp::softmax;
  if (!has_units && (s.e != 0 || s.rs != 0)) return fail("e, rs: expected 0, got %d and %u", s.e, s.rs);
  if (step_.op != ProgramOp::input && !is_zero(s.order, sizeof s.order)) return fail("order: expected zeros");
  if (step_.in.data != nullptr && !apart(step_.in, step_.out, in_place)) return fail("in and out share bytes");
  if (step_.in2.data != nullptr && !apart(step_.in2, step_.out, in_place)) return fail("in2 and out share bytes");
  return true;
}

namespace {

/// Bytes of the view from its first to behind its last, halo included.
void span_of(const View& view, const uint8_t*& from, const uint8_t*& to) {
  from = view.at(-view.halo, -view.halo);
  to = view.at(view.h - 1 + view.halo, view.w - 1 + view.halo) + view.channels * (view.floats ? 4 : 1);
}

}  // namespace

bool apart(const View& in, const View& out, bool in_place) {
  if (in_place && in.data == out.data && in.pixel == out.pixel && in.row == out.row) return true;
  const uint8_t *in_from, *in_to, *out_from, *out_to;
  span_of(in, in_from, in_to);
  span_of(out, out_from, out_to);
  if (in_to <= out_from || out_to <= in_from) return true;
  // Channel ranges of one buffer: the same pitch, and ranges of a pixel's bytes that do not meet.
  if (in.pixel != out.pixel || in.row % in.pixel != 0 || out.row % out.pixel != 0) return false;
  const ptrdiff_t pixel = in.pixel;
  const ptrdiff_t in_bytes = in.channels * (in.floats ? 4 : 1);
  const ptrdiff_t out_bytes = out.channels * (out.floats ? 4 : 1);
  ptrdiff_t offset = (out.data - in.data) % pixel;
  if (offset < 0) offset += pixel;
  return offset >= in_bytes && offset + out_bytes <= pixel;
}

}  // namespace ocellus
