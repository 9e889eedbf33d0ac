// Work on a thread of Node's pool, told to JavaScript as a promise.
#pragma once

#include <node_api.h>

#include <functional>

namespace ocellus {

/// @param owner An object that is not collected before the work is done; may be null.
/// @param work Runs on another thread; what it throws rejects the promise.
/// @param done Runs on JavaScript's thread after it and makes the promise's value; null is undefined.
napi_value promise_of(napi_env env, const char* name, napi_value owner, std::function<void()> work,
                      std::function<napi_value(napi_env)> done);

}  // namespace ocellus
