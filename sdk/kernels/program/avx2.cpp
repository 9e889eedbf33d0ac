// Eight bits exactly on 256-bit vectors: the byte multiply saturates sums of two products at 16 bits, so the inputs are taken as
// x - 128, whose products with -127..127 fit in pairs, and 128 times the weights' sum is in the bias.
#include "program/x86_conv.h"
#include "program/x86_depthwise.h"
#include "program/x86_pixels.h"

namespace ocellus {
namespace {

// Sixteen registers.
using Convolution = ConvOn<V256, 3, 6, 8>;
using DepthwiseConvolution = DepthwiseOn<V256, 1>;

constexpr ProgramKernels all() {
  ProgramKernels kernels{};
  set_pixel_operations<V256>(kernels);
  const auto set = [&](ProgramOp op, ProgramOperation operation) { kernels.operations[static_cast<size_t>(op)] = operation; };
  set(ProgramOp::conv, {Convolution::packed_bytes, Convolution::pack, Convolution::units, Convolution::run, nullptr});
  set(ProgramOp::depthwise, {DepthwiseConvolution::packed_bytes, DepthwiseConvolution::pack, DepthwiseConvolution::units,
                             DepthwiseConvolution::run, DepthwiseConvolution::takes});
  return kernels;
}

}  // namespace

extern const ProgramKernels program_avx2;
const ProgramKernels program_avx2 = all();

}  // namespace ocellus
