import { InputError } from '../../base/errors.ts';
import type { TensorInfo } from '../engines/engine.ts';
import { readOnnxTensors } from '../engines/onnx-tensors.ts';
import { type OnnxGraph, producersOf, readOnnxGraph } from '../onnx/graph.ts';
import { readOnnxMetadata } from '../onnx/metadata.ts';
import { activationOf } from './output-tail.ts';
import { type ToldInside, toldInside } from './told-inside.ts';

/** What a network's file tells of it, without an engine. */
export interface NetworkFacts {
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
  readonly graph: OnnxGraph;
  /** Patterns of the tensors that are joined along the way (`headsOf`). */
  readonly heads: readonly string[];
  readonly inside: ToldInside;
}

/** @throws InputError when the bytes are no ONNX model. */
export function readNetwork(bytes: Uint8Array, what: string): NetworkFacts {
  const inside = toldInside(readOnnxMetadata(bytes, what));
  const graph = readOnnxGraph(bytes);
  const tensors = graph && tensorsOf(bytes);
  if (!tensors) {
    throw new InputError(
      `${what}: expected an ONNX model, got ${bytes.length} bytes of something else, or of a damaged one: fetch or export it again`,
    );
  }
  return { ...tensors, graph, heads: headsOf(graph), inside };
}

function tensorsOf(bytes: Uint8Array): ReturnType<typeof readOnnxTensors> | undefined {
  try {
    return readOnnxTensors(bytes);
  } catch {
    return undefined;
  }
}

const letters = { sigmoid: 's', softmax: 'm', none: 'n' } as const;

/**
 * For each Concat that has a sigmoid or softmax right before it, which: a letter for each of the tensors that it joins,
 * `s`, `m`, `n` for other numbers, and `?`. YOLOX joins box, objectness and classes, `nss`; NanoDet classes and boxes, `s?`.
 */
function headsOf(graph: OnnxGraph): string[] {
  const heads = new Set<string>();
  const producers = producersOf(graph);
  for (const { op, inputs } of graph.nodes) {
    if (op !== 'Concat') continue;
    const head = inputs.map((name) => {
      const activation = producers.has(name) ? activationOf(graph, name, producers) : undefined;
      return activation ? letters[activation] : '?';
    });
    if (head.some((letter) => letter === 's' || letter === 'm')) heads.add(head.join(''));
  }
  return [...heads];
}

export const shapeText = ({ shape }: TensorInfo) => `[${shape.map((side) => (side === '' ? '?' : side)).join(', ')}]`;

/** A dimension that the file fixes. */
export const fixedSide = (side: number | string | undefined): number | undefined =>
  typeof side === 'number' && side > 0 ? side : undefined;

/** Most pixels of a side, as cards have it. */
export const largest = 8192;

export const openSide = (side: number | string): boolean => fixedSide(side) === undefined;

/** Whether colours, or grey, are the last dimension. */
export function isLast(input: TensorInfo | undefined): boolean {
  const [first, last] = [input?.shape.at(-3), input?.shape.at(-1)];
  return (last === 3 && first !== 3) || (last === 1 && first !== 3 && first !== 1);
}

/** Of the picture that an input takes; undefined where the file leaves a side open. */
export function sizeOf(input: TensorInfo | undefined): { width: number; height: number } | undefined {
  const shape = input?.shape.slice(-3) ?? [];
  const [height, width] = (isLast(input) ? shape.slice(0, 2) : shape.slice(1)).map(fixedSide);
  return width === undefined || height === undefined ? undefined : { width, height };
}
