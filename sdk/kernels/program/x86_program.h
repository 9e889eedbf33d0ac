// The kernels of an instruction set of x86, from its vectors and its ways to convolve.
#pragma once

#include "program/float_operations.h"
#include "program/x86_conv.h"
#include "program/x86_depthwise.h"
#include "program/x86_pixels.h"
#include "program/x86_winograd.h"

namespace ocellus {
namespace {

template <class V, class Convolution, class WinogradConvolution, class DepthwiseConvolution>
constexpr ProgramKernels x86_program_kernels() {
  ProgramKernels kernels{};
  set_pixel_operations<V>(kernels);
  set_float_operations(kernels);
  const auto set = [&](ProgramOp op, ProgramOperation operation) { kernels.operations[static_cast<size_t>(op)] = operation; };
  set(ProgramOp::conv, {pack_by<Convolution::packed_bytes, Convolution::pack>, Convolution::units, Convolution::run, nullptr});
  set(ProgramOp::depthwise, {pack_by<DepthwiseConvolution::packed_bytes, DepthwiseConvolution::pack>, DepthwiseConvolution::units,
                             DepthwiseConvolution::run, DepthwiseConvolution::takes});
  kernels.faster[0][static_cast<size_t>(ProgramOp::conv)] = WinogradConvolution::operation;
  return kernels;
}

}  // namespace
}  // namespace ocellus
