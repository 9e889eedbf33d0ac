// NanoDet's head (Generalized Focal Loss, arXiv 2006.04388): class scores and the distribution of each side of a box, per
// cell. And class-wise non-maximum suppression.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ocellus {

constexpr size_t decode_most_bins = 64;

/// What one instruction set brings. No pointer need be aligned.
struct BoxesKernels {
  /// Index of the first of values[from..to) that is at least `least`, or `to`. NaN never is.
  size_t (*find_f32)(const float* values, size_t from, size_t to, float least);
  size_t (*find_u8)(const uint8_t* values, size_t from, size_t to, uint8_t least);
  /// The mean bin of a softmax over `bins` logits, for the four sides that lie one after the other. The order of all steps
  /// is part of the contract (exp.h): all variants give the same bits, or all NaN.
  void (*means)(const float* logits, size_t bins, float* means);
};

/// A grid of cells, row by row, each `stride` input pixels wide.
struct DecodeLevel {
  int32_t stride;
  int32_t columns;
  int32_t rows;
};

struct DecodeHead {
  /// One after the other in the arrays.
  const DecodeLevel* levels;
  size_t level_count;
  size_t classes;
  /// At most decode_most_bins.
  size_t bins;
};

/// What is asked for: `multi_label` gives a box for each class that passes, else for a cell's best.
struct DecodeRequest {
  float threshold;
  bool multi_label;
};

/// value = (stored - zero) * scale
struct Quantisation {
  float scale;
  int32_t zero;
};

/// Where the boxes go.
struct DecodeRoom {
  float* boxes;
  float* scores;
  int32_t* class_ids;
  size_t capacity;
};

/// Appends the boxes of the cells that pass the threshold, cell by cell, after `length` that are there.
/// @returns The new length. When it is more than the capacity, what did not fit is not written: call again with more.
size_t decode_f32(const BoxesKernels& kernels, const float* scores, const float* logits, const DecodeHead& head,
                  DecodeRequest request, const DecodeRoom& room, size_t length);
size_t decode_u8(const BoxesKernels& kernels, const uint8_t* scores, Quantisation of_scores, const uint8_t* logits,
                 Quantisation of_logits, const DecodeHead& head, DecodeRequest request, const DecodeRoom& room,
                 size_t length);

/// Greedy: boxes of one class that overlap a better one by more than the threshold go; of equal scores the earlier is better.
/// @param kept Room for `length` indices: what stays, best first.
/// @returns How many stay, at most `most`; `nms_no_memory` when there is none for the work.
size_t classwise_nms(const float* boxes, const float* scores, const int32_t* class_ids, size_t length,
                     double iou_threshold, size_t most, uint32_t* kept);
constexpr size_t nms_no_memory = SIZE_MAX;

}  // namespace ocellus
