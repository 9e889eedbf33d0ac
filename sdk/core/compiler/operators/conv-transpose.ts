import type { OnnxNode } from '../../onnx/graph.ts';
import { unsupported } from '../network/graph.ts';
import type { Lowering } from '../network/lowering.ts';
import type { Layer, Stretch } from '../network/network.ts';
import { channelsOf, whole } from '../network/view.ts';
import { inOrder } from './concat.ts';
import { asPicture, type Convolution, convolve, pictureOf } from './conv.ts';
import { intOf, intsOf, labelOf, type Operator, textOf } from './operator.ts';

/** A convolution that makes its picture larger: one for each place of an output pixel between the inputs', none of them with zeros. */
export const convTranspose: Operator = (node, network) => {
  const placed = asPicture(node, network, network.view(node, 0));
  const view = channelsOf(placed, 1) ? inOrder(node, network, placed, 1) : placed;
  const { region } = pictureOf(node, view, false);
  const { data, shape } = network.constant(node, 1);
  const [inputs = 0, perGroup = 0, ...sides] = shape;
  const { length: rank } = sides;
  if (rank < 1 || rank > 2) {
    throw unsupported(node, `expected a kernel over one dimension or two, got weights [${shape.join(', ')}]`);
  }
  // A line is a row of pixels.
  const two = (values: readonly number[] | undefined, otherwise = 1) =>
    [...Array<number>(2 - rank).fill(otherwise), ...(values ?? Array<number>(rank).fill(otherwise))] as [
      number,
      number,
    ];
  const [kernel, stride, dilation] = [two(sides), two(intsOf(node, 'strides')), two(intsOf(node, 'dilations'))];
  const [h, w] = two(network.shapeOf(node.outputs[0]!).slice(2));
  const groups = intOf(node, 'group', 1);
  const first = two(firstOf(node, network, rank), 0);
  const outputs = perGroup * groups;
  const bias = node.inputs[2] ? network.constant(node, 2).data : undefined;
  const parts: Layer[] = [];
  for (let y = 0; y < stride[0]; y++) {
    for (let x = 0; x < stride[1]; x++) {
      const [rows, columns] = [
        phaseOf(y, { kernel: kernel[0], stride: stride[0], dilation: dilation[0] }, first[0], region.h.size, h),
        phaseOf(x, { kernel: kernel[1], stride: stride[1], dilation: dilation[1] }, first[1], region.w.size, w),
      ];
      if (rows.count < 1 || columns.count < 1)
        throw unsupported(node, `expected a picture of at least its stride, got ${h} x ${w}`);
      const taps = rows.taps.length * columns.taps.length;
      const weights = new Float32Array(outputs * (inputs / groups) * taps);
      let at = 0;
      // As a convolution has them: [output][input of its group][kh][kw].
      for (let o = 0; o < outputs; o++) {
        const from = Math.floor(o / perGroup) * (inputs / groups);
        for (let i = 0; i < inputs / groups; i++) {
          const own = ((from + i) * perGroup + (o % perGroup)) * kernel[0];
          for (const row of rows.taps) {
            for (const column of columns.taps) {
              weights[at++] = row < 0 || column < 0 ? 0 : data[(own + row) * kernel[1] + column]!;
            }
          }
        }
      }
      const phase: Convolution = {
        ...{ name: stride.every((one) => one === 1) ? labelOf(node) : `${labelOf(node)}, from ${y}, ${x}`, region },
        ...{ weights, grid: undefined, bias, groups, outputs, inputs: inputs / groups },
        ...{ kernel: [rows.taps.length, columns.taps.length], stride: [1, 1], dilation: [1, 1] },
        ...{ pad: [rows.pad, columns.pad, rows.end, columns.end], h: rows.count, w: columns.count },
      };
      parts.push(convolve(network, phase));
    }
  }
  const factors = [stride[0], stride[1]] as const;
  const layer =
    parts.length === 1
      ? parts[0]!
      : network.add({
          ...{ kind: 'concat', name: labelOf(node), h, w, c: outputs },
          ...{ axis: 'pixels', factors, parts: parts.map(whole) },
        });
  const along = (axis: Stretch['axis'], size: number): Stretch[] => (size > 1 ? [{ axis, size, step: 1 }] : []);
  const dims = [[], along('c', outputs), ...(rank === 1 ? [] : [along('h', h)]), along('w', w)];
  network.give(node.outputs[0]!, { layer, start: { h: 0, w: 0, c: 0 }, dims });
};

/** What is cut off at the top and left: as it is said, or so that the sides come out as they are said. */
function firstOf(node: OnnxNode, network: Lowering, rank: number): readonly number[] {
  const auto = textOf(node, 'auto_pad', 'NOTSET');
  const isSaid = intsOf(node, 'output_shape') !== undefined;
  if (!isSaid && !auto.startsWith('SAME')) return (auto === 'VALID' ? undefined : intsOf(node, 'pads')) ?? [0, 0];
  const [from, to] = [node.inputs[0]!, node.outputs[0]!].map((name) => network.shapeOf(name).slice(2));
  const sides = network.constant(node, 1).shape.slice(2);
  const of = (name: string, otherwise: number) => intsOf(node, name) ?? Array<number>(rank).fill(otherwise);
  const [stride, dilation, more] = [of('strides', 1), of('dilations', 1), of('output_padding', 0)];
  return sides.map((kernel, i) => {
    const all = (from![i]! - 1) * stride[i]! + more[i]! + (kernel - 1) * dilation[i]! + 1;
    const cut = Math.max(0, all - to![i]!);
    return auto === 'SAME_UPPER' ? Math.floor(cut / 2) : Math.ceil(cut / 2);
  });
}

interface Side {
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
}

interface Phase {
  /** Of the kernel, in the order of the inputs that they meet; -1: none. */
  readonly taps: readonly number[];
  /** How many outputs, and inputs before the first and after the last. */
  readonly count: number;
  readonly pad: number;
  readonly end: number;
}

/** Along an axis, of every `stride`th output from `at` on: output o is the sum of inputs i times taps k where i * stride + k * dilation = o + first. */
function phaseOf(
  at: number,
  { kernel, stride, dilation }: Side,
  first: number,
  inputs: number,
  outputs: number,
): Phase {
  // How far the input that a tap meets is from the output's own number among these.
  const met = new Map<number, number>();
  for (let tap = 0; tap < kernel; tap++) {
    const place = at + first - tap * dilation;
    if (place % stride === 0) met.set(place / stride, tap);
  }
  const low = Math.min(0, ...met.keys());
  const high = Math.max(low, ...met.keys());
  const taps = Array.from({ length: high - low + 1 }, (_, i) => met.get(low + i) ?? -1);
  const count = Math.ceil((outputs - at) / stride);
  return { taps, count, pad: -low, end: Math.max(0, count + high - inputs) };
}
