import { InputError } from '../../base/errors.ts';
import { type OnnxGraph, type OnnxNode, producersOf, readOnnxGraph } from '../onnx/graph.ts';
import type { DetectorCard } from './card.ts';

/** Operators that keep the meaning of each value. */
const carriers =
  /^(Identity|Dropout|Cast|CastLike|Reshape|Flatten|Squeeze|Unsqueeze|Transpose|Clip|QuantizeLinear|DequantizeLinear|Expand|Contiguous)$/;
/** Operators that join or split tensors. */
const joiners = /^(Concat|QLinearConcat|Split|SplitToSequence|Slice|Gather)$/;
/** Operators whose results are unbounded. */
const linear =
  /^(Gemm|MatMul|Conv|Add|Sub|Mul|Sum|Log|BatchNormalization|QLinear(MatMul|Conv|Add|Mul)|QGemm|GlobalAveragePool|ReduceMean|FusedGemm|FusedMatMul|MatMulNBits)$/;

/**
 * What the values of an output are, by its last nodes: probabilities that add up to 1, independent probabilities, or
 * logits; undefined when they do not tell.
 */
export type Activation = 'softmax' | 'sigmoid' | 'none';

/** @param producers Those of the graph (`producersOf`), where many outputs are asked about. */
export function activationOf(
  graph: OnnxGraph,
  output: string,
  producers: ReadonlyMap<string, OnnxNode> = producersOf(graph),
): Activation | undefined {
  let name = output;
  // A graph has no cycles, but a bad file may.
  for (let left = graph.nodes.length; left > 0; left--) {
    const node = producers.get(name);
    if (!node) return undefined;
    const { op, inputs } = node;
    if (/log_?softmax/i.test(op)) return 'none';
    if (/softmax/i.test(op)) return 'softmax';
    if (/sigmoid/i.test(op)) return 'sigmoid';
    if (op === 'Div') {
      const [above, below] = inputs.map((input) => producers.get(input));
      // Exporters to old opsets write a softmax over an axis other than the last in parts.
      const isShare = below?.op === 'ReduceSum' && below.inputs[0] === inputs[0];
      return isShare && above?.op === 'Exp' ? 'softmax' : undefined;
    }
    if (linear.test(op)) return 'none';
    if (!carriers.test(op)) return undefined;
    name = inputs[0]!;
  }
  return undefined;
}

/**
 * The quantisation steps of an output, largest last, if its last nodes have 8 or 16 bits: the scales of their
 * dequantisation. Empty if they compute in float.
 */
export function stepsOf(graph: OnnxGraph, output: string): number[] {
  const producers = producersOf(graph);
  const seen = new Set<string>();
  const steps: number[] = [];
  const waiting = [output];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    const node = producers.get(name);
    if (!node || seen.has(name)) continue;
    seen.add(name);
    const scale = node.op === 'DequantizeLinear' ? graph.constants.get(node.inputs[1] ?? '')?.value : undefined;
    if (scale !== undefined) steps.push(scale);
    else if (carriers.test(node.op)) waiting.push(node.inputs[0] ?? '');
    else if (joiners.test(node.op)) waiting.push(...node.inputs);
  }
  return steps.sort((a, b) => a - b);
}

/** Steps coarser than this cannot be those of scores. Logits of a wide range have finer ones. */
const coarsest = 0.2;

/**
 * Boxes in pixels and scores from 0 to 1 in one 8-bit tensor share one scale: every score is then 0 or one of very few
 * values, and hardly anything is detected.
 *
 * @throws InputError when the output with the scores can represent hardly any.
 */
export function assertFineScores(model: Uint8Array, { decoder }: DetectorCard): void {
  // Only that decoder knows which outputs are scores.
  if (decoder.type === 'custom') return;
  const graph = readOnnxGraph(model);
  if (!graph) return;
  const names =
    decoder.type === 'ssd' || decoder.type === 'blazeface'
      ? [decoder.outputs.scores]
      : 'outputs' in decoder && decoder.outputs
        ? [decoder.outputs.scores].flat()
        : [decoder.output ?? graph.outputs[0] ?? ''];
  for (const name of names) {
    // Where its parts have different scales, the finest is the scores'.
    const [finest = 0] = stepsOf(graph, name);
    if (finest < coarsest) continue;
    const values = Array.from({ length: Math.floor(1 / finest) + 1 }, (_, i) => Number((i * finest).toPrecision(2)));
    throw new InputError(
      `the model's output ${name} has steps of ${Number(finest.toPrecision(3))}, so of the scores from 0 to 1 it can hold only ${values.join(', ')}: boxes and scores share one scale; ` +
        'quantise it again and leave the last nodes, from the one that joins them, in float',
    );
  }
}
