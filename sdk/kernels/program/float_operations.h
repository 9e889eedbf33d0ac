// The operators on floats as an instruction set's own: the definitions themselves, which the compiler vectorises for it. Nothing is
// fused and sums are added in their order, so that the bits are the same.
#pragma once

#include "program/operators/list.h"

namespace ocellus {
namespace {

constexpr void set_float_operations(ProgramKernels& kernels) {
#define OPERATOR(op, Operator) \
  kernels.operations[static_cast<size_t>(ProgramOp::op)] = {nullptr, pixels_of, Operator::run, nullptr};
  OCELLUS_FLOAT_OPERATORS
#undef OPERATOR
}

}  // namespace
}  // namespace ocellus
