import type { OnnxNode } from '../../onnx/graph.ts';
import { clip } from '../network/activation.ts';
import { unsupported } from '../network/graph.ts';
import type { Lowering } from '../network/lowering.ts';
import type { Fixed, View } from '../network/network.ts';
import { channelsOf, isWhole, movedTo, regionOf } from '../network/view.ts';
import { isNonNegative } from './bounds.ts';
import { axisOf, intOf, labelOf, type Operator } from './operator.ts';

/** A graph that is quantised already says which scale a tensor has; the integers themselves are made anew. */
export const quantise: Operator = (node, network) => {
  const [output = ''] = node.outputs;
  // Zeros around a picture have its scale.
  const padded = network.paddedOf(node.inputs[0]);
  if (padded) {
    network.pad(output, padded);
    return;
  }
  const view = network.view(node, 0);
  const scale = [...network.constant(node, 1).data];
  const zero = node.inputs[2] ? [...network.constant(node, 2).data] : scale.map(() => 0);
  const region = regionOf(view);
  const axis = axisOf(intOf(node, 'axis', 1), view.dims.length);
  const channels = scale.length === 1 ? undefined : channelsOf(view, axis);
  if (scale.length > 1 && !channels) throw unsupported(node, 'its scales are not one for each channel');
  const { layer } = view;
  const type = network.graph.types.get(output) ?? '';
  // The zero point itself need not say its type: it may be missing, or be computed.
  const ends = endsOf.get(type);
  if (!ends)
    throw unsupported(node, `it makes numbers of ${type}: expected 8 or 16 bits, ${[...endsOf.keys()].join(', ')}`);
  if (layer.kind === 'input') {
    network.set(output, view);
    return;
  }
  const at = (i: number) => (channels ? channels.indexOf(i + region.c.from) : 0);
  const all = Array.from({ length: region.c.size }, (_, i) => at(i));
  const fixed: Fixed = { scale: all.map((i) => scale[i]!), zero: all.map((i) => zero[i]! - ends[0]) };
  if (fixed.zero.every((one) => one === 0) && !isNonNegative(layer)) {
    network.set(output, cutOff(node, network, view, fixed, ends));
    return;
  }
  if (isWhole(region) && isBytes(ends)) layer.fixed ??= fixed;
  network.set(output, view);
};

/** Of the integers that a QuantizeLinear makes: the least and the largest. */
const endsOf: ReadonlyMap<string, readonly [number, number]> = new Map([
  ['int8', [-128, 127]],
  ['uint8', [0, 255]],
  ['int16', [-32768, 32767]],
  ['uint16', [0, 65535]],
]);

/** A scale of 16 bits is none for bytes: their ranges are measured, as those of a float network. */
const isBytes = ([least, most]: readonly [number, number]) => most - least === 255;

/**
 * Bytes that begin with 0 are an activation: who quantises a network leaves out the Relu, or Relu6, before them. It is said, since
 * numbers that stay floats have no bytes to end at.
 */
function cutOff(node: OnnxNode, network: Lowering, view: View, fixed: Fixed, ends: readonly [number, number]): View {
  const input = regionOf(view);
  const sides = { h: input.h.size, w: input.w.size, c: input.c.size };
  const [scale = 0] = fixed.scale;
  const high = fixed.scale.every((one) => one === scale) ? (ends[1] - ends[0]) * scale : Number.POSITIVE_INFINITY;
  const own = { kind: 'unary', name: labelOf(node), ...sides, input, activation: clip(0, high) } as const;
  const layer = network.add({ ...own, ...(isBytes(ends) && { fixed }) });
  return movedTo(layer, view);
}

/** Limits of the integers of a QuantizeLinear, as those who quantise to fewer than 8 bits write them. */
export function clipIntegers(node: OnnxNode, network: Lowering, low: number, high: number): void {
  const view = network.view(node, 0);
  const [output = ''] = node.outputs;
  const ends = endsOf.get(network.graph.types.get(output) ?? '') ?? [0, 255];
  const [least, most] = ends;
  // One integer less at an end is how weights are kept symmetric, and makes no difference to numbers.
  if (low <= least + 1 && high >= most) {
    network.set(output, view);
    return;
  }
  const by = quantiserOf(node, network);
  const scale = by && network.constant(by, 1).data;
  if (scale?.length !== 1 || view.layer.kind === 'input') {
    throw unsupported(node, 'it limits integers that have several scales, or are the picture: expected one scale');
  }
  const [zero = 0] = by!.inputs[2] ? network.constant(by!, 2).data : [];
  const input = regionOf(view);
  const sides = { h: input.h.size, w: input.w.size, c: input.c.size };
  const alike = <T>(value: T) => Array.from({ length: sides.c }, () => value);
  const fixed = { scale: alike(scale[0]!), zero: alike(zero - least) };
  const activation = clip((low - zero) * scale[0]!, (high - zero) * scale[0]!);
  const own = { kind: 'unary', name: labelOf(node), ...sides, input, activation } as const;
  network.set(output, movedTo(network.add({ ...own, ...(isBytes(ends) && { fixed }) }), view));
}

/** Whether what a node takes was quantised by another: the file's own input was not. Only views lie between it and the node. */
const isQuantisedBefore = (node: OnnxNode, network: Lowering) => quantiserOf(node, network) !== undefined;

function quantiserOf(node: OnnxNode, { producers }: Lowering): OnnxNode | undefined {
  for (let at: OnnxNode | undefined = node; at; ) {
    at = producers.get(at.inputs[0] ?? '');
    if (at?.op === 'QuantizeLinear') return at;
  }
  return undefined;
}

/** Of a tensor that was quantised nothing is left to be done; of a picture in whole numbers it is what they mean. */
export const dequantise: Operator = (node, network) => {
  const padded = network.paddedOf(node.inputs[0]);
  if (padded) {
    network.pad(node.outputs[0]!, padded);
    return;
  }
  const view = network.view(node, 0);
  const { layer } = view;
  const [output = ''] = node.outputs;
  if (layer.kind !== 'input' || isQuantisedBefore(node, network)) {
    network.give(output, view);
    return;
  }
  const scales = network.constant(node, 1).data;
  if (scales.length > 1) throw unsupported(node, 'expected one scale for the picture, got several');
  const [scale] = scales;
  const [zero = 0] = node.inputs[2] ? network.constant(node, 2).data : [];
  const { h, w, c } = layer;
  const added = network.add({
    ...{ kind: 'affine', name: labelOf(node), h, w, c, input: regionOf(view) },
    scale: new Float64Array(c).fill(scale!),
    bias: new Float64Array(c).fill(-scale! * zero),
  });
  network.giveAlike(output, added, view);
};
