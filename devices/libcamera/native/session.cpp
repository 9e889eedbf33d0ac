#include "session.h"

#include <libcamera/formats.h>

#include <algorithm>
#include <map>
#include <string>

#include "task.h"
#include "values.h"

namespace ocellus {
namespace {

/// As sdk/frame/layout.ts names it. libcamera names RGB by the order in a number, we by the order in memory.
const char* format_of(const libcamera::PixelFormat& format) {
  namespace formats = libcamera::formats;
  if (format == formats::YUV420) return "I420";
  if (format == formats::NV12) return "NV12";
  if (format == formats::BGR888) return "RGB24";
  if (format == formats::RGB888) return "BGR24";
  return "GRAY8";
}

/// `{matrix, range}`, or undefined where the camera does not say.
napi_value colour_of(napi_env env, const std::optional<libcamera::ColorSpace>& colour) {
  using libcamera::ColorSpace;
  if (!colour || colour->ycbcrEncoding == ColorSpace::YcbcrEncoding::None) return nullptr;
  napi_value result = object(env);
  const bool is_709 = colour->ycbcrEncoding == ColorSpace::YcbcrEncoding::Rec709;
  set(env, result, "matrix", to_js(env, std::string(is_709 ? "bt709" : "bt601")));
  set(env, result, "range", to_js(env, std::string(colour->range == ColorSpace::Range::Full ? "full" : "limited")));
  return result;
}

void add(napi_env env, napi_value target, const char* name, napi_callback callback) {
  napi_value function;
  napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, nullptr, &function);
  set(env, target, name, function);
}

}  // namespace

Session::Session(napi_env env, napi_value on_event) : env_(env) {
  const napi_value name = to_js(env, std::string("ocellus camera"));
  // As many as wait can be frames on their way: each has a buffer, so their number has a bound of its own.
  napi_create_threadsafe_function(env, on_event, nullptr, name, 0, 1, nullptr, nullptr, this, Session::on_event, &tell_);
  napi_add_env_cleanup_hook(env, at_exit, this);
}

Session::~Session() {
  close();
  closed(env_);
}

void Session::at_exit(void* data) {
  // A thread of libcamera that tells of a frame when there is no JavaScript any more would end the process badly.
  auto& session = *static_cast<Session*>(data);
  session.close();
  session.silence();
  // The arrays end with JavaScript.
  session.closed_ = session.closing_ = true;
}

void Session::silence() {
  if (tell_ != nullptr) napi_release_threadsafe_function(tell_, napi_tsfn_abort);
  tell_ = nullptr;
}

void Session::open(const Wanted& wanted) {
  camera_ = std::make_unique<OpenCamera>(wanted, [this](Event event) {
    auto* copy = new Event(std::move(event));
    if (napi_call_threadsafe_function(tell_, copy, napi_tsfn_nonblocking) != napi_ok) delete copy;
  });
}

void Session::close() {
  if (camera_) camera_->close();
}

void Session::closed(napi_env env) {
  if (closed_) return;
  closed_ = closing_ = true;
  napi_remove_env_cleanup_hook(env, at_exit, this);
  silence();
  for (auto* list : {&video_, &still_}) {
    for (auto& lent : *list) {
      if (!lent.out) take_away(env, lent);
    }
  }
}

napi_value Session::object(napi_env env) {
  napi_value result = ocellus::object(env);
  ocellus::set(env, result, "model", to_js(env, camera_->model()));
  ocellus::set(env, result, "cached", to_js(env, camera_->video().buffers->cached()));
  ocellus::set(env, result, "controls", to_js(env, camera_->controls()));
  ocellus::set(env, result, "video", stream(env, camera_->video(), video_));
  if (camera_->still() != nullptr) ocellus::set(env, result, "still", stream(env, *camera_->still(), still_));
  add(env, result, "start", start);
  add(env, result, "giveBack", give_back);
  add(env, result, "giveStillBack", give_still_back);
  add(env, result, "askStill", ask_still);
  add(env, result, "setControls", set_controls);
  add(env, result, "close", close);
  const auto finalize = [](napi_env, void* data, void*) { delete static_cast<Session*>(data); };
  napi_wrap(env, result, this, finalize, nullptr, nullptr);
  return result;
}

napi_value Session::stream(napi_env env, const OpenStream& stream, std::vector<Lent>& lent) {
  const auto& about = stream.configuration;
  napi_value result = ocellus::object(env);
  ocellus::set(env, result, "format", to_js(env, std::string(format_of(about.pixelFormat))));
  ocellus::set(env, result, "width", to_js(env, static_cast<double>(about.size.width)));
  ocellus::set(env, result, "height", to_js(env, static_cast<double>(about.size.height)));
  const napi_value colour = colour_of(env, about.colorSpace);
  if (colour != nullptr) ocellus::set(env, result, "colour", colour);
  napi_value strides, buffers;
  napi_create_array(env, &strides);
  uint32_t count = 0;
  for (const unsigned int stride : strides_of(about)) {
    napi_set_element(env, strides, count++, to_js(env, static_cast<double>(stride)));
  }
  ocellus::set(env, result, "strides", strides);
  napi_create_array(env, &buffers);
  count = 0;
  lent.resize(stream.buffers->list().size());
  for (const auto& buffer : stream.buffers->list()) {
    napi_set_element(env, buffers, count, lend(env, buffer, lent[count]));
    count++;
  }
  ocellus::set(env, result, "buffers", buffers);
  return result;
}

napi_value Session::lend(napi_env env, const Buffer& buffer, Lent& lent) {
  std::map<const Mapping*, napi_value> arrays;
  napi_value planes;
  napi_create_array(env, &planes);
  uint32_t count = 0;
  for (const auto& plane : buffer.planes) {
    auto& array = arrays[plane.mapping.get()];
    if (array == nullptr) {
      // The array keeps the memory alive, whatever becomes of the camera.
      auto* keeper = new std::shared_ptr<Mapping>(plane.mapping);
      const auto finalize = [](napi_env, void*, void* hint) { delete static_cast<std::shared_ptr<Mapping>*>(hint); };
      napi_create_external_arraybuffer(env, plane.mapping->data(), plane.mapping->length(), finalize, keeper, &array);
      napi_ref reference;
      napi_create_reference(env, array, 1, &reference);
      lent.arrays.push_back(reference);
      lent.mappings.push_back(plane.mapping);
    }
    napi_value view;
    napi_create_typedarray(env, napi_uint8_array, plane.length, array, plane.offset, &view);
    napi_set_element(env, planes, count++, view);
  }
  return planes;
}

/// Leaves arrays of no length. To wait for the garbage collector would keep a camera's memory, of which there is little.
void Session::take_away(napi_env env, Lent& lent) {
  napi_handle_scope scope;
  if (napi_open_handle_scope(env, &scope) != napi_ok) return;
  for (size_t i = 0; i < lent.arrays.size(); i++) {
    napi_value array = nullptr;
    if (napi_get_reference_value(env, lent.arrays[i], &array) == napi_ok && array != nullptr &&
        napi_detach_arraybuffer(env, array) == napi_ok) {
      lent.mappings[i]->unmap();
    }
    napi_delete_reference(env, lent.arrays[i]);
  }
  lent.arrays.clear();
  lent.mappings.clear();
  napi_close_handle_scope(env, scope);
}

void Session::on_event(napi_env env, napi_value callback, void* context, void* data) {
  const std::unique_ptr<Event> event(static_cast<Event*>(data));
  // Without an environment it is only to be thrown away.
  if (env == nullptr || callback == nullptr) return;
  auto& session = *static_cast<Session*>(context);
  if (session.closing_) return;
  napi_value result = ocellus::object(env);
  ocellus::set(env, result, "kind", to_js(env, std::string(event->kind == Event::frame ? "frame" : "lost")));
  if (event->kind == Event::frame) {
    session.video_[event->slot].out = true;
    if (event->still) session.still_[0].out = true;
    ocellus::set(env, result, "slot", to_js(env, static_cast<double>(event->slot)));
    ocellus::set(env, result, "still", to_js(env, event->still));
    ocellus::set(env, result, "corrupt", to_js(env, event->corrupt));
    ocellus::set(env, result, "sequence", to_js(env, static_cast<double>(event->sequence)));
    ocellus::set(env, result, "capturedNs", to_js(env, static_cast<double>(event->captured)));
    ocellus::set(env, result, "metadata", to_js(env, event->metadata));
  }
  napi_value nothing;
  napi_get_undefined(env, &nothing);
  napi_call_function(env, nothing, callback, 1, &result, nullptr);
}

Session& Session::of(napi_env env, napi_callback_info info, napi_value* argument, napi_value* self) {
  size_t count = 1;
  napi_value object, first = nullptr;
  napi_get_cb_info(env, info, &count, &first, &object, nullptr);
  if (argument != nullptr) *argument = first;
  if (self != nullptr) *self = object;
  void* session = nullptr;
  napi_unwrap(env, object, &session);
  return *static_cast<Session*>(session);
}

napi_value Session::start(napi_env env, napi_callback_info info) {
  napi_value self;
  Session& session = of(env, info, nullptr, &self);
  return promise_of(
      env, "start a camera", self, [&session] { session.camera_->start(); }, [](napi_env) { return nullptr; });
}

napi_value Session::give_back(napi_env env, napi_callback_info info) {
  napi_value slot;
  Session& session = of(env, info, &slot);
  const size_t index = whole_number(env, slot);
  if (index >= session.video_.size()) return nullptr;
  auto& lent = session.video_[index];
  lent.out = false;
  if (session.closed_) {
    session.take_away(env, lent);
  } else if (!session.closing_) {
    session.camera_->give_back(index);
  }
  return nullptr;
}

napi_value Session::give_still_back(napi_env env, napi_callback_info info) {
  Session& session = of(env, info, nullptr);
  if (session.still_.empty()) return nullptr;
  session.still_[0].out = false;
  if (session.closed_) {
    session.take_away(env, session.still_[0]);
  } else if (!session.closing_) {
    session.camera_->give_still_back();
  }
  return nullptr;
}

napi_value Session::ask_still(napi_env env, napi_callback_info info) {
  of(env, info, nullptr).camera_->ask_still();
  return nullptr;
}

napi_value Session::set_controls(napi_env env, napi_callback_info info) {
  napi_value list;
  Session& session = of(env, info, &list);
  session.camera_->set_controls(values(env, list));
  return nullptr;
}

napi_value Session::close(napi_env env, napi_callback_info info) {
  napi_value self;
  Session& session = of(env, info, nullptr, &self);
  session.closing_ = true;
  return promise_of(
      env, "close a camera", self, [&session] { session.close(); },
      [&session](napi_env env) {
        session.closed(env);
        return nullptr;
      });
}

}  // namespace ocellus
