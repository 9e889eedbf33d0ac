// The reference: what every other variant gives, bit for bit.
#include "preprocess/pixel.h"

namespace ocellus {
namespace {

template <RowSource source, RowOutput output>
void row(const RowJob& job) {
  rest_of_row<source, output>(job, 0);
}

void sum(const uint8_t* first, size_t stride, size_t rows, size_t bytes, uint16_t* sums) {
  for (size_t i = 0; i < bytes; i++) sums[i] = first[i];
  for (size_t row = 1; row < rows; row++) {
    const uint8_t* from = first + row * stride;
    for (size_t i = 0; i < bytes; i++) sums[i] = static_cast<uint16_t>(sums[i] + from[i]);
  }
}

void mean(const uint16_t* sums, const BoxMean& mean, size_t count, uint8_t* target) {
  rest_of_means(sums, mean, 0, count, target);
}

}  // namespace

extern const PreprocessKernels preprocess_scalar;
const PreprocessKernels preprocess_scalar = {ROW_FUNCTIONS, sum, mean};

}  // namespace ocellus
