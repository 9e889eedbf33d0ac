// The addon of libcamera's cameras; devices/libcamera/addon.ts says what its functions take.
#include <node_api.h>

#include <memory>
#include <string>
#include <vector>

#include "camera.h"
#include "manager.h"
#include "session.h"
#include "task.h"
#include "values.h"

namespace ocellus {
namespace {

/// Counts changes of what the functions take; devices/libcamera/addon.ts has the same number.
constexpr int abi = 1;

/// find(): Promise<{id, model}[]>
napi_value find(napi_env env, napi_callback_info) {
  auto found = std::make_shared<std::vector<Found>>();
  return promise_of(
      env, "find cameras", nullptr, [found] { *found = OpenCamera::find(); },
      [found](napi_env env) {
        napi_value list;
        napi_create_array(env, &list);
        uint32_t count = 0;
        for (const auto& camera : *found) {
          napi_value one = object(env);
          set(env, one, "id", to_js(env, camera.id));
          set(env, one, "model", to_js(env, camera.model));
          napi_set_element(env, list, count++, one);
        }
        return list;
      });
}

Wanted wanted_of(napi_env env, napi_value value) {
  const auto number = [&](const char* name) { return whole_number(env, get(env, value, name)); };
  Wanted wanted{};
  wanted.id = text(env, get(env, value, "id"));
  wanted.width = number("width");
  wanted.height = number("height");
  wanted.still = flag(env, get(env, value, "still"));
  wanted.mode_width = number("modeWidth");
  wanted.mode_height = number("modeHeight");
  wanted.mode_bits = number("modeBits");
  wanted.buffers = number("buffers");
  wanted.heaps = texts(env, get(env, value, "heaps"));
  wanted.controls = values(env, get(env, value, "controls"));
  return wanted;
}

/// open(wanted, onEvent): Promise<Session | string>, which is why it cannot be opened.
napi_value open(napi_env env, napi_callback_info info) {
  size_t count = 2;
  napi_value arguments[2];
  napi_get_cb_info(env, info, &count, arguments, nullptr, nullptr);
  auto* session = new Session(env, arguments[1]);
  const Wanted wanted = wanted_of(env, arguments[0]);
  // Without a camera it belongs to nobody; it may only end where JavaScript runs.
  auto failure = std::make_shared<std::string>();
  return promise_of(
      env, "open a camera", nullptr,
      [session, wanted, failure] {
        try {
          session->open(wanted);
        } catch (const std::exception& error) {
          *failure = error.what();
        }
      },
      [session, failure](napi_env env) -> napi_value {
        if (failure->empty()) return session->object(env);
        delete session;
        return to_js(env, *failure);
      });
}

napi_value init(napi_env env, napi_value exports) {
  const auto add = [&](const char* name, napi_callback callback) {
    napi_value function;
    napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, nullptr, &function);
    set(env, exports, name, function);
  };
  set(env, exports, "abi", to_js(env, static_cast<double>(abi)));
  set(env, exports, "version", to_js(env, std::string(libcamera::CameraManager::version())));
  add("find", find);
  add("open", open);
  return exports;
}

}  // namespace
}  // namespace ocellus

NAPI_MODULE_INIT() { return ocellus::init(env, exports); }
