import type { Frame } from '../../frame/frame.ts';

/** The brightness of places of a view, row by row: what is compared to tell whether it is still the same view. */
export type ViewPrint = Uint8Array;

const columns = 32;
const rows = 18;
/** Pixels that are read of each place, each way. */
const samples = 4;
/** Views whose textures correlate less are different ones; the same by day and by infrared are above, others near 0. */
const same = 0.35;
/** Differences of less than this are no texture, in grey levels. */
const leastTexture = 1;

/** @returns The print of what a frame shows. */
export function printOf({ width, height, format, planes }: Frame): ViewPrint {
  const { data, stride } = planes[0]!;
  const isInterleaved = format === 'BGR24' || format === 'RGB24';
  const [step, first] = isInterleaved ? [3, 1] : [1, 0];
  const print = new Uint8Array(columns * rows);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      let sum = 0;
      for (let i = 0; i < samples * samples; i++) {
        const x = Math.floor(((column + ((i % samples) + 0.5) / samples) / columns) * width);
        const y = Math.floor(((row + (Math.floor(i / samples) + 0.5) / samples) / rows) * height);
        sum += data[y * stride + x * step + first]!;
      }
      print[row * columns + column] = Math.round(sum / (samples * samples));
    }
  }
  return print;
}

/**
 * Whether two prints are of the same view, whatever the light: neighbouring places differ from each other as before. A
 * view without texture is like any other.
 */
export function isSameView(a: ViewPrint, b: ViewPrint): boolean {
  if (a.length !== b.length) return false;
  let [both, alone, other] = [0, 0, 0];
  let count = 0;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const at = row * columns + column;
      for (const next of [column + 1 < columns ? at + 1 : -1, row + 1 < rows ? at + columns : -1]) {
        if (next < 0) continue;
        // Signed roots: one bright edge must not decide.
        const [x, y] = [root(a[next]! - a[at]!), root(b[next]! - b[at]!)];
        both += x * y;
        alone += x * x;
        other += y * y;
        count++;
      }
    }
  }
  const least = leastTexture * count;
  if (alone < least || other < least) return true;
  return both >= same * Math.sqrt(alone * other);
}

const root = (value: number) => Math.sign(value) * Math.sqrt(Math.abs(value));
