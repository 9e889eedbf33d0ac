import { type OnnxGraph, type OnnxNode, producersOf } from './graph.ts';

/** Operators that compute new values from a neighbourhood: a Pad before one of these does not reach the pool. */
const far = /Conv|MatMul|Gemm|Pool|Resize|Upsample|LSTM|GRU/;

/**
 * Whether a Pad precedes a MaxPool, with nothing in between that onnxruntime's optimiser would have to keep. Its
 * `Pad_Fusion` turns the pad into the pool's own padding, which is not zero but ignored: with negative values the
 * result differs (onnxruntime 1.30.0; fixed in 1.32). When in doubt, true: only the fusion is lost.
 */
export function padsBeforeMaxPools(graph: OnnxGraph): boolean {
  const pools = graph.nodes.filter(({ op }) => op === 'MaxPool');
  const pads = graph.nodes.filter(({ op }) => op === 'Pad');
  if (pools.length === 0 || pads.length === 0) return false;
  if (graph.hasFunctions) return true;
  const producers = producersOf(graph);
  const seen = new Set<OnnxNode>();
  const waiting = pools.flatMap(({ inputs }) => inputs);
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    const node = producers.get(name);
    if (!node || seen.has(node) || far.test(node.op)) continue;
    if (node.op === 'Pad') return true;
    seen.add(node);
    waiting.push(...node.inputs);
  }
  return false;
}
