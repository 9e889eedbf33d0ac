#include <cmath>
#include <cstdarg>
#include <cstdio>
#include <cstring>

#include "native/arguments.h"

namespace ocellus {
namespace {

const char* type_name(napi_valuetype type) {
  switch (type) {
    case napi_undefined:
      return "nothing";
    case napi_null:
      return "null";
    case napi_boolean:
      return "a boolean";
    case napi_number:
      return "a number";
    case napi_string:
      return "a string";
    case napi_function:
      return "a function";
    default:
      return "an object";
  }
}

const char* type_name_of(napi_env env, napi_value value) {
  napi_valuetype type = napi_undefined;
  napi_typeof(env, value, &type);
  return type_name(type);
}

}  // namespace

bool type_error(napi_env env, const char* format, ...) {
  char text[256];
  va_list list;
  va_start(list, format);
  vsnprintf(text, sizeof text, format, list);
  va_end(list);
  napi_throw_type_error(env, nullptr, text);
  return false;
}

bool range_error(napi_env env, const char* format, ...) {
  char text[256];
  va_list list;
  va_start(list, format);
  vsnprintf(text, sizeof text, format, list);
  va_end(list);
  napi_throw_range_error(env, nullptr, text);
  return false;
}

Arguments::Arguments(napi_env env, napi_callback_info info) : env_(env) {
  size_t count = most;
  // What was not passed is `undefined`.
  napi_get_cb_info(env, info, &count, values_, &self_, &data_);
}

bool Arguments::raw_array(napi_value value, const char* name, napi_typedarray_type type, const char* expected, void*& data,
                          size_t& length) {
  bool is_array = false;
  napi_is_typedarray(env_, value, &is_array);
  if (!is_array) return type_error(env_, "%s: expected %s, got %s", name, expected, type_name_of(env_, value));
  napi_typedarray_type actual;
  napi_get_typedarray_info(env_, value, &actual, &length, &data, nullptr, nullptr);
  if (actual != type) return type_error(env_, "%s: expected %s, got an array of another type", name, expected);
  if (data == nullptr) length = 0;
  return true;
}

#define READER(element, kind, expected)                                                                       \
  template <>                                                                                                 \
  bool Arguments::view<element>(napi_value value, const char* name, element*& data, size_t& length) {          \
    void* raw = nullptr;                                                                                      \
    if (!raw_array(value, name, kind, expected, raw, length)) return false;                                   \
    data = static_cast<element*>(raw);                                                                        \
    return true;                                                                                              \
  }
READER(uint8_t, napi_uint8_array, "a Uint8Array")
READER(int8_t, napi_int8_array, "an Int8Array")
READER(uint16_t, napi_uint16_array, "a Uint16Array")
READER(uint32_t, napi_uint32_array, "a Uint32Array")
READER(int32_t, napi_int32_array, "an Int32Array")
READER(float, napi_float32_array, "a Float32Array")
READER(double, napi_float64_array, "a Float64Array")
#undef READER

bool Arguments::integer(size_t index, const char* name, int64_t low, int64_t high, int64_t& value) {
  double given = 0;
  if (!number(index, name, given)) return false;
  if (given != std::floor(given) || given < static_cast<double>(low) || given > static_cast<double>(high)) {
    return range_error(env_, "%s: expected a whole number from %lld to %lld, got %g", name, static_cast<long long>(low),
                       static_cast<long long>(high), given);
  }
  value = static_cast<int64_t>(given);
  return true;
}

bool Arguments::number(size_t index, const char* name, double& value) {
  if (napi_get_value_double(env_, values_[index], &value) != napi_ok) {
    return type_error(env_, "%s: expected a number, got %s", name, type_name_of(env_, values_[index]));
  }
  if (!std::isfinite(value)) return range_error(env_, "%s: expected a finite number, got %g", name, value);
  return true;
}

bool Arguments::boolean(size_t index, const char* name, bool& value) {
  if (napi_get_value_bool(env_, values_[index], &value) == napi_ok) return true;
  return type_error(env_, "%s: expected a boolean, got %s", name, type_name_of(env_, values_[index]));
}

bool Arguments::word(size_t index, const char* name, const char* const* words, size_t count, size_t& value) {
  char text[32] = "";
  size_t length = 0;
  if (napi_get_value_string_utf8(env_, values_[index], text, sizeof text, &length) != napi_ok) {
    return type_error(env_, "%s: expected a string, got %s", name, type_name_of(env_, values_[index]));
  }
  for (value = 0; value < count; value++) {
    if (std::strcmp(text, words[value]) == 0) return true;
  }
  return type_error(env_, "%s: expected one of %zu words such as %s, got %s", name, count, words[0], text);
}

}  // namespace ocellus
