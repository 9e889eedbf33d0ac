import type { OnnxNode } from '../../onnx/graph.ts';
import { unsupported } from '../network/graph.ts';
import type { Lowering } from '../network/lowering.ts';
import type { View } from '../network/network.ts';
import { pictureView } from '../network/view.ts';
import { timesMatrix } from './by-matrix.ts';
import { asPicture, pictureOf } from './conv.ts';
import { interpolation, nearestOf } from './interpolation.ts';
import { axisOf, intOf, intsOf, labelOf, type Operator, textOf } from './operator.ts';

/** On bytes: by whole factors to the nearest pixel; between pixels by 2, and by a half, which is the mean of four. */
export const resize: Operator = (node, network) => {
  const view = asPicture(node, network, network.view(node, 0));
  const { region, channels } = pictureOf(node, view, false);
  const [, , h, w] = network.shapeOf(node.outputs[0]!) as [number, number, number, number];
  const factors = [h / region.h.size, w / region.w.size] as const;
  const mode = textOf(node, 'mode', 'nearest');
  const way = textOf(node, 'coordinate_transformation_mode', node.op === 'Upsample' ? 'asymmetric' : 'half_pixel');
  const base = { name: labelOf(node), h, w, c: region.c.size, input: region };
  // A factor of 2.05 makes 20 pixels of 10 as well, but other ones.
  const said = factorsOf(node, network);
  const isWhole = said.every((factor, i) => Math.fround(factor) === Math.fround(factors[i]!));
  const isBy = (factor: number) => isWhole && factors.every((one) => one === factor);
  const isCentred = way === 'half_pixel' || way === 'pytorch_half_pixel';
  // A filter against aliasing is none where the picture becomes larger.
  const isPlain = intOf(node, 'antialias', 0) === 0 || factors.every((one) => one >= 1);
  const layer =
    mode === 'nearest' && isWhole && takesNearest(node, way, factors)
      ? network.add({ kind: 'resize', ...base, mode: 'nearest', factors })
      : mode === 'linear' && isCentred && isBy(2)
        ? network.add({ kind: 'resize', ...base, mode: 'bilinear', factors })
        : mode === 'linear' && isCentred && isBy(0.5) && isPlain
          ? network.add({ kind: 'average_pool', ...base, kernel: [2, 2], stride: [2, 2] })
          : undefined;
  if (!layer) {
    between(node, network, view, said);
    return;
  }
  const plain = pictureView(layer);
  const dims = channels ? plain.dims.map((dim, i) => (i === 1 ? view.dims[1]! : dim)) : plain.dims;
  network.give(node.outputs[0]!, { ...plain, dims });
};

/** Any other way: along height and along width by a matrix, in floats. */
function between(node: OnnxNode, network: Lowering, given: View, factors: readonly [number, number]): void {
  const output = node.outputs[0]!;
  const [from, to] = [network.shapeOf(node.inputs[0]!), network.shapeOf(output)];
  if (to[0] !== from[0] || to[1] !== from[1]) {
    throw unsupported(node, `expected height and width to change, got [${from.join(', ')}] to [${to.join(', ')}]`);
  }
  let view = given;
  for (const [i, dim] of [2, 3].entries()) {
    const side = { from: from[dim]!, to: to[dim]!, scale: factors[i]! };
    if (side.scale !== 1 || side.from !== side.to)
      view = timesMatrix(node, network, view, dim, interpolation(node, side), side.to);
  }
  network.give(output, view);
}

/** Of height and width, as the file says them: their products with the sides need not be whole. */
function factorsOf(node: OnnxNode, network: Lowering): readonly [number, number] {
  const [from, to] = [network.shapeOf(node.inputs[0]!), network.shapeOf(node.outputs[0]!)];
  const said = network.constantOf(node.inputs[node.op === 'Upsample' ? 1 : 2])?.data ?? intsOf(node, 'scales') ?? [];
  // Which dimensions it is said for, where not for all.
  const axes = intsOf(node, 'axes')?.map((axis) => axisOf(axis, 4)) ?? [0, 1, 2, 3];
  const policy = textOf(node, 'keep_aspect_ratio_policy', 'stretch');
  const sizes = network.constantOf(node.inputs[3])?.data;
  if (policy !== 'stretch' && sizes) {
    const ratios = axes.map((axis, i) => sizes[i]! / from[axis]!);
    const one = policy === 'not_larger' ? Math.min(...ratios) : Math.max(...ratios);
    return [one, one];
  }
  const of = (dim: number) => said[axes.indexOf(dim)] ?? to[dim]! / from[dim]!;
  return [of(2), of(3)];
}

/** Does each pixel go to a block of its own, whole and in place? */
function takesNearest(node: OnnxNode, way: string, factors: readonly number[]): boolean {
  return factors.every((factor) => {
    if (!Number.isInteger(factor) || factor < 1) return false;
    return Array.from({ length: 4 * factor }, (_, i) => i).every((i) => {
      const at = way === 'asymmetric' ? i / factor : (i + 0.5) / factor - 0.5;
      if (way !== 'asymmetric' && !way.endsWith('half_pixel')) return false;
      return Math.max(0, nearestOf(node, at)) === Math.floor(i / factor);
    });
  });
}
