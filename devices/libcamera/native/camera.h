// One open camera: its streams, and requests that go round between it and whoever reads the frames.
#pragma once

#include <libcamera/camera.h>
#include <libcamera/camera_manager.h>

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "buffers.h"
#include "controls.h"

namespace ocellus {

/// A camera that was found.
struct Found {
  std::string id;
  std::string model;
};

struct Wanted {
  std::string id;
  /// 0: the camera's own.
  unsigned int width, height;
  /// Is there to be a second stream, of the largest size, for stills?
  bool still;
  /// What the sensor is to give; 0 bits: whatever libcamera chooses.
  unsigned int mode_width, mode_height, mode_bits;
  unsigned int buffers;
  std::vector<std::string> heaps;
  Values controls;
};

/// What happens to the camera; told on a thread of libcamera.
struct Event {
  enum Kind { frame, lost } kind;
  /// Of a frame, the rest as well.
  size_t slot;
  bool still;
  bool corrupt;
  unsigned int sequence;
  /// Monotonic, ns.
  int64_t captured;
  Values metadata;
};

struct OpenStream {
  libcamera::StreamConfiguration configuration;
  std::unique_ptr<Buffers> buffers;
};

class OpenCamera {
 public:
  /// @throws std::runtime_error when it is gone, used by somebody else, or takes no such configuration.
  OpenCamera(const Wanted& wanted, std::function<void(Event)> tell);
  ~OpenCamera() { close(); }

  static std::vector<Found> find();

  const std::string& model() const { return model_; }
  const OpenStream& video() const { return video_; }
  /// Null where none was wanted.
  const OpenStream* still() const { return still_.get(); }
  const std::vector<Control>& controls() const { return controls_; }

  /// Lets the frames come. Separate from opening, so that they can be told from the first one on. Of one that is closed
  /// meanwhile, none come.
  void start();
  /// Gives the buffer of a frame back to the camera. Until then it is not written to.
  void give_back(size_t slot);
  void give_still_back();
  /// The next frame comes with a still.
  void ask_still();
  /// To be set with the next request.
  void set_controls(const Values& values);
  /// Ends the stream. The memory stays for as long as somebody has its `Mapping`. On any thread, and again: whoever comes
  /// second waits for the first.
  void close();

 private:
  void configure(const Wanted& wanted);
  void completed(libcamera::Request* request);
  void disconnected();
  void queue(size_t slot);
  void leave_behind();

  std::function<void(Event)> tell_;
  std::shared_ptr<libcamera::CameraManager> manager_;
  std::shared_ptr<libcamera::Camera> camera_;
  std::unique_ptr<libcamera::CameraConfiguration> configuration_;
  std::string model_;
  OpenStream video_;
  std::unique_ptr<OpenStream> still_;
  std::vector<Control> controls_;
  std::vector<std::unique_ptr<libcamera::Request>> requests_;

  /// Held while the camera starts or ends, each in a thread of its own; JavaScript may end meanwhile.
  std::mutex phase_;
  /// Of what follows, and of queueing; held for moments only. Taken after `phase_`.
  std::mutex mutex_;
  bool running_ = false;
  bool still_wanted_ = false;
  bool still_free_ = true;
  Values pending_;
};

}  // namespace ocellus
