import type { Operator } from '../network/lowering.ts';
import { activations } from './activations.ts';
import { batchNormalisation } from './batch-normalisation.ts';
import { concat } from './concat.ts';
import { conv } from './conv.ts';
import { convTranspose } from './conv-transpose.ts';
import { einsum } from './einsum.ts';
import { add, divide, mean, multiply, power, subtract } from './elementwise.ts';
import { argMax, argMin } from './extreme.ts';
import { gemm, matMul } from './fully-connected.ts';
import { gather, gatherNd } from './gather.ts';
import { groupNormalisation } from './group-normalisation.ts';
import { localResponse } from './local-response.ts';
import { instanceNormalisation, layerNormalisation } from './normalise.ts';
import { pad } from './pad.ts';
import {
  averagePool,
  globalAveragePool,
  globalMaxPool,
  maxPool,
  reduceL2,
  reduceMax,
  reduceMean,
  reduceMin,
  reduceSum,
} from './pool.ts';
import { dequantise, quantise } from './quantise.ts';
import { resize } from './resize.ts';
import { slice } from './slice.ts';
import { logSoftmax, softmax } from './softmax.ts';
import { split } from './split.ts';
import { cast, depthToSpace, expand, identity, reshape, spaceToDepth, tile, transpose } from './views.ts';
import { where } from './where.ts';

/** What the compiler knows of ONNX, by the name of the operator. */
export const operators: Readonly<Record<string, Operator>> = {
  ...activations,
  Add: add,
  ArgMax: argMax,
  ArgMin: argMin,
  AveragePool: averagePool,
  BatchNormalization: batchNormalisation,
  Cast: cast,
  Concat: concat,
  Conv: conv,
  ConvTranspose: convTranspose,
  DepthToSpace: depthToSpace,
  DequantizeLinear: dequantise,
  Div: divide,
  Dropout: identity,
  Einsum: einsum,
  Expand: expand,
  Flatten: reshape,
  Gather: gather,
  GatherND: gatherNd,
  Gemm: gemm,
  GlobalAveragePool: globalAveragePool,
  GlobalMaxPool: globalMaxPool,
  GroupNormalization: groupNormalisation,
  Identity: identity,
  InstanceNormalization: instanceNormalisation,
  LayerNormalization: layerNormalisation,
  LogSoftmax: logSoftmax,
  LRN: localResponse,
  MatMul: matMul,
  MaxPool: maxPool,
  Mean: mean,
  Mul: multiply,
  Pad: pad,
  Pow: power,
  QuantizeLinear: quantise,
  ReduceL2: reduceL2,
  ReduceMax: reduceMax,
  ReduceMean: reduceMean,
  ReduceMin: reduceMin,
  ReduceSum: reduceSum,
  Reshape: reshape,
  Resize: resize,
  Slice: slice,
  Softmax: softmax,
  SpaceToDepth: spaceToDepth,
  Split: split,
  Squeeze: reshape,
  Sub: subtract,
  Sum: add,
  Tile: tile,
  Transpose: transpose,
  Unsqueeze: reshape,
  Upsample: resize,
  Where: where,
};
