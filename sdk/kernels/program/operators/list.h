// The one list of operators: OPERATOR(ProgramOp, struct). Each struct has `check`, which says what the file may say of it, and
// `run`, which is its definition: what every other variant gives, bit for bit. An operator is a file and a line.
#pragma once

#include "program/operators/conv.h"
#include "program/operators/depthwise.h"
#include "program/operators/elementwise.h"
#include "program/operators/input.h"
#include "program/operators/pool.h"
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
  OPERATOR(dequantise, Dequantise)
