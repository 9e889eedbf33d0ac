import { InputError } from '../../base/errors.ts';
import { random } from '../../base/random.ts';
import { pictureTensor } from '../engines/picture-tensor.ts';
import { Histograms } from './histograms.ts';
import { type Moments, MomentsSum } from './moments.ts';
import type { KnownGraph, Source } from './network/graph.ts';
import type { ConvLayer, Measured } from './network/network.ts';
import { Tracer } from './network/trace.ts';
import { channelsIn, emptyRanges, type Ranges, rangesKey, widen } from './ranges.ts';

/** Pictures as the network takes them: the numbers of its input, one picture after the other. Gone through twice. */
export type CalibrationPictures = () => AsyncIterable<Uint8Array | Float32Array> | Iterable<Uint8Array | Float32Array>;

/** What was seen of a network's numbers on pictures. */
export interface Calibration {
  /** By `rangesKey`. */
  readonly ranges: ReadonlyMap<string, Ranges>;
  /** How often numbers lie where within their range, by `rangesKey`. */
  readonly histograms: ReadonlyMap<string, Histograms>;
  /** By `momentsKey`. */
  readonly moments: ReadonlyMap<string, Moments>;
}

export const uncalibrated: Calibration = { ranges: new Map(), histograms: new Map(), moments: new Map() };

export interface Wanted {
  readonly ranges: readonly Measured[];
  readonly histograms: readonly Measured[];
  readonly convolutions: readonly ConvLayer[];
}

/** Names a convolution alike each time that a network is made of its graph. */
export const momentsKey = ({ name, measured }: ConvLayer): string =>
  JSON.stringify([name, measured?.tensor, measured?.from]);

/** @throws InputError when there is no picture. */
export async function calibrate(
  source: Source,
  graph: KnownGraph,
  wanted: Wanted,
  pictures: CalibrationPictures,
): Promise<Calibration> {
  const all = new Map(wanted.ranges.map((measured) => [rangesKey(measured), measured]));
  const ranges = new Map([...all].map(([key, measured]) => [key, emptyRanges(channelsIn(measured))]));
  const namesOf = (measured: Iterable<Measured>) => [...new Set(Array.from(measured, ({ tensor }) => tensor))];
  const count = await look(source, graph, namesOf(all.values()), pictures, (numbersOf) => {
    for (const [key, measured] of all) widen(ranges.get(key)!, numbersOf(measured.tensor), measured);
  });
  if (count === 0)
    throw new InputError('expected pictures to measure the ranges of the network’s numbers on, got none');

  const histograms = new Map(
    wanted.histograms.map(rangesKey).map((key) => [key, new Histograms(ranges.get(key)!)] as const),
  );
  const sums = wanted.convolutions.flatMap((layer) => {
    const { measured } = layer.input.layer;
    return measured && MomentsSum.takes(layer) ? [new MomentsSum(layer, measured)] : [];
  });
  const names = namesOf([...wanted.histograms, ...sums.map(({ measured }) => measured)]);
  const next = random(1);
  await look(source, graph, names, pictures, (numbersOf) => {
    for (const [key, histogram] of histograms) {
      const measured = all.get(key)!;
      histogram.add(numbersOf(measured.tensor), measured);
    }
    for (const sum of sums) sum.add(numbersOf(sum.measured.tensor), next);
  });
  return {
    ranges,
    histograms,
    moments: new Map(sums.map((sum) => [momentsKey(sum.layer), sum.finish()])),
  };
}

/** Shows each picture to the network, and somebody the tensors between. @returns How many there were. */
async function look(
  { bytes, weights }: Source,
  { input, outputs }: KnownGraph,
  tensors: readonly string[],
  pictures: CalibrationPictures,
  take: (numbersOf: (tensor: string) => ArrayLike<number>) => void,
): Promise<number> {
  const inner = tensors.filter((name) => !outputs.includes(name) && name !== input.name);
  const tracer = await Tracer.open(bytes, weights, inner);
  let count = 0;
  try {
    for await (const picture of pictures()) {
      const found = await tracer.run({ [input.name]: pictureTensor(input.type, picture, input.shape) });
      take((name) => (name === input.name ? picture : (found.get(name)!.data as Float32Array)));
      count++;
    }
  } finally {
    await tracer.close();
  }
  return count;
}
