import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
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
      `${join(folder, 'wall.txt')}, line ${line}: expected "class cx cy w h" with a class from 0 to 79, got "${got}"`,
    );
  });

  it('ends with 2 on a folder without such pictures, or that is not there', async () => {
    await copyFile(photo('cat.jpg'), join(folder, 'cat.jpg'));
    const none = await ocellus(['eval', folder]);
    expect([none.code, none.err]).toEqual([
      2,
      expect.stringContaining('with a .txt of YOLO labels beside each, found none'),
    ]);
    const absent = await ocellus(['eval', join(folder, 'absent')]);
    expect([absent.code, absent.err]).toEqual([2, expect.stringContaining('expected a readable folder; ENOENT')]);
  });
});
