// vpdpbusd on 256-bit vectors and sixteen registers: processors that have the dot product of bytes without AVX512.
#include "program/float_operations.h"
#include "program/x86_conv.h"
#include "program/x86_depthwise.h"
#include "program/x86_pixels.h"
#include "program/x86_winograd.h"

namespace ocellus {
namespace {

using Convolution = ConvOn<V256, 3, 6, 12>;
using WinogradConvolution = WinogradOn<V256, Convolution, 6>;
using DepthwiseConvolution = DepthwiseOn<V256, 1>;

constexpr ProgramKernels all() {
  ProgramKernels kernels{};
  set_pixel_operations<V256>(kernels);
  set_float_operations(kernels);
  const auto set = [&](ProgramOp op, ProgramOperation operation) { kernels.operations[static_cast<size_t>(op)] = operation; };
  set(ProgramOp::conv, {pack_by<Convolution::packed_bytes, Convolution::pack>, Convolution::units, Convolution::run, nullptr});
  set(ProgramOp::depthwise, {pack_by<DepthwiseConvolution::packed_bytes, DepthwiseConvolution::pack>, DepthwiseConvolution::units,
                             DepthwiseConvolution::run, DepthwiseConvolution::takes});
  kernels.faster[0][static_cast<size_t>(ProgramOp::conv)] = WinogradConvolution::operation;
  return kernels;
}

}  // namespace

extern const ProgramKernels program_avx_vnni;
const ProgramKernels program_avx_vnni = all();

}  // namespace ocellus
