import type { OnnxNode } from './graph.ts';

/** Where an operator has its weights: the input whose shape says how much each output takes. */
const weightsAt: Readonly<Record<string, number>> = {
  Conv: 1,
  ConvInteger: 1,
  QLinearConv: 3,
  ConvTranspose: 1,
  MatMul: 1,
  MatMulInteger: 1,
  QLinearMatMul: 3,
  Gemm: 1,
};

/**
 * Multiply-adds of one run: of convolutions and of products of matrices, as is usual.
 *
 * @param shapes Of each tensor.
 * @returns Undefined when the shape of one that counts is not known.
 */
export function multiplyAddsOf(
  nodes: readonly OnnxNode[],
  shapes: ReadonlyMap<string, readonly number[]>,
): number | undefined {
  let sum = 0;
  for (const node of nodes) {
    const at = weightsAt[node.op];
    if (at === undefined) continue;
    const [from, weights, to] = [node.inputs[0], node.inputs[at], node.outputs[0]].map((name) =>
      shapes.get(name ?? ''),
    );
    if (!from || !weights || !to) return undefined;
    sum += /Conv/.test(node.op) ? convolution(node.op, from, weights, to) : product(to) * inner(node, from);
  }
  return sum;
}

/** A transposed convolution spreads each number of its input, the other gathers for each of its output. */
function convolution(op: string, from: readonly number[], weights: readonly number[], to: readonly number[]): number {
  return product(op === 'ConvTranspose' ? from : to) * product(weights.slice(1));
}

/** Length of the sums of a product of matrices. */
function inner({ op, attributes }: OnnxNode, from: readonly number[]): number {
  const isTurned = op === 'Gemm' && attributes.get('transA')?.int === 1;
  return from.at(isTurned ? -2 : -1) ?? 1;
}

const product = (shape: readonly number[]) => shape.reduce((all, side) => all * side, 1);
