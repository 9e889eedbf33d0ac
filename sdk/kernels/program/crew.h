// The threads that share a program's steps. They sleep between runs; within one they wait for each other by looking, for some
// microseconds, and then sleep as well: a machine that is busy with something else gets its processor back.
#pragma once

#include <pthread.h>

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "native/memory.h"

namespace ocellus {

/// What several threads write at once has a cache line of its own.
constexpr size_t cache_line = 64;

/// Where threads sleep until something that others write holds. Who writes it says so afterwards.
class Bell {
 public:
  Bell();
  ~Bell();
  /// Where it lies nobody sleeps, whatever its memory says: in a process that was forked off while others did.
  void renew();
  Bell(const Bell&) = delete;
  Bell& operator=(const Bell&) = delete;

  /// Returns when `holds()`, which is asked again and again, and after each `ring`.
  template <typename Holds>
  void wait(Holds holds) {
    if (looks_until(holds)) return;
    pthread_mutex_lock(&mutex_);
    sleeping_.fetch_add(1);
    while (!holds()) pthread_cond_wait(&condition_, &mutex_);
    sleeping_.fetch_sub(1);
    pthread_mutex_unlock(&mutex_);
  }

  /// After what may make a `holds()` true. Who lies down later has seen it.
  void ring() {
    if (sleeping_.load() > 0) wake();
  }

 private:
  template <typename Holds>
  static bool looks_until(Holds holds) {
    if (holds()) return true;
    const int64_t start = now();
    do {
      for (int i = 0; i < 32; i++) {
        breathe();
        if (holds()) return true;
      }
    } while (now() - start < look_ns);
    return false;
  }
  static void breathe() {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
  }
  static int64_t now();
  void wake();

  /// How long a thread looks before it sleeps: longer than a step, much shorter than from one picture to the next.
  static constexpr int64_t look_ns = 50000;

  alignas(cache_line) std::atomic<uint32_t> sleeping_{0};
  pthread_mutex_t mutex_;
  pthread_cond_t condition_;
  /// In which it began.
  int64_t process_;
};

/// The pieces of each step, and which thread does them. Each has a run of neighbours, the same part of every step, so that what it
/// reads is mostly what it wrote, in its own cache. It takes most of what it has left: the first pieces in one go, which pays, the last
/// ones one by one, so that all end together. Who has none left takes the far half of what another has.
///
/// Who is not there is not waited for, only what it has taken: where other programs want the processor, whichever thread gets it goes on.
/// One that comes late finds its steps done, and catches up. Steps are numbered from 1 on, over all runs.
class Sharing {
 public:
  /// Of one step, at most.
  static constexpr size_t most_pieces = size_t{1} << 17;

  /// Pieces [from, to) of what an owner has: `piece` of it is this one's number among all of the step. The piece 0 of each owner is one
  /// more, for what belongs to the owner's part but to none of the step's pieces.
  struct Part {
    size_t owner, from, to;
  };

  /// @returns False when there is no memory.
  bool allocate(size_t threads) {
    threads_ = threads;
    return left_.allocate(threads) && done_.allocate(threads);
  }

  /// The first of an owner's pieces among those of the step, and behind its last one with `owner + 1`.
  size_t first_of(size_t owner, size_t pieces) const { return pieces * owner / threads_; }

  /// For a thread that has seen the step before done. @returns False when nothing is left to be taken.
  bool take(uint64_t step, size_t thread, size_t pieces, Part& part) {
    if (take_of(thread, true, step, pieces, part)) return true;
    for (size_t i = 1; i < threads_; i++) {
      const size_t other = thread + i;
      if (take_of(other < threads_ ? other : other - threads_, false, step, pieces, part)) return true;
    }
    return false;
  }

  /// What was taken of the step is done by this thread.
  void finish(uint64_t step, size_t thread, const Part& part) {
    std::atomic<uint64_t>& done = done_[thread].value;
    const uint64_t before = done.load(std::memory_order_relaxed);
    const uint64_t count = before >> count_bits == step ? before & most_count : 0;
    done.store(step << count_bits | (count + part.to - part.from));
    bell_.ring();
  }

  void renew() { bell_.renew(); }

  /// Returns when all pieces of the step are done.
  void wait(uint64_t step, size_t pieces) {
    bell_.wait([&] { return is_done(step, pieces); });
  }

 private:
  /// No two in one cache line.
  struct Line {
    std::atomic<uint64_t> value;
    uint8_t apart[cache_line - sizeof(uint64_t)];
  };

  // What an owner has left: the step's number, as far as it goes, and two of its pieces. A thread may sleep between reading and changing
  // it, but not for 2^27 steps, which are a day at the least.
  static constexpr unsigned piece_bits = 18, step_bits = 64 - 2 * piece_bits;
  static constexpr uint64_t most_piece = (uint64_t{1} << piece_bits) - 1;
  static uint64_t left_of(uint64_t step, uint64_t from, uint64_t to) { return step << 2 * piece_bits | from << piece_bits | to; }

  // What a thread has done: the step's whole number, and how many pieces of it. It may be an old step: of who was not there since.
  static constexpr unsigned count_bits = 20;
  static constexpr uint64_t most_count = (uint64_t{1} << count_bits) - 1;

  bool take_of(size_t owner, bool own, uint64_t step, size_t pieces, Part& part) {
    std::atomic<uint64_t>& left = left_[owner].value;
    uint64_t old = left.load(), rest;
    part.owner = owner;
    do {
      const auto ahead = static_cast<int64_t>(((old >> 2 * piece_bits) - step) << 2 * piece_bits);
      // Others are at a later step already.
      if (ahead > 0) return false;
      part.from = ahead < 0 ? 0 : old >> piece_bits & most_piece;
      part.to = ahead < 0 ? first_of(owner + 1, pieces) - first_of(owner, pieces) + 1 : old & most_piece;
      if (part.from >= part.to) return false;
      const size_t all = part.to - part.from;
      const size_t some = threads_ == 1 ? all : own ? (3 * all + 3) / 4 : (all + 1) / 2;
      rest = own ? left_of(step, part.from + some, part.to) : left_of(step, part.from, part.to - some);
      (own ? part.to : part.from) = own ? part.from + some : part.to - some;
    } while (!left.compare_exchange_weak(old, rest));
    return true;
  }

  bool is_done(uint64_t step, size_t pieces) const {
    size_t count = 0;
    for (size_t i = 0; i < threads_; i++) {
      const uint64_t done = done_[i].value.load();
      // Nobody begins a step before the one before is done.
      if (done >> count_bits > step) return true;
      if (done >> count_bits == step) count += done & most_count;
    }
    return count == pieces + threads_;
  }

  size_t threads_ = 0;
  Buffer<Line> left_;
  Buffer<Line> done_;
  Bell bell_;
};

class Crew {
 public:
  static constexpr size_t most = 64;
  /// @param thread Which one of them does it: 0 is who calls `run`.
  /// @param run Which run it is of, from 1 on.
  using Work = void (*)(void* context, size_t thread, uint64_t run);

  Crew() = default;
  ~Crew();
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;

  /// @param size Threads in all: the caller of `run` is one. Once only.
  /// @param work What all of them do in each run. It may still be done by others when `run` returns, and up to `dismiss`.
  /// @returns False when the system gives fewer; those it gave work.
  bool start(size_t size, Work work, void* context);
  size_t size() const { return started_ + 1; }
  /// Ends the threads; the caller is alone then.
  void dismiss();
  /// Is this a process that was forked off since the threads began? Then they are not here.
  bool is_forked() const;

  /// Lets all threads work; returns when this one has. In a process that was forked off, whose copy of the threads is none, it begins
  /// others first, or works alone where the system gives none.
  void run();

 private:
  struct Member {
    Crew* crew;
    size_t index;
    /// The run that was the last one when it began: what a process that forked meanwhile has left of it is not finished here.
    uint64_t seen;
    pthread_t thread;
  };
  static void* live(void* member);
  bool recruit(size_t helpers);

  Buffer<Member> members_;
  /// Of the process that they are in.
  int64_t process_ = 0;
  size_t started_ = 0;
  Work work_ = nullptr;
  void* context_ = nullptr;
  Bell bell_;
  alignas(cache_line) std::atomic<uint64_t> runs_{0};
  std::atomic<bool> over_{false};
};

}  // namespace ocellus
