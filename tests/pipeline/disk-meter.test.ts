import { closeSync, fsyncSync, openSync, rmSync, statfsSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Outbox } from '../../sdk/hub/outbox/outbox.ts';
import { DiskMeter } from '../../sdk/pipeline/disk-meter.ts';
import { closing } from '../support/closing.ts';
import { temporaryFolder } from '../support/folders.ts';
import { until } from '../support/until.ts';

const hourMs = 3_600_000;

/** A meter of a kernel that says what it is told to. */
function meter(enduranceTb: number) {
  const file = join(temporaryFolder(), 'io');
  let now = 0;
  const it = new DiskMeter({ enduranceTb, file, now: () => now });
  return {
    use: () => it.use,
    pass: (ms: number) => (now += ms),
    says: (written: number, cancelled = 0) =>
      writeFileSync(
        file,
        `rchar: 1\nwchar: 2\nread_bytes: 3\nwrite_bytes: ${written}\ncancelled_write_bytes: ${cancelled}\n`,
      ),
    gone: () => rmSync(file),
  };
}

describe('what a process writes to disk', () => {
  it('is told in all and of the last day, with the years that a card lasts at that rate', () => {
    const { use, pass, says } = meter(16);
    says(1e6);
    expect(use()).toEqual({ bytes: 1e6, lastDay: 1e6, yearsLeft: null });
    pass(2 * hourMs);
    says(2e9);
    // 24 GB a day by what two hours tell: 16e12 / (24e9 * 365.25).
    expect(use()).toEqual({ bytes: 2e9, lastDay: 2e9, yearsLeft: 1.83 });
    pass(30 * hourMs);
    says(3e9);
    expect(use()).toEqual({ bytes: 3e9, lastDay: 1e9, yearsLeft: 43.8 });
  });

  it('is less than what was written where files were removed before they reached the disk', () => {
    const { use, says } = meter(16);
    says(5000, 2000);
    expect(use()).toMatchObject({ bytes: 3000 });
    says(6000, 5000);
    expect(use()).toMatchObject({ bytes: 3000, lastDay: 3000 });
  });

  it('says nothing of years in the first hour or while nothing is written, and 1000 at most', () => {
    const { use, pass, says } = meter(16);
    says(0);
    pass(2 * hourMs);
    expect(use()).toEqual({ bytes: 0, lastDay: 0, yearsLeft: null });
    says(4096);
    expect(use()).toMatchObject({ yearsLeft: 1000 });
  });

  it('is null where the kernel does not count it', () => {
    const { use, says, gone } = meter(16);
    expect(use()).toBeNull();
    says(1);
    expect(use()).not.toBeNull();
    gone();
    expect(use()).toBeNull();
  });

  const tmpfs = 0x01021994;
  const isInMemory = statfsSync('.').type === tmpfs || process.platform !== 'linux';
  // Of the checkout's disk: /tmp may be in memory.
  const folder = () => join('build', `disk-meter-${process.pid}`);

  it.skipIf(isInMemory)(
    'is what this kernel counts of a real outbox, compaction included (needs Linux, a checkout on disk)',
    async () => {
      const disk = new DiskMeter({ enduranceTb: 16 });
      const path = folder();
      try {
        const outbox = closing(new Outbox({ folder: path }), (it) => it.close());
        outbox.open(() => {});
        await until(() => outbox.stats.storage === 'disk');
        const before = disk.use!.bytes;
        for (let i = 0; i < 200; i++)
          outbox.put({ topic: 'events', payload: Buffer.alloc(5000, i), retain: false, kind: 'event' });
        await until(() => outbox.stats.unwritten === 0);
        // The kernel counts whole pages when they are handed to the file system.
        await expect.poll(() => disk.use!.bytes - before).toBeGreaterThan(1e6);
        await outbox.close();
      } finally {
        rmSync(path, { recursive: true, force: true });
      }
    },
  );

  it.skipIf(isInMemory)('is nothing for an outbox in memory (needs Linux, a checkout on disk)', async () => {
    const file = `${folder()}.file`;
    const disk = new DiskMeter({ enduranceTb: 16 });
    const outbox = closing(new Outbox({}), (it) => it.close());
    outbox.open(() => {});
    const before = disk.use!.bytes;
    for (let i = 0; i < 200; i++)
      outbox.put({ topic: 'events', payload: Buffer.alloc(50_000, i), retain: false, kind: 'event' });
    expect(disk.use!.bytes - before).toBeLessThan(1e6);
    // And the same meter sees what does reach the disk.
    const handle = openSync(file, 'w');
    writeSync(handle, Buffer.alloc(2e6, 1));
    fsyncSync(handle);
    closeSync(handle);
    rmSync(file);
    expect(disk.use!.bytes - before).toBeGreaterThan(1e6);
  });
});
