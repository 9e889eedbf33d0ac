// Reading what JavaScript passes. Each reader gives false after it has thrown a TypeError (or a RangeError) that says what was
// expected and what came; the caller then returns at once.
#pragma once

#include <node_api.h>

#include <cstddef>
#include <cstdint>

namespace ocellus {

class Arguments {
 public:
  static constexpr size_t most = 12;

  Arguments(napi_env env, napi_callback_info info);

  /// A view of a typed array's memory; empty where it is detached. `T` must be its very element type.
  template <typename T>
  bool array(size_t index, const char* name, T*& data, size_t& length) {
    return view(values_[index], name, data, length);
  }
  /// `array` of any value.
  template <typename T>
  bool view(napi_value value, const char* name, T*& data, size_t& length);
  /// A whole number from `low` to `high`.
  bool integer(size_t index, const char* name, int64_t low, int64_t high, int64_t& value);
  /// A number that is finite.
  bool number(size_t index, const char* name, double& value);
  bool boolean(size_t index, const char* name, bool& value);
  /// One of `count` words.
  bool word(size_t index, const char* name, const char* const* words, size_t count, size_t& value);

  napi_env env() const { return env_; }
  napi_value at(size_t index) const { return values_[index]; }
  napi_value self() const { return self_; }
  /// The `data` the function was made with.
  void* data() const { return data_; }

 private:
  bool raw_array(napi_value value, const char* name, napi_typedarray_type type, const char* expected, void*& data, size_t& length);

  napi_env env_;
  napi_value values_[most];
  napi_value self_ = nullptr;
  void* data_ = nullptr;
};

/// Throws a TypeError; always false.
bool type_error(napi_env env, const char* format, ...) __attribute__((format(printf, 2, 3)));
/// Throws a RangeError; always false.
bool range_error(napi_env env, const char* format, ...) __attribute__((format(printf, 2, 3)));

}  // namespace ocellus
