import { type PixelFormat, planeSizes } from '../../sdk/frame/layout.ts';
import type { PixelSource } from '../../sdk/kernels/preprocess/preprocess.ts';

/** A picture of noise whose planes end with their last pixel, `offset` bytes off any alignment. */
export function noise<F extends PixelFormat>(
  format: F,
  width: number,
  height: number,
  padding: number,
  offset: number,
  colour: PixelSource['colour'],
  seed: number,
  Memory: typeof ArrayBuffer | typeof SharedArrayBuffer = ArrayBuffer,
): PixelSource & { format: F } {
  let state = seed | 1;
  const planes = planeSizes(format, width, height).map(({ rowBytes, rows }) => {
    const stride = rowBytes + padding;
    const size = stride * (rows - 1) + rowBytes;
    const data = new Uint8Array(new Memory(offset + size), offset, size);
    for (let i = 0; i < size; i++) {
      state = (Math.imul(state, 1103515245) + 12345) | 0;
      data[i] = state >>> 16;
    }
    return { data, stride };
  });
  return { format, width, height, planes, colour };
}

/** An array whose memory went elsewhere. */
export function detached(length: number): Uint8Array {
  const array = new Uint8Array(length);
  structuredClone(array.buffer, { transfer: [array.buffer] });
  return array;
}

/** The name of what it throws, or `none`. */
export function errorOf(act: () => void): string {
  try {
    act();
    return 'none';
  } catch (error) {
    return (error as Error).constructor.name;
  }
}
