import { copyFileSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { setTimeout } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { writeParts } from '../../tools/worker/parts.ts';
import { photo } from '../cli/cli.ts';
import { temporaryFolder } from '../support/folders.ts';
import { fakeTask, sink } from './fakes.ts';

it('makes a part that is older than a picture which was changed after it was read', async () => {
  const folder = temporaryFolder();
  const pictures = ['0.jpg', '1.jpg', '2.jpg'].map((name) => join(folder, name));
  for (const picture of pictures) copyFileSync(photo('cat.jpg'), picture);
  await setTimeout(50);
  const file = join(folder, 'part.parquet');
  let asked = 0;
  const task = {
    ...fakeTask,
    ask: async (frame: Parameters<typeof fakeTask.ask>[0]) => {
      if (++asked === 2) copyFileSync(photo('wall.jpg'), pictures[0]!);
      // As long as a network would take for the others.
      await setTimeout(50);
      return fakeTask.ask(frame);
    },
  };
  const input = new PassThrough();
  input.write(`${JSON.stringify({ file, pictures })}\n`);
  const write = async (line: Uint8Array | string) => {
    if (line.toString().includes('part.parquet')) input.end();
  };
  expect(await writeParts(input, write, task)).toEqual({ pictures: 3, errors: 0 });
  expect(statSync(file).mtimeMs).toBeLessThan(statSync(pictures[0]!).ctimeMs);
  // Others are as they were when it was begun.
  expect(statSync(file).mtimeMs).toBeGreaterThan(statSync(pictures[1]!).ctimeMs);
});

it('says which part cannot be written, and leaves nothing of it', async () => {
  const folder = temporaryFolder();
  const file = join(folder, 'part.parquet');
  // In its place, as a full disk is in a test's way.
  mkdirSync(file);
  const input = new PassThrough();
  input.write(`${JSON.stringify({ file, pictures: [photo('cat.jpg')] })}\n`);
  await expect(writeParts(input, sink().write, fakeTask)).rejects.toThrow(
    expect.objectContaining({
      name: 'InputError',
      message: expect.stringMatching(/part\.parquet: cannot be written: .*; what is whole stays/),
    }),
  );
  expect(readdirSync(folder)).toEqual(['part.parquet']);
});
