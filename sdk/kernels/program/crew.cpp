#include "program/crew.h"

#include <unistd.h>

#include <ctime>

namespace ocellus {

Bell::Bell() { renew(); }

void Bell::renew() {
  sleeping_.store(0);
  pthread_mutex_init(&mutex_, nullptr);
  pthread_cond_init(&condition_, nullptr);
  process_ = getpid();
}

Bell::~Bell() {
  // It would wait for who slept there when the process was forked off.
  if (process_ != getpid()) return;
  pthread_cond_destroy(&condition_);
  pthread_mutex_destroy(&mutex_);
}

int64_t Bell::now() {
  timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<int64_t>(time.tv_sec) * 1000000000 + time.tv_nsec;
}

void Bell::wake() {
  // Who is about to lie down either has seen what was written, or lies before this gets the mutex.
  pthread_mutex_lock(&mutex_);
  pthread_cond_broadcast(&condition_);
  pthread_mutex_unlock(&mutex_);
}

Crew::~Crew() { dismiss(); }

bool Crew::is_forked() const { return started_ > 0 && process_ != getpid(); }

void Crew::dismiss() {
  if (started_ == 0 || is_forked()) return;
  over_.store(true);
  bell_.ring();
  for (size_t i = 0; i < started_; i++) pthread_join(members_[i].thread, nullptr);
  started_ = 0;
}

bool Crew::start(size_t size, Work work, void* context) {
  work_ = work;
  context_ = context;
  const size_t helpers = size < 1 ? 0 : (size < most ? size : most) - 1;
  if (helpers == 0) return true;
  return members_.allocate(helpers) && recruit(helpers);
}

bool Crew::recruit(size_t helpers) {
  started_ = 0;
  process_ = getpid();
  for (size_t i = 0; i < helpers; i++) {
    members_[i].crew = this;
    members_[i].index = i + 1;
    members_[i].seen = runs_.load();
    if (pthread_create(&members_[i].thread, nullptr, live, &members_[i]) != 0) return false;
    started_++;
  }
  return true;
}

void* Crew::live(void* member) {
  auto& [crew, index, seen, thread] = *static_cast<Member*>(member);
  for (;;) {
    crew->bell_.wait([&] { return crew->runs_.load() != seen || crew->over_.load(); });
    if (crew->over_.load()) return nullptr;
    // Those before it are over, whoever did them.
    seen = crew->runs_.load();
    crew->work_(crew->context_, index, seen);
  }
}

void Crew::run() {
  if (is_forked()) {
    const size_t helpers = started_;
    // What they held at that moment nobody gives back.
    bell_.renew();
    // Fewer do as well: nobody is waited for who is not there.
    recruit(helpers);
  }
  const uint64_t run = runs_.fetch_add(1) + 1;
  bell_.ring();
  work_(context_, 0, run);
}

}  // namespace ocellus
