import type { OnnxNode } from '../../onnx/graph.ts';
import { unsupported } from '../network/graph.ts';
import { pictureView } from '../network/view.ts';
import { asPicture, pictureOf } from './conv.ts';
import { labelOf, type Operator, textOf } from './operator.ts';

/** By whole factors to the nearest pixel; between pixels by 2, and by a half, which is the mean of four. */
export const resize: Operator = (node, network) => {
  const view = asPicture(node, network, network.view(node, 0));
  const { region, channels } = pictureOf(node, view, false);
  const [, , h, w] = network.shapeOf(node.outputs[0]!) as [number, number, number, number];
  const factors = [h / region.h.size, w / region.w.size] as const;
  const mode = textOf(node, 'mode', 'nearest');
  const way = textOf(node, 'coordinate_transformation_mode', node.op === 'Upsample' ? 'asymmetric' : 'half_pixel');
  const base = { name: labelOf(node), h, w, c: region.c.size, input: region };
  const isBy = (factor: number) => factors.every((one) => one === factor);
  const isCentred = way === 'half_pixel' || way === 'pytorch_half_pixel';
  const layer =
    mode === 'nearest' && takesNearest(node, way, factors)
      ? network.add({ kind: 'resize', ...base, mode: 'nearest', factors })
      : mode === 'linear' && isCentred && isBy(2)
        ? network.add({ kind: 'resize', ...base, mode: 'bilinear', factors })
        : mode === 'linear' && isCentred && isBy(0.5)
          ? network.add({ kind: 'average_pool', ...base, kernel: [2, 2], stride: [2, 2] })
          : undefined;
  if (!layer) {
    throw unsupported(
      node,
      `expected nearest by whole factors, or linear by 2 or 0.5 (half_pixel), got ${mode} by ${factors.join(' x ')} (${way})`,
    );
  }
  const plain = pictureView(layer);
  const dims = channels ? plain.dims.map((dim, i) => (i === 1 ? view.dims[1]! : dim)) : plain.dims;
  network.give(node.outputs[0]!, { ...plain, dims });
};

/** Does each pixel go to a block of its own, whole and in place? */
function takesNearest(node: OnnxNode, way: string, factors: readonly number[]): boolean {
  const rounding = textOf(node, 'nearest_mode', node.op === 'Upsample' ? 'floor' : 'round_prefer_floor');
  return factors.every((factor) => {
    if (!Number.isInteger(factor) || factor < 1) return false;
    return Array.from({ length: 4 * factor }, (_, i) => i).every((i) => {
      const at = way === 'asymmetric' ? i / factor : (i + 0.5) / factor - 0.5;
      if (way !== 'asymmetric' && !way.endsWith('half_pixel')) return false;
      return Math.max(0, roundings[rounding]?.(at) ?? -1) === Math.floor(i / factor);
    });
  });
}

const roundings: Readonly<Record<string, (at: number) => number>> = {
  floor: Math.floor,
  ceil: Math.ceil,
  round_prefer_floor: (at) => Math.ceil(at - 0.5),
  round_prefer_ceil: (at) => Math.floor(at + 0.5),
};
