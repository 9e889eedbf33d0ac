import type { OnnxNode } from '../../onnx/graph.ts';
import { unsupported } from '../network/graph.ts';
import type { Lowering } from '../network/lowering.ts';
import { channelsOf, isWhole, regionOf } from '../network/view.ts';
import { axisOf, intOf, labelOf, type Operator } from './operator.ts';

/** A graph that is quantised already says which scale a tensor has; the integers themselves are made anew. */
export const quantise: Operator = (node, network) => {
  const view = network.view(node, 0);
  const scale = [...network.constant(node, 1).data];
  const zero = node.inputs[2] ? [...network.constant(node, 2).data] : scale.map(() => 0);
  const region = regionOf(view);
  const axis = axisOf(intOf(node, 'axis', 1), view.dims.length);
  const channels = scale.length === 1 ? undefined : channelsOf(view, axis);
  if (scale.length > 1 && !channels) throw unsupported(node, 'its scales are not one for each channel');
  const { layer } = view;
  const isSigned = zero.some((value) => value < 0) || isInt8(network.graph.integers(node.inputs[2] ?? ''));
  const shift = isSigned ? 128 : 0;
  if (isWhole(region) && layer.kind !== 'input') {
    const all = Array.from({ length: region.c.size }, (_, i) => (channels ? channels.indexOf(i) : 0));
    layer.fixed ??= { scale: all.map((i) => scale[i]!), zero: all.map((i) => zero[i]! + shift) };
  }
  network.set(node.outputs[0]!, view);
};

/** Whether what a node takes was quantised by another: the file's own input was not. Only views lie between it and the node. */
function isQuantisedBefore(node: OnnxNode, { graph }: Lowering): boolean {
  for (let at: OnnxNode | undefined = node; at; ) {
    const name: string | undefined = at.inputs[0];
    at = graph.nodes.find(({ outputs }) => outputs.includes(name ?? ''));
    if (at?.op === 'QuantizeLinear') return true;
  }
  return false;
}

const isInt8 = (numbers: unknown) => numbers instanceof Int8Array;

/** Of a tensor that was quantised nothing is left to be done; of a picture in whole numbers it is what they mean. */
export const dequantise: Operator = (node, network) => {
  const view = network.view(node, 0);
  const { layer } = view;
  const [output = ''] = node.outputs;
  if (layer.kind !== 'input' || isQuantisedBefore(node, network)) {
    network.set(output, view);
    return;
  }
  const [scale] = network.constant(node, 1).data;
  const [zero = 0] = node.inputs[2] ? network.constant(node, 2).data : [];
  const { h, w, c } = layer;
  const added = network.add({
    ...{ kind: 'affine', name: labelOf(node), h, w, c, input: regionOf(view) },
    scale: new Float64Array(c).fill(scale!),
    bias: new Float64Array(c).fill(-scale! * zero),
  });
  network.giveAlike(output, added, view);
};
