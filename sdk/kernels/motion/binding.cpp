#include "native/arguments.h"
#include "native/binding.h"

namespace ocellus {
namespace {

constexpr int64_t side_limit = 65535;

struct Range {
  const char* name;
  int64_t low;
  int64_t high;
};

constexpr Range ranges[] = {
    {"width", 1, side_limit}, {"height", 1, side_limit}, {"stride", 1, 8 * side_limit}, {"step", 1, 4},
    {"floor", 0, 4080},       {"smooth", 0, 32767},      {"follow", 0, 32767},          {"learn", 0, 32767},
    {"learnChanged", 0, 32767}, {"passed", 0, 32767},    {"settle", 0, 32767},
};
constexpr size_t range_count = sizeof ranges / sizeof ranges[0];

/// motion(luma, numbers, current, level, background, noise, anchor, rest, changed, mask): number
/// numbers: an Int32Array of width, height, stride, step and the rule.
napi_value run(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info);
  uint8_t* data = nullptr;
  int32_t* numbers = nullptr;
  size_t length = 0, given = 0;
  if (!arguments.array(0, "luma", data, length) || !arguments.array(1, "numbers", numbers, given)) return nullptr;
  if (given != range_count) {
    range_error(env, "numbers: expected %zu, got %zu", range_count, given);
    return nullptr;
  }
  for (size_t i = 0; i < range_count; i++) {
    const Range& range = ranges[i];
    if (numbers[i] >= range.low && numbers[i] <= range.high) continue;
    range_error(env, "%s: expected %lld..%lld, got %d", range.name, static_cast<long long>(range.low),
                static_cast<long long>(range.high), numbers[i]);
    return nullptr;
  }
  const Luma luma = {data, static_cast<size_t>(numbers[0]), static_cast<size_t>(numbers[1]),
                     static_cast<size_t>(numbers[2]), static_cast<size_t>(numbers[3])};
  if (luma.stride < luma.width * luma.step) {
    range_error(env, "stride: expected at least %zu, got %zu", luma.width * luma.step, luma.stride);
    return nullptr;
  }
  const size_t needed = (luma.height - 1) * luma.stride + (luma.width - 1) * luma.step + 1;
  if (length < needed) {
    range_error(env, "luma: expected at least %zu bytes for %zu x %zu pixels, got %zu", needed, luma.width, luma.height,
                length);
    return nullptr;
  }
  MotionState state{};
  uint8_t* mask = nullptr;
  size_t lengths[8] = {};
  if (!arguments.array(2, "current", state.current, lengths[0]) || !arguments.array(3, "level", state.level, lengths[1]) ||
      !arguments.array(4, "background", state.background, lengths[2]) ||
      !arguments.array(5, "noise", state.noise, lengths[3]) ||
      !arguments.array(6, "anchor", state.anchor, lengths[4]) || !arguments.array(7, "rest", state.rest, lengths[5]) ||
      !arguments.array(8, "changed", state.changed, lengths[6]) || !arguments.array(9, "mask", mask, lengths[7])) {
    return nullptr;
  }
  const size_t cells = motion_columns(luma.width) * motion_rows(luma.height);
  for (const size_t one : lengths) {
    if (one == cells) continue;
    range_error(env, "state: expected %zu cells for %zu x %zu pixels, got %zu", cells, luma.width, luma.height, one);
    return nullptr;
  }
  state.mask = mask;
  const auto part = [numbers](size_t i) { return static_cast<uint16_t>(numbers[i]); };
  const MotionRule rule = {part(4), part(5), part(6), part(7), part(8), part(9), part(10)};
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
