// libcamera's camera manager, of which a process may have one only.
#pragma once

#include <libcamera/camera_manager.h>

#include <memory>

namespace ocellus {

/// Runs as long as somebody has it: it looks for cameras anew when the first one comes. From any thread.
/// @throws std::runtime_error when it cannot be started.
std::shared_ptr<libcamera::CameraManager> camera_manager();

}  // namespace ocellus
