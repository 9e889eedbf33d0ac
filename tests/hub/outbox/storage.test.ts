import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LevelStore } from '../../../sdk/hub/outbox/level-store.ts';
import type { Entry } from '../../../sdk/hub/outbox/message.ts';
import { Outbox } from '../../../sdk/hub/outbox/outbox.ts';
import { repairs } from '../../../sdk/store/repair.ts';
import { holdElsewhere, openElsewhere } from '../../store/elsewhere.ts';
import { noMount, smallDisk } from '../../support/mount.ts';
import { recorder } from '../../support/recorder.ts';
import { until } from '../../support/until.ts';

let folder: string;
const closers: (() => unknown)[] = [];

beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'ocellus-storage-')), 'outbox');
});

afterEach(async () => {
  vi.restoreAllMocks();
  vi.useRealTimers();
  for (const close of closers.splice(0).reverse()) await close();
  rmSync(join(folder, '..'), { recursive: true, force: true });
});

function make(where = folder) {
  const logger = recorder();
  const outbox = new Outbox({ folder: where, logger });
  closers.push(() => outbox.close());
  outbox.open(() => {});
  return { outbox, logger };
}

async function opened(where = folder) {
  const made = make(where);
  await until(() => made.outbox.stats.storage === 'disk');
  return made;
}

const event = (text: string, topic = 'events') =>
  ({ topic, payload: Buffer.from(text), retain: false, kind: 'event' }) as const;
const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => String(from + i));
const putAll = (outbox: Outbox, texts: readonly string[]) => {
  for (const text of texts) outbox.put(event(text));
};
const written = (outbox: Outbox) => until(() => outbox.stats.unwritten === 0);

async function next(outbox: Outbox): Promise<Entry | undefined> {
  for (;;) {
    const entry = outbox.next();
    if (entry || outbox.stats.depth === 0) return entry;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

async function drain(outbox: Outbox): Promise<string[]> {
  const all: string[] = [];
  for (let entry = await next(outbox); entry; entry = await next(outbox)) {
    all.push(String(entry.payload));
    outbox.settle(entry);
  }
  return all;
}

describe('an outbox on disk', () => {
  it('gives the next process what the last one left, in order and before what is new', async () => {
    const first = await opened();
    putAll(first.outbox, numbers(0, 500));
    first.outbox.put({ topic: 'picture', payload: Buffer.from('p'), retain: true, kind: 'event' });
    await written(first.outbox);
    for (let i = 0; i < 100; i++) first.outbox.settle((await next(first.outbox))!);
    for (let i = 0; i < 10; i++) await next(first.outbox);
    await first.outbox.close();
    const { outbox, logger } = make();
    putAll(outbox, ['new']);
    await until(() => outbox.stats.storage === 'disk');
    expect(outbox.stats.depth).toBe(402);
    // The newest value of a retained topic takes the place of the one that is on disk.
    outbox.put({ topic: 'picture', payload: Buffer.from('q'), retain: true, kind: 'event' });
    expect(await drain(outbox)).toEqual([...numbers(100, 500), 'q', 'new']);
    expect(outbox.stats).toMatchObject({ depth: 0, bytes: 0, damaged: 0 });
    expect(logger.lines).toEqual([]);
    await outbox.close();
    expect((await opened()).outbox.stats.depth).toBe(0);
  });

  it('hands an event out when it is written, not before; a snapshot that the broker has by then is never written', async () => {
    const { outbox } = await opened();
    const write = vi.spyOn(LevelStore.prototype, 'write');
    outbox.put({ topic: 'picture', payload: Buffer.alloc(50_000, 1), retain: true, kind: 'event' });
    outbox.put(event('1'));
    outbox.settle(outbox.next()!);
    expect(outbox.next(), 'it is not on disk').toBeUndefined();
    await written(outbox);
    expect(String(outbox.next()!.payload)).toBe('1');
    expect(write).toHaveBeenCalledTimes(1);
    const sizes = write.mock.calls[0]![0].map((one) => (one.type === 'put' ? one.value.length : 0));
    expect(Math.max(...sizes)).toBeLessThan(100);
  });

  it('writes a snapshot with its event when the broker does not have it', async () => {
    const first = await opened();
    first.outbox.put({ topic: 'picture', payload: Buffer.from('p'), retain: true, kind: 'event' });
    putAll(first.outbox, ['1']);
    expect(String(first.outbox.next()!.payload)).toBe('p');
    await written(first.outbox);
    await first.outbox.close();
    expect(await drain((await opened()).outbox)).toEqual(['p', '1']);
  });

  it('is synced only while something waits for longer than a second', async () => {
    const { outbox } = await opened();
    const write = vi.spyOn(LevelStore.prototype, 'write');
    const synced = () => write.mock.calls.filter(([, sync]) => sync).length;
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    /** The disk takes its own time, in which the clock stands still. */
    const turnUntil = async (is: () => boolean) => {
      while (!is()) await new Promise(setImmediate);
    };
    const put = async (text: string) => {
      putAll(outbox, [text]);
      await vi.advanceTimersByTimeAsync(100);
      await turnUntil(() => outbox.stats.unwritten === 0);
    };
    for (let i = 0; i < 3; i++) {
      await put(String(i));
      outbox.settle(outbox.next()!);
      await vi.advanceTimersByTimeAsync(500);
    }
    expect(synced()).toBe(0);
    await put('it waits');
    await vi.advanceTimersByTimeAsync(2000);
    await turnUntil(() => synced() === 1);
    await vi.advanceTimersByTimeAsync(60_000);
    for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
    expect(synced(), 'it is safe already').toBe(1);
    vi.useRealTimers();
  });

  it('keeps little of a long queue in memory', async () => {
    const { outbox } = await opened();
    const count = 20_000;
    for (let i = 0; i < count; i++) {
      putAll(outbox, [String(i).padEnd(1000)]);
      if (i % 2000 === 0) await written(outbox);
    }
    await written(outbox);
    const before = process.memoryUsage();
    expect(outbox.stats.depth).toBe(count);
    const all = await drain(outbox);
    expect(all.map(Number)).toEqual(Array.from({ length: count }, (_, i) => i));
    expect(before.external + before.arrayBuffers, 'its 20 MB are on disk').toBeLessThan(100e6);
  });

  it('goes on in memory while another process has the folder, and on disk afterwards', async () => {
    const other = await holdElsewhere(folder);
    const { outbox, logger } = make();
    putAll(outbox, ['1', '2']);
    await until(() => logger.lines.length > 0);
    expect(logger.lines[0]).toMatch(
      /^error MQTT: the outbox cannot be kept in .*: another process uses it. Messages wait in memory/,
    );
    expect(outbox.stats).toMatchObject({ storage: 'memory', depth: 2, unwritten: 2 });
    expect(String(outbox.next()!.payload)).toBe('1');
    await other.letGo();
    await until(() => outbox.stats.storage === 'disk');
    await written(outbox);
    outbox.rewind();
    expect(await drain(outbox)).toEqual(['1', '2']);
    expect(logger.lines.slice(1)).toEqual([`info MQTT: the outbox is kept in ${folder} again`]);
  });

  it('goes on in memory while this process has the folder, whose lock it does not take away', async () => {
    const first = await opened();
    const second = make(`${folder}/`);
    putAll(second.outbox, ['2']);
    await until(() => second.logger.lines.length > 0);
    expect(second.logger.lines[0]).toMatch(
      /cannot be kept in .*: this process uses it already. Messages wait in memory/,
    );
    expect(openElsewhere(folder)).toBe('LEVEL_LOCKED');
    putAll(first.outbox, ['1']);
    await written(first.outbox);
    await first.outbox.close();
    await until(() => second.outbox.stats.storage === 'disk');
    expect(await drain(second.outbox)).toEqual(['1', '2']);
  });

  it.skipIf(process.getuid?.() === 0)('says why it cannot write there (not as root)', async () => {
    mkdirSync(folder, { mode: 0o500 });
    chmodSync(folder, 0o500);
    const { logger } = make();
    await until(() => logger.lines.length > 0);
    expect(logger.lines[0]).toMatch(/EACCES/);
  });

  it.each([
    ['removed', () => rmSync(folder, { recursive: true })],
    ['replaced', () => renameSync(folder, `${folder}.old`)],
  ])('begins anew, with what it has in memory, when its folder is %s while it runs', async (_, lose) => {
    const { outbox, logger } = await opened();
    putAll(outbox, numbers(0, 10));
    await written(outbox);
    lose();
    putAll(outbox, numbers(10, 20));
    await until(() => logger.lines.length === 2 && outbox.stats.unwritten === 0);
    expect(logger.lines).toEqual([
      expect.stringMatching(/cannot be kept in .*: its folder was removed or replaced while it was in use/),
      expect.stringMatching(/is kept in .* again/),
    ]);
    await outbox.close();
    const { outbox: next } = await opened();
    expect(next.stats.depth).toBe(20);
  });

  it('says why it cannot write below a file', async () => {
    writeFileSync(folder, 'a file');
    const { outbox, logger } = make();
    putAll(outbox, ['1']);
    await until(() => logger.lines.length > 0);
    expect(logger.lines[0]).toMatch(/cannot be made: a file is in the way/);
    expect(await drain(outbox)).toEqual(['1']);
  });

  it('is for its owner alone', async () => {
    await opened();
    expect(statSync(folder).mode & 0o077).toBe(0);
  });
});

describe('a damaged store', () => {
  async function filled(texts: readonly string[]): Promise<void> {
    const { outbox } = await opened();
    putAll(outbox, texts);
    await written(outbox);
    await outbox.close();
  }
  const files = () => readdirSync(folder).map((name) => join(folder, name));

  it('is moved aside when it cannot be repaired, and a new one begins', async () => {
    await filled(numbers(0, 10));
    vi.spyOn(repairs, 'attempt').mockResolvedValue('refused');
    for (const file of files()) if (/MANIFEST/.test(file)) writeFileSync(file, 'nonsense');
    const { outbox, logger } = await opened();
    expect(logger.lines).toEqual([
      expect.stringMatching(/^error MQTT: the outbox in .* cannot be repaired .* it is now .*\.damaged, and a new one/),
    ]);
    expect(existsSync(`${folder}.damaged`)).toBe(true);
    putAll(outbox, ['new']);
    await written(outbox);
    expect(await drain(outbox)).toEqual(['new']);
  });

  it('is never in the place of an earlier one that was moved aside', async () => {
    vi.spyOn(repairs, 'attempt').mockResolvedValue('refused');
    for (const name of ['damaged', 'damaged.2']) {
      await filled(numbers(0, 10));
      for (const file of files()) if (/MANIFEST/.test(file)) writeFileSync(file, 'nonsense');
      const { outbox, logger } = await opened();
      expect(logger.lines[0]).toMatch(new RegExp(`it is now .*outbox\\.${name.replace('.', '\\.')}, and a new one`));
      await outbox.close();
    }
    expect(readdirSync(join(folder, '..')).sort()).toEqual(['outbox', 'outbox.damaged', 'outbox.damaged.2']);
  });

  it.each([
    ['its list of files', /MANIFEST/],
    ['the name of its list of files', /CURRENT/],
  ])('is repaired when %s is gone', async (_, pattern) => {
    await filled(numbers(0, 10));
    for (const file of files()) if (pattern.test(file)) unlinkSync(file);
    const { outbox, logger } = await opened();
    expect(logger.lines).toEqual([
      expect.stringMatching(/^warn MQTT: the outbox in .* was damaged .* and is repaired/),
    ]);
    expect(await drain(outbox)).toEqual(numbers(0, 10));
  });

  it('never stops the cameras and gives only what was put, in order, whatever happened to its files', async () => {
    const texts = numbers(0, 300).map((text) => text.padEnd(500));
    await filled(texts);
    await filled([]);
    const whole = new Map(files().map((file) => [file, readFileSync(file)]));
    const damage = fc.record({
      file: fc.nat(),
      at: fc.double({ min: 0, max: 1, noNaN: true }),
      what: fc.constantFrom('flip', 'zeros', 'cut', 'remove'),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(damage, { minLength: 1, maxLength: 3 }), async (damages) => {
        rmSync(folder, { recursive: true, force: true });
        rmSync(`${folder}.damaged`, { recursive: true, force: true });
        mkdirSync(folder);
        for (const [file, bytes] of whole) writeFileSync(file, bytes);
        const names = [...whole.keys()].filter((file) => !/LOCK|LOG/.test(file));
        for (const { file, at, what } of damages) {
          const name = names[file % names.length]!;
          const bytes = Buffer.from(whole.get(name)!);
          const from = Math.floor(at * bytes.length);
          if (what === 'remove') rmSync(name, { force: true });
          else if (what === 'cut') {
            writeFileSync(name, bytes);
            truncateSync(name, from);
          } else {
            const to = Math.min(bytes.length, from + (what === 'zeros' ? 4096 : 2));
            bytes.fill(what === 'zeros' ? 0 : 0xa5, from, to);
            writeFileSync(name, bytes);
          }
        }
        const { outbox } = make();
        putAll(outbox, ['new']);
        const all = await drain(outbox);
        expect(all.at(-1)).toBe('new');
        const kept = all.slice(0, -1);
        expect(kept).toEqual(texts.filter((text) => kept.includes(text)));
        await outbox.close();
      }),
      { numRuns: 60 },
    );
  });
});

describe.skipIf(noMount)(`a full disk${noMount}`, () => {
  it('is said once; messages wait in memory, bounded; and when there is room all is on disk again', async () => {
    const disk = smallDisk('24m');
    const { outbox, logger } = await opened(join(disk, 'outbox'));
    const size = 10_000;
    const texts = numbers(0, 4000).map((text) => text.padEnd(size));
    putAll(outbox, texts.slice(0, 100));
    await written(outbox);
    const filler = join(disk, 'filler');
    try {
      writeFileSync(filler, Buffer.alloc(64 * 1024 * 1024));
    } catch {
      // That is what it is for.
    }
    for (let i = 100; i < texts.length; i += 50) {
      putAll(outbox, texts.slice(i, i + 50));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await until(() => outbox.stats.storage === 'memory');
    await until(() => logger.lines.length >= 2);
    const lines = logger.lines.map((line) => line.replace(disk, ''));
    expect(lines.filter((line) => /cannot be kept in .*(No space left|full)/.test(line))).toHaveLength(1);
    expect(lines.filter((line) => /the outbox is full/.test(line))).toHaveLength(1);
    const { evicted, bytes, depth } = outbox.stats;
    expect(evicted.event + depth).toBe(texts.length);
    // What is on disk, and 16 MB in memory.
    expect(bytes).toBeLessThan(16e6 + 24e6);
    // What was written before can be read, and a broker that is there gets it.
    const seen: string[] = [];
    for (let i = 0; i < 200; i++) {
      const entry = (await next(outbox))!;
      seen.push(String(entry.payload));
      outbox.settle(entry);
    }
    expect(seen.slice(0, 100)).toEqual(texts.slice(0, 100));
    rmSync(filler);
    await until(() => outbox.stats.storage === 'disk');
    const rest = await drain(outbox);
    const firsts = [...new Set([...seen, ...rest])];
    expect(firsts).toHaveLength(texts.length - evicted.event);
    expect(firsts).toEqual(texts.filter((text) => firsts.includes(text)));
    expect(logger.lines.at(-1)).toMatch(/^info MQTT: the outbox is kept in .* again/);
  });

  it('from the start is no reason not to start', async () => {
    const disk = smallDisk('1m');
    try {
      writeFileSync(join(disk, 'filler'), Buffer.alloc(2 * 1024 * 1024));
    } catch {
      // That is what it is for.
    }
    const { outbox, logger } = make(join(disk, 'outbox'));
    putAll(outbox, ['1']);
    await until(() => logger.lines.length > 0);
    expect(logger.lines[0]).toMatch(/the disk is full/);
    expect(await drain(outbox)).toEqual(['1']);
    expect(existsSync(join(disk, 'outbox.damaged'))).toBe(false);
  });
});
