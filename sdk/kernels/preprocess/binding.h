// Reading a picture that JavaScript describes: its format, width, height and strides as numbers, its planes as arguments.
#pragma once

#include "native/arguments.h"
#include "preprocess/plan.h"

namespace ocellus {

struct GivenPicture {
  PixelFormat format;
  size_t width, height;
  uint8_t* planes[3];
  size_t strides[3];
};

/// A whole number from `low` to `high`; else false, after a RangeError was thrown.
bool whole(napi_env env, const char* name, double given, int64_t low, int64_t high, size_t& value);
/// @param numbers Format, width, height, three strides.
/// @param first_plane The argument that is plane 0. Those that the format has must be as large as it needs.
bool read_picture(Arguments& arguments, const double* numbers, size_t first_plane, GivenPicture& picture);

}  // namespace ocellus
