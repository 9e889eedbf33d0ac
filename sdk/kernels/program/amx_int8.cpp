// AMX: products of bytes on tiles of 16 x 64, beside vectors of 512 bits with the dot product of bytes for what is no matrix.
#include "program/amx_conv.h"
#include "program/x86_program.h"

namespace ocellus {
namespace {

using Convolution = ConvOn<V512, 6, 12, 16>;

constexpr ProgramKernels all() {
  ProgramKernels kernels = x86_program_kernels<V512, Convolution, WinogradOn<V512, Convolution, 12>, DepthwiseOn<V512, 2>>();
  kernels.faster[0][static_cast<size_t>(ProgramOp::conv)] = ConvOnTiles<V512, Convolution>::operation;
  return kernels;
}

}  // namespace

extern const ProgramKernels program_amx_int8;
const ProgramKernels program_amx_int8 = all();

}  // namespace ocellus
