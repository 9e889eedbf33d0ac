import { type OnnxGraph, type OnnxNode, producersOf } from './graph.ts';

/** What computes new numbers from a whole neighbourhood: a Pad before it is out of a pool's reach. */
const far = /Conv|MatMul|Gemm|Pool|Resize|Upsample|LSTM|GRU/;

/**
 * Does a Pad stand before a MaxPool, with nothing in between that onnxruntime's optimiser might not take away? Its
 * `Pad_Fusion` makes the pad one of the pool's own, which is no zero but nothing at all: where the numbers are negative, the
 * result is another (onnxruntime 1.30.0; right in 1.32). Rather too often than too seldom: all that is lost is the fusion.
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
