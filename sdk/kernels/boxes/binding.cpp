#include <algorithm>

#include "boxes/boxes.h"
#include "native/arguments.h"
#include "native/binding.h"

namespace ocellus {
namespace {

// So that no product of sizes overflows.
constexpr int64_t most_levels = 16;
constexpr int64_t side_limit = 65535;
constexpr int64_t class_limit = 65535;

const BoxesKernels& kernels_of(const Arguments& arguments) {
  return *static_cast<const Table*>(arguments.data())->boxes;
}

napi_value number(napi_env env, size_t value) {
  napi_value result;
  napi_create_double(env, static_cast<double>(value), &result);
  return result;
}

/// head: an Int32Array of classes, bins, and for each level stride, columns, rows.
class Head {
 public:
  bool read(Arguments& arguments, size_t index) {
    int32_t* values = nullptr;
    size_t length = 0;
    if (!arguments.array(index, "head", values, length)) return false;
    napi_env env = arguments.env();
    if (length < 5 || (length - 2) % 3 != 0 || (length - 2) / 3 > most_levels) {
      return range_error(env, "head: expected classes, bins and 1..%lld times stride, columns, rows, got %zu values",
                         static_cast<long long>(most_levels), length);
    }
    if (!within(env, "classes", values[0], class_limit) || !within(env, "bins", values[1], decode_most_bins)) return false;
    // A copy: the array might change meanwhile.
    head_.classes = static_cast<size_t>(values[0]);
    head_.bins = static_cast<size_t>(values[1]);
    head_.level_count = (length - 2) / 3;
    head_.levels = levels_;
    for (size_t i = 0; i < head_.level_count; i++) {
      levels_[i] = {values[3 * i + 2], values[3 * i + 3], values[3 * i + 4]};
      if (!within(env, "stride", levels_[i].stride, side_limit) ||
          !within(env, "columns", levels_[i].columns, side_limit) || !within(env, "rows", levels_[i].rows, side_limit)) {
        return false;
      }
      cells_ += static_cast<uint64_t>(levels_[i].columns) * static_cast<uint64_t>(levels_[i].rows);
    }
    return true;
  }

  bool fits(napi_env env, size_t scores, size_t logits) const {
    if (scores != cells_ * head_.classes) {
      return range_error(env, "scores: expected %llu cells of %zu classes, got %zu values",
                         static_cast<unsigned long long>(cells_), head_.classes, scores);
    }
    if (logits != cells_ * 4 * head_.bins) {
      return range_error(env, "logits: expected %llu cells of 4 x %zu bins, got %zu values",
                         static_cast<unsigned long long>(cells_), head_.bins, logits);
    }
    return true;
  }

  const DecodeHead& head() const { return head_; }

 private:
  static bool within(napi_env env, const char* name, int32_t value, int64_t most) {
    if (value >= 1 && value <= most) return true;
    return range_error(env, "head: expected %s of 1..%lld, got %d", name, static_cast<long long>(most), value);
  }

  DecodeHead head_{};
  DecodeLevel levels_[most_levels];
  // Not size_t: on 32 bits a product might come round to the length of the array.
  uint64_t cells_ = 0;
};

/// threshold, multiLabel, boxes, scores, classIds, length
struct Output {
  DecodeRequest request{};
  DecodeRoom room{};
  size_t length = 0;

  bool read(Arguments& arguments, size_t index) {
    double threshold = 0;
    int64_t used = 0;
    size_t boxes = 0, scores = 0, class_ids = 0;
    if (!arguments.number(index, "threshold", threshold) ||
        !arguments.boolean(index + 1, "multiLabel", request.multi_label) ||
        !arguments.array(index + 2, "boxes", room.boxes, boxes) ||
        !arguments.array(index + 3, "scores", room.scores, scores) ||
        !arguments.array(index + 4, "classIds", room.class_ids, class_ids)) {
      return false;
    }
    room.capacity = std::min({boxes / 4, scores, class_ids});
    if (!arguments.integer(index + 5, "length", 0, static_cast<int64_t>(room.capacity), used)) return false;
    request.threshold = static_cast<float>(threshold);
    length = static_cast<size_t>(used);
    return true;
  }
};

/// decodeF32(head, scores, logits, threshold, multiLabel, boxes, scores, classIds, length): number
napi_value decode_floats(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info);
  Head head;
  Output output;
  float *scores = nullptr, *logits = nullptr;
  size_t score_count = 0, logit_count = 0;
  if (!head.read(arguments, 0) || !arguments.array(1, "scores", scores, score_count) ||
      !arguments.array(2, "logits", logits, logit_count) || !head.fits(env, score_count, logit_count) ||
      !output.read(arguments, 3)) {
    return nullptr;
  }
  return number(env, decode_f32(kernels_of(arguments), scores, logits, head.head(), output.request, output.room,
                                output.length));
}

/// Scale and zero point of scores, then of logits: a Float64Array of four.
bool quantisations(Arguments& arguments, size_t index, Quantisation* two) {
  double* values = nullptr;
  size_t length = 0;
  if (!arguments.array(index, "quantisation", values, length)) return false;
  if (length != 4) return range_error(arguments.env(), "quantisation: expected 4 values, got %zu", length);
  for (size_t i = 0; i < 2; i++) {
    const double scale = values[2 * i];
    const double zero = values[2 * i + 1];
    if (!(scale >= 1e-30 && scale <= 1e30)) {
      return range_error(arguments.env(), "scale: expected 1e-30..1e30, got %g", scale);
    }
    if (!(zero >= 0 && zero <= 255) || zero != static_cast<double>(static_cast<int32_t>(zero))) {
      return range_error(arguments.env(), "zeroPoint: expected a whole number from 0 to 255, got %g", zero);
    }
    two[i] = {static_cast<float>(scale), static_cast<int32_t>(zero)};
  }
  return true;
}

/// decodeU8(head, scores, logits, quantisation, threshold, multiLabel, boxes, scores, classIds, length): number
napi_value decode_bytes(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info);
  Head head;
  Output output;
  Quantisation of[2];
  uint8_t *scores = nullptr, *logits = nullptr;
  size_t score_count = 0, logit_count = 0;
  if (!head.read(arguments, 0) || !arguments.array(1, "scores", scores, score_count) ||
      !arguments.array(2, "logits", logits, logit_count) || !head.fits(env, score_count, logit_count) ||
      !quantisations(arguments, 3, of) || !output.read(arguments, 4)) {
    return nullptr;
  }
  return number(env, decode_u8(kernels_of(arguments), scores, of[0], logits, of[1], head.head(), output.request,
                               output.room, output.length));
}

/// classwiseNms(boxes, scores, classIds, length, iouThreshold, most, kept: Uint32Array): number
napi_value nms(napi_env env, napi_callback_info info) {
  Arguments arguments(env, info);
  float *boxes = nullptr, *scores = nullptr;
  int32_t* class_ids = nullptr;
  uint32_t* kept = nullptr;
  size_t box_count = 0, score_count = 0, id_count = 0, room = 0;
  int64_t length = 0, most = 0;
  double threshold = 0;
  if (!arguments.array(0, "boxes", boxes, box_count) || !arguments.array(1, "scores", scores, score_count) ||
      !arguments.array(2, "classIds", class_ids, id_count) || !arguments.array(6, "kept", kept, room) ||
      // Indices of 32 bits, and 0 is none.
      !arguments.integer(3, "length", 0,
                         static_cast<int64_t>(std::min({box_count / 4, score_count, id_count, room, size_t{0x7fffffff}})),
                         length) ||
      !arguments.number(4, "iouThreshold", threshold) || !arguments.integer(5, "most", 0, 0x7fffffff, most)) {
    return nullptr;
  }
  const size_t count = classwise_nms(boxes, scores, class_ids, static_cast<size_t>(length), threshold,
                                     static_cast<size_t>(most), kept);
  if (count != nms_no_memory) return number(env, count);
  napi_throw_error(env, nullptr, "no memory for non-maximum suppression");
  return nullptr;
}

}  // namespace

void bind_boxes(napi_env env, napi_value object, const Table& table) {
  add_function(env, object, "decodeF32", decode_floats, table);
  add_function(env, object, "decodeU8", decode_bytes, table);
  add_function(env, object, "classwiseNms", nms, table);
}

}  // namespace ocellus
