import type { Operator } from '../network/lowering.ts';
import { activations } from './activations.ts';
import { batchNormalisation } from './batch-normalisation.ts';
import { concat } from './concat.ts';
import { conv } from './conv.ts';
import { add, divide, multiply, power, subtract } from './elementwise.ts';
import { gemm, matMul } from './fully-connected.ts';
import { pad } from './pad.ts';
import { averagePool, globalAveragePool, maxPool, reduceMean } from './pool.ts';
import { dequantise, quantise } from './quantise.ts';
import { resize } from './resize.ts';
import { slice } from './slice.ts';
import { softmax } from './softmax.ts';
import { split } from './split.ts';
import { identity, reshape, transpose } from './views.ts';

/** What the compiler knows of ONNX, by the name of the operator. */
export const operators: Readonly<Record<string, Operator>> = {
  ...activations,
  Add: add,
  AveragePool: averagePool,
  BatchNormalization: batchNormalisation,
  Cast: identity,
  Concat: concat,
  Conv: conv,
  DequantizeLinear: dequantise,
  Div: divide,
  Dropout: identity,
  Flatten: reshape,
  Gemm: gemm,
  GlobalAveragePool: globalAveragePool,
  Identity: identity,
  MatMul: matMul,
  MaxPool: maxPool,
  Mul: multiply,
  Pad: pad,
  Pow: power,
  QuantizeLinear: quantise,
  ReduceMean: reduceMean,
  Reshape: reshape,
  Resize: resize,
  Slice: slice,
  Softmax: softmax,
  Split: split,
  Squeeze: reshape,
  Sub: subtract,
  Sum: add,
  Transpose: transpose,
  Unsqueeze: reshape,
  Upsample: resize,
};
