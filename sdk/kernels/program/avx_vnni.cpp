// vpdpbusd on 256-bit vectors and sixteen registers: processors that have the dot product of bytes without AVX512.
#include "program/x86_program.h"

namespace ocellus {
namespace {

using Convolution = ConvOn<V256, 3, 6, 12>;

}  // namespace

extern const ProgramKernels program_avx_vnni;
const ProgramKernels program_avx_vnni = x86_program_kernels<V256, Convolution, WinogradOn<V256, Convolution, 6>, DepthwiseOn<V256, 1>>();

}  // namespace ocellus
