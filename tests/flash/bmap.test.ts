import { expect, it } from 'vitest';
import { parseBmap } from '../../tools/flash/bmap.ts';
import { bmapOf } from './bmaps.ts';

it('a map of blocks says which parts of an image matter', () => {
  const image = Buffer.alloc(10_000);
  image.fill(1, 0, 100);
  image.fill(2, 8192, 10_000);
  const { size, extents } = parseBmap(bmapOf(image), 'x.bmap');
  expect(size).toBe(10_000);
  expect(extents).toEqual([
    { at: 0, bytes: 4096, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
    { at: 8192, bytes: 10_000 - 8192, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
  ]);
});

it.each([
  ['<xml/>', /no block map: expected <bmap/],
  ['<bmap version="2.0"><ImageSize>1</ImageSize></bmap>', /expected <BlockSize>/],
  [
    '<bmap version="2.0"><ImageSize>9000</ImageSize><BlockSize>4096</BlockSize><Range>1-1</Range><Range>0</Range></bmap>',
    /not in their order/,
  ],
  [
    '<bmap version="2.0"><ImageSize>9000</ImageSize><BlockSize>4096</BlockSize><Range>7</Range></bmap>',
    /or leave the image/,
  ],
  ['<bmap version="2.0"><ImageSize>9000</ImageSize><BlockSize>4096</BlockSize></bmap>', /has no <Range>/],
])('what is none is refused: %s', (text, why) => {
  expect(() => parseBmap(text, 'x.bmap')).toThrow(why);
});
