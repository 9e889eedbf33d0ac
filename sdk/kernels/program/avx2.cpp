// Products of bytes on 256-bit vectors where they cannot saturate, else of words.
#include "program/x86_conv_bytes.h"
#include "program/x86_program.h"

namespace ocellus {
namespace {

// Sixteen registers.
using Convolution = ConvOn<V256, 3, 6, 8>;
using ByteConvolution = ConvOfBytes<V256, Convolution>;

constexpr ProgramKernels all() {
  ProgramKernels kernels = x86_program_kernels<V256, Convolution, WinogradOn<V256, Convolution, 6>, DepthwiseOn<V256, 1>>();
  kernels.faster[1][static_cast<size_t>(ProgramOp::conv)] = {ByteConvolution::pack, ByteConvolution::units, ByteConvolution::run, nullptr};
  return kernels;
}

}  // namespace

extern const ProgramKernels program_avx2;
const ProgramKernels program_avx2 = all();

}  // namespace ocellus
