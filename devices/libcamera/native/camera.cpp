#include "camera.h"

#include <libcamera/control_ids.h>
#include <libcamera/formats.h>
#include <libcamera/property_ids.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <stdexcept>

#include "manager.h"

namespace ocellus {
namespace {

using libcamera::Camera;
using libcamera::StreamConfiguration;
using libcamera::StreamRole;

/// In this order: what the kernels read in fewest bytes first.
const libcamera::PixelFormat readable[] = {libcamera::formats::YUV420, libcamera::formats::NV12,
                                           libcamera::formats::BGR888, libcamera::formats::RGB888,
                                           libcamera::formats::R8};

std::string model_of(const Camera& camera) {
  const auto model = camera.properties().get(libcamera::properties::Model);
  return model ? std::string(*model) : camera.id();
}

void choose_format(StreamConfiguration& stream) {
  const auto offered = stream.formats().pixelformats();
  for (const auto& format : readable) {
    if (std::find(offered.begin(), offered.end(), format) == offered.end()) continue;
    stream.pixelFormat = format;
    return;
  }
}

[[noreturn]] void fail(const char* what, int status) {
  throw std::runtime_error(std::string(what) + ": " + strerror(-status));
}

int64_t now(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return static_cast<int64_t>(time.tv_sec) * 1000000000 + time.tv_nsec;
}

/// The sensor's clock also counts the time a machine slept, ours does not. Pipelines differ in which one they tell.
int64_t monotonic(int64_t told) {
  const int64_t present = now(CLOCK_MONOTONIC);
  const int64_t asleep = now(CLOCK_BOOTTIME) - present;
  constexpr int64_t longest = 10LL * 1000000000;
  for (const int64_t time : {told - asleep, told}) {
    if (time <= present && time > present - longest) return time;
  }
  return present;
}

int64_t capture_time(const libcamera::Request& request, const libcamera::FrameBuffer& buffer) {
  // `metadata()` is const in newer versions only.
  auto& metadata = const_cast<libcamera::Request&>(request).metadata();
  const auto sensor = metadata.get(libcamera::controls::SensorTimestamp);
  return monotonic(sensor ? *sensor : static_cast<int64_t>(buffer.metadata().timestamp));
}

/// Has a device that the camera is made of gone away, though libcamera may not know it yet?
bool is_gone(const Camera& camera) {
  const auto devices = camera.properties().get(libcamera::properties::SystemDevices);
  if (!devices) return false;
  return std::any_of(devices->begin(), devices->end(), [](int64_t device) {
    const auto number = static_cast<dev_t>(device);
    const auto path = "/sys/dev/char/" + std::to_string(major(number)) + ":" + std::to_string(minor(number));
    return access(path.c_str(), F_OK) < 0;
  });
}

void begin_read(const Buffer& buffer) {
  for (const auto& plane : buffer.planes) plane.mapping->begin_read();
}

void end_read(const Buffer& buffer) {
  for (const auto& plane : buffer.planes) plane.mapping->end_read();
}

}  // namespace

std::vector<Found> OpenCamera::find() {
  std::vector<Found> found;
  const auto manager = camera_manager();
  for (const auto& camera : manager->cameras()) found.push_back({camera->id(), model_of(*camera)});
  return found;
}

OpenCamera::OpenCamera(const Wanted& wanted, std::function<void(Event)> tell)
    : tell_(std::move(tell)), manager_(camera_manager()) {
  camera_ = manager_->get(wanted.id);
  if (!camera_) throw std::runtime_error("there is no camera " + wanted.id + " any more");
  const int status = camera_->acquire();
  if (status < 0) {
    camera_.reset();
    fail("the camera cannot be had", status);
  }
  try {
    configure(wanted);
  } catch (...) {
    close();
    throw;
  }
}

void OpenCamera::configure(const Wanted& wanted) {
  model_ = model_of(*camera_);
  std::vector<StreamRole> roles{StreamRole::VideoRecording};
  if (wanted.still) roles.push_back(StreamRole::StillCapture);
  configuration_ = camera_->generateConfiguration(roles);
  if (!configuration_ || configuration_->size() < roles.size()) {
    throw std::runtime_error(wanted.still ? "the camera has no second stream for stills" : "the camera gives no video");
  }
  auto& video = configuration_->at(0);
  choose_format(video);
  if (wanted.width > 0) video.size.width = wanted.width;
  if (wanted.height > 0) video.size.height = wanted.height;
  video.bufferCount = wanted.buffers;
  if (wanted.still) {
    auto& still = configuration_->at(1);
    choose_format(still);
    still.bufferCount = 1;
    // Where they share one converter of colours they must agree.
    still.colorSpace = video.colorSpace;
  }
  if (wanted.mode_bits > 0) {
    libcamera::SensorConfiguration mode;
    mode.bitDepth = wanted.mode_bits;
    mode.outputSize = libcamera::Size(wanted.mode_width, wanted.mode_height);
    configuration_->sensorConfig = mode;
  }
  if (configuration_->validate() == libcamera::CameraConfiguration::Invalid) {
    throw std::runtime_error("the camera takes no such size or sensor mode: " + video.toString());
  }
  if (configuration_->size() < roles.size()) throw std::runtime_error("the camera has no second stream for stills");
  const int status = camera_->configure(configuration_.get());
  if (status < 0) fail("the camera cannot be configured", status);
  for (const auto& stream : *configuration_) {
    if (!strides_of(stream).empty()) continue;
    throw std::runtime_error("the camera gives " + stream.pixelFormat.toString() +
                             ", which cannot be read here; a camera on USB is read by v4l2:");
  }

  video_ = {configuration_->at(0), std::make_unique<Buffers>(camera_, configuration_->at(0), wanted.heaps)};
  if (wanted.still) {
    still_ = std::make_unique<OpenStream>();
    *still_ = {configuration_->at(1), std::make_unique<Buffers>(camera_, configuration_->at(1), wanted.heaps)};
  }
  controls_ = controls_of(*camera_);
  pending_ = wanted.controls;
  for (size_t slot = 0; slot < video_.buffers->list().size(); slot++) {
    auto request = camera_->createRequest(slot);
    if (!request) throw std::runtime_error("the camera takes no requests");
    requests_.push_back(std::move(request));
  }
}

void OpenCamera::start() {
  const std::lock_guard<std::mutex> phase(phase_);
  if (!camera_) return;
  camera_->requestCompleted.connect(this, &OpenCamera::completed);
  camera_->disconnected.connect(this, &OpenCamera::disconnected);
  const std::lock_guard<std::mutex> lock(mutex_);
  libcamera::ControlList controls(camera_->controls());
  set(controls, *camera_, pending_);
  pending_.clear();
  const int status = camera_->start(&controls);
  if (status < 0) fail("the camera does not start", status);
  running_ = true;
  for (size_t slot = 0; slot < requests_.size(); slot++) queue(slot);
}

void OpenCamera::queue(size_t slot) {
  auto& request = *requests_[slot];
  request.reuse();
  request.addBuffer(video_.configuration.stream(), video_.buffers->list()[slot].frame);
  if (still_ && still_wanted_ && still_free_) {
    request.addBuffer(still_->configuration.stream(), still_->buffers->list()[0].frame);
    still_wanted_ = false;
    still_free_ = false;
  }
  set(request.controls(), *camera_, pending_);
  pending_.clear();
  // One that was unplugged refuses; that is told by `disconnected`.
  camera_->queueRequest(&request);
}

void OpenCamera::completed(libcamera::Request* request) {
  // The camera stops, or was unplugged.
  if (request->status() == libcamera::Request::RequestCancelled) return;
  const size_t slot = static_cast<size_t>(request->cookie());
  const auto& video = video_.buffers->list()[slot];
  const bool still = still_ && request->findBuffer(still_->configuration.stream()) != nullptr;
  begin_read(video);
  if (still) begin_read(still_->buffers->list()[0]);
  const auto& about = video.frame->metadata();
  // Not "other than success": the virtual pipeline of 0.4 says nothing of it.
  tell_({Event::frame, slot, still, about.status == libcamera::FrameMetadata::FrameError, about.sequence,
         capture_time(*request, *video.frame), numbers_of(request->metadata())});
}

void OpenCamera::disconnected() { tell_({Event::lost, 0, false, false, 0, 0, {}}); }

void OpenCamera::give_back(size_t slot) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (!running_) return;
  end_read(video_.buffers->list()[slot]);
  queue(slot);
}

void OpenCamera::give_still_back() {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (!running_) return;
  end_read(still_->buffers->list()[0]);
  still_free_ = true;
}

void OpenCamera::ask_still() {
  const std::lock_guard<std::mutex> lock(mutex_);
  still_wanted_ = true;
}

void OpenCamera::set_controls(const Values& values) {
  const std::lock_guard<std::mutex> lock(mutex_);
  pending_.insert(pending_.end(), values.begin(), values.end());
}

void OpenCamera::leave_behind() {
  camera_->requestCompleted.disconnect(this);
  camera_->disconnected.disconnect(this);
  struct Remains {
    std::shared_ptr<libcamera::CameraManager> manager;
    std::shared_ptr<Camera> camera;
    std::unique_ptr<libcamera::CameraConfiguration> configuration;
    std::vector<std::unique_ptr<libcamera::Request>> requests;
    OpenStream video;
    std::unique_ptr<OpenStream> still;
  };
  new Remains{std::move(manager_),  std::move(camera_), std::move(configuration_),
              std::move(requests_), std::move(video_),  std::move(still_)};
}

void OpenCamera::close() {
  const std::lock_guard<std::mutex> phase(phase_);
  if (!camera_) return;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    running_ = false;
  }
  if (is_gone(*camera_)) {
    // libcamera ends the process when it cannot stop a device. What is left of the camera is kept for ever instead.
    leave_behind();
    return;
  }
  // Not under `mutex_`: it waits for the requests that are under way, and what they tell may want it.
  camera_->stop();
  camera_->requestCompleted.disconnect(this);
  camera_->disconnected.disconnect(this);
  requests_.clear();
  still_.reset();
  video_.buffers.reset();
  camera_->release();
  camera_.reset();
  configuration_.reset();
  manager_.reset();
}

}  // namespace ocellus
