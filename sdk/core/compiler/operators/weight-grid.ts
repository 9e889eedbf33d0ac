import type { Lowering } from '../network/lowering.ts';

/** Weights that a graph has in 8 bits already, in the graph's order, and the scale of each output channel. */
export interface WeightGrid {
  readonly weights: Int8Array;
  readonly scale: Float64Array;
}

/** @returns Undefined where the weights are float, or not symmetric around 0. */
export function gridOf(name: string, { graph, producers }: Lowering): WeightGrid | undefined {
  const node = producers.get(name);
  if (node?.op !== 'DequantizeLinear') return undefined;
  const [source = '', scales = '', zeros = ''] = node.inputs;
  const weights = graph.integers(source);
  const scale = graph.constants.get(scales)?.data;
  const zero = graph.constants.get(zeros)?.data;
  const rows = graph.shapes.get(source)?.[0] ?? 0;
  const isSymmetric = zero?.every((value) => value === 0) ?? true;
  if (!(weights instanceof Int8Array) || !scale || !isSymmetric || weights.includes(-128)) return undefined;
  const isPerRow = (node.attributes.get('axis')?.int ?? 1) === 0 && scale.length === rows;
  if (scale.length !== 1 && !isPerRow) return undefined;
  return { weights, scale: Float64Array.from({ length: rows }, (_, i) => scale[scale.length === 1 ? 0 : i]!) };
}
