#include "boxes/boxes.h"

namespace ocellus {
namespace {

/// Float scores and logits as they are.
struct Floats {
  const BoxesKernels& kernels;
  const float* scores;
  const float* logits;
  float least;

  size_t find(size_t from, size_t to) const { return kernels.find_f32(scores, from, to, least); }
  float score(size_t at) const { return scores[at]; }
  void means(size_t cell, size_t bins, float* means) const { kernels.means(logits + cell * 4 * bins, bins, means); }
};

/// Scores are compared as they are stored; only what passes is made a float.
struct Bytes {
  const BoxesKernels& kernels;
  const uint8_t* scores;
  const uint8_t* logits;
  uint8_t least;
  Quantisation of_scores;
  Quantisation of_logits;

  size_t find(size_t from, size_t to) const { return kernels.find_u8(scores, from, to, least); }
  float score(size_t at) const { return value(scores[at], of_scores); }
  void means(size_t cell, size_t bins, float* means) const {
    float floats[4 * decode_most_bins];
    const uint8_t* stored = logits + cell * 4 * bins;
    for (size_t i = 0; i < 4 * bins; i++) floats[i] = value(stored[i], of_logits);
    kernels.means(floats, bins, means);
  }
  static float value(uint8_t stored, Quantisation of) { return static_cast<float>(stored - of.zero) * of.scale; }
};

template <typename Source>
size_t decode(const Source& source, const DecodeHead& head, DecodeRequest request, const DecodeRoom& room,
              size_t length) {
  const size_t classes = head.classes;
  size_t first = 0;
  for (size_t l = 0; l < head.level_count; l++) {
    const DecodeLevel& level = head.levels[l];
    const auto columns = static_cast<size_t>(level.columns);
    const auto stride = static_cast<float>(level.stride);
    const size_t cells = columns * static_cast<size_t>(level.rows);
    const size_t end = (first + cells) * classes;
    size_t at = source.find(first * classes, end);
    while (at < end) {
      const size_t cell = at / classes;
      const size_t next = (cell + 1) * classes;
      float sides[4];
      source.means(cell, head.bins, sides);
      const float x = (static_cast<float>((cell - first) % columns) + 0.5f) * stride;
      const float y = (static_cast<float>((cell - first) / columns) + 0.5f) * stride;
      const float box[4] = {x - sides[0] * stride, y - sides[1] * stride, x + sides[2] * stride, y + sides[3] * stride};
      const auto push = [&](size_t which) {
        if (length < room.capacity) {
          for (size_t i = 0; i < 4; i++) room.boxes[4 * length + i] = box[i];
          room.scores[length] = source.score(which);
          room.class_ids[length] = static_cast<int32_t>(which - cell * classes);
        }
        length++;
      };
      if (request.multi_label) {
        for (; at < next; at = source.find(at + 1, next)) push(at);
      } else {
        size_t best = at;
        for (at++; at < next; at++) {
          if (source.scores[at] > source.scores[best]) best = at;
        }
        push(best);
      }
      at = source.find(next, end);
    }
    first += cells;
  }
  return length;
}

}  // namespace

size_t decode_f32(const BoxesKernels& kernels, const float* scores, const float* logits, const DecodeHead& head,
                  DecodeRequest request, const DecodeRoom& room, size_t length) {
  return decode(Floats{kernels, scores, logits, request.threshold}, head, request, room, length);
}

size_t decode_u8(const BoxesKernels& kernels, const uint8_t* scores, Quantisation of_scores, const uint8_t* logits,
                 Quantisation of_logits, const DecodeHead& head, DecodeRequest request, const DecodeRoom& room,
                 size_t length) {
  unsigned least = 0;
  while (least < 256 && !(Bytes::value(static_cast<uint8_t>(least), of_scores) >= request.threshold)) least++;
  if (least == 256) return length;
  const Bytes source = {kernels, scores, logits, static_cast<uint8_t>(least), of_scores, of_logits};
  return decode(source, head, request, room, length);
}

}  // namespace ocellus
