import { pictureInput } from '../engines/binding.ts';
import type { ExternalWeights, TensorInfo } from '../engines/engine.ts';
import { isNarrowed } from '../engines/narrowed.ts';
import { outputShapes } from '../engines/output-shapes.ts';
import { producersOf } from '../onnx/graph.ts';
import { isLast, largest, type NetworkFacts, openSide, sizeOf } from './network.ts';

/** Operators whose results are as long as what they find in their input, and those that run a graph of their own. */
const openEnded: ReadonlySet<string> = new Set([
  ...['NonMaxSuppression', 'NonZero', 'Unique', 'Compress', 'Loop', 'Scan', 'If', 'SequenceAt', 'ConcatFromSequence'],
]);

/**
 * Exporters that leave a side of the input open, if only the batch, often write outputs of which every side is open (torch's
 * by tracing does after a Concat or Reshape), although they follow from the input's. Those of which the network finds as many
 * as there are stay open.
 *
 * @param weights Of files beside it.
 * @param size Of the picture, where the file leaves it open.
 * @returns The network with the outputs as they are for one picture of this size: what comes out of a run on a black one. The
 *   same network where no side is open, no size is known, or onnxruntime cannot run it.
 */
export async function settled(
  network: NetworkFacts,
  bytes: Uint8Array,
  weights: readonly ExternalWeights[],
  size: { readonly width: number; readonly height: number } | undefined,
): Promise<NetworkFacts> {
  const wanted = new Set(network.outputs.filter((one) => hasOpenSides(one) && follows(network, one.name)));
  const input = pictureInput(network.inputs);
  const { width, height } = sizeOf(input) ?? size ?? network.inside.size ?? {};
  if (wanted.size === 0 || network.inputs.length !== 1 || !input || input.shape.length !== 4 || !width || !height)
    return network;
  if (Math.max(width, height) > largest) return network;
  const isFed = input.type === 'float32' || input.type === 'uint8' || isNarrowed(input.type);
  if (!isFed) return network;
  const channels = input.shape[isLast(input) ? 3 : 1] === 1 ? 1 : 3;
  const shape = isLast(input) ? [1, height, width, channels] : [1, channels, height, width];
  const shapes = await outputShapes(bytes, weights, input, shape);
  const outputs = network.outputs.map((one) => {
    const found = wanted.has(one) ? shapes?.get(one.name) : undefined;
    return found ? { ...one, shape: found } : one;
  });
  return { ...network, outputs };
}

/** Another side than the batch. */
const hasOpenSides = ({ shape }: TensorInfo) => shape.slice(1).some(openSide);

function follows({ graph }: NetworkFacts, output: string): boolean {
  const producers = producersOf(graph);
  const seen = new Set<string>();
  const waiting = [output];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    const node = seen.has(name) ? undefined : producers.get(name);
    seen.add(name);
    if (!node) continue;
    if (node.isNested || openEnded.has(node.op)) return false;
    waiting.push(...node.inputs);
  }
  return true;
}
