import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { constantModel } from '../core/onnx-builder.ts';
import { jsonLines, ocellus, photo } from './cli.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ocellus-classify-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Line {
  file: string;
  label: string;
  score: number;
}

describe('ocellus classify', () => {
  it('prints one line a picture: {file, label, score}', async () => {
    const files = [photo('cat.jpg'), photo('cup.jpg')];
    const { code, out, err } = await ocellus(['classify', '--json', ...files]);
    expect([code, err]).toEqual([0, '']);
    const lines = jsonLines(out) as Line[];
    expect(lines.map((line) => Object.keys(line))).toEqual([
      ['file', 'label', 'score'],
      ['file', 'label', 'score'],
    ]);
    expect(lines.map(({ file }) => file)).toEqual(files);
    expect(lines[0]!.label).toMatch(/cat$/);
    expect(lines[1]!.label).toMatch(/^(espresso|cup)$/);
  });

  it('prints as many labels as are asked for, best first', async () => {
    const { out } = await ocellus(['classify', '--json', '--top', '3', photo('cat.jpg')]);
    const scores = (jsonLines(out) as Line[]).map(({ score }) => score);
    expect(scores).toHaveLength(3);
    expect(scores).toEqual(scores.toSorted((a, b) => b - a));
    const words = await ocellus(['classify', '--top', '2', photo('cat.jpg')]);
    expect(words.out).toMatch(/cat\.jpg: .+ \d+ %, .+ \d+ %\n$/);
  });

  it('takes a folder for the pictures in it', async () => {
    const album = join(folder, 'album');
    await mkdir(album);
    await copyFile(photo('cat.jpg'), join(album, 'cat.jpg'));
    const { code, out } = await ocellus(['classify', '--json', album]);
    expect([code, (jsonLines(out) as Line[]).map(({ file }) => file)]).toEqual([0, [join(album, 'cat.jpg')]]);
  });

  it('goes on after pictures that cannot be read, and ends with 2', async () => {
    const text = join(folder, 'text.jpg');
    await writeFile(text, 'no picture');
    const { code, out, err } = await ocellus(['classify', '--json', text, photo('cat.jpg')]);
    expect(code).toBe(2);
    expect(jsonLines(out)).toMatchObject([{ file: photo('cat.jpg') }]);
    expect(err).toContain(`error ${text} cannot be read as a picture`);
    expect(err).toContain('error 1 of 2 pictures could not be read');
  });

  it('tells the classes of what Ultralytics exported, without a card and without another softmax', async () => {
    const model = join(folder, 'yolo26n-cls.onnx');
    const output = { name: 'output0', shape: [1, 2], data: [0.05, 0.95] };
    const metadata = { task: 'classify', imgsz: '[32, 32]', stride: '1', names: "{0: 'mug', 1: \"dog's bed\"}" };
    await writeFile(model, constantModel({ name: 'images', shape: [1, 3, 32, 32] }, [output], metadata));
    const { code, out, err } = await ocellus(['classify', '--json', '--model', model, photo('cat.jpg')]);
    expect([code, err]).toEqual([0, '']);
    expect(jsonLines(out)).toEqual([{ file: photo('cat.jpg'), label: "dog's bed", score: 0.95 }]);
    const taught = await ocellus([
      'teach',
      '--model',
      model,
      '--label',
      'mug',
      '--store',
      join(folder, 'store'),
      folder,
    ]);
    expect([taught.code, taught.err]).toEqual([2, expect.stringContaining('card names no embedding')]);
  });

  it('ends with 2 on a detector, and on a number of labels that is none', async () => {
    const detector = await ocellus(['classify', '--model', 'nanodet-g-416-int8', photo('cat.jpg')]);
    expect([detector.code, detector.err]).toEqual([
      2,
      'error model nanodet-g-416-int8: expected a model of the task classify, its card says detect: `ocellus detect` and loadModel() accept it\n',
    ]);
    const none = await ocellus(['classify', '--top', '0', photo('cat.jpg')]);
    expect(none.code).toBe(2);
    expect(none.err).toContain('Expected a whole number of at least 1.');
  });
});
