#include "task.h"

#include <exception>
#include <string>
#include <utility>

namespace ocellus {
namespace {

struct Task {
  std::function<void()> work;
  std::function<napi_value(napi_env)> done;
  std::string error;
  bool failed = false;
  napi_deferred deferred = nullptr;
  napi_async_work handle = nullptr;
  napi_ref owner = nullptr;
};

void execute(napi_env, void* data) {
  auto& task = *static_cast<Task*>(data);
  try {
    task.work();
  } catch (const std::exception& error) {
    task.failed = true;
    task.error = error.what();
  }
}

void complete(napi_env env, napi_status, void* data) {
  auto* task = static_cast<Task*>(data);
  if (task->failed) {
    napi_value text, error;
    napi_create_string_utf8(env, task->error.c_str(), task->error.size(), &text);
    napi_create_error(env, nullptr, text, &error);
    napi_reject_deferred(env, task->deferred, error);
  } else {
    napi_value value = task->done(env);
    if (value == nullptr) napi_get_undefined(env, &value);
    napi_resolve_deferred(env, task->deferred, value);
  }
  napi_delete_async_work(env, task->handle);
  if (task->owner != nullptr) napi_delete_reference(env, task->owner);
  delete task;
}

}  // namespace

napi_value promise_of(napi_env env, const char* name, napi_value owner, std::function<void()> work,
                      std::function<napi_value(napi_env)> done) {
  auto* task = new Task{std::move(work), std::move(done), {}, false, nullptr, nullptr, nullptr};
  if (owner != nullptr) napi_create_reference(env, owner, 1, &task->owner);
  napi_value promise, text;
  napi_create_promise(env, &task->deferred, &promise);
  napi_create_string_utf8(env, name, NAPI_AUTO_LENGTH, &text);
  napi_create_async_work(env, nullptr, text, execute, complete, task, &task->handle);
  napi_queue_async_work(env, task->handle);
  return promise;
}

}  // namespace ocellus
