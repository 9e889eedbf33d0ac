import { InputError } from '../../../../sdk/base/errors.ts';
import type {
  WrittenAttribute,
  WrittenConstant,
  WrittenNode,
  WrittenNumbers,
} from '../../../../sdk/core/onnx/write.ts';
import type { CaffeLayer } from './network.ts';
import type { Blob } from './weights.ts';

export type Shape = readonly number[];

/** A tensor of floats while a network is run. */
export interface Numbers {
  readonly shape: Shape;
  readonly data: Float32Array;
}

/**
 * A type of layer. What it computes is said twice, each time as Caffe defines it: by ONNX' operators, and in loops that
 * the operators are compared with, since there is no Caffe to install any more.
 */
export interface LayerKind {
  /** @throws InputError when what it reads, or its weights, do not fit it. */
  shapes(layer: CaffeLayer, inputs: readonly Shape[]): readonly Shape[];
  write(layer: CaffeLayer, graph: GraphWriter): void;
  run(layer: CaffeLayer, inputs: readonly Numbers[], shapes: readonly Shape[]): readonly Float32Array[];
}

/** Nodes and constants of the ONNX file that is being made. */
export class GraphWriter {
  readonly nodes: WrittenNode[] = [];
  readonly constants: WrittenConstant[] = [];
  readonly #shapes: ReadonlyMap<string, Shape>;
  readonly #names: Set<string>;
  readonly #nodeNames = new Set<string>();

  /** Tensors that are the same for every picture. */
  readonly known: ReadonlyMap<string, Float32Array>;

  /** @param shapes Of the network's own tensors, whose names nothing else gets. */
  constructor(shapes: ReadonlyMap<string, Shape>, known: ReadonlyMap<string, Float32Array>) {
    this.known = known;
    this.#shapes = shapes;
    this.#names = new Set(shapes.keys());
  }

  shapeOf(tensor: string): Shape {
    return this.#shapes.get(tensor)!;
  }

  node(
    layer: CaffeLayer,
    op: string,
    inputs: readonly string[],
    outputs: readonly string[],
    attributes: Readonly<Record<string, WrittenAttribute>> = {},
  ): void {
    this.nodes.push({ op, name: free(layer.name, this.#nodeNames), inputs, outputs, attributes });
  }

  /** @returns Its name, which begins with the layer's. */
  constant(layer: CaffeLayer, role: string, shape: Shape, data: WrittenNumbers): string {
    const name = this.inner(layer, role);
    this.constants.push({ name, shape, data });
    return name;
  }

  /** The name of a tensor between the nodes of one layer. */
  inner(layer: CaffeLayer, role: string): string {
    return free(`${layer.name}/${role}`, this.#names);
  }
}

function free(wanted: string, taken: Set<string>): string {
  let name = wanted;
  for (let i = 1; taken.has(name); i++) name = `${wanted}_${i}`;
  taken.add(name);
  return name;
}

export const count = (shape: Shape): number => shape.reduce((product, side) => product * side, 1);

/** @returns A wrong layer, to be thrown. */
export function wrong({ name, type }: CaffeLayer, expected: string, got: string): InputError {
  return new InputError(`the layer ${name} (${type}): expected ${expected}, got ${got}`);
}

/** The axis as Caffe counts it: negative from the end. @throws InputError when there is no such axis. */
export function axisOf(layer: CaffeLayer, axis: number, shape: Shape): number {
  const found = axis < 0 ? axis + shape.length : axis;
  if (Number.isInteger(found) && found >= 0 && found < shape.length) return found;
  throw wrong(layer, `an axis of [${shape.join(', ')}]`, `${axis}`);
}

/** @throws InputError when it reads another number of tensors. */
export function assertReads(layer: CaffeLayer, inputs: readonly Shape[], least: number, most = least): void {
  if (inputs.length >= least && inputs.length <= most) return;
  throw wrong(layer, least === most ? `${least} bottoms` : `${least} to ${most} bottoms`, `${inputs.length}`);
}

/** Weights of a layer. @throws InputError when they are missing, or not as many as it takes. */
export function weightsOf(layer: CaffeLayer, index: number, numbers: number, role: string): Blob {
  const blob = layer.blobs[index];
  if (!blob) throw wrong(layer, `${role} in the caffemodel`, `${layer.blobs.length} blobs of that layer`);
  if (blob.data.length === numbers) return blob;
  throw wrong(layer, `${numbers} numbers of ${role}`, `${blob.data.length} ([${blob.shape.join(', ')}])`);
}

/** A shape that is right behind its axis: how many rows, how many along the axis, how many behind it. */
export function around(
  shape: Shape,
  axis: number,
): { readonly outer: number; readonly side: number; readonly inner: number } {
  return { outer: count(shape.slice(0, axis)), side: shape[axis]!, inner: count(shape.slice(axis + 1)) };
}
