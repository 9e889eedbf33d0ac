import { InputError } from '../../base/errors.ts';
import { kernels } from '../../kernels/kernels.ts';
import type { Tensor } from '../ledger/safetensors.ts';
import type { Margins } from './trainer.ts';

/** Weights of the classes, one row each, for features of length 1, and biases. */
export function linearTensors(weights: readonly Float32Array[], biases: Float64Array): Record<string, Tensor> {
  const dimension = weights[0]?.length ?? 0;
  const data = new Float32Array(weights.length * dimension);
  for (const [c, row] of weights.entries()) data.set(row, c * dimension);
  return {
    weights: { shape: [weights.length, dimension], data },
    biases: { shape: [biases.length], data: biases },
  };
}

/** @throws InputError when the tensors are not such weights. */
export function linearMargins(tensors: Readonly<Record<string, Tensor>>, classes: number): Margins {
  const weights = tensors.weights?.data;
  const biases = tensors.biases?.data;
  const fits = weights instanceof Float32Array && biases instanceof Float64Array && biases.length === classes;
  if (!fits || weights.length % classes !== 0) {
    throw new InputError(`head: expected weights (F32) and biases (F64) of ${classes} classes, got other tensors`);
  }
  const floats = new Float32Array(weights.length / classes);
  const products = new Float32Array(classes);
  return ({ values, length }) => {
    floats.set(values);
    kernels.dot.matVecF32(weights, floats, products);
    return biases.map((bias, c) => products[c]! / length + bias);
  };
}
