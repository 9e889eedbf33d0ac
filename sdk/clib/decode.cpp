#include "decode.h"

#include <cmath>
#include <cstring>
#include <utility>

namespace ocellus {
namespace {

/// e^x in doubles, off by an ulp at most: glibc's is of a version that older systems lack, and this one's bits are those of every machine.
double exponential(double x) {
  if (x != x) return x;
  if (x > 709.0) return INFINITY;
  if (x < -708.0) return 0;
  const double n = std::floor(x * 1.4426950408889634 + 0.5);
  // ln 2 in two parts: the first has 32 bits, so that its product with n is exact.
  const double r = (x - n * 0.693147180369123816490) - n * 1.90821492927058770002e-10;
  double sum = 1;
  for (int i = 14; i > 0; i--) sum = 1 + sum * r / i;
  const uint64_t bits = static_cast<uint64_t>(static_cast<int64_t>(n) + 1023) << 52;
  double scale;
  std::memcpy(&scale, &bits, sizeof scale);
  return sum * scale;
}

float sigmoid(float x) { return static_cast<float>(1 / (1 + exponential(-static_cast<double>(x)))); }

// As sdk/core/decoders/decoder.ts.
constexpr float least_score = -0.25f, greatest_score = 1.25f;
constexpr double greatest_normalised = 2;

bool scores_fit(const float* data, size_t rows, size_t width, size_t first, size_t last, ProgramError& error) {
  for (size_t row = 0; row < rows; row++) {
    for (size_t i = first; i < last; i++) {
      const float score = data[row * width + i];
      if (score >= least_score && score <= greatest_score) continue;
      if (score != score) continue;
      return error.set("decoder: expected scores of 0 to 1, got %g: where the sigmoid was left out of the export, \"logits\": true in the "
                       "card's decoder applies it; else the card does not fit the output",
                       static_cast<double>(score));
    }
  }
  return true;
}

double greatest_of(const float* data, size_t rows, size_t width, size_t first, size_t last) {
  double greatest = 0;
  for (size_t row = 0; row < rows; row++) {
    for (size_t i = first; i < last; i++) {
      if (static_cast<double>(data[row * width + i]) > greatest) greatest = static_cast<double>(data[row * width + i]);
    }
  }
  return greatest;
}

bool are_pixels(double greatest, ProgramError& error) {
  if (greatest == 0 || greatest > greatest_normalised) return true;
  return error.set("decoder: expected boxes in input pixels, their greatest number is %g: these are fractions of the input", greatest);
}

/// Index of the output with this name, or of the only one.
bool find_output(const char* name, const Output* outputs, size_t count, size_t& index, ProgramError& error) {
  if (name == nullptr && count != 1) return error.set("decoder.output: expected the name of one of the program's %zu outputs, got none", count);
  for (index = 0; index < count; index++) {
    if (name != nullptr && std::strcmp(outputs[index].name, name) != 0) continue;
    if (outputs[index].floats) return true;
    return error.set("decoder: expected output %.80s to be float, it is uint8", outputs[index].name);
  }
  return error.set("decoder: the program has no output %.80s", name);
}

/// A dimension of 0 may be any.
bool has_shape(const Output& output, size_t first, size_t second, ProgramError& error) {
  if (output.rank == 3 && output.dims[0] == 1 && (first == 0 || output.dims[1] == first) && (second == 0 || output.dims[2] == second)) return true;
  return error.set("decoder: expected output %.80s to be [1, %zu, %zu] (0: any), it has %u dimensions, [%u, %u, %u]; check the card's input "
                   "size, strides and labels",
                   output.name, first, second, output.rank, output.dims[0], output.dims[1], output.dims[2]);
}

size_t values_of(const Output& output) {
  size_t values = 1;
  for (uint32_t i = 0; i < output.rank; i++) values *= output.dims[i];
  return values;
}

bool read_levels(JsonValue strides, Head& head, ProgramError& error) {
  if (strides.length() == 0 || strides.length() > Head::most_levels) {
    return error.set("decoder.strides: expected 1 to %zu numbers", Head::most_levels);
  }
  for (JsonValue one = strides.first(); one.exists(); one = one.next()) {
    const double stride = one.number(0);
    if (!(stride >= 1 && stride <= 4096)) return error.set("decoder.strides: expected whole numbers from 1 to 4096");
    const auto side = static_cast<int32_t>(stride);
    const auto over = [&](size_t pixels) { return static_cast<int32_t>((pixels + static_cast<size_t>(side) - 1) / static_cast<size_t>(side)); };
    const DecodeLevel level = {side, over(head.width), over(head.height)};
    head.levels[head.level_count++] = level;
    head.cells += static_cast<size_t>(level.columns) * static_cast<size_t>(level.rows);
  }
  return true;
}

size_t cells_of(const DecodeLevel& level) { return static_cast<size_t>(level.columns) * static_cast<size_t>(level.rows); }

bool read_nanodet(JsonValue decoder, const Output* outputs, size_t count, Head& head, ProgramError& error) {
  if (!read_levels(decoder["strides"], head, error)) return false;
  const double bins = decoder["bins"].number(0);
  if (!(bins >= 2 && bins <= static_cast<double>(decode_most_bins))) return error.set("decoder.bins: expected 2 to 64, got %g", bins);
  head.bins = static_cast<size_t>(bins);
  const JsonValue names = decoder["outputs"];
  const JsonValue scores = names["scores"], boxes = names["boxes"];
  head.interleaved = !names.exists();
  head.apart = scores.length() > 1;
  const JsonValue classes = decoder["classes"];
  head.all_classes = classes.exists() ? classes.is("all") : head.apart;
  if (!decoder["centre"].exists() && !head.apart && head.level_count > 3) {
    return error.set("decoder.centre: expected 0 (NanoDet-Plus) or 0.5 where one tensor holds %zu strides, got none", head.level_count);
  }
  head.shift = 0.5 - decoder["centre"].number(0.5);
  if (head.interleaved) {
    head.output_count = 1;
    return find_output(decoder["output"].text(), outputs, count, head.outputs[0], error) &&
           has_shape(outputs[head.outputs[0]], head.cells, head.classes + 4 * head.bins, error);
  }
  if (scores.length() != boxes.length() || (scores.length() != 1 && scores.length() != head.level_count)) {
    return error.set("decoder.outputs: expected one tensor of scores and of boxes, or %zu of each (one a stride), got %zu and %zu",
                     head.level_count, scores.length(), boxes.length());
  }
  JsonValue score = scores.first(), box = boxes.first();
  for (size_t i = 0; i < scores.length(); i++, score = score.next(), box = box.next()) {
    const size_t cells = head.apart ? cells_of(head.levels[i]) : head.cells;
    size_t* two = head.outputs + 2 * i;
    if (!find_output(score.text(""), outputs, count, two[0], error) || !find_output(box.text(""), outputs, count, two[1], error) ||
        !has_shape(outputs[two[0]], cells, head.classes, error) || !has_shape(outputs[two[1]], cells, 4 * head.bins, error)) {
      return false;
    }
    head.output_count += 2;
  }
  return true;
}

bool read_ssd(JsonValue decoder, const Output* outputs, size_t count, Head& head, ProgramError& error) {
  const JsonValue names = decoder["outputs"];
  static const char* const keys[] = {"boxes", "scores", "classes", "count"};
  for (const char* key : keys) {
    const JsonValue name = names[key];
    if (!name.exists() && std::strcmp(key, "count") == 0) break;
    if (!find_output(name.text(""), outputs, count, head.outputs[head.output_count++], error)) return false;
  }
  const size_t scores = values_of(outputs[head.outputs[1]]);
  if (values_of(outputs[head.outputs[0]]) != 4 * scores || values_of(outputs[head.outputs[2]]) != scores) {
    return error.set("decoder: expected 4 numbers and a class for each of %zu scores, got %zu and %zu", scores,
                     values_of(outputs[head.outputs[0]]), values_of(outputs[head.outputs[2]]));
  }
  head.swapped = !decoder["box_order"].is("xyxy");
  head.normalised = decoder["normalised"].boolean(true);
  head.first_class = decoder["first_class"].number(0);
  return true;
}

/// Total deviation of the numbers of a row or column from their mean; of a single one, from 0.
class Spread {
 public:
  double of(const float* data, size_t width, const DecodeLevel& level, size_t axis, bool pixels) const {
    const size_t columns = static_cast<size_t>(level.columns), cells = cells_of(level);
    const auto value = [&](size_t cell) {
      const size_t place = axis == 0 ? cell % columns : cell / columns;
      const double read = static_cast<double>(data[cell * width + axis]);
      return pixels ? read / level.stride - static_cast<double>(place) - 0.5 : read - 0.5;
    };
    double mean = 0;
    for (size_t i = 0; i < cells && cells > 1; i++) mean += value(i);
    mean /= static_cast<double>(cells);
    double sum = 0;
    for (size_t i = 0; i < cells; i++) sum += std::fabs(value(i) - mean);
    return sum;
  }
};

/// As yolox.ts: offsets from a cell's corner are much the same wherever the cell is, pixels grow with its row and column.
bool is_decoded(const Head& head, const float* data, size_t width) {
  for (size_t i = 0; i < head.cells; i++) {
    if (!(data[i * width + 2] > 0 && data[i * width + 3] > 0)) return false;
  }
  double of_offsets = 0, of_pixels = 0;
  for (size_t l = 0; l < head.level_count; l++) {
    for (size_t axis = 0; axis < 2; axis++) {
      of_offsets += Spread().of(data, width, head.levels[l], axis, false);
      of_pixels += Spread().of(data, width, head.levels[l], axis, true);
    }
    data += cells_of(head.levels[l]) * width;
  }
  return of_pixels < of_offsets;
}

/// The best of a cell's classes, times the objectness. @returns False when none reaches the threshold.
bool best_class(const Head& head, const float* scores, double objectness, double threshold, double& best, size_t& class_id) {
  bool any = false;
  best = 0;
  for (size_t c = 0; c < head.classes; c++) {
    const double score = static_cast<double>(head.logits ? sigmoid(scores[c]) : scores[c]) * objectness;
    if (!(score >= threshold) || (any && !(score > best))) continue;
    any = true;
    best = score;
    class_id = c;
  }
  return any;
}

bool decode_yolox(Head& head, const Output& output, double threshold, Candidates& found) {
  const size_t width = 5 + head.classes;
  if (!head.decoded_known) {
    head.decoded = is_decoded(head, output.data, width);
    head.decoded_known = true;
  }
  const float* row = output.data;
  for (size_t l = 0; l < head.level_count; l++) {
    const DecodeLevel& level = head.levels[l];
    for (int32_t v = 0; v < level.rows; v++) {
      for (int32_t u = 0; u < level.columns; u++, row += width) {
        const double objectness = static_cast<double>(head.logits ? sigmoid(row[4]) : row[4]);
        if (!(objectness >= threshold)) continue;
        double score;
        size_t class_id;
        if (!best_class(head, row + 5, objectness, threshold, score, class_id)) continue;
        const double at[4] = {static_cast<double>(row[0]), static_cast<double>(row[1]), static_cast<double>(row[2]), static_cast<double>(row[3])};
        const double x = head.decoded ? at[0] : (at[0] + u) * level.stride;
        const double y = head.decoded ? at[1] : (at[1] + v) * level.stride;
        const double half_w = (head.decoded ? at[2] : exponential(at[2]) * level.stride) / 2;
        const double half_h = (head.decoded ? at[3] : exponential(at[3]) * level.stride) / 2;
        if (!found.push(x - half_w, y - half_h, x + half_w, y + half_h, score, class_id)) return false;
      }
    }
  }
  return true;
}

bool decode_yolov5(const Head& head, const Output& output, double threshold, Candidates& found) {
  const size_t width = output.dims[2];
  for (size_t i = 0; i < output.dims[1]; i++) {
    const float* row = output.data + i * width;
    const double objectness = static_cast<double>(head.logits ? sigmoid(row[4]) : row[4]);
    double score;
    size_t class_id;
    if (!(objectness >= threshold) || !best_class(head, row + 5, objectness, threshold, score, class_id)) continue;
    const double x = static_cast<double>(row[0]), y = static_cast<double>(row[1]);
    const double half_w = static_cast<double>(row[2]) / 2, half_h = static_cast<double>(row[3]) / 2;
    if (!found.push(x - half_w, y - half_h, x + half_w, y + half_h, score, class_id)) return false;
  }
  return true;
}

bool decode_yolov8(const Head& head, const Output& output, double threshold, Candidates& found) {
  const size_t cells = output.dims[2];
  const float* data = output.data;
  for (size_t i = 0; i < cells; i++) {
    float best = -INFINITY;
    size_t class_id = 0;
    for (size_t c = 0; c < head.classes; c++) {
      const float stored = data[(4 + c) * cells + i];
      const float score = head.logits ? sigmoid(stored) : stored;
      if (!(score > best)) continue;
      best = score;
      class_id = c;
    }
    if (!(static_cast<double>(best) >= threshold)) continue;
    const double x = static_cast<double>(data[i]), y = static_cast<double>(data[cells + i]);
    const double half_w = static_cast<double>(data[2 * cells + i]) / 2, half_h = static_cast<double>(data[3 * cells + i]) / 2;
    if (!found.push(x - half_w, y - half_h, x + half_w, y + half_h, static_cast<double>(best), class_id)) return false;
  }
  return true;
}

/// Cells of some levels, one after the other.
bool decode_distributions(const Head& head, const DecodeLevel* levels, size_t count, const float* scores, const float* logits,
                          double threshold, const BoxesKernels& kernels, Candidates& found) {
  const DecodeHead part = {levels, count, head.classes, head.bins};
  const DecodeRequest request = {static_cast<float>(threshold), head.all_classes};
  const size_t before = found.length;
  size_t length = decode_f32(kernels, scores, logits, part, request, found.room(), before);
  if (length > found.capacity) {
    if (!found.reserve(length)) return false;
    length = decode_f32(kernels, scores, logits, part, request, found.room(), before);
  }
  found.length = length;
  if (head.shift == 0) return true;
  const double pixels = head.shift * levels[0].stride;
  for (size_t i = before * 4; i < length * 4; i++) found.boxes[i] = static_cast<float>(static_cast<double>(found.boxes[i]) - pixels);
  return true;
}

bool decode_nanodet(const Head& head, const Output* outputs, double threshold, const BoxesKernels& kernels, float* work, Candidates& found) {
  const size_t classes = head.classes, sides = 4 * head.bins;
  float* all_scores = work;
  float* all_sides = work + head.cells * classes;
  if (head.interleaved) {
    const float* row = outputs[head.outputs[0]].data;
    for (size_t cell = 0; cell < head.cells; cell++, row += classes + sides) {
      std::memcpy(all_scores + cell * classes, row, classes * sizeof(float));
      std::memcpy(all_sides + cell * sides, row + classes, sides * sizeof(float));
    }
  }
  size_t first = 0;
  const bool whole = !head.interleaved && !head.apart && head.shift == 0;
  for (size_t l = 0; l < head.level_count; l++) {
    const size_t cells = whole ? head.cells : cells_of(head.levels[l]);
    const size_t which = head.apart ? 2 * l : 0;
    const float* scores = head.interleaved ? all_scores + first * classes : outputs[head.outputs[which]].data + (head.apart ? 0 : first * classes);
    const float* logits = head.interleaved ? all_sides + first * sides : outputs[head.outputs[which + 1]].data + (head.apart ? 0 : first * sides);
    if (head.logits) {
      // The rest of the room is for them, where it is not in use.
      float* applied = all_scores + first * classes;
      for (size_t i = 0; i < cells * classes; i++) applied[i] = sigmoid(scores[i]);
      scores = applied;
    }
    if (!decode_distributions(head, head.levels + l, whole ? head.level_count : 1, scores, logits, threshold, kernels, found)) return false;
    if (whole) return true;
    first += cells;
  }
  return true;
}

bool decode_ssd(const Head& head, const Output* outputs, double threshold, Candidates& found) {
  const float* boxes = outputs[head.outputs[0]].data;
  const float* scores = outputs[head.outputs[1]].data;
  const float* ids = outputs[head.outputs[2]].data;
  const double all = static_cast<double>(values_of(outputs[head.outputs[1]]));
  const double said = head.output_count > 3 ? static_cast<double>(outputs[head.outputs[3]].data[0]) : all;
  const double scale_x = head.normalised ? static_cast<double>(head.width) : 1, scale_y = head.normalised ? static_cast<double>(head.height) : 1;
  for (size_t i = 0; static_cast<double>(i) < (said < all ? said : all); i++) {
    const double score = static_cast<double>(scores[i]);
    const double class_id = static_cast<double>(ids[i]) - head.first_class;
    if (!(score >= threshold) || !(class_id >= 0 && class_id < static_cast<double>(head.classes)) || class_id != std::floor(class_id)) continue;
    double box[4];
    for (size_t k = 0; k < 4; k++) box[k] = static_cast<double>(boxes[4 * i + (head.swapped ? k ^ 1 : k)]) * (k % 2 == 0 ? scale_x : scale_y);
    if (!found.push(box[0], box[1], box[2], box[3], score, static_cast<size_t>(class_id))) return false;
  }
  return true;
}

bool decode_suppressed(const Head& head, const Output& output, double threshold, Candidates& found, ProgramError& error) {
  const size_t width = output.dims[2];
  const double scale_x = head.normalised ? static_cast<double>(head.width) : 1, scale_y = head.normalised ? static_cast<double>(head.height) : 1;
  for (size_t i = 0; i < output.dims[1]; i++) {
    const float* row = output.data + i * width;
    if (!(static_cast<double>(row[4]) >= threshold) || (row[4] == 0 && row[2] == 0 && row[3] == 0)) continue;
    const double id = static_cast<double>(row[5]), nearest = std::floor(id + 0.5);
    if (!(std::fabs(id - nearest) <= 0.05 && nearest >= 0 && nearest < static_cast<double>(head.classes))) {
      return error.set("decoder: expected the sixth number of a row to be a class from 0 to %zu, got %g", head.classes - 1, id);
    }
    const double a = static_cast<double>(row[0]) * scale_x, b = static_cast<double>(row[1]) * scale_y;
    const double c = static_cast<double>(row[2]) * scale_x, d = static_cast<double>(row[3]) * scale_y;
    const bool pushed = head.centred
                            ? found.push(a - c / 2, b - d / 2, a + c / 2, b + d / 2, static_cast<double>(row[4]), static_cast<size_t>(nearest))
                            : found.push(a, b, c, d, static_cast<double>(row[4]), static_cast<size_t>(nearest));
    if (!pushed) return false;
  }
  return true;
}

bool decode_efficientdet(const Head& head, const Output& output, double threshold, Candidates& found) {
  for (size_t i = 0; i < output.dims[1]; i++) {
    const float* row = output.data + i * 7;
    const double class_id = std::floor(static_cast<double>(row[6]) + 0.5) - head.first_class;
    if (!(static_cast<double>(row[5]) >= threshold) || !(class_id >= 0 && class_id < static_cast<double>(head.classes))) continue;
    const double y1 = static_cast<double>(row[1]), x1 = static_cast<double>(row[2]), y2 = static_cast<double>(row[3]), x2 = static_cast<double>(row[4]);
    if (!found.push(x1, y1, x2, y2, static_cast<double>(row[5]), static_cast<size_t>(class_id))) return false;
  }
  return true;
}

}  // namespace

Candidates::~Candidates() {
  std::free(boxes);
  std::free(scores);
  std::free(class_ids);
}

bool Candidates::reserve(size_t count) {
  const size_t wanted = count > 2 * capacity ? count : 2 * capacity;
  void* more_boxes = std::realloc(boxes, wanted * 4 * sizeof(float));
  if (more_boxes != nullptr) boxes = static_cast<float*>(more_boxes);
  void* more_scores = std::realloc(scores, wanted * sizeof(float));
  if (more_scores != nullptr) scores = static_cast<float*>(more_scores);
  void* more_ids = std::realloc(class_ids, wanted * sizeof(int32_t));
  if (more_ids != nullptr) class_ids = static_cast<int32_t*>(more_ids);
  if (more_boxes == nullptr || more_scores == nullptr || more_ids == nullptr) return false;
  capacity = wanted;
  return true;
}

bool Candidates::push(double x1, double y1, double x2, double y2, double score, size_t class_id) {
  if (length == capacity && !reserve(length < 128 ? 256 : 2 * length)) return false;
  const double box[4] = {x1, y1, x2, y2};
  for (size_t i = 0; i < 4; i++) boxes[4 * length + i] = static_cast<float>(box[i]);
  scores[length] = static_cast<float>(score);
  class_ids[length++] = static_cast<int32_t>(class_id);
  return true;
}

bool read_head(JsonValue decoder, size_t width, size_t height, size_t classes, const Output* outputs, size_t count, Head& head,
               ProgramError& error) {
  head = {};
  head.width = width;
  head.height = height;
  head.classes = classes;
  head.logits = decoder["logits"].boolean(false);
  head.output_count = 1;
  const char* type = decoder["type"].text("none");
  const auto is = [&](const char* name) { return std::strcmp(type, name) == 0; };
  const double skipped = decoder["extra"].number(0);
  if (!(skipped >= 0 && skipped <= 4096)) return error.set("decoder.extra: expected 0 to 4096, got %g", skipped);
  head.extra = static_cast<size_t>(skipped);
  if (is("nanodet")) {
    head.kind = Head::Kind::nanodet;
    head.output_count = 0;
    return read_nanodet(decoder, outputs, count, head, error);
  }
  if (is("ssd")) {
    head.kind = Head::Kind::ssd;
    head.suppressed = true;
    head.output_count = 0;
    return read_ssd(decoder, outputs, count, head, error);
  }
  static const std::pair<const char*, Head::Kind> of_one[] = {{"yolox", Head::Kind::yolox},
                                                              {"yolov5", Head::Kind::yolov5},
                                                              {"yolov8", Head::Kind::yolov8},
                                                              {"suppressed", Head::Kind::suppressed},
                                                              {"efficientdet", Head::Kind::efficientdet}};
  for (const auto& [name, kind] : of_one) {
    if (!is(name)) continue;
    head.kind = kind;
    if (!find_output(decoder["output"].text(), outputs, count, head.outputs[0], error)) return false;
    const Output& output = outputs[head.outputs[0]];
    switch (kind) {
      case Head::Kind::yolox:
        head.decoded_known = decoder["decoded"].exists();
        head.decoded = decoder["decoded"].boolean(false);
        return read_levels(decoder["strides"], head, error) && has_shape(output, head.cells, 5 + classes, error);
      case Head::Kind::yolov5:
        return has_shape(output, 0, 5 + classes + head.extra, error);
      case Head::Kind::yolov8:
        return has_shape(output, 4 + classes + head.extra, 0, error);
      case Head::Kind::suppressed:
        head.suppressed = true;
        head.centred = decoder["boxes"].is("cxcywh");
        head.normalised = decoder["normalised"].boolean(false);
        return has_shape(output, 0, 6 + head.extra, error);
      default:
        head.suppressed = true;
        head.first_class = decoder["first_class"].number(1);
        return has_shape(output, 0, 7, error);
    }
  }
  return error.set("decoder.type: expected yolox, yolov5, yolov8, nanodet, suppressed, ssd or efficientdet, got %.60s: read its outputs "
                   "yourself, with ocellus_run",
                   type);
}

bool check_values(const Head& head, const Output* outputs, ProgramError& error) {
  const Output& output = outputs[head.outputs[0]];
  const float* data = output.data;
  const size_t rows = output.dims[1], width = output.dims[2];
  switch (head.kind) {
    case Head::Kind::yolox:
      return head.logits || scores_fit(data, rows, width, 4, width, error);
    case Head::Kind::yolov5:
      return are_pixels(greatest_of(data, rows, width, 0, 4), error) &&
             (head.logits || scores_fit(data, rows, width, 4, 5 + head.classes, error));
    case Head::Kind::yolov8:
      return are_pixels(greatest_of(data, 4, width, 0, width), error) &&
             (head.logits || scores_fit(data + 4 * width, head.classes, width, 0, width, error));
    case Head::Kind::nanodet:
      for (size_t i = 0; !head.logits && i < head.output_count; i += 2) {
        const Output& scores = outputs[head.outputs[i]];
        if (!scores_fit(scores.data, scores.dims[1], scores.dims[2], 0, head.classes, error)) return false;
      }
      return true;
    case Head::Kind::suppressed: {
      const double greatest = greatest_of(data, rows, width, 0, 4);
      if (!head.normalised) return are_pixels(greatest, error);
      return greatest <= greatest_normalised ||
             error.set("decoder: expected boxes in fractions of the input, 0 to 1, their greatest number is %g: these are pixels "
                       "(\"normalised\": false)",
                       greatest);
    }
    case Head::Kind::efficientdet:
      return scores_fit(data, rows, width, 5, 6, error) && are_pixels(greatest_of(data, rows, width, 1, 5), error);
    case Head::Kind::ssd:
      return true;
  }
  return true;
}

bool decode_outputs(Head& head, const Output* outputs, double threshold, const BoxesKernels& kernels, float* work, Candidates& found,
                    ProgramError& error) {
  const Output& output = outputs[head.outputs[0]];
  bool done = false;
  switch (head.kind) {
    case Head::Kind::yolox:
      done = decode_yolox(head, output, threshold, found);
      break;
    case Head::Kind::yolov5:
      done = decode_yolov5(head, output, threshold, found);
      break;
    case Head::Kind::yolov8:
      done = decode_yolov8(head, output, threshold, found);
      break;
    case Head::Kind::nanodet:
      done = decode_nanodet(head, outputs, threshold, kernels, work, found);
      break;
    case Head::Kind::suppressed:
      // It says itself what is wrong.
      error.text[0] = 0;
      done = decode_suppressed(head, output, threshold, found, error);
      if (!done && error.text[0] != 0) return false;
      break;
    case Head::Kind::ssd:
      done = decode_ssd(head, outputs, threshold, found);
      break;
    case Head::Kind::efficientdet:
      done = decode_efficientdet(head, output, threshold, found);
      break;
  }
  if (!done) return error.set("no memory for %zu boxes", found.length);
  for (size_t i = 0; i < found.length; i++) {
    if (!(found.scores[i] > greatest_score)) continue;
    return error.set("decoder: expected scores of 0 to 1, got %g: the card does not fit the output", static_cast<double>(found.scores[i]));
  }
  return true;
}

}  // namespace ocellus
