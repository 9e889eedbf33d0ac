// vpdpbusd: four products of unsigned and signed bytes added to 32 bits, sixteen times at once; 32 registers.
#include "program/x86_program.h"

namespace ocellus {
namespace {

using Convolution = ConvOn<V512, 6, 12, 16>;

}  // namespace

extern const ProgramKernels program_avx512_vnni;
const ProgramKernels program_avx512_vnni = x86_program_kernels<V512, Convolution, WinogradOn<V512, Convolution, 12>, DepthwiseOn<V512, 2>>();

}  // namespace ocellus
