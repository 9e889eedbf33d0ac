import type { OnnxNode } from '../../onnx/graph.ts';
import { limits } from '../../program/program.ts';
import { none } from '../network/activation.ts';
import type { Constant } from '../network/graph.ts';
import type { Lowering } from '../network/lowering.ts';
import type { Stretch, View } from '../network/network.ts';
import { channelsOf, movedTo, regionOf } from '../network/view.ts';
import { labelOf } from './operator.ts';

/**
 * Are some of a picture's pixels channels in memory, as where 4 x 16 channels were seen as 16 channels of 4 rows, and all of them
 * no more than a step may have?
 */
export function isWithinChannels(view: View, [outputs = 0, inputs = 1]: readonly number[]): boolean {
  const isChannels = channelsOf(view, 1) !== undefined;
  const { c } = regionOf(view);
  if (Math.max(c.size, (c.size / inputs) * outputs) > limits.channels) return false;
  return isChannels && view.dims.some((dim, i) => i !== 1 && dim.some(({ axis }) => axis === 'c'));
}

/** A convolution of single pixels, for each block of channels that is a pixel: one of all of them, with zeros between blocks. */
export function convWithinChannels(
  node: OnnxNode,
  network: Lowering,
  view: View,
  { shape, data }: Constant,
  bias: ArrayLike<number> | undefined,
): void {
  const region = regionOf(view);
  const [outputs = 0, inputs = 0] = shape;
  const channels = channelsOf(view, 1)!.map((at) => at - region.c.from);
  const dims = movedTo(view.layer, view).dims;
  const outer = dims
    .flatMap((dim, i) => (i === 1 ? [] : dim.filter(({ axis }) => axis === 'c')))
    .sort((a, b) => b.step - a.step);
  let blocks = [0];
  for (const { size, step } of outer) {
    blocks = blocks.flatMap((at) => Array.from({ length: size }, (_, i) => at + i * step));
  }
  const c = blocks.length * outputs;
  const weights = new Float32Array(c * region.c.size);
  blocks.forEach((from, block) => {
    for (let o = 0; o < outputs; o++) {
      const row = (block * outputs + o) * region.c.size + from;
      for (let i = 0; i < inputs; i++) weights[row + channels[i]!] = data[o * inputs + i]!;
    }
  });
  const layer = network.add({
    ...{ kind: 'conv', name: labelOf(node), h: region.h.size, w: region.w.size, c, input: region, isDepthwise: false },
    ...{ weights, bias: Float64Array.from({ length: c }, (_, i) => bias?.[i % outputs] ?? 0), kernel: [1, 1] },
    ...{ stride: [1, 1], pad: [0, 0, 0, 0], dilation: [1, 1], activation: none },
  });
  const stepOf = (one: Stretch) =>
    outer.slice(outer.findIndex(({ step }) => step === one.step) + 1).reduce((all, { size }) => all * size, outputs);
  const placed = dims.map((dim, i): Stretch[] => {
    if (i === 1) return outputs > 1 ? [{ axis: 'c', size: outputs, step: 1 }] : [];
    return dim.map((one) => (one.axis === 'c' ? { ...one, step: stepOf(one) } : one));
  });
  network.give(node.outputs[0]!, { layer, start: { h: 0, w: 0, c: 0 }, dims: placed });
}
