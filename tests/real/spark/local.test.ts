import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadClassifier } from '../../../sdk/core/classifier.ts';
import { embedPicture } from '../../../sdk/learn/camera/embed-picture.ts';
import { readPicture } from '../../../sdk/picture/picture.ts';
import { floatsOf } from '../../../tools/worker/floats.ts';
import { jsonLines, ocellus, photo } from '../../cli/cli.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { isSparkAsked, plantPictures, runSpark, sparkNeeds, sparkPython } from './spark.ts';
import { buildWheel } from './wheel.ts';

interface Row {
  readonly path: string;
  readonly error: string | null;
}

interface Found extends Row {
  readonly model: string;
  readonly detections: readonly { label: string; score: number; box: number[] }[] | null;
}

interface Told {
  readonly found: Found[];
  readonly read_back: { rows: boolean; schema: string };
  readonly missing: { path: string; length: number; why: string }[];
  readonly by_paths: boolean;
  readonly kept: { columns: string[]; names: boolean[] };
  readonly refused: string[];
  readonly streamed: number;
  readonly spread: boolean[];
  readonly embedded: (Row & { embedding: number[] | null })[];
  readonly classified: (Row & { classes: { label: string }[] | null })[];
  readonly no_model: string;
  readonly no_command: string;
  readonly killed: string;
  readonly cancelled: number;
  readonly limited: number;
}

async function embeddingOf(file: string): Promise<number[]> {
  const classifier = await loadClassifier();
  const frame = await readPicture(file);
  try {
    return [...floatsOf(await embedPicture(classifier, frame))];
  } finally {
    frame.release();
    await classifier.close();
  }
}

describe.skipIf(!isSparkAsked)(`ocellus-spark in local[2] (${sparkNeeds})`, () => {
  it('answers what the command does; what is broken is a row, what has none is told; no worker is left', async () => {
    const [folder, scratch] = [temporaryFolder(), temporaryFolder()];
    await plantPictures(folder, {
      'cat.jpg': 'cat.jpg',
      'deeper/a motorcycle, é.jpg': 'motorcycle.jpg',
      'wall.jpg': 'wall.jpg',
      '_hidden.jpg': 'cup.jpg',
      '.hidden/cup.jpg': 'cup.jpg',
    });
    writeFileSync(join(folder, 'broken.jpg'), readFileSync(photo('cat.jpg')).subarray(0, 5000));
    writeFileSync(join(folder, 'empty.jpg'), '');
    const wheel = await buildWheel(sparkPython(), scratch);
    const told = await runSpark<Told>('local.py', { wheel, folder, scratch });

    const url = (name: string) => `file:${folder}/${name}`;
    const names = ['broken.jpg', 'cat.jpg', 'deeper/a motorcycle, é.jpg', 'wall.jpg'];
    expect(told.found.map(({ path }) => path)).toEqual(names.map(url));
    const [broken, ...found] = told.found;
    expect(broken).toMatchObject({ detections: null, error: expect.stringContaining('broken.jpg cannot be read') });
    const shown = found.map(({ detections }) =>
      detections!.map(({ score, box, ...one }) => ({
        ...one,
        score: Number(score.toFixed(4)),
        box: box.map((value) => Number(value.toFixed(1))),
      })),
    );
    const files = ['cat.jpg', 'motorcycle.jpg', 'wall.jpg'].map(photo);
    const detect = await ocellus(['detect', '--json', ...files]);
    expect(shown).toEqual(jsonLines(detect.out).map((line) => (line as { detections: unknown }).detections));
    expect(shown.map((list) => list.length > 0)).toEqual([true, true, false]);

    expect(told.read_back).toEqual({
      rows: true,
      schema:
        'struct<path:string,model:string,width:int,height:int,detections:array<struct<label:string,score:float,box:array<float>>>,error:string>',
    });
    const hidden = 'a name that begins with _ or . is hidden';
    const size = readFileSync(photo('cup.jpg')).length;
    expect(told.missing).toEqual([
      { path: url('.hidden/cup.jpg'), length: size, why: hidden },
      { path: url('_hidden.jpg'), length: size, why: hidden },
      { path: url('empty.jpg'), length: 0, why: 'it is empty' },
    ]);
    expect(told.by_paths).toBe(true);
    const own = ['path', 'model', 'width', 'height', 'detections', 'error'];
    expect(told.kept).toEqual({ columns: [...own, 'name', 'a.b'], names: Array(4).fill(true) });
    const have = 'path, modificationTime, length, content';
    expect(told.refused).toEqual([
      `path: expected a column uri, got ${have}`,
      `content: expected a column image, got ${have}`,
      'path: expected a column of texts, length is one of bigint',
      'keep: expected a list of names, got the text "length"; [\'length\'] is one',
      'keep: expected other names than detections, error, height, model, path, width; rename Path before: withColumnRenamed',
      `keep: expected a column label, got ${have}`,
    ]);
    expect(told.streamed).toBe(1);
    expect(told.spread).toEqual([true, true]);
    expect(told.embedded.map(({ embedding }) => embedding)).toEqual([
      null,
      ...(await Promise.all(files.map(embeddingOf))),
    ]);
    expect(told.classified.map(({ classes }) => classes?.length)).toEqual([undefined, 2, 2, 2]);

    expect(told.no_model).toMatch(/WorkerError: the worker ended with 2; 0 rows .*"no-such-model"/);
    expect(told.no_command).toContain('WorkerError: no-such-program cannot be started here');
    expect(told.killed).toMatch(/WorkerError: the worker ended with -9; .* Its last words: last words/);
    // One for each task.
    expect([told.cancelled, told.limited]).toEqual([2, 1]);
  });
});
