import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { detect, labels, levels } from './detector.ts';
import { type MotRow, readMot, writeMot } from './mot.ts';
import { type Kind, kinds, scene } from './scenes.ts';
import { coverage, picture, type Truth } from './world.ts';

/** Frames a second that are looked at. */
export const rates = [2, 5, 10, 25] as const;

/**
 * Choices are made on some seeds and reported on others. Of the public sequences the one is for choosing, the other for
 * reporting.
 */
export const seedSets = {
  choose: { seeds: [101, 102], tud: 'TUD-Campus' },
  report: { seeds: [201, 202], tud: 'TUD-Stadtmitte' },
} as const;
export type SeedSet = keyof typeof seedSets;

export interface Sequence {
  readonly name: string;
  /** A kind of scene, or `tud`. */
  readonly kind: Kind | 'tud';
  readonly rate: number;
  /** Index into `levels`. */
  readonly level: number;
  readonly seed: number;
}

/**
 * The sequences of a set: each kind at each rate at two of the four levels of noise, at the other two at the next rate, so
 * that each rate sees all levels alike; the public one at all levels.
 *
 * @param quick A quarter of them: one seed of each kind, at two rates.
 */
export function sequencesOf(set: SeedSet, quick = false): Sequence[] {
  const all = [...(Object.keys(kinds) as Kind[]), 'tud' as const, 'tud' as const].flatMap((kind, k) =>
    rates.flatMap((rate, r) =>
      seedSets[set].seeds.map((seed, s) => {
        const level = ((k + r) % 2) + 2 * s;
        return { name: `${kind}-${rate}-${level}-${seed}`, kind, rate, level, seed };
      }),
    ),
  );
  return quick ? all.filter((_, i) => (i + (i >> 3)) % 4 === 0) : all;
}

/** Each detection under the number of whom it really is, and no others: as good as a tracker that makes no box of its own can be. */
export const perfect = 'true identities';

/** Writes a file of results, its folder too. */
export function save(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

/** Where what is scored lies: as TrackEval and the trackers look for it. */
export interface Layout {
  readonly folder: string;
  readonly truth: (sequence: string) => string;
  readonly detections: (sequence: string) => string;
  readonly results: (tracker: string, sequence: string) => string;
}

export function layout(folder: string): Layout {
  return {
    folder,
    truth: (sequence) => join(folder, 'gt', sequence, 'gt', 'gt.txt'),
    detections: (sequence) => join(folder, 'gt', sequence, 'det', 'det.txt'),
    results: (tracker, sequence) => join(folder, 'trackers', tracker, 'data', `${sequence}.txt`),
  };
}

export interface Written extends Sequence {
  readonly frames: number;
  /** Objects that are there in all frames together. */
  readonly objects: number;
}

/**
 * Writes truth and detections of a sequence.
 *
 * @param seconds Of a scene that is made.
 * @param tudFile Truth of the public sequence.
 */
export function write(sequence: Sequence, seconds: number, tudFile: string | undefined, files: Layout): Written {
  const { name, kind, rate, level, seed } = sequence;
  const truth =
    kind === 'tud'
      ? resampled(readMot(readFileSync(tudFile!, 'utf8'), tudFile!), rate)
      : scene(kind, seed, seconds, rate);
  const found = detect(truth, levels[level]!, rate, name, pictureOf(sequence));
  for (const part of ['gt', 'det']) mkdirSync(join(files.folder, 'gt', name, part), { recursive: true });
  writeFileSync(
    join(files.folder, 'gt', name, 'seqinfo.ini'),
    `[Sequence]\nname=${name}\nframeRate=${rate}\nseqLength=${truth.length}\n`,
  );
  const rows = <T>(frames: readonly (readonly T[])[], row: (one: T) => Omit<MotRow, 'frame'>): MotRow[] =>
    frames.flatMap((all, i) => all.map((one) => ({ frame: i + 1, ...row(one) })));
  // All are scored alike, whatever they are: the trackers beside us do not know names either.
  const truthRows = rows(truth, ({ id, box }) => ({ id, box, score: 1, classNumber: 1 }));
  writeFileSync(files.truth(name), writeMot(truthRows));
  const foundRows = rows(found, ({ box, score, label }) => ({
    id: -1,
    box,
    score,
    classNumber: labels.indexOf(label) + 1,
  }));
  writeFileSync(files.detections(name), writeMot(foundRows));
  const known = rows(
    found.map((all) => all.filter(({ truthId }) => truthId >= 0)),
    ({ truthId, box, score }) => ({ id: truthId, box, score, classNumber: 1 }),
  );
  save(files.results(perfect, name), writeMot(known));
  return { ...sequence, frames: truth.length, objects: truthRows.length };
}

/** The size of a sequence's picture, pixels. */
export function pictureOf({ kind }: Sequence): { width: number; height: number } {
  return kind === 'tud' ? { width: 640, height: 480 } : picture;
}
const tudRate = 25;

/** The public truth at a lower rate: of the frames, the nearest ones. Who stands before whom is read from where they stand. */
export function resampled(rows: readonly MotRow[], rate: number): Truth[][] {
  const last = rows.reduce((most, { frame }) => Math.max(most, frame), 0);
  const frames = Math.floor(((last - 1) / tudRate) * rate) + 1;
  return Array.from({ length: frames }, (_, i) => {
    const frame = Math.round((i * tudRate) / rate) + 1;
    const there = rows.filter((row) => row.frame === frame);
    return there.map(({ id, box }) => {
      const before = there.filter((other) => other.box[3] > box[3]).map((other) => other.box);
      return { id, label: 'person', box, coverage: coverage(box, before) };
    });
  });
}
