import { describe, expect, it } from 'vitest';
import { FrameOutlet } from '../../../devices/device/outlet.ts';
import { FramePool } from '../../../sdk/frame/pool.ts';

function source() {
  const pool = new FramePool({ format: 'GRAY8', width: 2, height: 2 });
  let sequence = 0;
  const frame = () => pool.frame(pool.take()!, { sequence: sequence++, captureTimeNs: 0, wallTimeMs: 0 });
  return { pool, frame, outlet: new FrameOutlet() };
}

describe('FrameOutlet', () => {
  it('keeps the newest frame, releases and counts the older ones', async () => {
    const { pool, frame, outlet } = source();
    for (let count = 0; count < 3; count++) outlet.offer(frame());
    expect(pool.inUse).toBe(1);
    expect(outlet.dropped).toBe(2);
    const { value } = await outlet.frames().next();
    expect(value.sequence).toBe(2);
    value.release();
    expect(pool.inUse).toBe(0);
  });

  it('hands a frame to a reader that waits for it', async () => {
    const { frame, outlet } = source();
    const next = outlet.frames().next();
    outlet.offer(frame());
    expect((await next).value.sequence).toBe(0);
    expect(outlet.dropped).toBe(0);
  });

  it('waits with put until the frame before was taken', async () => {
    const { frame, outlet } = source();
    await outlet.put(frame());
    let isPut = false;
    const second = outlet.put(frame()).then(() => {
      isPut = true;
    });
    await new Promise(setImmediate);
    expect(isPut).toBe(false);
    const frames = outlet.frames();
    expect((await frames.next()).value.sequence).toBe(0);
    await second;
    expect((await frames.next()).value.sequence).toBe(1);
    expect(outlet.dropped).toBe(0);
  });

  it('gives the last frame before it ends', async () => {
    const { frame, outlet } = source();
    outlet.offer(frame());
    outlet.end();
    const frames = outlet.frames();
    expect((await frames.next()).done).toBe(false);
    expect((await frames.next()).done).toBe(true);
  });

  it('ends a reader that waits, and one that waits to put, when it is closed', async () => {
    const { pool, frame, outlet } = source();
    const next = outlet.frames().next();
    outlet.close();
    expect((await next).done).toBe(true);

    const other = source();
    other.outlet.offer(other.frame());
    const put = other.outlet.put(other.frame());
    other.outlet.close();
    await put;
    expect(other.pool.inUse).toBe(0);

    outlet.offer(frame());
    expect(pool.inUse).toBe(0);
  });

  it('has one reader at a time', async () => {
    const { frame, outlet } = source();
    const first = outlet.frames();
    expect(() => outlet.frames()).toThrow(/one at a time/);
    const waiting = first.next();
    await first.return!();
    expect((await waiting).done).toBe(true);
    outlet.offer(frame());
    expect((await first.next()).done).toBe(true);
    expect((await outlet.frames().next()).value.sequence).toBe(0);
  });
});
