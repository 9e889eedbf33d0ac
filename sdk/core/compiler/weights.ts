import { nearest } from '../program/arithmetic.ts';
import type { ConvLayer } from './network/network.ts';
import type { Scales } from './quantise.ts';

/** A convolution in integers. */
export interface IntegerWeights {
  readonly weights: Int8Array;
  readonly bias: Int32Array;
  /** What an accumulator of each output channel is multiplied with. */
  readonly scale: Float64Array;
}

const most = 127;
/** Parts of the largest weight that are tried as 127: to cut off a few may bring the rest nearer. */
const cuts = Array.from({ length: 26 }, (_, i) => 0.5 + 0.02 * i);
const largestBias = 2 ** 28;

/**
 * The scales of the input go into the weights before those are quantised, its zero points into the bias.
 *
 * @param input Scales of what the convolution reads.
 */
export function integerWeights(layer: ConvLayer, input: Scales): IntegerWeights {
  const { c, isDepthwise } = layer;
  const count = layer.weights.length / c;
  const inputs = isDepthwise ? 1 : input.scale.length;
  const weights = new Int8Array(layer.weights.length);
  const bias = new Int32Array(c);
  const scale = new Float64Array(c);
  const places = (o: number, i: number) => (isDepthwise ? i * c + o : o * count + i);
  const channelOf = (o: number, i: number) => (isDepthwise ? o : i % inputs);
  const row = new Float64Array(count);
  for (let o = 0; o < c; o++) {
    let real = layer.bias[o]!;
    for (let i = 0; i < count; i++) {
      const from = channelOf(o, i);
      const weight = layer.weights[places(o, i)]!;
      row[i] = weight * input.scale[from]!;
      real += weight * input.offset[from]!;
    }
    const known = knownScale(layer, o, input);
    const found = Math.max(known ?? bestScale(row), Math.abs(real) / largestBias);
    let sum = real / found;
    for (let i = 0; i < count; i++) {
      const place = places(o, i);
      const exact = known === found ? layer.grid!.weights[place]! : nearest(row[i]! / found);
      weights[place] = Math.min(most, Math.max(-most, exact));
      sum -= input.zero[channelOf(o, i)]! * weights[place]!;
    }
    bias[o] = nearest(sum);
    scale[o] = found;
  }
  return { weights, bias, scale };
}

/** Weights that were integers in the graph stay those, where one scale holds for all that they are multiplied with. */
function knownScale({ grid, isDepthwise }: ConvLayer, o: number, { scale }: Scales): number | undefined {
  if (!grid) return undefined;
  const input = isDepthwise ? scale[o]! : scale[0]!;
  const isSame = isDepthwise || scale.every((one) => one === input);
  return isSame && input > 0 && grid.scale[o]! > 0 ? grid.scale[o]! * input : undefined;
}

/** The scale of the least sum of squared errors. */
function bestScale(row: Float64Array): number {
  let largest = 0;
  for (const value of row) largest = Math.max(largest, Math.abs(value));
  const coarsest = Math.max(largest / most, 1e-12);
  let best = coarsest;
  let least = Number.POSITIVE_INFINITY;
  for (const cut of cuts) {
    const scale = coarsest * cut;
    let error = 0;
    for (const value of row) {
      const held = Math.min(most, Math.max(-most, nearest(value / scale))) * scale;
      error += (held - value) ** 2;
    }
    if (error <= least) {
      least = error;
      best = scale;
    }
  }
  return best;
}
