import { expect, it } from 'vitest';
import { SharedStaging } from '../../sdk/core/staging.ts';

const plain = (length: number, value: number) => ({ data: new Uint8Array(length).fill(value), stride: length });
const shared = (length: number) => ({ data: new Uint8Array(new SharedArrayBuffer(length)), stride: length });

it('SharedStaging leaves shared planes where they are', () => {
  const planes = [shared(10), shared(4)];
  expect(new SharedStaging().inSharedMemory(planes)).toBe(planes);
});

it('SharedStaging copies the others into one buffer, which it uses again', () => {
  const staging = new SharedStaging();
  const own = shared(5);
  const first = staging.inSharedMemory([plain(10, 1), own, plain(4, 3)]);
  expect(first[1]).toBe(own);
  expect(first.map(({ data, stride }) => [data.length, stride, data[0]])).toEqual([
    [10, 10, 1],
    [5, 5, 0],
    [4, 4, 3],
  ]);
  expect(first[0]!.data.buffer).toBeInstanceOf(SharedArrayBuffer);
  expect(first[2]!.data.buffer).toBe(first[0]!.data.buffer);
  expect(staging.inSharedMemory([plain(14, 2)])[0]!.data.buffer).toBe(first[0]!.data.buffer);
  expect(staging.inSharedMemory([plain(15, 2)])[0]!.data.buffer).not.toBe(first[0]!.data.buffer);
});

it('SharedStaging does not keep what a picture of many megapixels took', () => {
  const staging = new SharedStaging();
  const small = staging.inSharedMemory([plain(100, 1)])[0]!.data.buffer;
  const large = staging.inSharedMemory([plain(17 * 2 ** 20, 1)])[0]!.data.buffer;
  expect(large).not.toBe(small);
  expect(staging.inSharedMemory([plain(100, 1)])[0]!.data.buffer).toBe(small);
});
