#include "manager.h"

#include <condition_variable>
#include <cstring>
#include <mutex>
#include <stdexcept>
#include <string>

namespace ocellus {
namespace {

std::mutex mutex;
std::condition_variable gone;
std::weak_ptr<libcamera::CameraManager> present;
bool exists = false;

void end(libcamera::CameraManager* manager) {
  const std::lock_guard<std::mutex> lock(mutex);
  manager->stop();
  delete manager;
  exists = false;
  gone.notify_all();
}

}  // namespace

std::shared_ptr<libcamera::CameraManager> camera_manager() {
  std::unique_lock<std::mutex> lock(mutex);
  for (;;) {
    if (auto manager = present.lock()) return manager;
    if (!exists) break;
    // One that nobody has any more, but which has not ended yet.
    gone.wait(lock);
  }
  auto made = std::make_unique<libcamera::CameraManager>();
  const int status = made->start();
  if (status < 0) throw std::runtime_error("libcamera cannot be started: " + std::string(strerror(-status)));
  exists = true;
  const std::shared_ptr<libcamera::CameraManager> manager(made.release(), end);
  present = manager;
  return manager;
}

}  // namespace ocellus
