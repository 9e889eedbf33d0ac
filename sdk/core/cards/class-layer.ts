import { type OnnxConstant, type OnnxGraph, type OnnxNode, producersOf, readOnnxGraph } from '../onnx/graph.ts';
import type { OnnxNumbers } from '../onnx/numbers.ts';
import type { ClassifierCard } from './card.ts';
import type { ModelFile } from './model-file.ts';

/**
 * A classifier's last layer, from the embedding to a logit for each class it was trained on. Class c of an embedding e:
 * `scales[c] * (row c of weights · e) + biases[c]`.
 */
export interface ClassLayer {
  readonly classes: number;
  readonly dimension: number;
  /** classes x dimension. */
  readonly weights: Int8Array;
  readonly scales: Float64Array;
  readonly biases: Float64Array;
}

/** Operators that do not change the values that pass through, or not in a way that matters. */
const carriers = /^(Identity|Dropout|Cast|Flatten|Reshape|Squeeze|QuantizeLinear|DequantizeLinear|Softmax)$/;

/**
 * Reads it from the classifier's file.
 *
 * @returns Undefined when embedding and logits are not one linear layer apart, or its weights are in another file.
 */
export function readClassLayer({ bytes }: Pick<ModelFile, 'bytes'>, card: ClassifierCard): ClassLayer | undefined {
  const { embedding, logits } = card.outputs;
  const graph = readOnnxGraph(bytes);
  const found = graph && embedding !== undefined ? findLayer(graph, embedding, logits) : undefined;
  if (!graph || !found) return undefined;
  const producers = producersOf(graph);
  const parts = [found.weights, found.biases].map((name) => (name === undefined ? [] : sourcesOf(producers, name)));
  const [matrix, offsets] = parts.map((names) => floatsOf(names.map((name) => tensorOf(graph.constants.get(name)))));
  const classes = card.labels.length;
  const { dimension } = card;
  if (!matrix || (found.biases !== undefined && offsets?.data.length !== classes)) return undefined;
  const rows = rowsOf(matrix, classes, dimension);
  return rows && { ...quantised(rows, classes, dimension), biases: offsets?.data ?? new Float64Array(classes) };
}

interface Layer {
  readonly weights: string;
  readonly biases: string | undefined;
}

function findLayer(graph: OnnxGraph, embedding: string, logits: string): Layer | undefined {
  const producers = producersOf(graph);
  const back = (name: string, end?: string): OnnxNode | string | undefined => {
    // A graph has no cycles, but a bad file may.
    for (let left = graph.nodes.length; left >= 0; left--) {
      if (name === end) return end;
      const node = producers.get(name);
      if (!node || !carriers.test(node.op)) return node;
      name = node.inputs[0] ?? '';
    }
    return undefined;
  };
  const isEmbedding = (name: string | undefined) => back(name ?? '', embedding) === embedding;
  const last = back(logits);
  if (typeof last !== 'object') return undefined;
  if (last.op === 'Gemm' && isEmbedding(last.inputs[0])) {
    return { weights: last.inputs[1] ?? '', biases: last.inputs[2] };
  }
  if (last.op === 'MatMul' && isEmbedding(last.inputs[0])) return { weights: last.inputs[1] ?? '', biases: undefined };
  if (last.op !== 'Add') return undefined;
  for (const [one, other] of [last.inputs, [...last.inputs].reverse()]) {
    const product = back(one ?? '');
    if (typeof product === 'object' && product.op === 'MatMul' && isEmbedding(product.inputs[0])) {
      return { weights: product.inputs[1] ?? '', biases: other };
    }
  }
  return undefined;
}

/** The constants that make up a constant: itself, or the values, scales and zero points of its dequantisation. */
function sourcesOf(producers: ReadonlyMap<string, OnnxNode>, name: string): string[] {
  const node = producers.get(name);
  if (!node) return [name];
  // Halves are read as floats.
  if (node.op === 'Cast') return node.inputs.slice(0, 1);
  return node.op === 'DequantizeLinear' ? [...node.inputs] : [];
}

/** Of the types that weights, scales and zero points are of. */
interface Weights {
  readonly shape: readonly number[];
  readonly data: Exclude<OnnxNumbers, BigInt64Array | Float64Array>;
}

function tensorOf(constant: OnnxConstant | undefined): Weights | undefined {
  const data = constant?.numbers();
  if (!constant || !data || data instanceof BigInt64Array || data instanceof Float64Array) return undefined;
  return { shape: constant.shape, data };
}

interface Floats {
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

/** @param parts Values, with scales and zero points if quantised: per first axis, or one for all. */
function floatsOf([numbers, scales, zeros]: readonly (Weights | undefined)[]): Floats | undefined {
  if (!numbers) return undefined;
  const { shape, data } = numbers;
  const rows = shape[0] ?? 1;
  const of = (one: Weights | undefined, at: number) => one?.data[one.data.length === 1 ? 0 : at];
  if (scales && scales.data.length !== 1 && scales.data.length !== rows) return undefined;
  if (!scales && !(data instanceof Float32Array)) return undefined;
  const width = data.length / rows;
  return {
    shape,
    data: Float64Array.from(data, (value, i) => {
      const row = Math.floor(i / width);
      return (value - (of(zeros, row) ?? 0)) * (of(scales, row) ?? 1);
    }),
  };
}

/** One row per class; a MatMul has them as columns. */
function rowsOf({ shape, data }: Floats, classes: number, dimension: number): Float64Array | undefined {
  const [rows, columns] = shape;
  if (shape.length !== 2 || data.length !== classes * dimension) return undefined;
  if (rows === classes && columns === dimension) return data;
  return Float64Array.from(data, (_, i) => data[(i % dimension) * classes + Math.floor(i / dimension)]!);
}

/** Quantises each row to 8 bits. 8-bit weights of the file are unchanged, up to the scale. */
function quantised(rows: Float64Array, classes: number, dimension: number): Omit<ClassLayer, 'biases'> {
  const weights = new Int8Array(rows.length);
  const scales = new Float64Array(classes);
  for (let c = 0; c < classes; c++) {
    const row = rows.subarray(c * dimension, (c + 1) * dimension);
    let largest = 0;
    for (const value of row) largest = Math.max(largest, Math.abs(value));
    scales[c] = largest > 0 ? largest / 127 : 1;
    for (let d = 0; d < dimension; d++) weights[c * dimension + d] = Math.round(row[d]! / scales[c]!);
  }
  return { classes, dimension, weights, scales };
}
