import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { asset } from '../../../sdk/base/assets.ts';
import { Pipeline } from '../../../sdk/index.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ocellus-sizes-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it('a source that changes its size midway goes on: 1x1, lines, odd sizes, 20 megapixels, a broken file between', async () => {
  const sizes = [
    [451, 300],
    [1, 1],
    [451, 300],
    [333, 221],
    [5472, 3648],
    [225, 151],
    [7, 999],
    [451, 300],
  ] as const;
  for (const [i, [width, height]] of sizes.entries()) {
    await sharp(asset('devices', 'scene', 'photos', 'cat.jpg'))
      .resize(width, height, { fit: 'fill' })
      .jpeg()
      .toFile(join(folder, `${i}.jpg`));
  }
  await writeFile(join(folder, '3-empty.jpg'), '');
  await writeFile(join(folder, '5-text.jpg'), 'no picture');

  const pipeline = new Pipeline({
    source: `file:${folder}`,
    speed: 'max',
    detect: { labels: ['cat'], threshold: 0.4 },
    track: { confirm: 1 },
  });
  const seen: { size: string; inferred: boolean; inside: boolean }[] = [];
  pipeline.on('frame', ({ frame: { width, height }, inferred, tracks }) => {
    const inside = tracks.every(({ box: [x1, y1, x2, y2] }) => x1 >= 0 && y1 >= 0 && x2 <= width && y2 <= height);
    seen.push({ size: `${width}x${height}`, inferred, inside: inside || !inferred });
  });
  const ended = new Promise<void>((resolve) => pipeline.once('ended', resolve));
  await pipeline.start();
  await ended;
  const { frames } = pipeline.stats;
  await pipeline.stop();
  expect(seen.map(({ size }) => size)).toEqual(sizes.map(([width, height]) => `${width}x${height}`));
  expect(frames.in).toBe(sizes.length);
  // A scene that changes altogether is looked at.
  expect(seen.filter(({ inferred }) => inferred).length).toBeGreaterThanOrEqual(6);
});
