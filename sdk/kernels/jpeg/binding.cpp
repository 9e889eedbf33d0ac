// decodeJpeg(bytes: Uint8Array, width, height, into?: Uint8Array, linear?: Uint16Array, matrix?: Int32Array, encoded?: Uint8Array):
// Promise<Uint8Array | undefined>, by libjpeg-turbo where it was there for the build: its static library is part of the addon then.
#include "native/arguments.h"
#include "native/binding.h"

#if defined(OCELLUS_JPEG)

#include <csetjmp>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include <jpeglib.h>

namespace ocellus {
namespace {

/// From the colours of a file to others: see `ColourTables` in jpeg.ts. A copy, as of the bytes.
struct Colours {
  /// Of light, and of the matrix.
  static constexpr int bits = 14;
  static constexpr int64_t unit = int64_t{1} << bits;

  uint16_t linear[3][256];
  int32_t matrix[3][3];
  uint8_t encoded[unit + 1];

  uint8_t mixed(const int32_t* row, int64_t red, int64_t green, int64_t blue) const {
    const int64_t sum = row[0] * red + row[1] * green + row[2] * blue + unit / 2;
    const int64_t value = sum >> bits;
    return encoded[value < 0 ? 0 : value > unit ? unit : value];
  }

  void convert(uint8_t* rgb, size_t pixels) const {
    for (uint8_t* const end = rgb + 3 * pixels; rgb < end; rgb += 3) {
      const int64_t red = linear[0][rgb[0]], green = linear[1][rgb[1]], blue = linear[2][rgb[2]];
      for (int channel = 0; channel < 3; channel++) rgb[channel] = mixed(matrix[channel], red, green, blue);
    }
  }
};

/// One file on its way through the pool of threads. It has a copy of the bytes: JavaScript may detach or change its own.
struct Decoding {
  napi_async_work work;
  napi_deferred promised;
  uint8_t* bytes;
  size_t size;
  JDIMENSION width;
  JDIMENSION height;
  /// RGB24: of `into`, else our own, null while there are none.
  uint8_t* pixels;
  /// What was given for the pixels; null where nothing was.
  napi_ref into;
  /// Null where the pixels stay as they are in the file.
  Colours* colours;
  bool is_done;
};

void free_decoding(napi_env env, Decoding* decoding) {
  std::free(decoding->bytes);
  if (decoding->into == nullptr) std::free(decoding->pixels);
  else napi_delete_reference(env, decoding->into);
  std::free(decoding->colours);
  std::free(decoding);
}

struct Errors {
  jpeg_error_mgr manager;
  std::jmp_buf back;
};

[[noreturn]] void give_up(j_common_ptr jpeg) { std::longjmp(reinterpret_cast<Errors*>(jpeg->err)->back, 1); }

/// A negative level is a warning, and most of them mean lost pixels.
void give_up_at_warnings(j_common_ptr jpeg, int level) {
  if (level < 0) give_up(jpeg);
}

void say_nothing(j_common_ptr) {}
void format_nothing(j_common_ptr, char* text) { *text = 0; }
void reset(j_common_ptr jpeg) { jpeg->err->num_warnings = 0; }

/// Instead of libjpeg's own, which would bring its messages and stderr along.
jpeg_error_mgr* prepared(Errors& errors) {
  jpeg_error_mgr& manager = errors.manager;
  std::memset(&manager, 0, sizeof manager);
  manager.error_exit = give_up;
  manager.emit_message = give_up_at_warnings;
  manager.output_message = say_nothing;
  manager.format_message = format_nothing;
  manager.reset_error_mgr = reset;
  return &manager;
}

/// One scan in memory row by row: what needs coefficients of the whole picture (progressive, several scans) is left to others.
bool is_ordinary(jpeg_decompress_struct& jpeg, const Decoding& decoding) {
  const J_COLOR_SPACE colours = jpeg.jpeg_color_space;
  return jpeg.image_width == decoding.width && jpeg.image_height == decoding.height && jpeg.data_precision == 8 &&
         !jpeg.progressive_mode && !jpeg.arith_code && !jpeg_has_multiple_scans(&jpeg) &&
         (colours == JCS_GRAYSCALE || colours == JCS_YCbCr || colours == JCS_RGB);
}

/// @returns False when it is not for us; errors jump back to the caller.
bool read_rows(jpeg_decompress_struct& jpeg, Decoding& decoding) {
  jpeg_mem_src(&jpeg, decoding.bytes, static_cast<unsigned long>(decoding.size));
  if (jpeg_read_header(&jpeg, TRUE) != JPEG_HEADER_OK || !is_ordinary(jpeg, decoding)) return false;
  jpeg.out_color_space = JCS_RGB;
  // What libjpeg takes by default; said here, since results are compared to the bit with those of libvips.
  jpeg.dct_method = JDCT_ISLOW;
  jpeg.do_fancy_upsampling = TRUE;
  jpeg_start_decompress(&jpeg);
  const size_t stride = size_t{decoding.width} * 3;
  if (decoding.pixels == nullptr) decoding.pixels = static_cast<uint8_t*>(std::malloc(stride * decoding.height));
  if (decoding.pixels == nullptr) return false;
  constexpr JDIMENSION at_once = 16;
  while (jpeg.output_scanline < decoding.height) {
    const JDIMENSION left = decoding.height - jpeg.output_scanline;
    const JDIMENSION count = left < at_once ? left : at_once;
    JSAMPROW rows[at_once];
    for (JDIMENSION i = 0; i < count; i++) rows[i] = decoding.pixels + stride * (jpeg.output_scanline + i);
    const JDIMENSION read = jpeg_read_scanlines(&jpeg, rows, count);
    if (read == 0) return false;
    if (decoding.colours != nullptr) decoding.colours->convert(rows[0], size_t{read} * decoding.width);
  }
  return jpeg_finish_decompress(&jpeg) == TRUE;
}

bool decoded(Decoding& decoding) {
  jpeg_decompress_struct jpeg;
  Errors errors;
  jpeg.err = prepared(errors);
  // Nothing between here and the jump has a destructor.
  if (setjmp(errors.back) != 0) {
    jpeg_destroy_decompress(&jpeg);
    return false;
  }
  jpeg_create_decompress(&jpeg);
  const bool done = read_rows(jpeg, decoding);
  jpeg_destroy_decompress(&jpeg);
  return done;
}

/// On a thread of the pool.
void decode(napi_env, void* data) {
  auto& decoding = *static_cast<Decoding*>(data);
  decoding.is_done = decoded(decoding);
  std::free(decoding.bytes);
  decoding.bytes = nullptr;
}

void free_pixels(napi_env, void* data, void*) { std::free(data); }

/// @returns `into`, or a Uint8Array that owns the pixels; undefined where there are none, or no memory for it.
napi_value taken(napi_env env, Decoding& decoding) {
  napi_value result = nullptr, buffer = nullptr;
  napi_get_undefined(env, &result);
  if (!decoding.is_done) return result;
  if (decoding.into != nullptr) {
    napi_get_reference_value(env, decoding.into, &result);
    return result;
  }
  const size_t size = size_t{decoding.width} * 3 * decoding.height;
  if (napi_create_external_arraybuffer(env, decoding.pixels, size, free_pixels, nullptr, &buffer) == napi_ok) {
    decoding.pixels = nullptr;
  } else {
    // Some engines allow no memory of an addon.
    void* copy = nullptr;
    if (napi_create_arraybuffer(env, size, &copy, &buffer) != napi_ok) return result;
    std::memcpy(copy, decoding.pixels, size);
  }
  napi_create_typedarray(env, napi_uint8_array, size, buffer, 0, &result);
  return result;
}

void complete(napi_env env, napi_status, void* data) {
  auto* decoding = static_cast<Decoding*>(data);
  napi_resolve_deferred(env, decoding->promised, taken(env, *decoding));
  napi_delete_async_work(env, decoding->work);
  free_decoding(env, decoding);
}

/// Of shared memory, which cannot be detached while a thread writes there. True too where none was given.
bool read_into(Arguments& arguments, size_t expected, uint8_t*& pixels) {
  const napi_env env = arguments.env();
  napi_valuetype type = napi_undefined;
  napi_typeof(env, arguments.at(3), &type);
  if (type == napi_undefined) return true;
  size_t length = 0;
  if (!arguments.array(3, "into", pixels, length)) return false;
  if (length != expected) return range_error(env, "into: expected %zu bytes, got %zu", expected, length);
  napi_value buffer = nullptr;
  bool can_be_detached = true;
  if (napi_get_typedarray_info(env, arguments.at(3), nullptr, nullptr, nullptr, &buffer, nullptr) == napi_ok) {
    napi_is_arraybuffer(env, buffer, &can_be_detached);
  }
  return !can_be_detached || type_error(env, "into: expected memory of a SharedArrayBuffer");
}

/// @param colours Null where none were given. @returns False after it has thrown.
bool read_colours(Arguments& arguments, Colours*& colours) {
  const napi_env env = arguments.env();
  napi_valuetype type = napi_undefined;
  napi_typeof(env, arguments.at(4), &type);
  if (type == napi_undefined) return true;
  uint16_t* linear = nullptr;
  int32_t* matrix = nullptr;
  uint8_t* encoded = nullptr;
  size_t lengths[3] = {};
  if (!arguments.array(4, "linear", linear, lengths[0]) || !arguments.array(5, "matrix", matrix, lengths[1]) ||
      !arguments.array(6, "encoded", encoded, lengths[2])) {
    return false;
  }
  constexpr size_t expected[3] = {3 * 256, 3 * 3, Colours::unit + 1};
  for (size_t i = 0; i < 3; i++) {
    if (lengths[i] == expected[i]) continue;
    return range_error(env, "tables of colours: expected %zu, %zu and %zu values, got %zu, %zu and %zu", expected[0], expected[1], expected[2],
                       lengths[0], lengths[1], lengths[2]);
  }
  colours = static_cast<Colours*>(std::malloc(sizeof(Colours)));
  if (colours == nullptr) {
    napi_throw_error(env, nullptr, "no memory for tables of colours");
    return false;
  }
  std::memcpy(colours->linear, linear, sizeof colours->linear);
  std::memcpy(colours->matrix, matrix, sizeof colours->matrix);
  std::memcpy(colours->encoded, encoded, sizeof colours->encoded);
  return true;
}

napi_value decode_jpeg(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info);
  uint8_t* bytes = nullptr;
  size_t size = 0;
  int64_t width = 0, height = 0;
  if (!arguments.array(0, "bytes", bytes, size) || !arguments.integer(1, "width", 1, JPEG_MAX_DIMENSION, width) ||
      !arguments.integer(2, "height", 1, JPEG_MAX_DIMENSION, height)) {
    return nullptr;
  }
  uint8_t* pixels = nullptr;
  if (!read_into(arguments, static_cast<size_t>(width) * 3 * static_cast<size_t>(height), pixels)) return nullptr;
  Colours* colours = nullptr;
  if (!read_colours(arguments, colours)) return nullptr;
  auto* decoding = static_cast<Decoding*>(std::calloc(1, sizeof(Decoding)));
  uint8_t* copy = static_cast<uint8_t*>(std::malloc(size > 0 ? size : 1));
  if (decoding == nullptr || copy == nullptr) {
    std::free(decoding);
    std::free(copy);
    std::free(colours);
    napi_throw_error(env, nullptr, "no memory for the bytes of a picture");
    return nullptr;
  }
  if (size > 0) std::memcpy(copy, bytes, size);
  decoding->bytes = copy;
  decoding->size = size;
  decoding->width = static_cast<JDIMENSION>(width);
  decoding->height = static_cast<JDIMENSION>(height);
  decoding->pixels = pixels;
  decoding->colours = colours;
  napi_value name, promise;
  napi_create_string_utf8(env, "ocellus:jpeg", NAPI_AUTO_LENGTH, &name);
  if ((pixels != nullptr && napi_create_reference(env, arguments.at(3), 1, &decoding->into) != napi_ok) ||
      napi_create_promise(env, &decoding->promised, &promise) != napi_ok ||
      napi_create_async_work(env, nullptr, name, decode, complete, decoding, &decoding->work) != napi_ok) {
    free_decoding(env, decoding);
    napi_throw_error(env, nullptr, "a picture could not be given to another thread");
    return nullptr;
  }
  if (napi_queue_async_work(env, decoding->work) != napi_ok) {
    napi_delete_async_work(env, decoding->work);
    free_decoding(env, decoding);
    napi_throw_error(env, nullptr, "a picture could not be given to another thread");
    return nullptr;
  }
  return promise;
}

}  // namespace

void bind_jpeg(napi_env env, napi_value object, const Table& table) {
  add_function(env, object, "decodeJpeg", decode_jpeg, table);
}

}  // namespace ocellus

#else

namespace ocellus {

void bind_jpeg(napi_env, napi_value, const Table&) {}

}  // namespace ocellus

#endif
