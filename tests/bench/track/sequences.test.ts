import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { levels } from '../../../tools/bench/track/detector.ts';
import { type MotRow, readMot } from '../../../tools/bench/track/mot.ts';
import { asDetected, byFrame, ours } from '../../../tools/bench/track/ours.ts';
import { kinds } from '../../../tools/bench/track/scenes.ts';
import {
  layout,
  perfect,
  pictureOf,
  rates,
  resampled,
  seedSets,
  sequencesOf,
  write,
} from '../../../tools/bench/track/sequences.ts';

const folder = mkdtempSync(join(tmpdir(), 'track-'));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('the sequences', () => {
  it('for choosing and for reporting share neither a seed nor a public sequence', () => {
    const { choose, report } = seedSets;
    expect(choose.seeds.filter((seed) => (report.seeds as readonly number[]).includes(seed))).toEqual([]);
    expect(choose.tud).not.toBe(report.tud);
    const names = new Set(sequencesOf('choose').map(({ name }) => name));
    expect(sequencesOf('report').some(({ name }) => names.has(name))).toBe(false);
  });

  it('are 96, each rate with all kinds and all levels of noise alike', () => {
    const all = sequencesOf('report');
    expect(all.length).toBe(96);
    expect(new Set(all.map(({ name }) => name)).size).toBe(96);
    for (const rate of rates) {
      const mine = all.filter((one) => one.rate === rate);
      for (const level of levels.keys()) expect(mine.filter((one) => one.level === level).length).toBe(6);
      for (const kind of [...Object.keys(kinds), 'tud']) expect(mine.some((one) => one.kind === kind)).toBe(true);
    }
  });

  it('are a quarter when it has to be quick, of each kind and rate', () => {
    const quick = sequencesOf('report', true);
    expect(quick.length).toBe(24);
    expect(new Set(quick.map(({ kind }) => kind)).size).toBe(Object.keys(kinds).length + 1);
    expect(new Set(quick.map(({ rate }) => rate))).toEqual(new Set(rates));
  });

  it('are written so that all trackers read the same', () => {
    const [sequence] = sequencesOf('report').filter(
      ({ kind, rate, level }) => kind === 'turn' && rate === 10 && level < 2,
    );
    const files = layout(folder);
    const written = write(sequence!, 8, undefined, files);
    expect(written.frames).toBe(80);
    const truth = readMot(readFileSync(files.truth(written.name), 'utf8'), 'gt.txt');
    expect(truth.length).toBe(written.objects);
    expect(Math.max(...truth.map(({ frame }) => frame))).toBeLessThanOrEqual(80);
    const rows = readMot(readFileSync(files.detections(written.name), 'utf8'), 'det.txt');
    const known = readMot(readFileSync(files.results(perfect, written.name), 'utf8'), 'perfect.txt');
    expect(known.length).toBeGreaterThan(0);
    expect(known.length).toBeLessThanOrEqual(rows.length);
    expect(readFileSync(join(folder, 'gt', written.name, 'seqinfo.ini'), 'utf8')).toContain('seqLength=80');
    const found = byFrame(rows, written.frames);
    expect(found.reduce((sum, { length }) => sum + length, 0)).toBe(rows.length);
    // What is reported is a track's in the frame it is seen in: one box a number and frame.
    const told = ours(found, written.rate, pictureOf(written));
    expect(told.length).toBeGreaterThan(rows.length / 2);
    expect(new Set(told.map(({ frame, id }) => `${frame} ${id}`)).size).toBe(told.length);
    const detected = asDetected(told, found);
    expect(detected.map(({ frame, id }) => [frame, id])).toEqual(told.map(({ frame, id }) => [frame, id]));
    const isThere = (one: MotRow) =>
      rows.some(({ frame, box }) => frame === one.frame && box.every((v, k) => Math.abs(v - one.box[k]!) < 0.01));
    expect(detected.every(isThere)).toBe(true);
  });

  it('of the public truth are its nearest frames, with what stands nearer in front', () => {
    const rows = Array.from({ length: 51 }, (_, i) => [
      { frame: i + 1, id: 1, box: [i, 0, i + 10, 50] as const, score: 1, classNumber: 1 },
      { frame: i + 1, id: 2, box: [i, 0, i + 10, 60] as const, score: 1, classNumber: 1 },
    ]).flat();
    expect(resampled(rows, 25).length).toBe(51);
    const slow = resampled(rows, 2);
    expect(slow.map(([first]) => first!.box[0])).toEqual([0, 13, 25, 38, 50]);
    expect(slow[0]![0]!.coverage).toBeGreaterThan(0.5);
    expect(slow[0]![1]!.coverage).toBe(0);
  });
});
