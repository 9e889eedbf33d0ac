// The reference: what every other variant gives, bit for bit.
#include <cmath>

#include "boxes/boxes.h"
#include "boxes/exp.h"

namespace ocellus {
namespace {

template <typename T>
size_t find(const T* values, size_t from, size_t to, T least) {
  while (from < to && !(values[from] >= least)) from++;
  return from;
}

void means(const float* logits, size_t bins, float* means) {
  for (size_t side = 0; side < 4; side++) {
    const float* own = logits + side * bins;
    float most = -INFINITY;
    for (size_t i = 0; i < bins; i++) most = own[i] > most ? own[i] : most;
    float total = 0;
    float sum = 0;
    for (size_t i = 0; i < bins; i++) {
      const float weight = exp_of(own[i] - most);
      total += weight;
      sum += weight * static_cast<float>(i);
    }
    means[side] = sum / total;
  }
}

}  // namespace

extern const BoxesKernels boxes_scalar;
const BoxesKernels boxes_scalar = {find<float>, find<uint8_t>, means};

}  // namespace ocellus
