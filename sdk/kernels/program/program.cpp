#include "program/program.h"

#include <cstring>
#include <ctime>

namespace ocellus {
namespace {

uint64_t now() {
  timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<uint64_t>(time.tv_sec) * 1000000000u + static_cast<uint64_t>(time.tv_nsec);
}

size_t up_to_64(size_t size) { return (size + 63) & ~size_t{63}; }

/// Rows [from, to) of the output's halo, whose first one is -halo.
void fill_halo(const View& out, ptrdiff_t from, ptrdiff_t to) {
  const ptrdiff_t halo = out.halo;
  const auto channels = static_cast<size_t>(out.channels);
  const auto fill = [&](ptrdiff_t y, ptrdiff_t x, ptrdiff_t end) {
    for (; x < end; x++) std::memcpy(out.at(y, x), out.zero_points, channels);
  };
  for (ptrdiff_t y = from - halo; y < to - halo; y++) {
    if (y < 0 || y >= out.h) {
      fill(y, -halo, out.w + halo);
    } else {
      fill(y, -halo, 0);
      fill(y, out.w, out.w + halo);
    }
  }
}

}  // namespace

bool Program::load(const uint8_t* bytes, size_t size, const ProgramKernels& kernels, const ProgramKernels& scalar, ProgramError& error) {
  // A copy, which nobody can change once it is checked.
  if (!bytes_.allocate(size)) return error.set("no memory for a program of %zu bytes", size);
  std::memcpy(bytes_.data(), bytes, size);
  file_ = {bytes_.data(), size};
  if (!check_file(file_, error)) return false;
  if (!arena_.allocate(arena_bytes())) return error.set("no memory for an arena of %zu bytes", arena_bytes());
  if (!steps_.allocate(file_.header().step_count)) return error.set("no memory for %u steps", file_.header().step_count);
  for (size_t i = 0; i < steps_.size(); i++) {
    if (!plan(i, kernels, scalar, error)) return false;
  }
  if (!packed_.allocate(packed_bytes_)) return error.set("no memory for %zu bytes of packed weights", packed_bytes_);
  uint8_t* at = packed_.data();
  for (size_t i = 0; i < steps_.size(); i++) {
    Planned& planned = steps_[i];
    if (planned.operation->pack == nullptr) continue;
    planned.operation->pack(planned.step, at);
    planned.step.packed = at;
    at += up_to_64(planned.operation->packed_bytes(planned.step));
  }
  return true;
}

bool Program::plan(size_t index, const ProgramKernels& kernels, const ProgramKernels& scalar, ProgramError& error) {
  Planned& planned = steps_[index];
  if (!check_step(file_, index, arena_.data(), planned.step, error)) return false;
  const auto op = static_cast<size_t>(planned.step.op);
  const ProgramOperation& own = kernels.operations[op];
  planned.native = own.run != nullptr && (own.takes == nullptr || own.takes(planned.step));
  planned.operation = planned.native ? &own : &scalar.operations[op];
  planned.units = planned.operation->units(planned.step);
  if (planned.operation->pack != nullptr) packed_bytes_ += up_to_64(planned.operation->packed_bytes(planned.step));
  return true;
}

void Program::run(const uint8_t* const* inputs, uint64_t* nanoseconds) {
  for (size_t i = 0; i < steps_.size(); i++) {
    Planned& planned = steps_[i];
    const uint64_t start = nanoseconds != nullptr ? now() : 0;
    if (planned.step.tensor != program_none) planned.step.source = inputs[planned.step.tensor];
    planned.operation->run(planned.step, 0, planned.units);
    const View& out = planned.step.out;
    if (out.halo > 0) fill_halo(out, 0, out.h + 2 * out.halo);
    if (nanoseconds != nullptr) nanoseconds[i] = now() - start;
  }
}

}  // namespace ocellus
