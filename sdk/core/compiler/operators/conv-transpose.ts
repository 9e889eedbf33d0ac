import type { OnnxNode } from '../../onnx/graph.ts';
import { unsupported } from '../network/graph.ts';
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
  const output = network.shapeOf(node.outputs[0]!);
  if (shape.length !== 4 || output.length !== 4) {
    throw unsupported(node, `expected a kernel over height and width, got weights [${shape.join(', ')}]`);
  }
  const [inputs, perGroup, ...kernel] = shape as [number, number, number, number];
  const stride = intsOf(node, 'strides') ?? [1, 1];
  const first = firstOf(node);
  const groups = intOf(node, 'group', 1);
  const [h, w] = output.slice(2) as [number, number];
  const outputs = perGroup * groups;
  const bias = node.inputs[2] ? network.constant(node, 2).data : undefined;
  const parts: Layer[] = [];
  for (let y = 0; y < stride[0]!; y++) {
    for (let x = 0; x < stride[1]!; x++) {
      const rows = phaseOf(y, kernel[0]!, stride[0]!, first[0]!, region.h.size, h);
      const columns = phaseOf(x, kernel[1]!, stride[1]!, first[1]!, region.w.size, w);
      if (rows.count < 1 || columns.count < 1)
        throw unsupported(node, `expected a picture of at least its stride, got ${h} x ${w}`);
      const taps = rows.taps.length * columns.taps.length;
      const weights = new Float32Array(outputs * (inputs / groups) * taps);
      let at = 0;
      // As a convolution has them: [output][input of its group][kh][kw].
      for (let o = 0; o < outputs; o++) {
        const from = Math.floor(o / perGroup) * (inputs / groups);
        for (let i = 0; i < inputs / groups; i++) {
          const own = ((from + i) * perGroup + (o % perGroup)) * kernel[0]!;
          for (const row of rows.taps) {
            for (const column of columns.taps) {
              weights[at++] = row < 0 || column < 0 ? 0 : data[(own + row) * kernel[1]! + column]!;
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
  const factors = [stride[0]!, stride[1]!] as const;
  const layer =
    parts.length === 1
      ? parts[0]!
      : network.add({
          ...{ kind: 'concat', name: labelOf(node), h, w, c: outputs },
          ...{ axis: 'pixels', factors, parts: parts.map(whole) },
        });
  const along = (axis: Stretch['axis'], size: number): Stretch[] => (size > 1 ? [{ axis, size, step: 1 }] : []);
  const dims = [[], along('c', outputs), along('h', h), along('w', w)];
  network.give(node.outputs[0]!, { layer, start: { h: 0, w: 0, c: 0 }, dims });
};

/** What is cut off at the top and left. */
function firstOf(node: OnnxNode): readonly number[] {
  const auto = textOf(node, 'auto_pad', 'NOTSET');
  if (!['NOTSET', 'VALID', ''].includes(auto) || intsOf(node, 'output_shape')) {
    throw unsupported(
      node,
      `expected its padding in numbers (pads), got ${intsOf(node, 'output_shape') ? 'an output_shape' : auto}`,
    );
  }
  if (intsOf(node, 'dilations')?.some((one) => one !== 1)) throw unsupported(node, 'its window has holes (dilations)');
  return auto === 'VALID' ? [0, 0] : (intsOf(node, 'pads') ?? [0, 0]);
}

interface Phase {
  /** Of the kernel, in the order of the inputs that they meet; -1: none. */
  readonly taps: readonly number[];
  /** How many outputs, and inputs before the first and after the last. */
  readonly count: number;
  readonly pad: number;
  readonly end: number;
}

/** Along an axis, of every `stride`th output from `at` on: output o is the sum of inputs i times taps k where i * stride + k = o + first. */
function phaseOf(at: number, kernel: number, stride: number, first: number, inputs: number, outputs: number): Phase {
  const taps: number[] = [];
  for (let tap = (at + first) % stride; tap < kernel; tap += stride) taps.unshift(tap);
  if (taps.length === 0) taps.push(-1);
  // The input that the last tap of an output meets, beside the output's own number among these.
  const last = Math.floor((at + first) / stride);
  while (taps.length - 1 < last) taps.unshift(-1);
  const pad = taps.length - 1 - last;
  const count = Math.ceil((outputs - at) / stride);
  return { taps, count, pad, end: Math.max(0, count - 1 + taps.length - pad - inputs) };
}
