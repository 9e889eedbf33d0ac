import { expect, it, vi } from 'vitest';
import { embedPicture } from '../../../sdk/learn/camera/embed-picture.ts';
import { readPicture } from '../../../sdk/picture/picture.ts';
import { photo } from '../../cli/cli.ts';

it('sees the middle of a picture of an object, and all of the picture of a view', async () => {
  const frame = await readPicture(photo('cat.jpg'));
  const embedding = { values: new Int8Array(3), scale: 1 };
  const embed = vi.fn(async () => [embedding]);
  expect(await embedPicture({ embed }, frame)).toBe(embedding);
  expect(await embedPicture({ embed }, frame, 'object')).toBe(embedding);
  expect(await embedPicture({ embed }, frame, 'gate')).toBe(embedding);
  const all = { x: 0, y: 0, width: frame.width, height: frame.height };
  expect(embed.mock.calls).toEqual([
    [frame, undefined],
    [frame, undefined],
    [frame, [all]],
  ]);
  frame.release();
});
