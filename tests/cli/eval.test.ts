import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { defaultModel } from '../../sdk/config/schema.ts';
import { jsonLines, ocellus, photo } from './cli.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ocellus-eval-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function labelled(name: string, labels: string): Promise<void> {
  await copyFile(photo(name), join(folder, name));
  await writeFile(join(folder, name.replace('.jpg', '.txt')), labels);
}

describe('ocellus eval', () => {
  it('measures on pictures with labels beside them, and says it in one line of JSON', async () => {
    // COCO: 0 person, 3 motorcycle. The second box is where there is nothing.
    await labelled('motorcycle.jpg', '3 0.536 0.523 0.79 0.774\n');
    await labelled('person.jpg', '0 0.95 0.05 0.02 0.02\n\n');
    await labelled('wall.jpg', '');
    await copyFile(photo('cat.jpg'), join(folder, 'without-labels.jpg'));
    const { code, out, err } = await ocellus(['eval', folder, '--json', '--per-class']);
    expect([code, err]).toEqual([
      0,
      `note ${folder}: not counted, since they have no .txt of labels beside them: 1 of 4 pictures\n`,
    ]);
    const [result] = jsonLines(out, ['inferMs']) as [Record<string, unknown>];
    expect(Object.keys(result)).toEqual([
      'model',
      'images',
      'objects',
      'ap',
      'ap50',
      'ap75',
      'ap_small',
      'ap_medium',
      'ap_large',
      'infer_ms',
      'inferMs',
      'per_class',
    ]);
    expect(result.inferMs).toBe(result.infer_ms);
    expect(result).toMatchObject({ model: defaultModel, images: 3, objects: 2, ap50: 0.5, ap75: 0.5 });
    expect(result.per_class).toMatchObject({ person: 0, motorcycle: expect.any(Number) });
    expect((result.per_class as { motorcycle: number }).motorcycle).toBeGreaterThan(0.7);
  });

  it('looks closer with --far, at so many regions a picture', async () => {
    await labelled('motorcycle.jpg', '3 0.536 0.523 0.79 0.774\n');
    const { out } = await ocellus(['eval', folder, '--far', '--json']);
    const [result] = jsonLines(out, ['inferMs']) as [Record<string, unknown>];
    expect(result).toMatchObject({ images: 1, ap50: 1, ap_small: null, regions: expect.any(Number) });
    expect(result.regions).toBeGreaterThan(4);
  });

  it('shows it as a table', async () => {
    await labelled('wall.jpg', '');
    await labelled('motorcycle.jpg', '3 0.536 0.523 0.79 0.774\n');
    const { code, out } = await ocellus(['eval', folder, '--per-class']);
    expect(code).toBe(0);
    expect(out).toMatch(/^images +2$/m);
    expect(out).toMatch(/^motorcycle +[01]\.\d{3}$/m);
  });

  it.each([
    { name: 'too few numbers', labels: '0 0.5 0.5 0.1', line: 1, got: '0 0.5 0.5 0.1' },
    { name: 'a word', labels: '0 0.5 0.5 0.1 0.1\n\ncat 0.5 0.5 0.1 0.1', line: 3, got: 'cat 0.5 0.5 0.1 0.1' },
    { name: 'an unknown class', labels: '80 0.5 0.5 0.1 0.1', line: 1, got: '80 0.5 0.5 0.1 0.1' },
  ])('ends with 2 on labels with $name, naming the line', async ({ labels, line, got }) => {
    await labelled('wall.jpg', labels);
    const { code, err } = await ocellus(['eval', folder]);
    expect(code).toBe(2);
    expect(err).toContain(
      `${join(folder, 'wall.txt')}, line ${line}: expected "class cx cy w h" with a class from 0 to 79, or the corners of an outline, "class x1 y1 x2 y2 x3 y3 …", got "${got}"`,
    );
  });

  it.each([
    { name: 'pixels', labels: '3 268 262 395 387' },
    { name: 'a negative width', labels: '3 0.536 0.523 -0.79 0.774' },
    { name: 'infinity', labels: '3 0.536 0.523 Infinity 0.774' },
    { name: 'an outline in pixels', labels: '3 10 10 200 10 200 200' },
  ])('ends with 2 on $name, not with an AP of 0', async ({ labels }) => {
    await labelled('motorcycle.jpg', labels);
    const { code, err } = await ocellus(['eval', folder]);
    expect([code, err]).toEqual([
      2,
      expect.stringContaining(
        `line 1: expected shares of the picture’s width and height, 0 to 1, got "${labels}"; divide pixels by`,
      ),
    ]);
  });

  it('takes the box around an outline', async () => {
    await labelled('motorcycle.jpg', '3 0.141 0.3 0.5 0.136 0.931 0.5 0.5 0.91\n');
    const { out } = await ocellus(['eval', folder, '--json']);
    expect(jsonLines(out, ['inferMs'])).toMatchObject([{ objects: 1, ap50: 1, ap75: 1 }]);
  });

  it.each([
    { file: 'classes.txt', text: 'helmet\nMotorcycle\n' },
    { file: 'data.yaml', text: 'nc: 2\nnames: [helmet, Motorcycle]\n' },
    { file: 'data.yaml', text: 'names:\n  1: Motorcycle\n  0: helmet\n' },
    { file: 'obj.names', text: 'helmet\r\nMotorcycle\r\n' },
  ])('matches classes by the names in $file, and counts those the network has', async ({ file, text }) => {
    await labelled('motorcycle.jpg', '1 0.536 0.523 0.79 0.774\n0 0.1 0.1 0.1 0.1\n');
    await writeFile(join(folder, file), text);
    const { code, out, err } = await ocellus(['eval', folder, '--json', '--per-class']);
    expect(jsonLines(out, ['inferMs'])).toMatchObject([
      { objects: 1, ap50: 1, per_class: { motorcycle: expect.any(Number) } },
    ]);
    expect([code, err]).toEqual([
      0,
      `note ${join(folder, file)}: says what the class numbers mean; they are matched with the network’s by name\n` +
        'note not counted, since the network has no class of that name: helmet (1)\n',
    ]);
    await writeFile(join(folder, 'motorcycle.txt'), '2 0.536 0.523 0.79 0.774\n');
    expect((await ocellus(['eval', folder])).err).toContain(`with a class of ${file}, or the corners`);
  });

  it.each([
    { images: 'images', labels: 'labels' },
    { images: 'images/val', labels: 'labels/val' },
    { images: 'val/images', labels: 'val/labels' },
  ])('finds the labels of $images in $labels, and the names of the set', async ({ images, labels }) => {
    await mkdir(join(folder, images), { recursive: true });
    await mkdir(join(folder, labels), { recursive: true });
    await copyFile(photo('motorcycle.jpg'), join(folder, images, 'motorcycle.jpg'));
    await writeFile(join(folder, labels, 'motorcycle.txt'), '0 0.536 0.523 0.79 0.774\n');
    await writeFile(join(folder, 'data.yaml'), 'names: [motorcycle]\n');
    const named = images === 'images/val' ? images : images.replace(/\/?images$/, '');
    for (const given of [images, named]) {
      const { out } = await ocellus(['eval', join(folder, given), '--json']);
      expect(jsonLines(out, ['inferMs'])).toMatchObject([{ images: 1, objects: 1, ap50: 1 }]);
    }
  });

  it('ends with 2 on a set whose names cannot be read', async () => {
    await labelled('motorcycle.jpg', '1 0.536 0.523 0.79 0.774\n');
    await writeFile(join(folder, 'data.yaml'), 'nc: 2\n');
    const { code, err } = await ocellus(['eval', folder]);
    expect([code, err]).toEqual([
      2,
      expect.stringContaining('data.yaml: expected "names" in it, a list or a dictionary'),
    ]);
  });

  it('ends with 2 on a folder without such pictures, or that is not there', async () => {
    await copyFile(photo('cat.jpg'), join(folder, 'cat.jpg'));
    const none = await ocellus(['eval', folder]);
    expect([none.code, none.err]).toEqual([
      2,
      expect.stringContaining(
        'with a .txt of YOLO labels beside each, or in labels/ where they are in images/, found none',
      ),
    ]);
    const absent = await ocellus(['eval', join(folder, 'absent')]);
    expect([absent.code, absent.err]).toEqual([2, expect.stringContaining('expected a readable folder; ENOENT')]);
  });
});
