// Products of bytes on 256-bit vectors where they cannot saturate, else of words.
#include "program/float_operations.h"
#include "program/x86_conv.h"
#include "program/x86_conv_bytes.h"
#include "program/x86_depthwise.h"
#include "program/x86_pixels.h"
#include "program/x86_winograd.h"

namespace ocellus {
namespace {

// Sixteen registers.
using Convolution = ConvOn<V256, 3, 6, 8>;
using ByteConvolution = ConvOfBytes<V256, Convolution>;
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
  const auto conv = static_cast<size_t>(ProgramOp::conv);
  kernels.faster[0][conv] = WinogradConvolution::operation;
  kernels.faster[1][conv] = {ByteConvolution::pack, ByteConvolution::units, ByteConvolution::run, nullptr};
  return kernels;
}

}  // namespace

extern const ProgramKernels program_avx2;
const ProgramKernels program_avx2 = all();

}  // namespace ocellus
