import type { Size } from '../../frame/letterbox.ts';
import { type Box, bottomCentre, longerSide } from '../geometry.ts';
import { isDetected, type Track } from '../track.ts';

/** Objects of one label that were seen at one place of a view. */
export interface SeenSize {
  readonly label: string;
  /** The place: a rectangle of the view, `[x1, y1, x2, y2]` in fractions of its width and height, 0..1. */
  readonly place: Box;
  /** The larger side of their boxes, a fraction of the larger side of the frame, 0..1: the mean. */
  readonly size: number;
  /** Its standard deviation as a factor, from 1 on: two thirds are between size / spread and size * spread. */
  readonly spread: number;
  /** Observations, one a second and object, up to 1000. */
  readonly count: number;
}

/** As it is kept: each row is column, row, label, mean, deviation (of the logarithm) and count. */
export interface KeptSizes {
  readonly version: 1;
  readonly sizes: readonly (readonly [number, number, string, number, number, number])[];
}

/** A track is learnt from this often. */
const everyNs = 1e9;
const columns = 16;
const rows = 9;
/** Observations that the mean remembers. */
const memory = 100;
const mostCounted = 1000;
/** The most places and labels that are kept: some kB. */
const mostEntries = 400;
/** Observations from which a place is known. */
const known = 2;
/** Weight of the eight places around one. */
const besides = 0.25;

interface Entry {
  readonly column: number;
  readonly row: number;
  readonly label: string;
  /** Of the logarithm of the size. */
  mean: number;
  variance: number;
  count: number;
}

/**
 * Where things of which size were seen in a camera's view: a person at the gate is smaller than one at the door. Learnt
 * from confirmed objects, by the place that they stand on.
 *
 * @example
 * const sizes = new SizeMap();
 * sizes.learn([900, 500, 920, 550], 'person', { width: 1920, height: 1080 });
 */
export class SizeMap {
  readonly #entries = new Map<string, Entry>();
  /** When each track was learnt from. */
  #toldNs: ReadonlyMap<number, number> = new Map();

  /** Learns from all confirmed objects that were detected in a frame, once a second from each. */
  follow(tracks: readonly Track[], frame: Size & { readonly captureTimeNs: number }): void {
    const told = new Map<number, number>();
    for (const track of tracks) {
      if (!track.confirmed) continue;
      const lastNs = this.#toldNs.get(track.id);
      const isDue = lastNs === undefined || Math.abs(frame.captureTimeNs - lastNs) >= everyNs;
      const isLearnt = isDue && isDetected(track) && isWhollyIn(track.box, frame);
      if (isLearnt) this.learn(track.box, track.label, frame);
      const toldNs = isLearnt ? frame.captureTimeNs : lastNs;
      if (toldNs !== undefined) told.set(track.id, toldNs);
    }
    this.#toldNs = told;
  }

  /** An object with this box, frame pixels, was seen. */
  learn(box: Box, label: string, frame: Size): void {
    const [column, row] = placeOf(box, frame);
    const key = keyOf(column, row, label);
    const value = Math.log(Math.max(1, longerSide(box)) / sideOf(frame));
    const entry = this.#entries.get(key);
    if (!entry) {
      if (this.#entries.size >= mostEntries) this.#dropRarest();
      this.#entries.set(key, { column, row, label, mean: value, variance: 0, count: 1 });
      return;
    }
    entry.count = Math.min(mostCounted, entry.count + 1);
    const weight = 1 / Math.min(memory, entry.count);
    const off = value - entry.mean;
    entry.mean += weight * off;
    entry.variance += weight * ((1 - weight) * off * off - entry.variance);
  }

  /** @returns The larger side, pixels, of what is usually seen where this box stands; undefined where unknown. */
  expected(box: Box, frame: Size): number | undefined {
    if (this.#entries.size === 0) return undefined;
    const [column, row] = placeOf(box, frame);
    let [sum, weights] = [0, 0];
    for (const entry of this.#entries.values()) {
      const [dx, dy] = [Math.abs(entry.column - column), Math.abs(entry.row - row)];
      if (dx > 1 || dy > 1) continue;
      const weight = entry.count * (dx + dy === 0 ? 1 : besides);
      sum += weight * entry.mean;
      weights += weight;
    }
    return weights >= known ? Math.exp(sum / weights) * sideOf(frame) : undefined;
  }

  /** Forgets all: the camera shows another view. */
  clear(): void {
    this.#entries.clear();
  }

  get isEmpty(): boolean {
    return this.#entries.size === 0;
  }

  /** What was learnt, the most frequent first. */
  get seen(): SeenSize[] {
    return [...this.#entries.values()]
      .sort((a, b) => b.count - a.count || (keyOf(a.column, a.row, a.label) < keyOf(b.column, b.row, b.label) ? -1 : 1))
      .map(({ column, row, label, mean, variance, count }) => ({
        label,
        place: [column / columns, row / rows, (column + 1) / columns, (row + 1) / rows],
        size: rounded(Math.exp(mean)),
        spread: rounded(Math.exp(Math.sqrt(variance))),
        count,
      }));
  }

  /** To be kept, as JSON. */
  get kept(): KeptSizes {
    const sizes = [...this.#entries.values()].map(
      ({ column, row, label, mean, variance, count }) =>
        [column, row, label, rounded(mean), rounded(Math.sqrt(variance)), count] as const,
    );
    return { version: 1, sizes };
  }

  /** Takes what was kept; what is not of that form is left out. */
  take(kept: unknown): void {
    const { version, sizes } = (kept ?? {}) as Partial<KeptSizes>;
    this.#entries.clear();
    if (version !== 1 || !Array.isArray(sizes)) return;
    for (const line of sizes.slice(0, mostEntries) as unknown[]) {
      if (!Array.isArray(line)) continue;
      const [column, row, label, mean, deviation, count] = line as unknown[];
      const isPlace = isBelow(column, columns) && isBelow(row, rows);
      if (!isPlace || typeof label !== 'string' || !isNumber(mean) || !isNumber(deviation)) continue;
      if (!isBelow(count, mostCounted + 1) || count < 1) continue;
      this.#entries.set(keyOf(column, row, label), { column, row, label, mean, variance: deviation ** 2, count });
    }
  }

  #dropRarest(): void {
    let rarest: [string, Entry] | undefined;
    for (const entry of this.#entries) if (!rarest || entry[1].count < rarest[1].count) rarest = entry;
    if (rarest) this.#entries.delete(rarest[0]);
  }
}

/** What the border cuts is larger than it looks. */
const isWhollyIn = ([x1, y1, x2, y2]: Box, { width, height }: Size) => x1 > 0 && y1 > 0 && x2 < width && y2 < height;

const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);
const isBelow = (value: unknown, end: number): value is number =>
  Number.isInteger(value) && (value as number) >= 0 && (value as number) < end;
const keyOf = (column: number, row: number, label: string) => `${column},${row},${label}`;
const sideOf = ({ width, height }: Size) => Math.max(width, height);
const rounded = (value: number) => Math.round(value * 1e4) / 1e4;

function placeOf(box: Box, { width, height }: Size): [column: number, row: number] {
  const [x, y] = bottomCentre(box);
  const at = (share: number, count: number) => Math.min(count - 1, Math.max(0, Math.floor(share * count)));
  return [at(x / width, columns), at(y / height, rows)];
}
