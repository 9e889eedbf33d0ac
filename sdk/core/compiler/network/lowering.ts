import { InputError } from '../../../base/errors.ts';
import { type OnnxNode, producersOf } from '../../onnx/graph.ts';
import { limits } from '../../program/program.ts';
import { type Constant, type KnownGraph, unsupported } from './graph.ts';
import { fixedPart, type Layer, type Measured, type Network, type NetworkOutput, type View } from './network.ts';
import { isWhole, movedTo, pictureView, regionOf } from './view.ts';

/** What the card says of the pictures: they are bytes, and the network takes (pixel - mean) / std. */
export interface Normalisation {
  readonly mean: readonly number[];
  readonly std: readonly number[];
  readonly layout: 'NCHW' | 'NHWC';
}

export interface Padded {
  readonly view: View;
  /** Top, left, bottom, right. */
  readonly pad: readonly [number, number, number, number];
}

/** Adds what a node computes to the network: layers, or only another view of one. @throws InputError that names the node. */
export type Operator = (node: OnnxNode, network: Lowering) => void;

/** A graph on its way to layers: what an operator has in its hands. */
export class Lowering {
  readonly graph: KnownGraph;
  readonly layers: Layer[] = [];
  /** The node that gives a tensor. */
  readonly producers: ReadonlyMap<string, OnnxNode>;
  readonly #views = new Map<string, View>();
  readonly #padded = new Map<string, Padded>();
  readonly #quantised = new Set<string>();

  constructor(graph: KnownGraph) {
    this.graph = graph;
    this.producers = producersOf({ nodes: [...graph.nodes] });
  }

  add<T extends Layer>(layer: T): T {
    this.layers.push(layer);
    return layer;
  }

  set(name: string, view: View): void {
    this.#views.set(name, view);
  }

  /** @throws InputError when the node's input is a constant. */
  view(node: OnnxNode, index: number): View {
    const name = node.inputs[index] ?? '';
    if (this.#padded.has(name))
      throw unsupported(node, 'a Pad stands before it: only a convolution or a pool takes one');
    const view = this.#views.get(name);
    if (!view) throw unsupported(node, `its input ${index} (${name}) is a constant, or missing`);
    return view;
  }

  viewOf(name: string | undefined): View | undefined {
    return this.#views.get(name ?? '');
  }

  /** A picture with zeros around it, which only who pads by itself can take. */
  pad(name: string, padded: Padded): void {
    this.#padded.set(name, padded);
  }

  /** A picture with zeros around it that nobody has taken yet. */
  paddedOf(name: string | undefined): Padded | undefined {
    return this.#padded.get(name ?? '');
  }

  /** A node's picture, and the zeros that a Pad before it puts around. */
  paddedView(node: OnnxNode): Padded {
    return this.#padded.get(node.inputs[0] ?? '') ?? { view: this.view(node, 0), pad: [0, 0, 0, 0] };
  }

  constantOf(name: string | undefined): Constant | undefined {
    return this.graph.constants.get(name ?? '');
  }

  /** @throws InputError when the node's input depends on the picture. */
  constant(node: OnnxNode, index: number): Constant {
    const constant = this.constantOf(node.inputs[index]);
    if (!constant) {
      const isMoving = this.#views.has(node.inputs[index] ?? '');
      const why = isMoving ? 'is no constant' : 'is of a type of numbers that the compiler has not (4 bits, text)';
      throw unsupported(node, `its input ${index} (${node.inputs[index]}) ${why}`);
    }
    return constant;
  }

  shapeOf(name: string): readonly number[] {
    return this.graph.shapes.get(name) ?? [];
  }

  /** The tensor's numbers are a layer's, which lie there as the view says. */
  give(name: string, view: View): void {
    this.set(name, view);
    const { layer } = view;
    if (!layer.measured) layer.measured = measuredBy(name, view);
  }

  /** For each number of a view another one, in a layer as the view lies. */
  giveAlike(name: string, layer: Layer, view: View): void {
    this.give(name, movedTo(layer, view));
  }

  /** Is a tensor the integers of a QuantizeLinear? Its view is of the numbers that they mean. */
  isQuantised(name: string | undefined): boolean {
    return this.#quantised.has(name ?? '');
  }

  /** @throws InputError where a node computes with integers that only stand for numbers. */
  #follow(node: OnnxNode): void {
    const isTaken = node.op !== 'DequantizeLinear' && node.inputs.some((name) => this.#quantised.has(name));
    if (isTaken && !movers.has(node.op)) {
      throw unsupported(
        node,
        'it computes with integers that a QuantizeLinear gives: expected a DequantizeLinear before it',
      );
    }
    if (isTaken || node.op === 'QuantizeLinear') for (const name of node.outputs) this.#quantised.add(name);
  }

  /** @throws InputError that names the first node that cannot be compiled. */
  lower(input: View, operators: Readonly<Record<string, Operator>>): Network {
    const {
      nodes,
      outputs,
      constants,
      input: { name },
    } = this.graph;
    this.layers.push(input.layer);
    this.set(name, input);
    const computed = nodes.filter((node) => node.outputs.some((one) => one !== '' && !constants.has(one)));
    // Said first: a network without it may have nothing else that there is no operator for.
    const done = computed.find(({ op }) => Object.hasOwn(left, op));
    if (done) throw unsupported(done, isChoice(done, this.graph) ? choice : left[done.op]!);
    for (const node of computed) {
      const operator = Object.hasOwn(operators, node.op) ? operators[node.op] : undefined;
      if (!operator) throw unsupported(node, `the compiler has no such operator; ${otherwise}`);
      this.#follow(node);
      operator(node, this);
    }
    const given = outputs.map((one): NetworkOutput => {
      const view = this.#padded.has(one) ? undefined : this.#views.get(one);
      if (!view)
        throw unsupported(
          nodes.find((node) => node.outputs.includes(one))!,
          `its output ${one} is a constant, or zeros around a picture`,
        );
      return { name: one, view };
    });
    for (const layer of this.layers) assertWindow(layer);
    // A part of pixels between pixels may be made of joined channels itself.
    for (const axis of ['pixels', 'c'] as const) for (const layer of this.layers) tellParts(layer, axis);
    return { layers: this.layers, outputs: given };
  }
}

/** @throws InputError when its window is larger than those that there are kernels for. */
function assertWindow(layer: Layer): void {
  if (!('kernel' in layer)) return;
  const { name, kernel, stride } = layer;
  if ([...kernel, ...stride].every((side) => side <= limits.kernel)) return;
  throw new InputError(
    `node ${name} cannot be compiled: expected a window and a stride of at most ${limits.kernel} x ${limits.kernel} pixels, got ${kernel.join(' x ')} by ${stride.join(' x ')}; a smaller input makes windows over all of the picture smaller`,
  );
}

/** What is left to do where a network has something that the compiler lacks. */
const otherwise = 'onnxruntime runs the network as it is (--model MODEL.onnx), or export it without this operator';

const suppression =
  'Ocellus itself keeps the best of boxes that overlap: export the network without that (Ultralytics: nms=False, end2end=False)';

const choice =
  'the rest of the network computes with what it chooses there (as in RT-DETR, D-FINE and Faster R-CNN), so no export is without it. onnxruntime runs the network as it is, in floats; in 8 bits, take a detector without such a choice: YOLO, YOLOX, NanoDet, PicoDet, SSD';

const integers =
  'compile the network of floats that it was made of, or quantise that with QuantizeLinear and DequantizeLinear (onnxruntime: QuantFormat.QDQ)';

/** What gives integers as it takes them, or, as `Clip`, knows that they stand for numbers. */
const movers: ReadonlySet<string> = new Set([
  ...[
    'Cast',
    'Clip',
    'Concat',
    'DepthToSpace',
    'Dropout',
    'Expand',
    'Flatten',
    'Gather',
    'GatherND',
    'GlobalMaxPool',
    'Identity',
  ],
  ...['MaxPool', 'ReduceMax', 'Reshape', 'Slice', 'SpaceToDepth', 'Split', 'Squeeze', 'Tile', 'Transpose', 'Unsqueeze'],
]);

/** What is done outside of programs, and why. */
const left: Readonly<Record<string, string>> = {
  NonMaxSuppression: suppression,
  TopK: suppression,
  QLinearConv: integers,
  ConvInteger: integers,
  MatMulInteger: integers,
  DynamicQuantizeLinear: integers,
};

const weighted: ReadonlySet<string> = new Set(['Conv', 'ConvTranspose', 'Gemm', 'MatMul']);

/** Does a layer with weights follow what chooses the best ones? At a network's end none does. */
function isChoice({ op, outputs }: OnnxNode, { nodes, constants }: KnownGraph): boolean {
  if (left[op] !== suppression) return false;
  const depends = new Set(outputs);
  // In their order, each after what it takes.
  for (const node of nodes) {
    if (!node.inputs.some((name) => depends.has(name))) continue;
    if (weighted.has(node.op) && node.inputs.some((name) => constants.has(name))) return true;
    for (const name of node.outputs) depends.add(name);
  }
  return false;
}

function measuredBy(tensor: string, view: View): Measured | undefined {
  const { h, w, c } = regionOf(view);
  const isAll = [h, w, c].every(({ from, step }) => from === 0 && step === 1);
  return isAll ? { tensor, dims: view.dims, from: 0 } : undefined;
}

/** What is known of joined channels, or pixels, is known of each part. */
function tellParts(layer: Layer, axis: 'c' | 'pixels'): void {
  if (layer.kind !== 'concat' || layer.axis !== axis) return;
  let from = 0;
  for (const part of layer.parts) {
    if (isWhole(part)) {
      part.layer.measured ??= layer.measured && { ...layer.measured, from: layer.measured.from + from };
      part.layer.fixed ??= fixedPart(layer.fixed, from, part.c.size);
    }
    if (axis === 'c') from += part.c.size;
  }
}

/** The picture as the graph's input. */
export function inputLayer({ input: { name, shape } }: KnownGraph, { mean, std, layout }: Normalisation): View {
  const [h, w, c] = layout === 'NCHW' ? [shape[2]!, shape[3]!, shape[1]!] : [shape[1]!, shape[2]!, shape[3]!];
  const layer: Layer = {
    kind: 'input',
    name,
    h,
    w,
    c,
    tensor: name,
    scale: Float64Array.from({ length: c }, (_, i) => 1 / (std[i] ?? 1)),
    mean: Float64Array.from({ length: c }, (_, i) => mean[i] ?? 0),
  };
  const view = pictureView(layer);
  const [n, channels, rows, columns] = view.dims as [
    View['dims'][0],
    View['dims'][0],
    View['dims'][0],
    View['dims'][0],
  ];
  const dims = layout === 'NCHW' ? view.dims : [n, rows, columns, channels];
  layer.measured = { tensor: name, dims, from: 0 };
  return { ...view, dims };
}
