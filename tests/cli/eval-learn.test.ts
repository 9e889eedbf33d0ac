import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeJpeg, readPicture } from '../../sdk/picture/picture.ts';
import { temporaryFolder } from '../support/folders.ts';
import { sharedData } from '../support/needs.ts';
import { jsonLines, ocellus, photo } from './cli.ts';

/** FOLDER/LABEL/0.jpg …: pieces of photographs. */
let things: string;
const labels = ['cat', 'cup', 'motorcycle'];
beforeAll(async () => {
  things = mkdtempSync(join(tmpdir(), 'ocellus-eval-learn-'));
  for (const label of labels) {
    mkdirSync(join(things, label));
    const frame = await readPicture(photo(`${label}.jpg`));
    for (let i = 0; i < 7; i++) {
      const region = { x: 6 * i, y: 3 * i, width: frame.width - 12 * i, height: frame.height - 6 * i };
      writeFileSync(join(things, label, `${i}.jpg`), await encodeJpeg(frame, { region, maxWidth: 400 }));
    }
    frame.release();
  }
});
afterAll(() => rmSync(things, { recursive: true, force: true }));

interface Result {
  examples: number;
  accuracy: Record<string, { mean: number; low: number; high: number }>;
  kinds: Record<string, number>;
  unknown: { false_accept_at5: Record<string, number>; learned: Record<string, number> };
  confusions: { label: string; named: string; count: number }[];
}

interface Evaluated {
  model: string;
  images: number;
  labels: number;
  seeds: number;
  results: Result[];
}

describe('ocellus eval --learn', () => {
  it('draws from a folder of labels, and says in one line of JSON how well they are learned', async () => {
    const { code, out, err } = await ocellus(['eval', '--learn', things, '--seeds', '3', '--json']);
    expect([code, err]).toEqual([0, '']);
    const [evaluated] = jsonLines(out) as [Evaluated];
    expect(evaluated).toMatchObject({ model: 'efficientnet-lite0-int8', images: 21, labels: 3, seeds: 3 });
    // Seven of a label are not enough for 20.
    expect(evaluated.results.map(({ examples }) => examples)).toEqual([5]);
    const [{ accuracy, kinds, unknown, confusions }] = evaluated.results as [Result];
    expect(Object.keys(accuracy)).toEqual(['chosen', 'svm', 'prototypes', 'nearest']);
    expect(accuracy.chosen).toEqual({ mean: 1, low: 1, high: 1 });
    expect(Object.values(kinds).reduce((sum, count) => sum + count, 0)).toBe(3);
    expect(Object.keys(unknown.learned)).toEqual(['false_accept', 'false_reject', 'wrong_reject']);
    // A cat is no motorcycle.
    expect(unknown.false_accept_at5.of_right).toBeLessThan(0.2);
    expect(confusions).toEqual([]);
  });

  it('shows it as tables, and keeps to train/ and test/ where they are', async () => {
    const folder = temporaryFolder();
    for (const label of labels) {
      for (const split of ['train', 'test']) mkdirSync(join(folder, split, label), { recursive: true });
      for (let i = 0; i < 7; i++) {
        const frame = await readPicture(join(things, label, `${i}.jpg`));
        const file = join(folder, i < 5 ? 'train' : 'test', label, `${i}.jpg`);
        writeFileSync(file, await encodeJpeg(frame));
        frame.release();
      }
    }
    const { code, out } = await ocellus(['eval', '--learn', folder, '--seeds', '2']);
    expect(code).toBe(0);
    expect(out).toMatch(/^BY +5 A LABEL\nas chosen +1\.000 \(1\.000-1\.000\)\nsvm /m);
    expect(out).toMatch(/^as chosen, 5 % of correct ones rejected +0\.\d{3}$/m);
    // One fewer to train on is too few.
    renameSync(join(folder, 'train', 'cup', '0.jpg'), join(folder, 'test', 'cup', '0.jpg'));
    const few = await ocellus(['eval', '--learn', folder]);
    expect([few.code, few.err]).toEqual([
      2,
      expect.stringContaining('at least 5 pictures to train on each, got 3 of which cup has 4'),
    ]);
  });

  it('ends with 2 on too few pictures, on one that cannot be read, and on what only detectors have', async () => {
    const folder = temporaryFolder();
    const none = await ocellus(['eval', '--learn', folder]);
    expect([none.code, none.err]).toEqual([2, expect.stringContaining('expected folders of pictures in it')]);
    mkdirSync(join(folder, 'cat'));
    writeFileSync(join(folder, 'cat', '1.jpg'), 'no picture');
    const damaged = await ocellus(['eval', '--learn', folder]);
    expect([damaged.code, damaged.err]).toEqual([2, expect.stringContaining('1 of 1 pictures could not be read')]);
    const iou = await ocellus(['eval', '--learn', things, '--iou', '0.5']);
    expect([iou.code, iou.err]).toEqual([2, expect.stringContaining('cannot be used with')]);
  });
});

const clothing = sharedData('clothing');
it.skipIf(!clothing)('names clothing as well as the issue asks for (needs ../shared/data/clothing)', async () => {
  const { out } = await ocellus(['eval', '--learn', clothing!, '--json']);
  const [{ results }] = jsonLines(out) as [Evaluated];
  const [few, many] = results as [Result, Result];
  expect(few.accuracy.chosen!.mean).toBeGreaterThan(0.7);
  expect(many.accuracy.chosen!.mean).toBeGreaterThan(0.78);
  expect(many.unknown.false_accept_at5.of_right).toBeLessThan(0.72);
  expect(many.confusions.slice(0, 4)).toContainEqual(
    expect.objectContaining({ label: 't-shirt', named: 'longsleeve' }),
  );
});
