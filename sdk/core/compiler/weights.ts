import { nearest } from '../program/arithmetic.ts';
import type { Moments } from './moments.ts';
import type { ConvLayer } from './network/network.ts';
import { Rounding } from './rounding.ts';
import type { Scales } from './scales.ts';

/** A convolution in integers. */
export interface IntegerWeights {
  readonly weights: Int8Array;
  readonly bias: Int32Array;
  /** What an accumulator of each output channel is multiplied with. */
  readonly scale: Float64Array;
}

/** Parts of the largest weight that are tried as the largest integer: to cut off a few may bring the rest nearer. */
const cuts = Array.from({ length: 26 }, (_, i) => 0.5 + 0.02 * i);
const largestBias = 2 ** 28;

/**
 * The scales of the input go into the weights before those are quantised, its zero points into the bias.
 *
 * @param input Scales of what the convolution reads.
 * @param moments How that varies, where it was measured.
 * @param bits Of a weight.
 */
export function integerWeights(layer: ConvLayer, input: Scales, moments?: Moments, bits: 7 | 8 = 8): IntegerWeights {
  const { c, isDepthwise } = layer;
  const most = 2 ** (bits - 1) - 1;
  const count = layer.weights.length / c;
  const inputs = isDepthwise ? 1 : input.scale.length;
  const weights = new Int8Array(layer.weights.length);
  const bias = new Int32Array(c);
  const scale = new Float64Array(c);
  const placeOf = (o: number, i: number) => (isDepthwise ? i * c + o : o * count + i);
  const channelOf = (o: number, i: number) => (isDepthwise ? o : i % inputs);
  const scalesOf = (o: number) => Float64Array.from({ length: count }, (_, i) => input.scale[channelOf(o, i)]!);
  const shared = moments && !isDepthwise ? new Rounding(moments, 0, scalesOf(0), most) : undefined;
  for (let o = 0; o < c; o++) {
    const row = Float64Array.from(
      { length: count },
      (_, i) => layer.weights[placeOf(o, i)]! * input.scale[channelOf(o, i)]!,
    );
    const known = bits === 8 ? knownScale(layer, o, input) : undefined;
    const rounding =
      known === undefined && moments ? (shared ?? new Rounding(moments, o, scalesOf(o), most)) : undefined;
    const offset = row.reduce(
      (sum, one, i) => sum + one * (input.offset[channelOf(o, i)]! / input.scale[channelOf(o, i)]!),
      0,
    );
    const real = layer.bias[o]! + offset;
    const found = Math.max(known ?? bestScale(row, most, rounding?.variances), Math.abs(real) / largestBias);
    const rounded =
      rounding?.round(row, found) ??
      Int8Array.from(row, (one, i) => {
        const exact = known === found ? layer.grid!.weights[placeOf(o, i)]! : nearest(one / found);
        return Math.min(most, Math.max(-most, exact));
      });
    let sum = (real + (rounding?.shortfall(row, rounded, found) ?? 0)) / found;
    for (let i = 0; i < count; i++) {
      weights[placeOf(o, i)] = rounded[i]!;
      sum -= input.zero[channelOf(o, i)]! * rounded[i]!;
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

/** The scale of the least sum of squared errors. @param variances Of the inputs: what an error of each weight counts. */
function bestScale(row: Float64Array, most: number, variances?: Float64Array): number {
  let largest = 0;
  for (const value of row) largest = Math.max(largest, Math.abs(value));
  const coarsest = Math.max(largest / most, 1e-12);
  let best = coarsest;
  let least = Number.POSITIVE_INFINITY;
  for (const cut of cuts) {
    const scale = coarsest * cut;
    let error = 0;
    for (let i = 0; i < row.length; i++) {
      const value = row[i]!;
      const held = Math.min(most, Math.max(-most, nearest(value / scale))) * scale;
      error += (held - value) ** 2 * (variances?.[i] ?? 1);
    }
    if (error <= least) {
      least = error;
      best = scale;
    }
  }
  return best;
}
