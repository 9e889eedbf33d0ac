// The one list of operators: OPERATOR(ProgramOp, struct). Each struct has `check`, which says what the file may say of it, and
// `run`, which is its definition: what every other variant gives, bit for bit. An operator is a file and a line.
#pragma once

#include "program/operators/argmax.h"
#include "program/operators/conv.h"
#include "program/operators/depthwise.h"
#include "program/operators/elementwise.h"
#include "program/operators/float_function.h"
#include "program/operators/float_pairs.h"
#include "program/operators/float_windows.h"
#include "program/operators/input.h"
#include "program/operators/matrices.h"
#include "program/operators/pool.h"
#include "program/operators/rearrange.h"
#include "program/operators/resize.h"

#define OCELLUS_OPERATORS              \
  OPERATOR(conv, Conv)                 \
  OPERATOR(depthwise, Depthwise)       \
  OPERATOR(max_pool, MaxPool)          \
  OPERATOR(average_pool, AveragePool)  \
  OPERATOR(resize_nearest, ResizeNearest)   \
  OPERATOR(resize_bilinear, ResizeBilinear) \
  OPERATOR(add, Add)                   \
  OPERATOR(multiply, Multiply)         \
  OPERATOR(requantise, Requantise)     \
  OPERATOR(table, LookUp)              \
  OPERATOR(input, Input)               \
  OPERATOR(dequantise, Dequantise)     \
  OCELLUS_FLOAT_OPERATORS

/// Those that begin with floats. Each instruction set has them compiled for itself: see float_operations.h.
#define OCELLUS_FLOAT_OPERATORS           \
  OPERATOR(quantise, Quantise)            \
  OPERATOR(constant, Constant)            \
  OPERATOR(add_float, AddFloat)           \
  OPERATOR(subtract_float, SubtractFloat) \
  OPERATOR(multiply_float, MultiplyFloat) \
  OPERATOR(divide_float, DivideFloat)     \
  OPERATOR(function_float, FloatFunction) \
  OPERATOR(softmax, Softmax)              \
  OPERATOR(matmul, Matmul)                \
  OPERATOR(rearrange, Rearrange)          \
  OPERATOR(conv_float, ConvFloat)         \
  OPERATOR(depthwise_float, DepthwiseFloat) \
  OPERATOR(max_float, MaxFloat)           \
  OPERATOR(min_float, MinFloat)           \
  OPERATOR(argmax, ArgMax)
