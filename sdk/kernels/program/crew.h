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

/// What threads wait at until somebody opens it, again and again.
class alignas(cache_line) Gate {
 public:
  Gate();
  ~Gate();
  Gate(const Gate&) = delete;
  Gate& operator=(const Gate&) = delete;

  /// How often it was opened; to be asked before one says that one waits.
  uint32_t times() const { return times_.load(); }
  void open();
  /// Returns when it was opened after `times`.
  void pass(uint32_t times);

 private:
  std::atomic<uint32_t> times_{0};
  std::atomic<uint32_t> sleeping_{0};
  pthread_mutex_t mutex_;
  pthread_cond_t condition_;
};

/// The units of one step, dealt to threads. Each has a run of neighbours, the same part of them at each step, so that what it reads is
/// mostly what it wrote, in its own cache. It takes about half of what it has left: the first units in one go, which pays, the last ones
/// one by one, so that all end together. Who has none left takes the far half of what another has.
class Shares {
 public:
  /// @returns False when there is no memory.
  bool allocate(size_t threads) { return left_.allocate(threads); }

  /// Not while others take.
  void deal(size_t units) {
    const size_t threads = left_.size();
    for (size_t i = 0; i < threads; i++) left_[i].range.store(of(units * i / threads, units * (i + 1) / threads));
  }

  /// Takes units [from, to) for a thread. @returns False when nobody has any left.
  bool take(size_t thread, size_t& from, size_t& to) {
    const size_t threads = left_.size();
    for (size_t i = 0; i < threads; i++) {
      if (take_of(thread + i < threads ? thread + i : thread + i - threads, i == 0, from, to)) return true;
    }
    return false;
  }

 private:
  static constexpr uint64_t of(uint64_t from, uint64_t to) { return to << 32 | from; }

  bool take_of(size_t owner, bool near, size_t& from, size_t& to) {
    std::atomic<uint64_t>& range = left_[owner].range;
    uint64_t old = range.load(), rest;
    do {
      from = old & UINT32_MAX;
      to = old >> 32;
      if (from >= to) return false;
      const size_t some = left_.size() == 1 ? to - from : (to - from + 1) / 2;
      rest = near ? of(from + some, to) : of(from, to - some);
      (near ? to : from) = near ? from + some : to - some;
    } while (!range.compare_exchange_weak(old, rest));
    return true;
  }

  struct Left {
    /// The first unit and the one behind the last: 32 bits each.
    std::atomic<uint64_t> range;
    /// No two in one cache line.
    uint8_t apart[cache_line - sizeof(uint64_t)];
  };
  Buffer<Left> left_;
};

class Crew {
 public:
  static constexpr size_t most = 64;

  Crew() = default;
  ~Crew();
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;

  /// @param size Threads in all: the caller is one. Once only. @returns False when the system gives fewer; those it gave work.
  bool start(size_t size);
  size_t size() const { return started_ + 1; }
  /// Ends the threads; the caller is alone then.
  void dismiss();

  /// Calls `work(context, index)` on each thread, index 0 on this one, and returns when all have returned.
  void run(void (*work)(void*, size_t), void* context);

  /// Within `run`: returns when all have come here. The last to come calls `before_going(context)`.
  template <typename Last>
  void meet(Last before_going) {
    const uint32_t times = met_.times();
    if (arrived_.fetch_add(1) + 1 < size()) return met_.pass(times);
    arrived_.store(0);
    before_going();
    met_.open();
  }

 private:
  struct Member {
    Crew* crew;
    size_t index;
    pthread_t thread;
  };
  static void* live(void* member);

  Buffer<Member> members_;
  size_t started_ = 0;
  Gate work_there_;
  Gate met_;
  Gate all_returned_;
  alignas(cache_line) std::atomic<uint32_t> arrived_{0};
  alignas(cache_line) std::atomic<uint32_t> returned_{0};
  alignas(cache_line) std::atomic<bool> over_{false};
  void (*work_)(void*, size_t) = nullptr;
  void* context_ = nullptr;
};

}  // namespace ocellus
