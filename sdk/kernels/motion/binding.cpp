#include "native/arguments.h"
#include "native/binding.h"

namespace ocellus {
namespace {

constexpr int64_t side_limit = 65535;

/// motion(luma, width, height, stride, step, floor, follow, background, noise, current, changed, mask): number
napi_value run(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info);
  uint8_t* data = nullptr;
  size_t length = 0;
  int64_t width = 0, height = 0, stride = 0, step = 0, floor = 0, follow = 0;
  if (!arguments.array(0, "luma", data, length) || !arguments.integer(1, "width", 1, side_limit, width) ||
      !arguments.integer(2, "height", 1, side_limit, height) ||
      !arguments.integer(4, "step", 1, 4, step) ||
      !arguments.integer(3, "stride", width * step, 8 * side_limit, stride) ||
      !arguments.integer(5, "floor", 0, 4080, floor) || !arguments.integer(6, "follow", 0, 256, follow)) {
    return nullptr;
  }
  const int64_t needed = (height - 1) * stride + (width - 1) * step + 1;
  if (static_cast<uint64_t>(length) < static_cast<uint64_t>(needed)) {
    range_error(env, "luma: expected at least %lld bytes for %lld x %lld pixels, got %zu",
                static_cast<long long>(needed), static_cast<long long>(width), static_cast<long long>(height), length);
    return nullptr;
  }
  const Luma luma = {data, static_cast<size_t>(width), static_cast<size_t>(height), static_cast<size_t>(stride),
                     static_cast<size_t>(step)};
  const size_t cells = motion_columns(luma.width) * motion_rows(luma.height);
  MotionState state{};
  uint8_t* mask = nullptr;
  size_t lengths[5] = {};
  if (!arguments.array(7, "background", state.background, lengths[0]) ||
      !arguments.array(8, "noise", state.noise, lengths[1]) ||
      !arguments.array(9, "current", state.current, lengths[2]) ||
      !arguments.array(10, "changed", state.changed, lengths[3]) || !arguments.array(11, "mask", mask, lengths[4])) {
    return nullptr;
  }
  for (const size_t given : lengths) {
    if (given == cells) continue;
    range_error(env, "state: expected %zu cells for %lld x %lld pixels, got %zu", cells, static_cast<long long>(width),
                static_cast<long long>(height), given);
    return nullptr;
  }
  state.mask = mask;
  const MotionRule rule = {static_cast<uint16_t>(floor), static_cast<uint16_t>(follow)};
  const MotionKernels& kernels = *static_cast<const Table*>(arguments.data())->motion;
  napi_value result;
  napi_create_uint32(env, static_cast<uint32_t>(motion(kernels, luma, state, rule)), &result);
  return result;
}

}  // namespace

void bind_motion(napi_env env, napi_value object, const Table& table) {
  add_function(env, object, "motion", run, table);
}

}  // namespace ocellus
