import { execFileSync } from 'node:child_process';
import { readdirSync, renameSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ClassicLevel } from 'classic-level';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { InputError } from '../../../sdk/base/errors.ts';
import { Learner } from '../../../sdk/learn/learner.ts';
import type { Example } from '../../../sdk/learn/ledger/example.ts';
import { LedgerStore } from '../../../sdk/learn/ledger/ledger-store.ts';
import { repairs } from '../../../sdk/store/repair.ts';
import { closing } from '../../support/closing.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { noMount, smallDisk } from '../../support/mount.ts';
import { recorder } from '../../support/recorder.ts';
import { draft, embeddings, makeLedger } from '../fakes.ts';
import { putOfOld } from '../old-store.ts';

const sample = embeddings(4, 8);
const options = { space: 'test', dimension: 8, node: 'a' };
afterEach(() => void vi.restoreAllMocks());

const open = async (folder: string, more = {}) =>
  closing(await LedgerStore.open(folder, { ...options, ...more }), (one) => one.close());

/** A write that fails before, or after, LevelDB has taken it. */
function failing(reason: string, isTaken: boolean, times = 1) {
  const batch = ClassicLevel.prototype.batch as unknown as (...args: unknown[]) => Promise<void>;
  const spy = vi.spyOn(ClassicLevel.prototype, 'batch');
  for (let i = 0; i < times; i++) {
    spy.mockImplementationOnce(async function (this: ClassicLevel, ...args: unknown[]) {
      if (isTaken) await batch.apply(this, args);
      throw Object.assign(new Error(`IO error: ${reason}`), { code: 'LEVEL_IO_ERROR' });
    } as never);
  }
  return spy;
}

describe.each([
  ['No space left on device', false],
  ['Input/output error', false],
  ['Read-only file system', false],
  ['Input/output error', true],
])('a write that fails: %s, LevelDB has it: %s', (reason, isTaken) => {
  it.each(['teach', 'relabel', 'forget', 'cut', 'merge', 'withdraw'] as const)(
    '%s is not there by half, and all that is acknowledged afterwards is there',
    async (what) => {
      const folder = temporaryFolder();
      const told: string[] = [];
      const store = await open(folder, {
        limits: { perLabel: 3 },
        onChange: (parts: readonly { node: string }[]) => told.push(...parts.map(({ node }) => node)),
      });
      const other = makeLedger('b');
      const theirs = [other.teach(draft('cat', sample(0))), other.teach(draft('fox', sample(0)))];
      await store.merge(other.parts());
      const mine: Example[] = [];
      for (let i = 0; i < 3; i++) mine.push(await store.teach(draft('cat', sample(i)), Buffer.from('jpeg')));
      await store.forget({ example: theirs[1]!.id });
      const before = JSON.stringify(store.ledger.parts().map((part) => [...part.items]));
      for (const label of ['bird', 'cat']) other.teach(draft(label, sample(1)));
      told.length = 0;
      failing(reason, isTaken);
      const change = {
        // One too many of its label: another one goes for it.
        teach: () => store.teach(draft('cat', sample(3))),
        relabel: () => store.relabel(mine[0]!.id, { label: 'lynx' }),
        forget: () => store.forget({ head: 'object', label: 'cat' }),
        cut: () => store.forget({ node: 'b' }),
        merge: () => store.merge(other.parts()),
        withdraw: () => store.withdraw(store.ledger.cuts()[0]!.id),
      }[what];
      await expect(change()).rejects.toThrow(InputError);
      expect(JSON.stringify(store.ledger.parts().map((part) => [...part.items])), 'as it was').toBe(before);
      expect(told).toEqual([]);
      const next = await store.teach(draft('dog', sample(2)), Buffer.from('of a dog'));
      const inMemory = JSON.stringify(store.ledger.parts().map((part) => [...part.items]));
      expect(store.damage).toBeUndefined();
      await store.close();
      const again = await open(folder, { limits: { perLabel: 3 } });
      expect(JSON.stringify(again.ledger.parts().map((part) => [...part.items]))).toBe(inMemory);
      expect(again.ledger.example(next.id)).toBeDefined();
      expect(again.damage).toBeUndefined();
      expect(Buffer.from((await again.thumbnail(next.id))!).toString()).toBe('of a dog');
      if (what === 'teach' && !isTaken) for (const { id } of mine) expect(await again.thumbnail(id)).toBeDefined();
    },
  );

  it('leaves heads as they are on disk', async () => {
    const folder = temporaryFolder();
    const learner = closing(await Learner.open(folder, options), (one) => one.close());
    for (const [i, label] of ['cat', 'dog', 'fox'].entries()) {
      await learner.teach([{ draft: draft(label, sample(i)) }, { draft: draft(label, sample(i)) }]);
    }
    const version = () => learner.summary('object').version;
    expect(version()).toBe(3);
    failing(reason, isTaken);
    await expect(learner.rollback('object')).rejects.toThrow(/cannot be written/);
    expect(version()).toBe(3);
    vi.restoreAllMocks();
    // The example is written, its head is not.
    const batch = ClassicLevel.prototype.batch as unknown as (...args: unknown[]) => Promise<void>;
    let count = 0;
    vi.spyOn(ClassicLevel.prototype, 'batch').mockImplementation(function (this: ClassicLevel, ...args: unknown[]) {
      return ++count === 2 ? Promise.reject(new Error(reason)) : batch.apply(this, args);
    } as never);
    await expect(learner.teach([{ draft: draft('owl', sample(3)) }])).rejects.toThrow(reason);
    expect(version()).toBe(3);
    vi.restoreAllMocks();
    const { outcome } = await learner.train('object');
    expect(outcome).toMatchObject({ taken: true, version: { version: 4 } });
    const hash = learner.summary('object').hash;
    await learner.close();
    const again = closing(await Learner.open(folder, options), (one) => one.close());
    expect(again.summary('object')).toMatchObject({ version: 4, hash });
    expect(again.ledger.examples().map(({ label }) => label)).toContain('owl');
  });
});

it('what cannot be mended yet is refused each time, and can be read meanwhile', async () => {
  const folder = temporaryFolder();
  const store = await open(folder);
  const { id } = await store.teach(draft('cat', sample(0)), Buffer.from('jpeg'));
  failing('Input/output error', false);
  await expect(store.teach(draft('dog', sample(1)))).rejects.toThrow('Input/output error');
  const spy = vi.spyOn(ClassicLevel.prototype, 'open').mockRejectedValue(new Error('Input/output error'));
  vi.spyOn(repairs, 'attempt').mockResolvedValue('refused');
  expect(Buffer.from((await store.thumbnail(id))!).toString()).toBe('jpeg');
  for (let i = 0; i < 2; i++) await expect(store.teach(draft('dog', sample(1)))).rejects.toThrow('Input/output error');
  expect(store.ledger.size).toBe(1);
  await expect(store.putValues(new Map([['a', Buffer.from('b')]]))).rejects.toThrow('Input/output error');
  expect(spy).toHaveBeenCalled();
  vi.restoreAllMocks();
  await store.teach(draft('dog', sample(1)));
  expect(store.ledger.examples().map(({ label }) => label)).toEqual(['cat', 'dog']);
});

it('acknowledges nothing while its folder is gone, and keeps what it knows', async () => {
  const folder = join(temporaryFolder(), 'learn');
  const store = await open(folder);
  const { id } = await store.teach(draft('cat', sample(0)));
  renameSync(folder, `${folder}.away`);
  for (let i = 1; i < 3; i++) await expect(store.teach(draft('dog', sample(i)))).rejects.toThrow(InputError);
  expect(store.ledger.examples('object').map((one) => one.id)).toEqual([id]);
  renameSync(`${folder}.away`, folder);
  await store.teach(draft('fox', sample(3)));
  await store.close();
  const labels = (await open(folder)).ledger.examples('object').map(({ label }) => label);
  expect(labels.sort()).toEqual(['cat', 'fox']);
});

it('is not opened again by who comes after its end', async () => {
  const folder = temporaryFolder();
  const store = await open(folder);
  await store.teach(draft('cat', sample(0)));
  failing('Input/output error', false);
  await expect(store.teach(draft('dog', sample(1)))).rejects.toThrow('Input/output error');
  const closed = store.close();
  await expect(store.teach(draft('dog', sample(1)))).rejects.toThrow('is closed');
  await closed;
  await expect(store.putValues(new Map([['a', Buffer.from('b')]]))).rejects.toThrow('is closed');
  // Else nobody else could have it.
  expect((await open(folder)).ledger.size).toBe(1);
});

it('a head that cannot be kept when it is opened does not keep out those that are there', async () => {
  const folder = temporaryFolder();
  const before = await Learner.open(folder, options);
  await before.teach([{ draft: draft('cat', sample(0)) }, { draft: draft('cat', sample(0)) }]);
  await before.add({ draft: draft('dog', sample(1)) });
  await before.close();
  failing('No space left on device', false);
  const logger = recorder();
  const learner = closing(await Learner.open(folder, { ...options, logger }), (one) => one.close());
  expect(learner.summary('object')).toMatchObject({ version: 1, info: { labels: ['cat'] } });
  expect(logger.lines).toEqual([expect.stringMatching(/^warn .*object.*No space left on device/)]);
  await learner.train('object');
  expect(learner.summary('object')).toMatchObject({ version: 2, info: { labels: ['cat', 'dog'] } });
});

it('what is taught after an old store could not be put into the new form is not behind what was written of that', async () => {
  const folder = temporaryFolder();
  const ledger = makeLedger('a', { replica: '0123456789abcdef' });
  const { id } = ledger.teach(draft('cat', sample(0)));
  await putOfOld(folder, ledger);
  failing('No space left on device', false);
  const opened = vi.spyOn(ClassicLevel.prototype, 'open');
  const logger = recorder();
  const store = await open(folder, { logger });
  expect(logger.lines).toEqual([expect.stringMatching(/^warn .*stays in its old form: .*No space left/)]);
  expect(opened).toHaveBeenCalledTimes(2);
  const next = await store.teach(draft('cat', sample(1)));
  expect(opened).toHaveBeenCalledTimes(2);
  await store.close();
  const again = await open(folder, { logger });
  expect(again.ledger.examples().map((one) => one.id)).toEqual(expect.arrayContaining([id, next.id]));
  expect(logger.lines).toHaveLength(1);
});

describe.skipIf(noMount)(`a disk${noMount}`, () => {
  it('that is full, and has room again: what was acknowledged is there, and nothing else', async () => {
    const disk = smallDisk('24m');
    const folder = join(disk, 'learn');
    const logger = recorder();
    const store = closing(await LedgerStore.open(folder, { ...options, logger }), (one) => one.close());
    const acknowledged: string[] = [];
    const refused: string[] = [];
    const teach = async (name: string) => {
      const thumbnail = Buffer.alloc(20_000, name);
      await store.teach(draft('cat', sample(0), { camera: name }), thumbnail).then(
        () => acknowledged.push(name),
        (error: Error) => refused.push(error.message),
      );
    };
    for (let i = 0; i < 10; i++) await teach(`before${i}`);
    for (let round = 0; round < 3; round++) {
      const filler = join(disk, 'filler');
      try {
        writeFileSync(filler, Buffer.alloc(64 << 20));
      } catch {
        // That is what it is for.
      }
      for (let i = 0; i < 20; i++) await teach(`full${round}.${i}`);
      expect(store.ledger.examples().map(({ camera }) => camera)).toEqual(acknowledged);
      rmSync(filler);
      for (let i = 0; i < 9; i++) await teach(`after${round}.${i}`);
    }
    expect(refused.length).toBeGreaterThan(30);
    for (const message of refused) expect(message).toMatch(/learn: cannot be written: .*(full|No space)/);
    expect(acknowledged.length).toBeGreaterThanOrEqual(10 + 3 * 9);
    expect(logger.lines).toEqual([]);
    await store.close();
    const again = await open(folder);
    const there = again.ledger.examples().map(({ camera }) => camera);
    expect(there).toEqual(acknowledged);
    for (const { id } of again.ledger.examples()) expect(await again.thumbnail(id)).toHaveLength(20_000);
    expect(readdirSync(disk)).toEqual(['learn']);
  });

  it('on which there is no room for the new form of an old store: it stays, and what is taught is there', async () => {
    const disk = smallDisk('48m');
    const folder = join(disk, 'learn');
    const dimension = 1280;
    const ledger = makeLedger('a', { dimension, replica: '0123456789abcdef' });
    const large = embeddings(1, dimension);
    for (let i = 0; i < 8000; i++) ledger.teach(draft(`l${i % 100}`, large(0)));
    await putOfOld(folder, ledger);
    const free = () => statfsSync(disk).bavail * statfsSync(disk).bsize;
    writeFileSync(join(disk, 'filler'), Buffer.alloc(free() - (11 << 20)));
    const logger = recorder();
    const store = await open(folder, { dimension, logger });
    expect(logger.lines).toEqual([
      expect.stringMatching(/^warn .*stays in its old form: it needs \d+ MB, the disk has \d+ MB/),
    ]);
    const taught = [];
    for (let i = 0; i < 20; i++) taught.push(await store.teach(draft('new', large(0))));
    await store.close();
    rmSync(join(disk, 'filler'));
    const again = await open(folder, { dimension, logger });
    expect(again.ledger.size).toBe(8020);
    for (const { id } of taught) expect(again.ledger.example(id)).toBeDefined();
    expect(again.damage).toBeUndefined();
    expect(logger.lines).toHaveLength(1);
  });

  it('that was made read-only is no damage', async () => {
    const disk = smallDisk('24m');
    const folder = join(disk, 'learn');
    const store = await open(folder);
    await store.teach(draft('cat', sample(0)));
    await store.close();
    execFileSync('mount', ['-o', 'remount,ro', disk]);
    await expect(open(folder)).rejects.toThrow(/learn: cannot be opened as a store of examples: .*[Rr]ead-only/);
    execFileSync('mount', ['-o', 'remount,rw', disk]);
    expect((await open(folder)).ledger.size).toBe(1);
    expect(readdirSync(disk)).toEqual(['learn']);
  });
});
