import { InputError } from '../../base/errors.ts';
import type { KnownGraph, Source } from './network/graph.ts';
import type { Measured } from './network/network.ts';
import { pictureTensor, Tracer } from './network/trace.ts';
import { channelsIn, emptyRanges, type Ranges, widen } from './ranges.ts';

/** Pictures as the network takes them: the numbers of its input, one picture after the other. */
export type CalibrationPictures = AsyncIterable<Uint8Array | Float32Array> | Iterable<Uint8Array | Float32Array>;

/**
 * Measures the range of each channel of tensors over all pictures.
 *
 * @returns By the tensor's name.
 * @throws InputError when there is no picture.
 */
export async function measureRanges(
  { bytes, weights }: Source,
  { input, outputs }: KnownGraph,
  wanted: readonly Measured[],
  pictures: CalibrationPictures,
): Promise<Map<string, Ranges>> {
  const tensors = new Map(wanted.map((measured) => [measured.tensor, measured]));
  const ranges = new Map([...tensors].map(([name, measured]) => [name, emptyRanges(channelsIn(measured))]));
  const inner = [...tensors.keys()].filter((name) => !outputs.includes(name) && name !== input.name);
  const tracer = await Tracer.open(bytes, weights, inner);
  let count = 0;
  try {
    for await (const picture of pictures) {
      const found = await tracer.run({ [input.name]: pictureTensor(input.type, picture, input.shape) });
      for (const [name, measured] of tensors) {
        const numbers = found.get(name)?.data as Float32Array | undefined;
        if (numbers) widen(ranges.get(name)!, numbers, measured);
      }
      count++;
    }
  } finally {
    await tracer.close();
  }
  if (count === 0)
    throw new InputError('expected pictures to measure the ranges of the network’s numbers on, got none');
  return ranges;
}
