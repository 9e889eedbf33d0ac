// An open camera as JavaScript has it.
#pragma once

#include <node_api.h>

#include <memory>
#include <vector>

#include "camera.h"

namespace ocellus {

/// Ends with the object that JavaScript has, or with JavaScript itself.
class Session {
 public:
  /// @param on_event Called with each frame, and when the camera is lost.
  Session(napi_env env, napi_value on_event);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// On any thread. @throws std::runtime_error
  void open(const Wanted& wanted);
  /// The object of the open camera, which owns the session from then on.
  napi_value object(napi_env env);
  void close();
  /// What is left to do on JavaScript's thread once it is closed.
  void closed(napi_env env);

 private:
  /// The arrays over one buffer.
  struct Lent {
    std::vector<std::shared_ptr<Mapping>> mappings;
    std::vector<napi_ref> arrays;
    bool out = false;
  };

  /// Tells nothing from now on.
  void silence();

  static void on_event(napi_env env, napi_value callback, void* context, void* data);
  static void at_exit(void* session);
  static Session& of(napi_env env, napi_callback_info info, napi_value* argument, napi_value* self = nullptr);
  static napi_value give_back(napi_env env, napi_callback_info info);
  static napi_value give_still_back(napi_env env, napi_callback_info info);
  static napi_value ask_still(napi_env env, napi_callback_info info);
  static napi_value set_controls(napi_env env, napi_callback_info info);
  static napi_value start(napi_env env, napi_callback_info info);
  static napi_value close(napi_env env, napi_callback_info info);

  napi_value stream(napi_env env, const OpenStream& stream, std::vector<Lent>& lent);
  napi_value lend(napi_env env, const Buffer& buffer, Lent& lent);
  void take_away(napi_env env, Lent& lent);

  napi_env env_;
  napi_threadsafe_function tell_ = nullptr;
  std::unique_ptr<OpenCamera> camera_;
  std::vector<Lent> video_, still_;
  bool closing_ = false;
  bool closed_ = false;
};

}  // namespace ocellus
