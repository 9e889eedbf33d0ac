import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { BufferWait } from '../../devices/stream/buffers.ts';
import type { Frame } from '../../sdk/frame/frame.ts';
import { FramePool } from '../../sdk/frame/pool.ts';

const warned = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
beforeEach(() => {
  vi.useFakeTimers();
  warned.mockClear();
});
afterEach(() => {
  vi.useRealTimers();
});

/** A pool whose frames are taken until there is none left. */
function emptied(capacity = 3): { pool: FramePool; frames: Frame[] } {
  const pool = new FramePool({ format: 'GRAY8', width: 4, height: 2, capacity });
  const frames: Frame[] = [];
  for (let bytes = pool.take(); bytes; bytes = pool.take()) {
    frames.push(pool.frame(bytes, { sequence: frames.length, captureTimeNs: 0, wallTimeMs: 0 }));
  }
  return { pool, frames };
}

it('says how many frames were not released, once, when none comes back for seconds', () => {
  const { pool } = emptied();
  vi.advanceTimersByTime(4999);
  expect(warned).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(warned).toHaveBeenCalledOnce();
  const [message, options] = warned.mock.lastCall as unknown as [string, object];
  expect(message).toMatch(
    /^3 frames of 4x2 \(GRAY8\) were not released, .* none came back for 5 s: call release\(\) on each frame/,
  );
  expect(options).toEqual({ type: 'OcellusWarning', code: 'OCELLUS_FRAMES_NOT_RELEASED' });
  pool.take();
  vi.advanceTimersByTime(60_000);
  expect(warned).toHaveBeenCalledOnce();
});

it('says nothing of a reader that is slow', () => {
  const { pool, frames } = emptied();
  for (let i = 0; i < 10; i++) {
    vi.advanceTimersByTime(4000);
    frames.shift()!.release();
    frames.push(pool.frame(pool.take()!, { sequence: i, captureTimeNs: 0, wallTimeMs: 0 }));
    expect(pool.take()).toBeUndefined();
  }
  expect(warned).not.toHaveBeenCalled();
  for (const frame of frames) frame.release();
});

it('says nothing while nobody wants another frame', () => {
  const pool = new FramePool({ format: 'GRAY8', width: 4, height: 2, capacity: 1 });
  pool.frame(pool.take()!, { sequence: 0, captureTimeNs: 0, wallTimeMs: 0 });
  vi.advanceTimersByTime(60_000);
  expect(warned).not.toHaveBeenCalled();
});

it('says it of a source that waits for its reader, too', () => {
  const pool = new FramePool({ format: 'GRAY8', width: 4, height: 2, capacity: 1 });
  const frame = pool.frame(pool.take()!, { sequence: 0, captureTimeNs: 0, wallTimeMs: 0 });
  const wait = new BufferWait();
  void wait.until(pool);
  vi.advanceTimersByTime(5000);
  expect(warned).toHaveBeenCalledOnce();
  wait.close();
  frame.release();
});

it('says it when the program would end before, having nothing else to do', () => {
  emptied(2);
  process.emit('beforeExit', 0);
  expect(warned).toHaveBeenCalledOnce();
  expect(String(warned.mock.lastCall![0])).toMatch(/^2 frames of .*, and the program has nothing else to do: /);
  vi.advanceTimersByTime(60_000);
  expect(warned).toHaveBeenCalledOnce();
});
