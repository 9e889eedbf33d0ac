import type { Tensor as OrtTensor } from 'onnxruntime-node';
import { InputError } from '../../../base/errors.ts';
import type { ExternalWeights } from '../../engines/engine.ts';
import { pictureTensor } from '../../engines/picture-tensor.ts';
import { type OnnxConstant, type OnnxGraph, type OnnxNode, producersOf, readOnnxGraph } from '../../onnx/graph.ts';
import type { OnnxNumbers } from '../../onnx/numbers.ts';
import { Tracer } from './trace.ts';

/** A tensor whose numbers do not depend on the picture. */
export interface Constant {
  readonly shape: readonly number[];
  readonly data: Float32Array | Float64Array;
}

/** A graph of which every shape and every constant is known, for one size of its input. */
export interface KnownGraph {
  readonly nodes: readonly OnnxNode[];
  readonly input: { readonly name: string; readonly type: InputType; readonly shape: readonly number[] };
  readonly outputs: readonly string[];
  readonly opset: number;
  readonly shapes: ReadonlyMap<string, readonly number[]>;
  /** onnxruntime's name of the type of each tensor that a node gives, half floats among the floats. */
  readonly types: ReadonlyMap<string, string>;
  readonly constants: ReadonlyMap<string, Constant>;
  /** The numbers of a constant as the file has them, where they are whole ones. */
  integers(name: string): OnnxNumbers | undefined;
}

export interface Source {
  readonly bytes: Uint8Array;
  readonly weights: readonly ExternalWeights[];
}

/** Types of a picture, by ONNX's number. */
const inputTypes = new Map<number, InputType>([
  [1, 'float32'],
  [2, 'uint8'],
  [3, 'int8'],
  [6, 'int32'],
  [7, 'int64'],
  [10, 'float16'],
]);

type InputType = 'float32' | 'float16' | 'uint8' | 'int8' | 'int32' | 'int64';

/** Sides of the input: [1, 3, height, width] or [1, height, width, 3], of grey with 1 in place of 3. */
export type InputShape = readonly number[];

/**
 * Reads a graph and runs it once: shapes are what comes out, and what depends on no picture is a constant, however the graph
 * computes it.
 *
 * @throws InputError when the file is no graph, has branches or several inputs, or cannot run.
 */
export async function readKnownGraph({ bytes, weights }: Source, shape: InputShape): Promise<KnownGraph> {
  const read = readOnnxGraph(bytes);
  const graph = read && { ...read, nodes: inOrder(read) };
  if (!graph || graph.nodes.length === 0) {
    throw new InputError(
      `expected an ONNX network, got ${bytes.length} bytes that are none, or a part of one: fetch or export it again`,
    );
  }
  const nested = graph.nodes.find(({ isNested }) => isNested);
  if (nested) throw unsupported(nested, 'nodes in branches and functions are not compiled');
  const [input, ...others] = graph.inputs;
  if (!input || others.length > 0) {
    const names = graph.inputs.map(({ name }) => name).join(', ');
    const settle =
      others.length > 0
        ? '; make constants of the others: an input for which the graph has an initializer of its name is none any more (a size that boxes are scaled to: that of the picture it is given; scale_factor: 1, 1)'
        : '';
    throw new InputError(`expected a network with one input, the picture, got ${names || 'none'}${settle}`);
  }
  const type = inputTypes.get(input.type);
  if (!type) {
    throw new InputError(
      `expected an input of ${[...inputTypes.values()].join(', ')}, ${input.name} is of type ${input.type} of ONNX`,
    );
  }
  const traced = await trace({ bytes, weights }, graph, input.name, type, shape);
  return {
    input: { name: input.name, type, shape },
    outputs: graph.outputs,
    opset: graph.opset,
    ...traced,
    integers: (name) => integersOf(graph.constants.get(name), weights),
  };
}

async function trace(
  { bytes, weights }: Source,
  graph: OnnxGraph,
  input: string,
  type: InputType,
  shape: InputShape,
): Promise<Pick<KnownGraph, 'nodes' | 'shapes' | 'types' | 'constants'>> {
  const wanted = graph.nodes.flatMap(({ outputs }) => outputs).filter((name) => name !== '');
  const tracer = await Tracer.open(
    bytes,
    weights,
    wanted.filter((name) => !graph.outputs.includes(name)),
  );
  const shapes = new Map<string, readonly number[]>([[input, shape]]);
  const types = new Map<string, string>([[input, type === 'float16' ? 'float32' : type]]);
  const declared = tracer.inputs.find(({ name }) => name === input)?.shape;
  const constants = new Map<string, Constant>();
  for (const [name, constant] of graph.constants) {
    const data = floatsOf(constant.numbers(outside(constant, weights)));
    if (data) constants.set(name, { shape: constant.shape, data });
    shapes.set(name, constant.shape);
  }
  const moving = dependingOn(input, graph.nodes);
  for (const [name, kind] of tracer.lacking) types.set(name, kind);
  // Weights of 4 bits that the graph makes of floats: only what they mean, which is a constant, is of interest.
  const isLost = ({ outputs }: OnnxNode) =>
    outputs.some((name) => tracer.lacking.has(name)) && !outputs.some((name) => moving.has(name));
  try {
    if (declared) assertPicture(input, declared, shape);
    const length = shape.reduce((product, side) => product * side, 1);
    const found = await tracer.run({ [input]: pictureTensor(type, new Uint8Array(length), shape) });
    for (const [name, tensor] of found) {
      shapes.set(name, tensor.dims);
      types.set(name, tensor.type);
      if (moving.has(name)) continue;
      const data = floatsOf(tensor.data as OnnxNumbers);
      if (data) constants.set(name, { shape: tensor.dims, data });
    }
  } finally {
    await tracer.close();
  }
  return { nodes: graph.nodes.filter((node) => !isLost(node)), shapes, types, constants };
}

/**
 * Each node after those that give its inputs. Files are to have them so, and converters that put nodes in (to half floats, from
 * integers) append them; onnxruntime puts them in order as well.
 */
function inOrder(graph: OnnxGraph): OnnxNode[] {
  const producers = producersOf(graph);
  const done = new Set<OnnxNode>();
  const waiting = [...graph.nodes].reverse();
  const opened = new Set<OnnxNode>();
  while (waiting.length > 0) {
    const node = waiting.at(-1)!;
    // A circle is left as it is: onnxruntime refuses it.
    const before = opened.has(node)
      ? []
      : producing(node, producers).filter((one) => !done.has(one) && !opened.has(one));
    opened.add(node);
    if (before.length > 0) waiting.push(...before);
    else done.add(waiting.pop()!);
  }
  return [...done];
}

const producing = ({ inputs }: OnnxNode, producers: ReadonlyMap<string, OnnxNode>): OnnxNode[] =>
  inputs.flatMap((name) => producers.get(name) ?? []);

/** Can the network take one picture of this size? @throws InputError that says what it takes instead. */
function assertPicture(input: string, declared: readonly (number | string)[], shape: InputShape): void {
  const fixed = declared.map((side) => (typeof side === 'number' && side > 0 ? side : undefined));
  if (declared.length === shape.length && fixed.every((side, i) => side === undefined || side === shape[i])) return;
  const [batch] = fixed;
  const takes = `the network's input ${input} is [${declared.map((side, i) => fixed[i] ?? (side === -1 ? '?' : side || '?')).join(', ')}]`;
  const isGrey = shape.at(shape[1] === 1 ? 1 : -1) === 1;
  const wanted = `one picture of ${isGrey ? 'grey' : 'three colours'}, [${shape.join(', ')}] by its card`;
  const isBatch = declared.length === shape.length && batch !== undefined && batch !== 1;
  const channels = [declared[1], declared[3]];
  const isForGrey = declared.length === shape.length && channels.includes(1) && !isGrey;
  throw new InputError(
    isBatch
      ? `${takes}, ${batch} pictures at once: expected ${wanted}; export it with a batch of 1, or a dynamic one`
      : `${takes}: expected ${wanted}${isForGrey ? '; where it takes grey pictures, its card has "channels": "GRAY"' : ''}`,
  );
}

/** The tensors whose numbers depend on the picture. Its shape does not. */
function dependingOn(input: string, nodes: readonly OnnxNode[]): Set<string> {
  const moving = new Set([input]);
  for (const { op, inputs, outputs } of nodes) {
    if (op === 'Shape' || op === 'Size' || !inputs.some((name) => moving.has(name))) continue;
    for (const name of outputs) moving.add(name);
  }
  return moving;
}

function floatsOf(numbers: OnnxNumbers | OrtTensor['data'] | undefined): Constant['data'] | undefined {
  if (numbers === undefined || Array.isArray(numbers)) return undefined;
  if (numbers instanceof Float32Array || numbers instanceof Float64Array) return numbers;
  return Float64Array.from(numbers as ArrayLike<number | bigint>, Number);
}

function outside({ location }: OnnxConstant, weights: readonly ExternalWeights[]): Uint8Array | undefined {
  if (!location) return undefined;
  const { path, offset, length } = location;
  const file = weights.find((one) => one.path === path)?.data;
  return file?.subarray(offset, length === undefined ? undefined : offset + length);
}

function integersOf(constant: OnnxConstant | undefined, weights: readonly ExternalWeights[]): OnnxNumbers | undefined {
  return constant?.numbers(outside(constant, weights));
}

/** What is said of a node that cannot be compiled. */
export function unsupported({ op, name, outputs }: OnnxNode, why: string): InputError {
  const which = name === '' ? `the node that gives ${outputs[0]}` : `node ${name}`;
  return new InputError(`${which} (${op}) cannot be compiled: ${why}`);
}
