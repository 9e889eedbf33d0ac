#include "preprocess/binding.h"

#include <new>

#include "native/binding.h"

namespace ocellus {
namespace {

// As sdk/frame/layout.ts; no product of these overflows.
constexpr int64_t side_limit = 16384;
constexpr int64_t stride_limit = 2147483647;
/// Values that describe one region: is its padding wanted, left, top, width, height in the input, x, y, width, height in the
/// source.
constexpr size_t place_values = 9;
/// Format, width, height, strides; BT.709?, limited range?
constexpr size_t source_values = 8;

/// One network input: lives as long as the function that JavaScript calls, and is used by its thread only.
struct Preprocessor {
  const PreprocessKernels* kernels;
  InputTarget target;
  /// As many cameras of different sizes as one core is likely to serve; a table is a few kB.
  static constexpr size_t most_plans = 8;
  Plan plans[most_plans];
  bool known[most_plans] = {};
  size_t next = 0;

  /// @returns Null when there is no memory.
  Plan* plan_of(const Placement& placement) {
    for (size_t i = 0; i < most_plans; i++) {
      if (known[i] && plans[i].placement() == placement) return &plans[i];
    }
    const size_t at = next;
    next = (next + 1) % most_plans;
    known[at] = plans[at].make(target, placement);
    return known[at] ? &plans[at] : nullptr;
  }
};

/// The source's description and its planes: arguments 0 to 3.
bool read_source(Arguments& arguments, Placement& placement, Picture& picture) {
  napi_env env = arguments.env();
  double* given = nullptr;
  size_t length = 0;
  if (!arguments.array(0, "source", given, length)) return false;
  if (length != source_values) return range_error(env, "source: expected %zu values, got %zu", source_values, length);
  GivenPicture source{};
  size_t bt709 = 0, limited = 0;
  if (!read_picture(arguments, given, 1, source) || !whole(env, "matrix", given[6], 0, 1, bt709) ||
      !whole(env, "range", given[7], 0, 1, limited)) {
    return false;
  }
  placement.format = source.format;
  placement.source_width = source.width;
  placement.source_height = source.height;
  for (size_t i = 0; i < 3; i++) {
    picture.planes[i] = source.planes[i];
    picture.strides[i] = source.strides[i];
  }
  picture.bt709 = bt709 == 1;
  picture.limited = limited == 1;
  return true;
}

/// One region, which lies in the source, and its place, which lies in the input.
bool read_place(napi_env env, const double* given, const InputTarget& target, Placement& placement, bool& padding) {
  const auto input_width = static_cast<int64_t>(target.width);
  const auto input_height = static_cast<int64_t>(target.height);
  const auto source_width = static_cast<int64_t>(placement.source_width);
  const auto source_height = static_cast<int64_t>(placement.source_height);
  const auto left_of = [](int64_t all, size_t part) { return all - static_cast<int64_t>(part); };
  size_t wanted = 0;
  Placement& p = placement;
  if (!whole(env, "padding", given[0], 0, 1, wanted) ||
      !whole(env, "width of the picture in the input", given[3], 1, input_width, p.width) ||
      !whole(env, "height of the picture in the input", given[4], 1, input_height, p.height) ||
      !whole(env, "left", given[1], 0, left_of(input_width, p.width), p.left) ||
      !whole(env, "top", given[2], 0, left_of(input_height, p.height), p.top) ||
      !whole(env, "width of the region", given[7], 1, source_width, p.region_width) ||
      !whole(env, "height of the region", given[8], 1, source_height, p.region_height) ||
      !whole(env, "x of the region", given[5], 0, left_of(source_width, p.region_width), p.region_x) ||
      !whole(env, "y of the region", given[6], 0, left_of(source_height, p.region_height), p.region_y)) {
    return false;
  }
  padding = wanted == 1;
  return true;
}

struct Work {
  napi_value value;
  Placement placement;
  bool padding;
  void* out;
};

/// The outs: one typed array, or an array of them. Runs whatever getters they have, so no memory is looked at before.
bool read_outs(Arguments& arguments, size_t index, Buffer<Work>& work) {
  napi_env env = arguments.env();
  napi_value outs = arguments.at(index);
  bool is_list = false;
  napi_is_array(env, outs, &is_list);
  uint32_t count = 1;
  if (is_list) napi_get_array_length(env, outs, &count);
  if (count > 65536) return range_error(env, "outs: expected at most 65536, got %u", count);
  if (!work.allocate(count)) {
    napi_throw_error(env, nullptr, "out of memory");
    return false;
  }
  work[0].value = outs;
  for (uint32_t i = 0; is_list && i < count; i++) {
    if (napi_get_element(env, outs, i, &work[i].value) != napi_ok) return false;
  }
  return true;
}

bool read_out(Arguments& arguments, const InputTarget& target, Work& work) {
  size_t length = 0;
  if (target.floats) {
    float* data = nullptr;
    if (!arguments.view(work.value, "out", data, length)) return false;
    work.out = data;
  } else {
    uint8_t* data = nullptr;
    if (!arguments.view(work.value, "out", data, length)) return false;
    work.out = data;
  }
  const size_t expected = 3 * target.width * target.height;
  return length == expected || range_error(arguments.env(), "out: expected %zu values, got %zu", expected, length);
}

/// run(source, plane 0, plane 1, plane 2, places, outs): void
napi_value run(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info);
  Preprocessor& self = *static_cast<Preprocessor*>(arguments.data());
  Buffer<Work> work;
  if (!read_outs(arguments, 5, work)) return nullptr;
  // From here on no JavaScript runs: what is found to fit still does when it is used.
  Placement placement{};
  Picture picture{};
  double* places = nullptr;
  size_t length = 0;
  if (!read_source(arguments, placement, picture) || !arguments.array(4, "places", places, length)) return nullptr;
  if (length != place_values * work.size()) {
    range_error(env, "outs: expected %zu, got %zu", length / place_values, work.size());
    return nullptr;
  }
  for (size_t i = 0; i < work.size(); i++) {
    work[i].placement = placement;
    // A copy: another thread might write there meanwhile.
    double values[place_values];
    for (size_t k = 0; k < place_values; k++) values[k] = places[i * place_values + k];
    if (!read_place(env, values, self.target, work[i].placement, work[i].padding) ||
        !read_out(arguments, self.target, work[i])) {
      return nullptr;
    }
  }
  for (size_t i = 0; i < work.size(); i++) {
    Plan* plan = self.plan_of(work[i].placement);
    if (plan == nullptr) {
      napi_throw_error(env, nullptr, "out of memory");
      return nullptr;
    }
    if (work[i].padding) pad(self.target, work[i].out);
    plan->run(*self.kernels, self.target, picture, work[i].out);
  }
  return nullptr;
}

void release(napi_env, void* data, void*) {
  auto* self = static_cast<Preprocessor*>(data);
  self->~Preprocessor();
  std::free(self);
}

bool three(Arguments& arguments, size_t index, const char* name, float (&values)[3]) {
  float* given = nullptr;
  size_t length = 0;
  if (!arguments.array(index, name, given, length)) return false;
  if (length != 3) return range_error(arguments.env(), "%s: expected 3 values, got %zu", name, length);
  for (size_t i = 0; i < 3; i++) values[i] = given[i];
  return true;
}

/// preprocessor(width, height, planar, floats, bgr, area, pad, scale, bias): run
napi_value preprocessor(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info);
  int64_t width = 0, height = 0, padding = 0;
  InputTarget target{};
  if (!arguments.integer(0, "width", 1, side_limit, width) || !arguments.integer(1, "height", 1, side_limit, height) ||
      !arguments.boolean(2, "planar", target.planar) || !arguments.boolean(3, "floats", target.floats) ||
      !arguments.boolean(4, "bgr", target.bgr) || !arguments.boolean(5, "area", target.area) ||
      !arguments.integer(6, "pad", 0, 255, padding) || !three(arguments, 7, "scale", target.scale) ||
      !three(arguments, 8, "bias", target.bias)) {
    return nullptr;
  }
  target.width = static_cast<size_t>(width);
  target.height = static_cast<size_t>(height);
  target.pad = static_cast<uint8_t>(padding);
  void* memory = std::malloc(sizeof(Preprocessor));
  if (memory == nullptr) {
    napi_throw_error(env, nullptr, "out of memory");
    return nullptr;
  }
  auto* self = new (memory) Preprocessor{static_cast<const Table*>(arguments.data())->preprocess, target, {}, {}, 0};
  napi_value function;
  if (napi_create_function(env, "run", NAPI_AUTO_LENGTH, run, self, &function) != napi_ok ||
      napi_wrap(env, function, self, release, nullptr, nullptr) != napi_ok) {
    release(env, self, nullptr);
    return nullptr;
  }
  return function;
}

}  // namespace

bool whole(napi_env env, const char* name, double given, int64_t low, int64_t high, size_t& value) {
  // Written so that NaN fails as well.
  if (!(given >= static_cast<double>(low) && given <= static_cast<double>(high)) ||
      given != static_cast<double>(static_cast<int64_t>(given))) {
    return range_error(env, "%s: expected a whole number from %lld to %lld, got %g", name, static_cast<long long>(low),
                       static_cast<long long>(high), given);
  }
  value = static_cast<size_t>(given);
  return true;
}

bool read_picture(Arguments& arguments, const double* numbers, size_t first_plane, GivenPicture& picture) {
  napi_env env = arguments.env();
  size_t format = 0;
  if (!whole(env, "format", numbers[0], 0, 4, format) || !whole(env, "frame width", numbers[1], 1, side_limit, picture.width) ||
      !whole(env, "frame height", numbers[2], 1, side_limit, picture.height)) {
    return false;
  }
  picture.format = static_cast<PixelFormat>(format);
  const char* names[] = {"plane 0", "plane 1", "plane 2"};
  for (size_t i = 0; i < plane_count(picture.format); i++) {
    size_t row_bytes = 0, rows = 0, length = 0;
    plane_size(picture.format, picture.width, picture.height, i, row_bytes, rows);
    if (!arguments.array(first_plane + i, names[i], picture.planes[i], length) ||
        !whole(env, "stride", numbers[3 + i], static_cast<int64_t>(row_bytes), stride_limit, picture.strides[i])) {
      return false;
    }
    const size_t needed = picture.strides[i] * (rows - 1) + row_bytes;
    if (length < needed) return range_error(env, "%s: expected at least %zu bytes, got %zu", names[i], needed, length);
  }
  return true;
}

void bind_preprocess(napi_env env, napi_value object, const Table& table) {
  add_function(env, object, "preprocessor", preprocessor, table);
}

}  // namespace ocellus
