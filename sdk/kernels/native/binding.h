// How an operation is given to JavaScript: each adds its functions to the object of one table.
#pragma once

#include <node_api.h>

#include "native/table.h"

namespace ocellus {

/// Adds a function to an object; `table` comes back as its `data`.
void add_function(napi_env env, napi_value object, const char* name, napi_callback callback, const Table& table);

void bind_dot(napi_env env, napi_value object, const Table& table);
void bind_motion(napi_env env, napi_value object, const Table& table);
void bind_boxes(napi_env env, napi_value object, const Table& table);
void bind_preprocess(napi_env env, napi_value object, const Table& table);
void bind_convert(napi_env env, napi_value object, const Table& table);
void bind_jpeg(napi_env env, napi_value object, const Table& table);
void bind_program(napi_env env, napi_value object, const Table& table);

}  // namespace ocellus
