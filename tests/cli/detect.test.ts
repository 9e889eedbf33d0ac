import { once } from 'node:events';
import { copyFile, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { input, rawCard } from '../core/cards.ts';
import { constantModel } from '../core/onnx-builder.ts';
import { jsonLines, lineOf, ocellus, photo, start } from './cli.ts';

interface Line {
  file: string;
  width: number;
  height: number;
  detections: { label: string; score: number; box: [number, number, number, number] }[];
}

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ocellus-detect-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('ocellus detect', () => {
  it('prints one line a picture, in picture pixels', async () => {
    const files = ['cat.jpg', 'motorcycle.jpg', 'person.jpg', 'wall.jpg'].map(photo);
    const { code, out, err } = await ocellus(['detect', '--json', ...files]);
    expect([code, err]).toEqual([0, '']);
    const lines = jsonLines(out) as Line[];
    expect(lines.map(({ file }) => file)).toEqual(files);
    for (const line of lines) {
      expect(Object.keys(line)).toEqual(['file', 'width', 'height', 'detections']);
      for (const detection of line.detections) {
        expect(Object.keys(detection)).toEqual(['label', 'score', 'box']);
        const [x1, y1, x2, y2] = detection.box;
        expect(0 <= x1 && x1 < x2 && x2 <= line.width && 0 <= y1 && y1 < y2 && y2 <= line.height).toBe(true);
      }
    }
    expect(lines.map(({ detections }) => detections.map(({ label }) => label))).toEqual([
      ['cat'],
      ['motorcycle'],
      ['person'],
      [],
    ]);
    expect([lines[0]!.width, lines[0]!.height]).toEqual([451, 300]);
  });

  it('looks closer with --far, and says at how many regions', async () => {
    // A cat, shown small in a large picture: the whole view does not show it.
    const file = join(folder, 'far.jpg');
    const cat = await sharp(photo('cat.jpg')).resize(120).toBuffer();
    const wall = sharp(photo('wall.jpg')).resize(1920, 1080, { fit: 'fill' });
    await wall
      .composite([{ input: cat, left: 1300, top: 620 }])
      .jpeg()
      .toFile(file);
    const [whole, far, few] = await Promise.all(
      [[], ['--far'], ['--far', '--max-regions', '8']].map((more) => ocellus(['detect', '--json', ...more, file])),
    );
    expect((jsonLines(whole!.out) as Line[])[0]!.detections).toEqual([]);
    const [line] = jsonLines(far!.out) as (Line & { regions: number })[];
    expect(Object.keys(line!)).toEqual(['file', 'width', 'height', 'regions', 'detections']);
    expect(line!.regions).toBe(31);
    expect(line!.detections.map(({ label }) => label)).toEqual(['cat']);
    const [x1, y1, x2, y2] = line!.detections[0]!.box;
    expect(x1 > 1290 && y1 > 610 && x2 < 1430 && y2 < 710).toBe(true);
    expect(jsonLines(few!.out)).toMatchObject([{ regions: 7 }]);
    expect((await ocellus(['detect', '--far', file])).out).toMatch(/^.*far\.jpg: cat \d+ % \(31 regions\)\n$/);
  });

  it('writes each picture with its boxes where --out says, two of one name beside each other', async () => {
    const [album, out] = [join(folder, 'two', 'album'), join(folder, 'two', 'deep', 'out')];
    await mkdir(album, { recursive: true });
    await copyFile(photo('person.jpg'), join(album, 'CAT.jpg'));
    const files = [photo('cat.jpg'), join(album, 'CAT.jpg'), photo('wall.jpg')];
    const run = await ocellus(['detect', '--json', '--out', out, ...files]);
    expect([run.code, run.err]).toEqual([0, '']);
    const annotated = ['cat.jpg', 'CAT-2.jpg', 'wall.jpg'].map((name) => join(out, name));
    const lines = jsonLines(run.out) as (Line & { annotated: string })[];
    expect(lines.map((line) => line.annotated)).toEqual(annotated);
    expect((await readdir(out)).sort()).toEqual(['CAT-2.jpg', 'cat.jpg', 'wall.jpg']);
    // How far each pixel is from what it was, on a box's edge and in its middle.
    const pixels = async (file: string) => sharp(file).raw().toBuffer();
    for (const [i, file] of files.entries()) {
      const { width, height, detections } = lines[i]!;
      const [before, after] = await Promise.all([pixels(file), pixels(annotated[i]!)]);
      expect(after.length).toBe(before.length);
      const change = (x: number, y: number) => {
        const at = (Math.min(height - 1, Math.round(y)) * width + Math.min(width - 1, Math.round(x))) * 3;
        return Math.max(...[0, 1, 2].map((c) => Math.abs(before[at + c]! - after[at + c]!)));
      };
      const [box] = detections;
      if (!box) {
        expect(before.every((value, at) => Math.abs(value - after[at]!) < 40)).toBe(true);
        continue;
      }
      const [x1, y1, x2, y2] = box.box;
      const along = Array.from({ length: 50 }, (_, n) => change(x1, y1 + ((y2 - y1) * n) / 50));
      expect(along.filter((value) => value > 40).length).toBeGreaterThan(30);
      expect(change((x1 + x2) / 2, (y1 + y2) / 2)).toBeLessThan(40);
    }
  });

  it('writes no picture over one that it reads, and says where it cannot write', async () => {
    const album = join(folder, 'only');
    await mkdir(album);
    await copyFile(photo('cat.jpg'), join(album, 'cat.jpg'));
    const over = await ocellus(['detect', '--out', `${album}/../only`, album]);
    expect([over.code, over.out]).toEqual([2, '']);
    expect(over.err).toContain('expected a folder other than that of the pictures, which would be overwritten');
    const file = await ocellus(['detect', '--out', join(album, 'cat.jpg'), photo('cat.jpg')]);
    expect(file.code).toBe(2);
    expect(file.err).toContain('cat.jpg: expected a writable folder: ');
  });

  it('says what is wrong with a model once, and not of each picture', async () => {
    const card = join(folder, 'logits.json');
    const data = [16, 16, 16, 8, 3.5, -2];
    await writeFile(join(folder, 'logits.onnx'), constantModel(input, [{ name: 'output0', shape: [1, 6, 1], data }]));
    await writeFile(card, JSON.stringify(rawCard({ type: 'yolov8' })));
    const { code, out, err } = await ocellus(['detect', '--model', card, photo('cat.jpg'), photo('person.jpg')]);
    expect([code, out]).toEqual([2, '']);
    expect(err).toMatch(/^error model tiny: decoder: expected scores of 0 to 1, got 3\.5: .*\n$/);
  });

  it('leaves nothing behind in the home folder: onnxruntime keeps no telemetry', async () => {
    const home = await mkdtemp(join(tmpdir(), 'ocellus-home-'));
    vi.stubEnv('HOME', home);
    vi.stubEnv('XDG_CACHE_HOME', undefined);
    vi.stubEnv('ORT_DISABLE_TELEMETRY', undefined);
    try {
      expect((await ocellus(['detect', photo('cat.jpg')])).code).toBe(0);
      expect(await readdir(home)).toEqual([]);
    } finally {
      vi.unstubAllEnvs();
      await rm(home, { recursive: true, force: true });
    }
  });

  it('says it in words', async () => {
    const { code, out } = await ocellus(['detect', photo('cat.jpg'), photo('wall.jpg')]);
    expect(code).toBe(0);
    expect(out).toMatch(/cat\.jpg: cat \d\d %\n.*wall\.jpg: nothing\n$/);
  });

  it('takes a folder for the pictures in it', async () => {
    const album = join(folder, 'album');
    await mkdir(album);
    for (const name of ['wall.jpg', 'cat.jpg']) await copyFile(photo(name), join(album, name));
    const { code, out } = await ocellus(['detect', '--json', album, photo('person.jpg')]);
    expect(code).toBe(0);
    const files = (jsonLines(out) as Line[]).map(({ file }) => file);
    expect(files).toEqual([join(album, 'cat.jpg'), join(album, 'wall.jpg'), photo('person.jpg')]);
  });

  it('takes every kind that can be read of a folder, and says what it leaves out', async () => {
    const album = join(folder, 'kinds');
    await mkdir(album);
    const cat = sharp(photo('cat.jpg'));
    for (const kind of ['gif', 'avif', 'tiff', 'webp', 'png'] as const) {
      await cat
        .clone()
        .toFormat(kind)
        .toFile(join(album, `${kind}.${kind.toUpperCase()}`));
    }
    for (const name of ['clip.mp4', 'notes.txt', '.hidden.jpg']) await writeFile(join(album, name), 'x');
    const { code, out, err } = await ocellus(['detect', '--json', album]);
    expect([code, err]).toEqual([
      0,
      `note ${album}: not read, since they are not readable pictures: clip.mp4, notes.txt\n`,
    ]);
    const lines = jsonLines(out) as Line[];
    expect(lines.map(({ detections }) => detections.map(({ label }) => label))).toEqual(Array(5).fill(['cat']));
  });

  it('goes on after pictures that cannot be read, and ends with 2', async () => {
    const empty = join(folder, 'empty.jpg');
    const text = join(folder, 'text.jpg');
    await writeFile(empty, '');
    await writeFile(text, 'no picture');
    const { code, out, err } = await ocellus([
      'detect',
      '--json',
      join(folder, 'absent.jpg'),
      empty,
      photo('cat.jpg'),
      text,
    ]);
    expect(code).toBe(2);
    expect(jsonLines(out)).toMatchObject([{ file: photo('cat.jpg'), detections: [{ label: 'cat' }] }]);
    expect(err.trim().split('\n')).toEqual([
      `error ${join(folder, 'absent.jpg')} cannot be read as a picture: there is no such file`,
      `error ${empty} cannot be read as a picture: it is empty`,
      `error ${text} cannot be read as a picture: expected JPEG, PNG, WebP, AVIF, GIF, TIFF or SVG`,
      'error 3 of 4 pictures could not be read',
    ]);
  });

  it('takes 1x1, odd sizes and 20 megapixels', async () => {
    const sizes = [
      [1, 1],
      [3, 1001],
      [5472, 3648],
    ] as const;
    const files = sizes.map(([width, height]) => join(folder, `${width}x${height}.png`));
    for (const [i, [width, height]] of sizes.entries()) {
      await sharp({ create: { width, height, channels: 3, background: '#777777' } })
        .png({ compressionLevel: 1 })
        .toFile(files[i]!);
    }
    const { code, out } = await ocellus(['detect', '--json', ...files]);
    expect(code).toBe(0);
    expect(jsonLines(out)).toEqual(
      sizes.map(([width, height], i) => ({ file: files[i], width, height, detections: [] })),
    );
  });

  it('finds less above a higher threshold', async () => {
    const { out } = await ocellus(['detect', '--json', '--threshold', '0.99', '--threads', '1', photo('cat.jpg')]);
    expect(jsonLines(out)).toMatchObject([{ detections: [] }]);
  });

  it('ends with 2 on a model that is not there or is none', async () => {
    const unknown = await ocellus(['detect', '--model', 'yolo99', photo('cat.jpg')]);
    expect(unknown.code).toBe(2);
    expect(unknown.err).toContain(
      'there is no model "yolo99": expected one of blazeface-128, efficientnet-lite0-int8, efficientnet-lite1-int8, nanodet-g-416-int8, yolox-nano-416-int8',
    );
    const path = join(folder, 'cut.onnx');
    await writeFile(path, 'onnx');
    const cut = await ocellus(['detect', '--model', path, photo('cat.jpg')]);
    expect(cut.code).toBe(2);
    expect(cut.err).toBe(
      `error model ${path}: ${path}: expected an ONNX model, got 4 bytes of something else, or of an incomplete one: fetch or export it again\n`,
    );
  });

  it('ends quietly when its reader has read enough', async () => {
    const file = join(folder, 'cat.jpg');
    await copyFile(photo('cat.jpg'), file);
    const child = start(['detect', '--json', ...new Array<string>(60).fill(file)]);
    let err = '';
    child.stderr.on('data', (text) => (err += String(text)));
    const closed = once(child, 'exit');
    await lineOf(child, /cat/);
    child.stdout.destroy();
    expect(await closed).toEqual([0, null]);
    expect(err).toBe('');
  });
});
