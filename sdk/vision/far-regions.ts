import { assertKind, assertShape, refuse } from '../base/arguments.ts';
import { assertSize } from '../frame/layout.ts';
import { type Region, type Size, wholeOf } from '../frame/letterbox.ts';

/** How a frame is divided to find what is small in it. */
export interface FarOptions {
  /** How much neighbours have in common, a fraction of a region's side, 0 to 0.9. What is smaller than that is whole in one. Default 0.25. */
  readonly overlap?: number;
  /** At most this many regions, 1 to 256: the finest size that would make more is left out. Default 64. */
  readonly maxRegions?: number;
  /** The finest regions are magnified this much at most, input pixels per frame pixel, above 0. Default 2. */
  readonly magnify?: number;
}

/**
 * Where to look in a large still picture so that small objects are found too, coarse to fine: the whole, then overlapping
 * regions of half the size of those before, down to those that the network sees at `magnify`. A bounded number: it depends on the
 * sizes alone.
 *
 * For a camera that is watched, regions that follow what moves cost far less: `detect.far`.
 *
 * @param input The size of the network's input, `model.card.input`.
 * @returns The whole frame first.
 * @throws InputError or RangeError for another argument.
 *
 * @example
 * const found = await model.detect(frame, { regions: farRegions(frame, model.card.input) });
 */
export function farRegions(frame: Size, input: Size, options: FarOptions = {}): Region[] {
  const sides = { width: 'number', height: 'number' } as const;
  assertShape('farRegions: frame', frame, sides, 'a frame, or its size');
  assertShape('farRegions: input', input, sides, 'the input of a card');
  // A side of 0, or without end, would be divided for ever.
  assertSize(frame.width, frame.height);
  assertSize(input.width, input.height, 'input');
  assertKind('farRegions: options', options, 'object');
  const { overlap = 0.25, maxRegions = 64, magnify = 2 } = options;
  if (!(overlap >= 0 && overlap <= 0.9)) refuse('farRegions: overlap', '0..0.9', overlap);
  if (!(Number.isInteger(maxRegions) && maxRegions >= 1 && maxRegions <= 256)) {
    refuse('farRegions: maxRegions', 'a whole number, 1..256', maxRegions);
  }
  if (!(magnify > 0 && magnify < Number.POSITIVE_INFINITY)) refuse('farRegions: magnify', 'a number above 0', magnify);
  const { width, height } = frame;
  let regions = [wholeOf(frame)];
  for (const scale of scalesOf(frame, input, magnify)) {
    const columns = alongAxis(width, input.width / scale, overlap);
    const rows = alongAxis(height, input.height / scale, overlap);
    if (regions.length + columns.length * rows.length > maxRegions) break;
    const level = rows.flatMap(([y, h]) => columns.map(([x, w]) => ({ x, y, width: w, height: h })));
    regions = [...regions, ...level];
  }
  return regions;
}

/** A size that shows objects less than this much larger than the one before finds nothing new. */
const leastStep = 1.4;

/** Input pixels per frame pixel, coarse to fine: halves of the finest, without those near that of the whole frame. */
function scalesOf(frame: Size, input: Size, magnify: number): number[] {
  const ofWhole = Math.min(input.width / frame.width, input.height / frame.height);
  const scales: number[] = [];
  for (let scale = magnify; scale >= ofWhole * leastStep; scale /= 2) scales.unshift(scale);
  return scales;
}

/** Start and length of each region along an axis, evenly spread. */
function alongAxis(size: number, side: number, overlap: number): [start: number, length: number][] {
  const length = Math.min(size, Math.max(1, Math.round(side)));
  if (length === size) return [[0, size]];
  const count = Math.ceil((size - length) / (length * (1 - overlap))) + 1;
  return Array.from({ length: count }, (_, i) => [Math.round((i * (size - length)) / (count - 1)), length]);
}
