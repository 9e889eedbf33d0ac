// Controls and metadata by name and as plain numbers: which there are differs from version to version and from camera to camera.
#pragma once

#include <libcamera/camera.h>
#include <libcamera/controls.h>

#include <map>
#include <string>
#include <vector>

namespace ocellus {

/// A control of a camera that numbers can express.
struct Control {
  std::string name;
  /// `boolean`, `integer` or `number`.
  const char* kind;
  /// How many numbers it takes.
  size_t size;
  double min, max, fallback;
  /// Words of the numbers it takes, where it is a choice.
  std::map<int, std::string> choices;
};

/// A name as libcamera has it, such as `ExposureTime`, and one number, or several.
using Values = std::vector<std::pair<std::string, std::vector<double>>>;

std::vector<Control> controls_of(const libcamera::Camera& camera);

/// Adds these to a list of the camera's. What it does not have is left out.
void set(libcamera::ControlList& list, const libcamera::Camera& camera, const Values& values);

/// What numbers can express of a list.
Values numbers_of(const libcamera::ControlList& list);

}  // namespace ocellus
