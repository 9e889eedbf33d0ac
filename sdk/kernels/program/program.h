// A compiled program in memory, ready to run: steps resolved, weights packed for one instruction set, one arena.
#pragma once

#include "native/memory.h"
#include "program/check.h"
#include "program/crew.h"
#include "program/step.h"

namespace ocellus {

/// Memory at a multiple of 64, zero at first, freed with its owner.
class Aligned {
 public:
  Aligned() = default;
  ~Aligned() { std::free(raw_); }
  Aligned(const Aligned&) = delete;
  Aligned& operator=(const Aligned&) = delete;

  /// @returns False when there is no memory.
  bool allocate(size_t size) {
    std::free(raw_);
    raw_ = std::calloc(size + 64, 1);
    return raw_ != nullptr;
  }
  void release() {
    std::free(raw_);
    raw_ = nullptr;
  }
  uint8_t* data() const {
    return raw_ == nullptr ? nullptr : reinterpret_cast<uint8_t*>((reinterpret_cast<uintptr_t>(raw_) + 63) & ~uintptr_t{63});
  }

 private:
  void* raw_ = nullptr;
};

class Program {
 public:
  /// Copies the file, checks all of it and packs the weights.
  ///
  /// @param kernels Of the instruction set to use; `scalar` for what it does not bring.
  /// @param threads That share each step, the caller of `run` among them. All numbers of them give the same bits.
  /// @returns False with the error set; the program cannot be used then.
  bool load(const uint8_t* bytes, size_t size, const ProgramKernels& kernels, const ProgramKernels& scalar, size_t threads,
            ProgramError& error);

  size_t tensor_count() const { return file_.header().tensor_count; }
  const ProgramTensor& tensor(size_t index) const { return file_.tensor(index); }
  const char* tensor_name(size_t index) const { return file_.name(tensor(index).name); }
  /// Of an output, in the arena: valid as long as the program, written by each run.
  uint8_t* output(size_t index) const { return arena_.data() + tensor(index).arena_offset; }
  size_t step_count() const { return steps_.size(); }
  const Step& step(size_t index) const { return steps_[index].step; }
  /// Does a kernel of the instruction set run it, not the scalar one?
  bool is_native(size_t index) const { return steps_[index].native; }
  size_t arena_bytes() const { return file_.header().arena_bytes; }
  size_t packed_bytes() const { return packed_.bytes(); }
  size_t threads() const { return crew_.size(); }

  /// Ends the threads, of a program that is not run again.
  void dismiss() { crew_.dismiss(); }

  /// Runs all steps. Not for two threads at once.
  ///
  /// @param inputs For each tensor its memory, `tensor_bytes` long; what stands at an output is not read.
  /// @param nanoseconds Room for the time of each step, or null.
  void run(const uint8_t* const* inputs, uint64_t* nanoseconds);

 private:
  struct Planned {
    Step step;
    const ProgramOperation* operation;
    size_t units;
    /// What threads take; several units where there are very many of them.
    size_t pieces;
    bool native;
  };

  static void share(void* program, size_t thread, uint64_t run);
  void work(const Planned& planned, const Sharing::Part& part, uint8_t* scratch) const;
  bool plan(size_t index, const ProgramKernels& kernels, const ProgramKernels& scalar, ProgramError& error);
  bool takes(Planned& planned, const ProgramOperation& operation, ProgramError& error);

  Aligned bytes_;
  ProgramFile file_;
  Aligned arena_;
  Pieces packed_;
  /// One piece of `scratch_bytes_` for each thread.
  Aligned scratch_;
  size_t scratch_bytes_ = 0;
  Buffer<Planned> steps_;
  Sharing sharing_;
  uint64_t* nanoseconds_ = nullptr;
  // Last: its threads end before what they use.
  Crew crew_;
};

}  // namespace ocellus
