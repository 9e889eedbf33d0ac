#include "convert/yuv.h"
#include "native/arguments.h"
#include "native/binding.h"
#include "preprocess/binding.h"

namespace ocellus {
namespace {

/// toYuv(numbers, three planes of the source, three planes of out): void
napi_value to_yuv(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info);
  double* given = nullptr;
  size_t length = 0;
  if (!arguments.array(0, "numbers", given, length)) return nullptr;
  if (length != 14) {
    range_error(env, "numbers: expected 14, got %zu", length);
    return nullptr;
  }
  GivenPicture source{}, out{};
  size_t bt709 = 0, limited = 0;
  if (!read_picture(arguments, given, 1, source) || !read_picture(arguments, given + 6, 4, out) ||
      !whole(env, "matrix", given[12], 0, 1, bt709) || !whole(env, "range", given[13], 0, 1, limited)) {
    return nullptr;
  }
  if (source.format == PixelFormat::gray8) {
    type_error(env, "source: expected RGB24, BGR24, I420 or NV12, got GRAY8");
    return nullptr;
  }
  if (out.format != PixelFormat::i420 && out.format != PixelFormat::nv12) {
    type_error(env, "out: expected I420 or NV12");
    return nullptr;
  }
  if (out.width != source.width || out.height != source.height) {
    range_error(env, "out: expected %zux%zu as the source has, got %zux%zu", source.width, source.height, out.width, out.height);
    return nullptr;
  }
  Picture picture{};
  YuvTarget target{};
  for (size_t i = 0; i < 3; i++) {
    picture.planes[i] = source.planes[i];
    picture.strides[i] = source.strides[i];
    target.planes[i] = out.planes[i];
    target.strides[i] = out.strides[i];
  }
  target.nv12 = out.format == PixelFormat::nv12;
  target.bt709 = bt709 == 1;
  target.limited = limited == 1;
  const ConvertKernels& kernels = *static_cast<const Table*>(arguments.data())->convert;
  if (!ocellus::to_yuv(kernels, source.format, source.width, source.height, picture, target)) {
    napi_throw_error(env, nullptr, "out of memory");
  }
  return nullptr;
}

}  // namespace

void bind_convert(napi_env env, napi_value object, const Table& table) {
  add_function(env, object, "toYuv", to_yuv, table);
}

}  // namespace ocellus
