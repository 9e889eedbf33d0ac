// The reference: what every other variant gives, bit for bit.
#include "program/float_operations.h"

namespace ocellus {
namespace {

constexpr ProgramKernels all() {
  ProgramKernels kernels{};
#define OPERATOR(op, Operator) kernels.operations[static_cast<size_t>(ProgramOp::op)] = {nullptr, rows_of, Operator::run, nullptr};
  OCELLUS_OPERATORS
#undef OPERATOR
  set_float_operations(kernels);
  return kernels;
}

}  // namespace

extern const ProgramKernels program_scalar;
const ProgramKernels program_scalar = all();

}  // namespace ocellus
