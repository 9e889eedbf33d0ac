#include "program/crew.h"

#include <ctime>

namespace ocellus {
namespace {

/// How long a thread looks before it sleeps: longer than a step, much shorter than from one picture to the next.
constexpr int64_t look_ns = 50000;

int64_t now() {
  timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<int64_t>(time.tv_sec) * 1000000000 + time.tv_nsec;
}

void breathe() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

/// Looks until something holds. @returns False when it takes so long that the processor is better given to others.
template <typename Holds>
bool looks_until(Holds holds) {
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

}  // namespace

Gate::Gate() {
  pthread_mutex_init(&mutex_, nullptr);
  pthread_cond_init(&condition_, nullptr);
}

Gate::~Gate() {
  pthread_cond_destroy(&condition_);
  pthread_mutex_destroy(&mutex_);
}

void Gate::open() {
  times_.fetch_add(1);
  // Who lies down after this has seen the new number.
  if (sleeping_.load() == 0) return;
  pthread_mutex_lock(&mutex_);
  pthread_cond_broadcast(&condition_);
  pthread_mutex_unlock(&mutex_);
}

void Gate::pass(uint32_t times) {
  if (looks_until([&] { return times_.load() != times; })) return;
  pthread_mutex_lock(&mutex_);
  sleeping_.fetch_add(1);
  while (times_.load() == times) pthread_cond_wait(&condition_, &mutex_);
  sleeping_.fetch_sub(1);
  pthread_mutex_unlock(&mutex_);
}

Meeting::Meeting() {
  pthread_mutex_init(&mutex_, nullptr);
  pthread_cond_init(&condition_, nullptr);
}

Meeting::~Meeting() {
  pthread_cond_destroy(&condition_);
  pthread_mutex_destroy(&mutex_);
}

bool Meeting::all_came(uint32_t times, size_t threads) const {
  for (size_t i = 0; i < threads; i++) {
    // One that is ahead has come as well; the numbers begin again after 2^32.
    if (static_cast<int32_t>(came_[i].times.load() - times) < 0) return false;
  }
  return true;
}

void Meeting::come(size_t thread, size_t threads) {
  const uint32_t times = came_[thread].times.load() + 1;
  came_[thread].times.store(times);
  // Who lies down after this has seen the new number.
  if (sleeping_.load() > 0) {
    pthread_mutex_lock(&mutex_);
    pthread_cond_broadcast(&condition_);
    pthread_mutex_unlock(&mutex_);
  }
  if (looks_until([&] { return all_came(times, threads); })) return;
  pthread_mutex_lock(&mutex_);
  sleeping_.fetch_add(1);
  while (!all_came(times, threads)) pthread_cond_wait(&condition_, &mutex_);
  sleeping_.fetch_sub(1);
  pthread_mutex_unlock(&mutex_);
}

Crew::~Crew() { dismiss(); }

void Crew::dismiss() {
  if (started_ == 0) return;
  over_.store(true);
  work_there_.open();
  for (size_t i = 0; i < started_; i++) pthread_join(members_[i].thread, nullptr);
  started_ = 0;
}

bool Crew::start(size_t size) {
  const size_t helpers = size < 1 ? 0 : (size < most ? size : most) - 1;
  if (helpers == 0) return meeting_.allocate(1);
  if (!members_.allocate(helpers) || !meeting_.allocate(helpers + 1)) return false;
  for (size_t i = 0; i < helpers; i++) {
    members_[i].crew = this;
    members_[i].index = i + 1;
    if (pthread_create(&members_[i].thread, nullptr, live, &members_[i]) != 0) return false;
    started_++;
  }
  return true;
}

void* Crew::live(void* member) {
  auto& [crew, index, thread] = *static_cast<Member*>(member);
  // No run can be over before each thread has worked in it, so the number of runs is one's own count.
  for (uint32_t runs = 0;; runs++) {
    crew->work_there_.pass(runs);
    if (crew->over_.load()) return nullptr;
    crew->work_(crew->context_, index);
    if (crew->returned_.fetch_add(1) + 1 == crew->started_) crew->all_returned_.open();
  }
}

void Crew::run(void (*work)(void*, size_t), void* context) {
  if (started_ == 0) return work(context, 0);
  work_ = work;
  context_ = context;
  returned_.store(0);
  const uint32_t times = all_returned_.times();
  work_there_.open();
  work(context, 0);
  all_returned_.pass(times);
}

}  // namespace ocellus
