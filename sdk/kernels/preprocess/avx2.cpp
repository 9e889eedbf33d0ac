#include "preprocess/avx2_rows.h"

namespace ocellus {
namespace {

template <RowSource source, RowOutput output>
void row(const RowJob& job) {
  row_by_eight<source, output>(job, 0);
}

}  // namespace

extern const PreprocessKernels preprocess_avx2;
const PreprocessKernels preprocess_avx2 = {ROW_FUNCTIONS, sum, mean};

}  // namespace ocellus
