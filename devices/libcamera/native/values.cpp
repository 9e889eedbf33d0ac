#include "values.h"

namespace ocellus {
namespace {

std::vector<napi_value> elements(napi_env env, napi_value array) {
  uint32_t length = 0;
  if (napi_get_array_length(env, array, &length) != napi_ok) return {};
  std::vector<napi_value> result(length);
  for (uint32_t i = 0; i < length; i++) napi_get_element(env, array, i, &result[i]);
  return result;
}

napi_value array_of(napi_env env, const std::vector<napi_value>& list) {
  napi_value array;
  napi_create_array_with_length(env, list.size(), &array);
  for (uint32_t i = 0; i < list.size(); i++) napi_set_element(env, array, i, list[i]);
  return array;
}

}  // namespace

napi_value to_js(napi_env env, double value) {
  napi_value result;
  napi_create_double(env, value, &result);
  return result;
}

napi_value to_js(napi_env env, bool value) {
  napi_value result;
  napi_get_boolean(env, value, &result);
  return result;
}

napi_value to_js(napi_env env, const std::string& value) {
  napi_value result;
  napi_create_string_utf8(env, value.c_str(), value.size(), &result);
  return result;
}

napi_value to_js(napi_env env, const std::vector<Control>& controls) {
  std::vector<napi_value> list;
  for (const auto& control : controls) {
    napi_value one = object(env);
    set(env, one, "name", to_js(env, control.name));
    set(env, one, "kind", to_js(env, std::string(control.kind)));
    set(env, one, "size", to_js(env, static_cast<double>(control.size)));
    set(env, one, "min", to_js(env, control.min));
    set(env, one, "max", to_js(env, control.max));
    set(env, one, "default", to_js(env, control.fallback));
    napi_value choices = object(env);
    for (const auto& [number, word] : control.choices) {
      set(env, choices, std::to_string(number).c_str(), to_js(env, word));
    }
    set(env, one, "choices", choices);
    list.push_back(one);
  }
  return array_of(env, list);
}

napi_value to_js(napi_env env, const Values& values) {
  napi_value result = object(env);
  for (const auto& [name, numbers] : values) {
    std::vector<napi_value> list;
    for (const double number : numbers) list.push_back(to_js(env, number));
    set(env, result, name.c_str(), array_of(env, list));
  }
  return result;
}

napi_value object(napi_env env) {
  napi_value result;
  napi_create_object(env, &result);
  return result;
}

void set(napi_env env, napi_value object, const char* name, napi_value value) {
  napi_set_named_property(env, object, name, value);
}

napi_value get(napi_env env, napi_value object, const char* name) {
  napi_value result = nullptr;
  napi_get_named_property(env, object, name, &result);
  return result;
}

unsigned int whole_number(napi_env env, napi_value value) {
  uint32_t result = 0;
  napi_get_value_uint32(env, value, &result);
  return result;
}

bool flag(napi_env env, napi_value value) {
  bool result = false;
  napi_get_value_bool(env, value, &result);
  return result;
}

std::string text(napi_env env, napi_value value) {
  size_t length = 0;
  if (napi_get_value_string_utf8(env, value, nullptr, 0, &length) != napi_ok) return {};
  std::string result(length, '\0');
  napi_get_value_string_utf8(env, value, result.data(), length + 1, &length);
  return result;
}

std::vector<std::string> texts(napi_env env, napi_value value) {
  std::vector<std::string> result;
  for (const napi_value one : elements(env, value)) result.push_back(text(env, one));
  return result;
}

Values values(napi_env env, napi_value value) {
  Values result;
  for (const napi_value pair : elements(env, value)) {
    const auto parts = elements(env, pair);
    if (parts.size() != 2) continue;
    std::vector<double> numbers;
    for (const napi_value part : elements(env, parts[1])) {
      double number = 0;
      if (napi_get_value_double(env, part, &number) == napi_ok) numbers.push_back(number);
    }
    if (!numbers.empty()) result.emplace_back(text(env, parts[0]), std::move(numbers));
  }
  return result;
}

}  // namespace ocellus
