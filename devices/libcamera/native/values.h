// Between JavaScript's values and C++'s.
#pragma once

#include <node_api.h>

#include <string>
#include <vector>

#include "controls.h"

namespace ocellus {

napi_value to_js(napi_env env, double value);
napi_value to_js(napi_env env, bool value);
napi_value to_js(napi_env env, const std::string& value);
napi_value to_js(napi_env env, const std::vector<Control>& controls);
/// `{ExposureTime: [9998], …}`
napi_value to_js(napi_env env, const Values& values);

napi_value object(napi_env env);
void set(napi_env env, napi_value object, const char* name, napi_value value);

// The TypeScript beside it is the only caller: what is missing is 0, false, or empty.
napi_value get(napi_env env, napi_value object, const char* name);
unsigned int whole_number(napi_env env, napi_value value);
bool flag(napi_env env, napi_value value);
std::string text(napi_env env, napi_value value);
std::vector<std::string> texts(napi_env env, napi_value value);
/// `[['ExposureTime', [9998]], …]`
Values values(napi_env env, napi_value value);

}  // namespace ocellus
