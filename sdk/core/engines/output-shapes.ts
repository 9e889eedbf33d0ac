import type { InferenceSession } from 'onnxruntime-node';
import type { ExternalWeights, TensorInfo } from './engine.ts';
import { isOnnxruntimeInstalled, onnxruntime } from './onnxruntime-package.ts';
import { pictureTensor } from './picture-tensor.ts';

/**
 * The shapes of what a network gives for a black picture.
 *
 * @param input Its only one: float32, uint8, or a narrowed type.
 * @param shape Of the picture, with the batch.
 * @returns By the outputs' names. Undefined where onnxruntime is not installed or cannot run the network: what is said when
 *   the model is loaded is better.
 */
export async function outputShapes(
  model: Uint8Array,
  weights: readonly ExternalWeights[],
  { name, type }: TensorInfo,
  shape: readonly number[],
): Promise<ReadonlyMap<string, readonly number[]> | undefined> {
  if (!isOnnxruntimeInstalled()) return undefined;
  let session: InferenceSession | undefined;
  try {
    session = await onnxruntime().InferenceSession.create(model, {
      executionProviders: ['cpu'],
      // One run is over before an optimised graph would be ready.
      graphOptimizationLevel: 'disabled',
      logSeverityLevel: 4,
      ...(weights.length > 0 && { externalData: weights.map(({ path, data }) => ({ path, data })) }),
    });
    const black = new Uint8Array(shape.reduce((product, side) => product * side, 1));
    const found = await session.run({ [name]: pictureTensor(type, black, shape) });
    return new Map(Object.entries(found).map(([one, { dims }]) => [one, dims]));
  } catch {
    return undefined;
  } finally {
    await session?.release();
  }
}
