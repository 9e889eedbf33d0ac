// From a detector's outputs to boxes, as sdk/core/decoders does it: the same numbers in the same order of operations.
#pragma once

#include "boxes/boxes.h"
#include "json.h"
#include "native/memory.h"
#include "program/check.h"

namespace ocellus {

/// An output of a program.
struct Output {
  const char* name;
  const float* data;
  bool floats;
  uint32_t rank;
  uint32_t dims[6];
};

/// Boxes in input pixels that passed the threshold; grows, and is used again for each picture.
class Candidates {
 public:
  ~Candidates();
  Candidates() = default;
  Candidates(const Candidates&) = delete;
  Candidates& operator=(const Candidates&) = delete;

  void clear() { length = 0; }
  /// @returns False when there is no memory.
  bool push(double x1, double y1, double x2, double y2, double score, size_t class_id);
  bool reserve(size_t count);
  DecodeRoom room() const { return {boxes, scores, class_ids, capacity}; }

  float* boxes = nullptr;
  float* scores = nullptr;
  int32_t* class_ids = nullptr;
  size_t length = 0;
  size_t capacity = 0;
};

/// What a card says of the outputs, checked against them.
struct Head {
  enum class Kind { yolox, yolov5, yolov8, nanodet, suppressed, ssd, efficientdet };
  static constexpr size_t most_levels = 16;

  Kind kind;
  size_t width, height, classes;
  /// Does the network suppress overlaps itself?
  bool suppressed;
  bool logits;
  DecodeLevel levels[most_levels];
  size_t level_count;
  size_t cells;

  /// Of SSD: boxes, scores, classes, count; of a pair of NanoDet's: scores and distributions, one or one for each level.
  size_t outputs[2 * most_levels];
  size_t output_count;
  /// Numbers after the scores of a row that are skipped.
  size_t extra;

  bool decoded, decoded_known;
  size_t bins;
  bool apart, interleaved, all_classes;
  double shift;
  bool swapped, normalised, centred;
  double first_class;
};

/// Reads a card's `decoder`. @returns False with the error set.
bool read_head(JsonValue decoder, size_t width, size_t height, size_t classes, const Output* outputs, size_t output_count, Head& head,
               ProgramError& error);

/// Do the values of the first run mean what the card says? @returns False with the error set.
bool check_values(const Head& head, const Output* outputs, ProgramError& error);

/// Appends what reaches the threshold: of a cell its best class, as `ocellus detect` does.
/// @param work Room that NanoDet's single output needs, as floats: `cells * (classes + 4 * bins)`, else null.
bool decode_outputs(Head& head, const Output* outputs, double threshold, const BoxesKernels& kernels, float* work, Candidates& found,
                    ProgramError& error);

}  // namespace ocellus
