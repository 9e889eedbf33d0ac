// Detections in C: a model's card read, a picture fitted into the input as sdk/core does it, and boxes in its pixels.
#include <atomic>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <new>

#include "decode.h"
#include "internal.h"
#include "json.h"
#include "native/table.h"
#include "ocellus.h"
#include "preprocess/plan.h"

using namespace ocellus;

struct ocellus_detector {
  Json card;
  ocellus_program* program = nullptr;
  const Table* table = nullptr;

  bool stretch = false, top_left = false;
  InputTarget target{};
  /// The program takes one channel, the luma of `colours`.
  bool grey = false;
  Buffer<uint8_t> colours, input;
  Plan plan;
  bool planned = false;

  Buffer<const char*> labels;
  double threshold = 0, iou = 0;

  Buffer<Output> outputs;
  Head head{};
  Buffer<float> work;
  Candidates candidates;
  bool checked = false;
  Buffer<uint32_t> kept;
  Buffer<ocellus_detection> found;
  /// A picture is looked at.
  std::atomic<bool> busy{false};
};

namespace {

constexpr uint32_t most_side = 16384;
/// As `maxDetections` of `model.detect`.
constexpr size_t most_detections = 100;
constexpr size_t most_path = 4096;

bool ends_with(const char* text, const char* ending) {
  const size_t length = std::strlen(text), own = std::strlen(ending);
  return length >= own && std::strcmp(text + length - own, ending) == 0;
}

/// A path beside another file, unless it is absolute.
bool beside(const char* path, const char* name, char (&joined)[most_path]) {
  const char* slash = std::strrchr(path, '/');
  const int folder = slash == nullptr || name[0] == '/' ? 0 : static_cast<int>(slash - path + 1);
  const int length = std::snprintf(joined, sizeof joined, "%.*s%s", folder, path, name);
  return (length >= 0 && static_cast<size_t>(length) < sizeof joined) || last_error().set("expected a shorter path, got %.200s", path);
}

/// Which file the card is in: `X.card.json`, for a program `X.ocp` too.
bool card_path(const char* path, char (&card)[most_path]) {
  const bool is_program = ends_with(path, ".ocp");
  const int own = static_cast<int>(std::strlen(path)) - (is_program ? 4 : 0);
  const int length = std::snprintf(card, sizeof card, "%.*s%s", own, path, is_program ? ".card.json" : "");
  return (length >= 0 && static_cast<size_t>(length) < sizeof card) || last_error().set("expected a shorter path, got %.200s", path);
}

bool program_path(const char* path, const char* card, JsonValue root, char (&program)[most_path]) {
  if (ends_with(path, ".ocp")) return beside("", path, program);
  const char* file = root["program"]["file"].text();
  if (file == nullptr) file = root["file"].text("");
  if (ends_with(file, ".ocp")) return beside(card, file, program);
  return last_error().set("%.200s: expected a card that names a compiled program, got none: `ocellus compile` makes it", card);
}

bool read_labels(JsonValue labels, ocellus_detector& made) {
  if (labels.length() == 0 || !made.labels.allocate(labels.length())) return last_error().set("labels: expected an array of strings");
  size_t i = 0;
  for (JsonValue one = labels.first(); one.exists(); one = one.next()) {
    made.labels[i] = one.text();
    if (made.labels[i++] == nullptr) return last_error().set("labels: expected strings, got something else at %zu", i - 1);
  }
  return true;
}

/// A fraction of 0 to 1.
bool read_share(JsonValue value, const char* name, double otherwise, double& share) {
  share = value.number(otherwise);
  return (share >= 0 && share <= 1) || last_error().set("thresholds.%s: expected 0 to 1, got %g", name, share);
}

bool read_input(JsonValue input, ocellus_detector& made) {
  ocellus_tensor tensor;
  if (ocellus_input_count(made.program) != 1 || input["sizes"].exists()) {
    return last_error().set("expected a program of one picture, got one of %zu inputs", ocellus_input_count(made.program));
  }
  if (ocellus_input(made.program, 0, &tensor) != 0) return false;
  const double width = input["width"].number(0), height = input["height"].number(0), pad = input["pad"].number(114);
  made.grey = input["channels"].is("GRAY");
  const uint32_t channels = made.grey ? 1 : 3;
  const bool first = tensor.rank == 4 && tensor.dims[1] == channels && !(tensor.dims[3] == channels && tensor.dims[1] == height);
  const bool last = !first && tensor.rank == 4 && tensor.dims[3] == channels;
  const uint32_t* sides = tensor.dims + (last ? 1 : 2);
  if ((!last && !first) || tensor.element != OCELLUS_UINT8 || sides[0] != height || sides[1] != width) {
    return last_error().set("input: expected a picture of %gx%g, as the card says, the program takes [%u, %u, %u, %u]", width, height,
                            tensor.dims[0], tensor.dims[1], tensor.dims[2], tensor.dims[3]);
  }
  if (!(pad >= 0 && pad <= 255)) return last_error().set("input.pad: expected 0 to 255, got %g", pad);
  const JsonValue resize = input["resize"];
  made.stretch = resize.is("stretch");
  if (resize.exists() && !made.stretch && !resize.is("letterbox")) {
    return last_error().set("input.resize: expected letterbox or stretch, got %.40s", resize.text("something else"));
  }
  made.top_left = input["align"].is("top-left");
  InputTarget& target = made.target;
  target.width = sides[1];
  target.height = sides[0];
  target.planar = first && !made.grey;
  target.bgr = input["channels"].is("BGR");
  target.area = true;
  target.pad = static_cast<uint8_t>(pad);
  for (size_t i = 0; i < 3; i++) target.scale[i] = 1;
  if (made.grey && !made.colours.allocate(tensor.bytes * 3)) return last_error().set("no memory for a picture of %zu bytes", tensor.bytes * 3);
  return made.input.allocate(tensor.bytes) || last_error().set("no memory for the input of %zu bytes", tensor.bytes);
}

bool read_outputs(JsonValue decoder, ocellus_detector& made) {
  const size_t count = ocellus_output_count(made.program);
  if (!made.outputs.allocate(count)) return last_error().set("no memory for %zu outputs", count);
  for (size_t i = 0; i < count; i++) {
    ocellus_tensor tensor;
    if (ocellus_output(made.program, i, &tensor) != 0) return false;
    Output& output = made.outputs[i];
    output = {tensor.name, static_cast<const float*>(tensor.data), tensor.element == OCELLUS_FLOAT32, tensor.rank, {}};
    std::memcpy(output.dims, tensor.dims, sizeof output.dims);
  }
  Head& head = made.head;
  if (!read_head(decoder, made.target.width, made.target.height, made.labels.size(), made.outputs.data(), count, head, last_error())) return false;
  const bool works = head.kind == Head::Kind::nanodet && (head.interleaved || head.logits);
  return !works || made.work.allocate(head.cells * (head.classes + 4 * head.bins)) || last_error().set("no memory for %zu cells", head.cells);
}

bool load(ocellus_detector& made, const char* path, const ocellus_options* options) {
  char card[most_path], program[most_path];
  Buffer<uint8_t> bytes;
  size_t size = 0;
  if (!card_path(path, card)) return false;
  if (!read_file(card, bytes, size)) return false;
  ProgramError wrong;
  if (!made.card.parse(static_cast<Buffer<uint8_t>&&>(bytes), size, wrong)) {
    return last_error().set("%.100s: expected a model's card (NAME.card.json) or a program beside one, got what is %.150s", card, wrong.text);
  }
  const JsonValue root = made.card.root();
  if (!root["task"].is("detect")) {
    return last_error().set("%.200s: expected the card of a detector, its task is %.40s", card, root["task"].text("not given"));
  }
  if (!program_path(path, card, root, program)) return false;
  made.program = ocellus_load_file(program, options);
  if (made.program == nullptr) return false;
  made.table = &table_of(isa_of(*made.program));
  if (!read_labels(root["labels"], made) || !read_input(root["input"], made) || !read_outputs(root["decoder"], made)) return false;
  const JsonValue thresholds = root["thresholds"];
  // What the default is, says sdk/core/cards/card.ts; overlaps beyond 1 there are none.
  return read_share(thresholds["score"], "score", 0.4, made.threshold) &&
         read_share(thresholds["iou"], "iou", made.head.suppressed ? 1 : 0.6, made.iou);
}

/// @returns False with the error set.
bool read_picture(const ocellus_picture& given, Picture& picture, Placement& placement) {
  ProgramError& error = last_error();
  if (given.format < OCELLUS_I420 || given.format > OCELLUS_GRAY8) {
    return error.set("picture.format: expected one of OCELLUS_I420 to OCELLUS_GRAY8, got %d", static_cast<int>(given.format));
  }
  if (given.width < 1 || given.width > most_side || given.height < 1 || given.height > most_side) {
    return error.set("picture: expected 1 to %u pixels a side, got %ux%u", most_side, given.width, given.height);
  }
  if ((given.colour & ~static_cast<uint32_t>(OCELLUS_BT709 | OCELLUS_FULL_RANGE)) != 0) {
    return error.set("picture.colour: expected OCELLUS_BT709, OCELLUS_FULL_RANGE, both or 0, got %u", given.colour);
  }
  placement = {};
  placement.format = static_cast<PixelFormat>(given.format);
  placement.source_width = placement.region_width = given.width;
  placement.source_height = placement.region_height = given.height;
  picture = {};
  for (size_t i = 0; i < plane_count(placement.format); i++) {
    size_t row_bytes = 0, rows = 0;
    plane_size(placement.format, given.width, given.height, i, row_bytes, rows);
    if (given.planes[i] == nullptr) return error.set("picture.planes[%zu]: expected an address, got NULL", i);
    picture.planes[i] = static_cast<const uint8_t*>(given.planes[i]);
    picture.strides[i] = given.strides[i] == 0 ? row_bytes : given.strides[i];
    if (picture.strides[i] < row_bytes || picture.strides[i] > INT32_MAX) {
      return error.set("picture.strides[%zu]: expected at least the %zu bytes of a row, or 0 where rows have no gap, got %zu", i, row_bytes,
                       picture.strides[i]);
    }
  }
  picture.bt709 = (given.colour & OCELLUS_BT709) != 0;
  picture.limited = (given.colour & OCELLUS_FULL_RANGE) == 0;
  return true;
}

/// As `letterboxGeometry` of sdk/frame/letterbox.ts, of a whole picture.
void place(const ocellus_detector& detector, Placement& p) {
  const double input_width = static_cast<double>(detector.target.width), input_height = static_cast<double>(detector.target.height);
  p.width = detector.target.width;
  p.height = detector.target.height;
  if (detector.stretch) return;
  const double width = static_cast<double>(p.source_width), height = static_cast<double>(p.source_height);
  const double across = input_width / width, down = input_height / height;
  const double scale = across < down ? across : down;
  const auto fitted = [&](double side, double most) {
    const double rounded = std::floor(side * scale + 0.5);
    return static_cast<size_t>(rounded < 1 ? 1 : rounded > most ? most : rounded);
  };
  p.width = fitted(width, input_width);
  p.height = fitted(height, input_height);
  if (detector.top_left) return;
  p.left = (detector.target.width - p.width) / 2;
  p.top = (detector.target.height - p.height) / 2;
}

float clipped(double value, double high) { return static_cast<float>(value < 0 ? 0 : value > high ? high : value); }

/// As `GreyPreprocessor` of sdk/kernels/preprocess/grey.ts.
void to_grey(const uint8_t* rgb, uint8_t* luma, size_t count) {
  for (size_t i = 0; i < count; i++, rgb += 3) luma[i] = static_cast<uint8_t>((4899 * rgb[0] + 9617 * rgb[1] + 1868 * rgb[2] + 8192) >> 14);
}

bool detect(ocellus_detector& detector, const ocellus_picture& given, double threshold) {
  Picture picture;
  Placement placement;
  if (!read_picture(given, picture, placement)) return false;
  place(detector, placement);
  uint8_t* pixels = detector.grey ? detector.colours.data() : detector.input.data();
  if (!detector.planned || !(detector.plan.placement() == placement)) {
    detector.planned = detector.plan.make(detector.target, placement);
    if (!detector.planned) return last_error().set("no memory for pictures of %ux%u", given.width, given.height);
    pad(detector.target, pixels);
  }
  detector.plan.run(*detector.table->preprocess, detector.target, picture, pixels);
  if (detector.grey) to_grey(pixels, detector.input.data(), detector.input.size());
  const void* inputs[] = {detector.input.data()};
  if (ocellus_run(detector.program, inputs, 1) != 0) return false;

  Candidates& candidates = detector.candidates;
  candidates.clear();
  if (!detector.checked && !check_values(detector.head, detector.outputs.data(), last_error())) return false;
  detector.checked = true;
  if (!decode_outputs(detector.head, detector.outputs.data(), threshold, *detector.table->boxes, detector.work.data(), candidates, last_error())) {
    return false;
  }
  const size_t length = candidates.length;
  if (detector.kept.size() < length && !detector.kept.allocate(length)) return last_error().set("no memory for %zu boxes", length);
  const size_t count = length == 0 ? 0
                                   : classwise_nms(candidates.boxes, candidates.scores, candidates.class_ids, length, detector.iou,
                                                   most_detections, detector.kept.data());
  if (count == nms_no_memory || !detector.found.allocate(count)) return last_error().set("no memory for %zu boxes", length);
  const double scale_x = static_cast<double>(given.width) / static_cast<double>(placement.width);
  const double scale_y = static_cast<double>(given.height) / static_cast<double>(placement.height);
  size_t filled = 0;
  for (size_t i = 0; i < count; i++) {
    const size_t at = detector.kept[i];
    const float* box = candidates.boxes + 4 * at;
    const auto x = [&](float value) { return clipped((static_cast<double>(value) - static_cast<double>(placement.left)) * scale_x, given.width); };
    const auto y = [&](float value) { return clipped((static_cast<double>(value) - static_cast<double>(placement.top)) * scale_y, given.height); };
    ocellus_detection& one = detector.found[filled];
    one = {x(box[0]), y(box[1]), x(box[2]), y(box[3]), candidates.scores[at] > 1 ? 1 : candidates.scores[at], candidates.class_ids[at], nullptr};
    one.label = detector.labels[static_cast<size_t>(one.class_id)];
    // In the padding, or not a number.
    if (one.x2 > one.x1 && one.y2 > one.y1) filled++;
  }
  if (filled == count) return true;
  // As many as are given.
  Buffer<ocellus_detection> fewer;
  if (!fewer.allocate(filled)) return last_error().set("no memory for %zu boxes", filled);
  for (size_t i = 0; i < filled; i++) fewer[i] = detector.found[i];
  detector.found = static_cast<Buffer<ocellus_detection>&&>(fewer);
  return true;
}

}  // namespace

ocellus_detector* ocellus_detector_load(const char* path, const ocellus_options* options) {
  if (path == nullptr) {
    last_error().set("ocellus_detector_load: expected a path, got NULL");
    return nullptr;
  }
  void* room = ocellus::room_for<ocellus_detector>();
  if (room == nullptr) {
    last_error().set("no memory for a detector");
    return nullptr;
  }
  auto* made = new (room) ocellus_detector;
  if (load(*made, path, options)) return made;
  ocellus_detector_close(made);
  return nullptr;
}

int ocellus_detect(ocellus_detector* detector, const ocellus_picture* picture, float threshold, const ocellus_detection** found,
                   size_t* count) {
  if (count != nullptr) *count = 0;
  if (found != nullptr) *found = nullptr;
  if (detector == nullptr || picture == nullptr || found == nullptr || count == nullptr) {
    last_error().set("ocellus_detect: expected a detector, a picture and room for what is found, got NULL");
    return -1;
  }
  // Written so that NaN fails as well.
  if (!(threshold <= 1)) {
    last_error().set("ocellus_detect: expected a threshold of 0 to 1, or below 0 for the card's, got %g", static_cast<double>(threshold));
    return -1;
  }
  if (detector->busy.exchange(true)) {
    last_error().set("ocellus_detect: expected a detector that no other thread runs, got one that is running: load one for each thread");
    return -1;
  }
  const bool done = detect(*detector, *picture, threshold < 0 ? detector->threshold : static_cast<double>(threshold));
  detector->busy.store(false);
  if (!done) return -1;
  *found = detector->found.data();
  *count = detector->found.size();
  return 0;
}

size_t ocellus_label_count(const ocellus_detector* detector) { return detector == nullptr ? 0 : detector->labels.size(); }

const char* ocellus_label(const ocellus_detector* detector, size_t index) {
  return detector == nullptr || index >= detector->labels.size() ? "" : detector->labels[index];
}

ocellus_program* ocellus_detector_program(ocellus_detector* detector) { return detector == nullptr ? nullptr : detector->program; }

void ocellus_detector_close(ocellus_detector* detector) {
  if (detector == nullptr) return;
  ocellus_close(detector->program);
  detector->~ocellus_detector();
  std::free(detector);
}
