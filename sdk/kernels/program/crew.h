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

/// Where threads wait for one another, again and again. Each says in a line of its own how often it has come, and reads the others':
/// no line is written by two.
class Meeting {
 public:
  Meeting();
  ~Meeting();
  Meeting(const Meeting&) = delete;
  Meeting& operator=(const Meeting&) = delete;

  /// @returns False when there is no memory.
  bool allocate(size_t threads) { return came_.allocate(threads); }
  /// Of this thread: returns when the first `threads` have come as often as it has with this call.
  void come(size_t thread, size_t threads);

 private:
  struct Came {
    std::atomic<uint32_t> times;
    uint8_t apart[cache_line - sizeof(uint32_t)];
  };
  bool all_came(uint32_t times, size_t threads) const;

  Buffer<Came> came_;
  alignas(cache_line) std::atomic<uint32_t> sleeping_{0};
  pthread_mutex_t mutex_;
  pthread_cond_t condition_;
};

/// The units of a step, dealt to threads. Each has a run of neighbours, the same part of them at each step, so that what it reads is
/// mostly what it wrote, in its own cache. It takes most of what it has left: the first units in one go, which pays, the last ones
/// one by one, so that all end together. Who has none left takes the far half of what another has.
class Shares {
 public:
  /// @returns False when there is no memory.
  bool allocate(size_t threads) { return left_.allocate(2 * threads); }

  /// Deals a thread its own part, when all are done with the step before the one before.
  void deal(size_t step, size_t units, size_t thread) {
    const size_t threads = size();
    of(step, thread).store(range(units * thread / threads, units * (thread + 1) / threads));
  }

  /// Takes units [from, to) for a thread, when all have dealt. @returns False when nobody has any left.
  bool take(size_t step, size_t thread, size_t& from, size_t& to) {
    const size_t threads = size();
    if (take_of(of(step, thread), true, from, to)) return true;
    for (size_t i = 1; i < threads; i++) {
      const size_t other = thread + i;
      if (take_of(of(step, other < threads ? other : other - threads), false, from, to)) return true;
    }
    return false;
  }

 private:
  struct Left {
    /// The first unit and the one behind the last: 32 bits each.
    std::atomic<uint64_t> range;
    /// No two in one cache line.
    uint8_t apart[cache_line - sizeof(uint64_t)];
  };

  static constexpr uint64_t range(uint64_t from, uint64_t to) { return to << 32 | from; }
  size_t size() const { return left_.size() / 2; }
  std::atomic<uint64_t>& of(size_t step, size_t thread) { return left_[step % 2 * size() + thread].range; }

  bool take_of(std::atomic<uint64_t>& left, bool own, size_t& from, size_t& to) {
    uint64_t old = left.load(), rest;
    do {
      from = old & UINT32_MAX;
      to = old >> 32;
      if (from >= to) return false;
      const size_t units = to - from;
      const size_t some = size() == 1 ? units : own ? (3 * units + 3) / 4 : (units + 1) / 2;
      rest = own ? range(from + some, to) : range(from, to - some);
      (own ? to : from) = own ? from + some : to - some;
    } while (!left.compare_exchange_weak(old, rest));
    return true;
  }

  /// Of this step, and of the next one.
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

  /// Within `run`: returns when all have come here.
  void meet(size_t index) { meeting_.come(index, size()); }

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
  Meeting meeting_;
  Gate all_returned_;
  alignas(cache_line) std::atomic<uint32_t> returned_{0};
  alignas(cache_line) std::atomic<bool> over_{false};
  void (*work_)(void*, size_t) = nullptr;
  void* context_ = nullptr;
};

}  // namespace ocellus
