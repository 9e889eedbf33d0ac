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

bool Program::load(const uint8_t* bytes, size_t size, const ProgramKernels& kernels, const ProgramKernels& scalar, size_t threads,
                   ProgramError& error) {
  // A copy, which nobody can change once it is checked.
  if (!bytes_.allocate(size)) return error.set("no memory for a program of %zu bytes", size);
  // An empty array has no address, which memcpy may not be given.
  if (size > 0) std::memcpy(bytes_.data(), bytes, size);
  file_ = {bytes_.data(), size};
  if (!check_file(file_, error)) return false;
  if (!arena_.allocate(arena_bytes())) return error.set("no memory for an arena of %zu bytes", arena_bytes());
  if (!steps_.allocate(file_.header().step_count)) return error.set("no memory for %u steps", file_.header().step_count);
  for (size_t i = 0; i < steps_.size(); i++) {
    if (!plan(i, kernels, scalar, error)) return false;
  }
  if (!scratch_.allocate(threads * scratch_bytes_)) return error.set("no memory for %zu bytes to work in", threads * scratch_bytes_);
  if (!sharing_.allocate(threads)) return error.set("no memory for the parts of %zu threads", threads);
  if (!crew_.start(threads, share, this)) return error.set("the system gives no %zu threads", threads);
  return true;
}

bool Program::plan(size_t index, const ProgramKernels& kernels, const ProgramKernels& scalar, ProgramError& error) {
  Planned& planned = steps_[index];
  if (!check_step(file_, index, arena_.data(), planned.step, error)) return false;
  const auto op = static_cast<size_t>(planned.step.op);
  planned.operation = nullptr;
  for (const auto& faster : kernels.faster) {
    if (!takes(planned, faster[op], error)) return false;
  }
  if (!takes(planned, kernels.operations[op], error)) return false;
  planned.native = planned.operation != nullptr;
  if (!takes(planned, scalar.operations[op], error)) return false;
  planned.units = planned.operation->units(planned.step);
  planned.pieces = planned.units < Sharing::most_pieces ? planned.units : Sharing::most_pieces;
  if (planned.operation->scratch_bytes != nullptr) {
    const size_t scratch = up_to_64(planned.operation->scratch_bytes(planned.step));
    if (scratch > scratch_bytes_) scratch_bytes_ = scratch;
  }
  return true;
}

/// Where nothing runs the step yet, this operation does if it can.
bool Program::takes(Planned& planned, const ProgramOperation& operation, ProgramError& error) {
  if (planned.operation != nullptr || !operation.runs()) return true;
  if (operation.takes != nullptr && !operation.takes(planned.step)) return true;
  const Packing packing = operation.pack != nullptr ? operation.pack(planned.step, packed_) : Packing::done;
  if (packing == Packing::no_memory) return error.set("no memory for packed weights, beside %zu bytes of them", packed_.bytes());
  if (packing == Packing::done) planned.operation = &operation;
  return true;
}

/// Some of a step's pieces, all of one owner. With the first of them go the owner's rows of the halo.
void Program::work(const Planned& planned, const Sharing::Part& part, uint8_t* scratch) const {
  const Step& step = planned.step;
  size_t from = part.from;
  if (from == 0) {
    from = 1;
    if (step.out.halo > 0) {
      const auto rows = static_cast<size_t>(step.out.h + 2 * step.out.halo);
      fill_halo(step.out, static_cast<ptrdiff_t>(sharing_.first_of(part.owner, rows)), static_cast<ptrdiff_t>(sharing_.first_of(part.owner + 1, rows)));
    }
  }
  if (from == part.to) return;
  // A piece is one unit, or where there are too many of those several.
  const size_t first = sharing_.first_of(part.owner, planned.pieces) - 1;
  const size_t first_unit = (first + from) * planned.units / planned.pieces;
  const size_t end_unit = (first + part.to) * planned.units / planned.pieces;
  if (planned.operation->run_with != nullptr) {
    planned.operation->run_with(step, first_unit, end_unit, scratch);
  } else {
    planned.operation->run(step, first_unit, end_unit);
  }
}

void Program::share(void* context, size_t thread, uint64_t run) {
  Program& program = *static_cast<Program*>(context);
  Sharing& sharing = program.sharing_;
  uint8_t* scratch = program.scratch_.data() + thread * program.scratch_bytes_;
  // The others may come when this run, or a later one, is over: they find its steps done, and touch nothing of it.
  uint64_t number = run * program.steps_.size();
  uint64_t* nanoseconds = thread == 0 ? program.nanoseconds_ : nullptr;
  uint64_t start = nanoseconds != nullptr ? now() : 0;
  for (size_t i = 0; i < program.steps_.size(); i++, number++) {
    const Planned& planned = program.steps_[i];
    Sharing::Part part;
    while (sharing.take(number, thread, planned.pieces, part)) {
      program.work(planned, part, scratch);
      sharing.finish(number, thread, part);
    }
    sharing.wait(number, planned.pieces);
    if (nanoseconds != nullptr) {
      const uint64_t end = now();
      nanoseconds[i] = end - start;
      start = end;
    }
  }
}

void Program::run(const uint8_t* const* inputs, uint64_t* nanoseconds) {
  for (size_t i = 0; i < steps_.size(); i++) {
    Step& step = steps_[i].step;
    if (step.tensor != program_none) step.source = inputs[step.tensor];
  }
  nanoseconds_ = nanoseconds;
  if (crew_.is_forked()) sharing_.renew();
  crew_.run();
}

}  // namespace ocellus
