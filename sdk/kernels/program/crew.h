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

  /// Within `run`: takes the next of `units` for this thread, about half of its equal share of what is left. So the first ones are
  /// long, which pays, and the last ones single, so that all threads end together, also when one of them was held up.
  ///
  /// @param next The first that nobody has taken.
  /// @returns False when none is left.
  static bool take(std::atomic<size_t>& next, size_t units, size_t threads, size_t& from, size_t& to) {
    from = next.load();
    do {
      if (from >= units) return false;
      const size_t some = threads > 1 ? (units - from) / (2 * threads) : units;
      to = from + (some > 0 ? some : 1);
    } while (!next.compare_exchange_weak(from, to));
    return true;
  }

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
