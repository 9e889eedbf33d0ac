import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Frame } from '../../sdk/frame/frame.ts';
import { buffersOf, FramePool } from '../../sdk/frame/pool.ts';

const info = { sequence: 0, captureTimeNs: 0, wallTimeMs: 0 };
const pool = (change: Partial<ConstructorParameters<typeof FramePool>[0]> = {}) =>
  new FramePool({ format: 'I420', width: 6, height: 4, capacity: 3, ...change });

describe('FramePool', () => {
  it('gives buffers of shared memory whose planes are its layout', () => {
    const frames = pool({ strides: [64, 32, 32] });
    const bytes = frames.take()!;
    expect(bytes.buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(bytes).toHaveLength(64 * 4 + 32 * 2 * 2);
    bytes.fill(1, 0, 64 * 4);
    bytes.fill(2, 64 * 4, 64 * 4 + 64);
    bytes.fill(3, 64 * 4 + 64);
    const frame = frames.frame(bytes, { ...info, sequence: 9 });
    expect(frame).toMatchObject({ sequence: 9, format: 'I420', width: 6, height: 4 });
    expect(frame.planes.map(({ data, stride }) => [stride, data[0], data.at(-1)])).toEqual([
      [64, 1, 1],
      [32, 2, 2],
      [32, 3, 3],
    ]);
  });

  it('gives its frames its colour, unless one has its own', () => {
    const full = { matrix: 'bt601', range: 'full' } as const;
    const frames = pool({ colour: full });
    expect(frames.frame(frames.take()!, info).colour).toBe(full);
    const own = { matrix: 'bt709', range: 'limited' } as const;
    expect(frames.frame(frames.take()!, { ...info, colour: own }).colour).toBe(own);
  });

  it('allocates nothing in a steady state: ten thousand frames live in two buffers', () => {
    const frames = pool({ capacity: 8 });
    const seen = new Set<ArrayBufferLike>();
    let held: Frame | undefined;
    for (let sequence = 0; sequence < 10_000; sequence++) {
      const bytes = frames.take()!;
      seen.add(bytes.buffer);
      const frame = frames.frame(bytes, { ...info, sequence });
      held?.release();
      held = frame;
    }
    held?.release();
    expect(seen.size).toBe(2);
    expect([frames.allocated, frames.inUse]).toEqual([2, 0]);
  });

  it.each([
    ['640x480', 640 * 480 * 1.5, 8],
    ['4K', 3840 * 2160 * 1.5, 8],
    ['8K', 7680 * 4320 * 1.5, 4],
    ['5K in RGB', 5120 * 2880 * 3, 4],
    ['12 megapixels in RGB', 4000 * 3000 * 3, 4],
    ['16384x16384', 16384 * 16384 * 1.5, 4],
  ])('bounds a source of %s in bytes', (_, byteLength, buffers) => {
    expect(buffersOf(byteLength)).toBe(buffers);
    expect(buffers * byteLength).toBeLessThanOrEqual(Math.max(160 * 1024 * 1024, 4 * byteLength));
  });

  it('gives nothing beyond its capacity, and again once a frame is back', () => {
    const freed: number[] = [];
    const frames = pool({ capacity: 2, onFree: () => freed.push(frames.inUse) });
    const [first] = [frames.take()!, frames.take()!].map((bytes) => frames.frame(bytes, info));
    expect(frames.take()).toBeUndefined();
    expect([frames.allocated, frames.inUse]).toEqual([2, 2]);
    first!.release();
    expect(freed).toEqual([1]);
    expect(frames.take()).toBeDefined();
  });

  it('takes a buffer back that became no frame', () => {
    const frames = pool({ capacity: 1 });
    frames.giveBack(frames.take()!);
    expect(frames.inUse).toBe(0);
    expect(frames.take()).toBeDefined();
  });

  it('refuses a buffer that is not its own, or is used twice', () => {
    const frames = pool();
    const bytes = frames.take()!;
    frames.frame(bytes, info);
    const message = 'expected a buffer from take() that was not used yet, got another one';
    expect(() => frames.frame(bytes, info)).toThrow(message);
    expect(() => frames.giveBack(bytes)).toThrow(message);
    expect(() => frames.giveBack(new Uint8Array(bytes.length))).toThrow(message);
  });

  it('never shows one buffer in two frames, whatever is taken and released when', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(5), { maxLength: 60 }), (steps) => {
        const frames = pool({ capacity: 4 });
        const living: Frame[] = [];
        for (const step of steps) {
          const at = step - 1;
          if (step === 0 || at >= living.length) {
            const bytes = frames.take();
            if (bytes) living.push(frames.frame(bytes, info));
            else expect(living).toHaveLength(4);
          } else living.splice(at, 1)[0]!.release();
          const buffers = living.map(({ planes }) => planes[0]!.data.buffer);
          expect(new Set(buffers).size).toBe(living.length);
          expect(frames.inUse).toBe(living.length);
          expect(frames.allocated).toBeLessThanOrEqual(4);
        }
      }),
    );
  });
});
