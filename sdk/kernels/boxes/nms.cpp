#include <algorithm>
#include <cstring>

#include "boxes/boxes.h"
#include "native/memory.h"

namespace ocellus {
namespace {

/// As JavaScript's Math.min and Math.max: NaN where either is.
double lesser(double a, double b) { return a != a || a < b ? a : b; }
double greater(double a, double b) { return a != a || a > b ? a : b; }

double iou(const float* a, const float* b) {
  const double ax1 = a[0], ay1 = a[1], ax2 = a[2], ay2 = a[3];
  const double bx1 = b[0], by1 = b[1], bx2 = b[2], by2 = b[3];
  const double width = lesser(ax2, bx2) - greater(ax1, bx1);
  const double height = lesser(ay2, by2) - greater(ay1, by1);
  if (!(width > 0 && height > 0)) return 0;
  const double overlap = width * height;
  return overlap / ((ax2 - ax1) * (ay2 - ay1) + (bx2 - bx1) * (by2 - by1) - overlap);
}

/// What was kept of each class, newest first, as chains: only boxes of one class are compared.
class Chains {
 public:
  bool allocate(size_t length) {
    size_t slots = 16;
    while (slots < 2 * length) slots *= 2;
    bits_ = slots - 1;
    // A kept box is known by its number + 1; 0 is nothing.
    return slots_.allocate(slots) && before_.allocate(length);
  }

  /// The newest kept box of a class, a slot to put the next one in.
  uint32_t& newest(int32_t class_id, const int32_t* class_ids) {
    const uint32_t hash = static_cast<uint32_t>(class_id) * 2654435761u;
    // The upper bits too, or multiples of a power of two would all meet.
    size_t slot = (hash ^ hash >> 16) & bits_;
    // There are at least twice as many slots as boxes, so one is free.
    while (slots_[slot] != 0 && class_ids[slots_[slot] - 1] != class_id) slot = (slot + 1) & bits_;
    return slots_[slot];
  }
  uint32_t& before(size_t box) { return before_[box]; }

 private:
  Buffer<uint32_t> slots_;
  Buffer<uint32_t> before_;
  size_t bits_ = 0;
};

/// Falls with the score, then rises with the index, as one number.
uint64_t sort_key(float score, size_t index) {
  // Not below 0, whose bits would be large; NaN is worth nothing.
  const float value = score > 0 ? score : 0;
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return static_cast<uint64_t>(~bits) << 32 | index;
}

}  // namespace

size_t classwise_nms(const float* boxes, const float* scores, const int32_t* class_ids, size_t length,
                     double iou_threshold, size_t most, uint32_t* kept) {
  Buffer<uint64_t> order;
  Chains chains;
  if (!order.allocate(length) || !chains.allocate(length)) return nms_no_memory;
  for (size_t i = 0; i < length; i++) order[i] = sort_key(scores[i], i);
  std::sort(order.data(), order.data() + length);
  size_t count = 0;
  for (size_t k = 0; k < length && count < most; k++) {
    const size_t i = order[k] & 0xffffffffu;
    uint32_t& newest = chains.newest(class_ids[i], class_ids);
    uint32_t other = newest;
    while (other != 0 && !(iou(boxes + 4 * i, boxes + 4 * (other - 1)) > iou_threshold)) other = chains.before(other - 1);
    if (other != 0) continue;
    chains.before(i) = newest;
    newest = static_cast<uint32_t>(i + 1);
    kept[count++] = static_cast<uint32_t>(i);
  }
  return count;
}

}  // namespace ocellus
