import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ClassicLevel } from 'classic-level';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { Learner } from '../../../sdk/learn/learner.ts';
import { letters, parsed, put } from '../../../sdk/learn/ledger/ledger-records.ts';
import { LedgerStore } from '../../../sdk/learn/ledger/ledger-store.ts';
import { mostReplicas, type Part, partKey } from '../../../sdk/learn/ledger/part.ts';
import { witnessFile } from '../../../sdk/learn/ledger/witness.ts';
import { repairs } from '../../../sdk/store/repair.ts';
import { anyDamage, Damageable } from '../../store/damage.ts';
import { closing } from '../../support/closing.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { recorder } from '../../support/recorder.ts';
import { bytesOf, draft, embeddings, makeLedger } from '../fakes.ts';
import { putOfOld } from '../old-store.ts';

const sample = embeddings(3, 8);
const options = { space: 'test', dimension: 8, node: 'a' };
const count = 120;

async function openStore(folder: string, more: Partial<Parameters<typeof LedgerStore.open>[1]> = {}) {
  const logger = recorder();
  const store = closing(await LedgerStore.open(folder, { ...options, logger, ...more }), (one) => one.close());
  return { store, logger };
}

/** Lessons in tables and in the log, of this node and of another one, and cuts. */
async function filled(folder: string) {
  const other = makeLedger('b');
  for (let run = 0; run < 3; run++) {
    const { store } = await openStore(folder);
    for (let i = 0; i < count / 3; i++) {
      await store.teach(draft(`l${i % 3}`, sample(i % 3)), Buffer.alloc(700, `picture ${i}`));
      if (i % 10 === 0) {
        other.teach(draft('cat', sample(0)));
        await store.merge(other.parts());
      }
    }
    await store.forget({ example: other.examples()[run]!.id }, 'a fox');
    await store.close();
  }
  // What comes now is in the log alone.
  const { store } = await openStore(folder);
  for (let i = 0; i < 10; i++) await store.teach(draft(`l${i % 3}`, sample(i % 3)), Buffer.alloc(700, `picture ${i}`));
  const examples = store.ledger.examples();
  const { replica } = store.ledger;
  await store.close();
  return { other, examples, replica, known: new Map(examples.map((one) => [one.id, one])) };
}

const names = (folder: string, pattern: RegExp) => readdirSync(folder).filter((name) => pattern.test(name));

describe('a damaged store', () => {
  it.each([
    ['an empty MANIFEST', /^MANIFEST/, ''],
    ['a MANIFEST that is nonsense', /^MANIFEST/, 'nonsense'],
    ['no MANIFEST', /^MANIFEST/, undefined],
    ['no CURRENT', /^CURRENT/, undefined],
    ['an empty CURRENT', /^CURRENT/, ''],
    ['a CURRENT that names nothing', /^CURRENT/, 'MANIFEST-999999\n'],
  ])('%s: all is there, and it is said', async (_, pattern, content) => {
    const folder = join(temporaryFolder(), 'learn');
    const { examples } = await filled(folder);
    for (const name of names(folder, pattern)) {
      if (content === undefined) unlinkSync(join(folder, name));
      else writeFileSync(join(folder, name), content);
    }
    expect(LedgerStore.exists(folder)).toBe(true);
    const { store, logger } = await openStore(folder);
    expect(store.ledger.examples()).toEqual(examples);
    expect(Buffer.from((await store.thumbnail(examples[0]!.id))!).toString()).toMatch(/^picture/);
    expect(logger.lines[0]).toMatch(
      /^warn learning: the store in .* was damaged .* and is repaired; some examples may/,
    );
    expect(store.damage).toMatch(/repaired.*no example is known to be lost/);
    await store.teach(draft('new', sample(0)));
    await store.close();
    const again = await openStore(folder);
    expect(again.store.ledger.examples().map(({ label }) => label)).toContain('new');
    expect(again.logger.lines).toEqual([]);
    expect(again.store.damage).toBeUndefined();
  });

  it('what cannot be repaired is moved aside, and no earlier one is written over', async () => {
    const folder = join(temporaryFolder(), 'learn');
    await filled(folder);
    mkdirSync(`${folder}.damaged`);
    writeFileSync(join(`${folder}.damaged`, 'precious'), 'of the last time');
    vi.spyOn(repairs, 'attempt').mockResolvedValue('refused');
    for (const name of names(folder, /^MANIFEST/)) writeFileSync(join(folder, name), '');
    const { store, logger } = await openStore(folder);
    expect(store.ledger.size).toBe(0);
    expect(logger.lines.join('\n')).toMatch(
      /error learning: the store in .* cannot be repaired .*learn\.damaged\.2, and a new/,
    );
    expect(store.damage).toMatch(/could not be repaired .*learn\.damaged\.2/);
    expect(readFileSync(join(`${folder}.damaged`, 'precious'), 'utf8')).toBe('of the last time');
    expect(names(`${folder}.damaged.2`, /\.(ldb|log)$/)).not.toEqual([]);
    await store.teach(draft('new', sample(0)));
    await store.close();
    vi.restoreAllMocks();
    expect((await openStore(folder)).store.ledger.size).toBe(1);
  });

  it('that does not say any more what it is of is no new one', async () => {
    const folder = join(temporaryFolder(), 'learn');
    await filled(folder);
    const db = new ClassicLevel<string, Buffer>(folder, { valueEncoding: 'buffer' });
    await db.open();
    for (const key of ['A', 'Z']) await db.put(key, Buffer.from('?'));
    await db.close();
    const { store } = await openStore(folder);
    expect([store.ledger.size, store.damage]).toEqual([0, expect.stringMatching(/learn\.damaged/)]);
    expect(existsSync(`${folder}.damaged`)).toBe(true);
  });

  it('counts what is lost, and does not say of it that it was forgotten', async () => {
    const folder = join(temporaryFolder(), 'learn');
    const { other, known, replica } = await filled(folder);
    const before = makeLedger('c');
    const whole = await openStore(folder);
    before.merge(whole.store.ledger.parts());
    await whole.store.close();
    const db = new ClassicLevel<string, Buffer>(folder, { valueEncoding: 'buffer' });
    await db.open();
    const keys = await db.keys({ gte: 'I', lt: 'J' }).all();
    // One is gone, of another one a bit is another.
    const lost = keys.filter((_, i) => i % 17 === 5);
    for (const [i, key] of lost.entries()) {
      const value = (await db.get(key))!;
      value[value.length - 1]! ^= 1;
      if (i % 2) await db.put(key, value);
      else await db.del(key);
    }
    await db.close();
    const { store, logger } = await openStore(folder);
    const { ledger } = store;
    expect(store.damage).toMatch(new RegExp(`; ${lost.length} of its examples and cuts are lost`));
    expect(logger.lines.at(-1)).toMatch(/^error learning: the store in .*are lost/);
    expect(ledger.replica).not.toBe(replica);
    const content = (one: { label: string; embedding: { values: Int8Array } }) =>
      JSON.stringify([one.label, [...one.embedding.values]]);
    const lostIds = new Set(lost.map((key) => key.slice(1).split(' ')[0]!));
    const wanted = [...known.values()].filter(({ id }) => !lostIds.has(id)).map(content);
    const cuts = [...lostIds].filter((id) => !known.has(id) && !other.example(id)).length;
    expect(ledger.examples().map(content)).toEqual(expect.arrayContaining(wanted));
    expect(ledger.examples().length).toBeLessThanOrEqual(wanted.length + 3 * cuts + 3);
    // Each has its picture.
    for (const { id, node } of ledger.examples().filter((one) => one.node === 'a' && one.camera === 'door')) {
      if (node === 'a' && known.has(id)) expect(await store.thumbnail(id)).toBeDefined();
    }
    // A node that has them gives them back, forgets none, and nothing is there twice.
    const fleet = makeLedger('c', { parts: before.parts() });
    await store.merge(fleet.parts());
    fleet.merge(ledger.parts());
    await store.merge(fleet.parts());
    for (const id of known.keys()) expect(fleet.example(id), id).toBeDefined();
    expect(store.ledger.examples().map(content).sort()).toEqual([...known.values()].map(content).sort());
    expect(bytesOf(fleet).equals(bytesOf(makeLedger('c', { parts: store.ledger.parts() })))).toBe(true);
  });

  it('opens whatever happened to its files, gives only what it was taught, and says so when something is missing', async () => {
    const folder = join(temporaryFolder(), 'learn');
    const { examples, known } = await filled(folder);
    // Without both its log and what says how far it had come, a store cannot know what it had.
    const files = new Damageable(folder, [witnessFile]);
    expect(
      files.names.map((name) => name.replace(/\d+/, '')).filter((name, i, all) => all.indexOf(name) === i),
    ).toEqual(expect.arrayContaining(['.ldb', '.log', 'CURRENT', 'MANIFEST-']));
    const contents = new Map(examples.map((one) => [`${one.label} ${[...one.embedding.values]}`, one]));
    let silent = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(anyDamage, { minLength: 1, maxLength: 3 }), async (damages) => {
        const done = files.lay(damages);
        const logger = recorder();
        const store = await LedgerStore.open(folder, { ...options, logger });
        const kept = store.ledger.examples();
        for (const one of kept) {
          const was = known.get(one.id) ?? (one.from && contents.get(`${one.label} ${[...one.embedding.values]}`));
          // Those that a lost cut hid are seen again.
          if (!was) expect(one.node === 'b' || one.from, done).toBeTruthy();
        }
        const isLess = examples.some(({ label, embedding }) => {
          return !kept.some(
            (one) => one.label === label && Buffer.from(one.embedding.values).equals(Buffer.from(embedding.values)),
          );
        });
        if (isLess) {
          if (store.damage === undefined) silent++;
          expect(store.damage, done).toBeDefined();
          expect(logger.lines.join('\n'), done).toMatch(/the store in /);
        }
        const next = await store.teach(draft('new', sample(1)));
        expect(known.has(next.id), 'no id is given twice').toBe(false);
        await store.close();
        const again = await LedgerStore.open(folder, { ...options, logger });
        expect(again.damage, `${done}, opened again`).toBeUndefined();
        expect(
          again.ledger
            .examples()
            .map(({ id }) => id)
            .sort(),
        ).toEqual([...kept.map(({ id }) => id), next.id].sort());
        await again.close();
      }),
      { numRuns: 60 },
    );
    expect(silent).toBe(0);
  });

  it.each([
    ['emptied', (path: string) => writeFileSync(path, '')],
    ['removed', (path: string) => rmSync(path)],
  ])('a log that is %s is missed', async (_, harm) => {
    const folder = join(temporaryFolder(), 'learn');
    const { examples } = await filled(folder);
    for (const name of names(folder, /log$/)) harm(join(folder, name));
    const { store, logger } = await openStore(folder);
    expect(store.ledger.examples()).toHaveLength(examples.length - 10);
    expect(store.damage).toMatch(/its last changes are missing: 10; 10 of its examples and cuts are lost/);
    expect(logger.lines.at(-1)).toMatch(/^error learning: the store in .*10 of its examples/);
  });

  it('is not what lost only its note of how far it had come', async () => {
    const folder = join(temporaryFolder(), 'learn');
    const { examples } = await filled(folder);
    for (const content of ['', 'nonsense', Buffer.alloc(256, 255)]) {
      writeFileSync(join(folder, witnessFile), content);
      const { store, logger } = await openStore(folder);
      expect(store.ledger.examples()).toEqual(examples);
      expect(logger.lines).toEqual([]);
      await store.close();
    }
  });

  it('is said by the learner, which learns its heads anew', async () => {
    const folder = join(temporaryFolder(), 'learn');
    const logger = recorder();
    const learner = await Learner.open(folder, { ...options, logger });
    await learner.teach([{ draft: draft('cat', sample(0)) }, { draft: draft('dog', sample(1)) }]);
    await learner.close();
    const db = new ClassicLevel<string, Buffer>(folder, { valueEncoding: 'buffer' });
    await db.open();
    for (const key of await db.keys({ gte: 'V', lt: 'W' }).all()) await db.put(key, Buffer.from('nonsense'));
    for (const name of names(folder, /^CURRENT/)) rmSync(join(folder, name));
    await db.close();
    const again = closing(await Learner.open(folder, { ...options, logger }), (one) => one.close());
    expect(again.damage).toMatch(/CURRENT is missing/);
    expect(logger.lines.join('\n')).toMatch(/the versions of head object cannot be read and start over/);
    expect(again.predict('object', sample(0, 0.1))).toMatchObject({ nearest: 'cat' });
  });
});

it('a store of an earlier version is read, checked from then on, and loses nothing', async () => {
  const folder = join(temporaryFolder(), 'learn');
  const ledger = makeLedger('a', { replica: '0123456789abcdef', now: () => 5 });
  const [cat, dog] = [ledger.teach(draft('cat', sample(0))), ledger.teach(draft('dog', sample(1)))];
  const gone = ledger.teach(draft('dog', sample(1)));
  ledger.forget({ example: gone.id });
  await putOfOld(folder, ledger, { [`t${cat.id}`]: Buffer.from('jpeg'), 'vheads/x': Buffer.from('state') });
  const { store, logger } = await openStore(folder);
  expect(store.ledger.parts()).toEqual(ledger.parts());
  expect(store.ledger.replica).toBe(ledger.replica);
  expect(Buffer.from((await store.thumbnail(cat.id))!).toString()).toBe('jpeg');
  expect(Buffer.from((await store.value('heads/x'))!).toString()).toBe('state');
  await store.putValues(new Map([['heads/x', undefined]]));
  expect(await store.value('heads/x')).toBeUndefined();
  await store.forget({ example: cat.id });
  expect(await store.thumbnail(cat.id)).toBeUndefined();
  await store.teach(draft('cat', sample(0)));
  await store.close();
  const again = await openStore(folder);
  expect(
    again.store.ledger
      .examples()
      .map(({ label }) => label)
      .sort(),
  ).toEqual(['cat', 'dog']);
  expect(again.store.ledger.example(dog.id)).toBeDefined();
  expect([...logger.lines, ...again.logger.lines]).toEqual([]);
});

it('what an earlier version was taught meanwhile is there when the newer one is back', async () => {
  const folder = join(temporaryFolder(), 'learn');
  const { store } = await openStore(folder);
  const other = makeLedger('b');
  const [first, second] = [0, 1].map((i) => other.teach(draft('cat', sample(i))));
  await store.merge(other.parts());
  const forgotten = await store.teach(draft('cat', sample(0)));
  const mine = await store.teach(draft('cat', sample(1)));
  await store.teach(draft('owl', sample(2)));
  await store.forget({ example: forgotten.id });
  const before = store.ledger.size;
  await store.close();
  // To it the folder is empty: it begins anew, and is told by the other node.
  const ledger = makeLedger('a', { replica: '0123456789abcdef' });
  const [cat, fox] = ['cat', 'fox'].map((label) => ledger.teach(draft(label, sample(2))));
  other.forget({ example: first!.id });
  const third = other.teach(draft('cat', sample(2)));
  ledger.merge(other.parts());
  await putOfOld(folder, ledger, { [`t${cat!.id}`]: Buffer.from('jpeg') });
  const { store: again, logger } = await openStore(folder);
  const ids = again.ledger.examples().map(({ id }) => id);
  expect(ids).toEqual(expect.arrayContaining([mine, second!, third, cat!, fox!].map(({ id }) => id)));
  expect(ids).not.toContain(forgotten.id);
  expect(again.ledger.size).toBe(before + 3);
  expect([again.damage, logger.lines]).toEqual([undefined, []]);
  expect(Buffer.from((await again.thumbnail(cat!.id))!).toString()).toBe('jpeg');
  await again.merge(other.parts());
  expect(again.ledger.example(first!.id)).toBeUndefined();
  expect(again.ledger.example(second!.id)).toBeDefined();
  await again.close();
  const last = await openStore(folder);
  expect(last.store.ledger.size).toBe(before + 2);
  expect([last.store.damage, last.logger.lines]).toEqual([undefined, []]);
});

describe('what an earlier version let in from outside as seen', () => {
  /** A store in which a part has seen more. */
  async function poisoned(folder: string, more: readonly unknown[]) {
    const { store } = await openStore(folder);
    await store.teach(draft('cat', sample(0)));
    await store.teach(draft('cat', sample(0)));
    const [part] = store.ledger.parts() as [Part];
    const ids = store.ledger.examples().map(({ id }) => id);
    await store.close();
    const db = new ClassicLevel<Buffer, Buffer>(folder, { keyEncoding: 'buffer', valueEncoding: 'buffer' });
    await db.open();
    const key = `${letters.part}${partKey(part)}`;
    const record = parsed((await db.get(Buffer.from(key)))!.subarray(4)) as { seen: unknown[] };
    const seen = [...more, ...record.seen];
    await db.batch([put(key, Buffer.from(JSON.stringify({ ...record, seen })))]);
    await db.close();
    return { part, ids };
  }

  it('is left out where it is no replica, and nothing else', async () => {
    const folder = join(temporaryFolder(), 'learn');
    const { part, ids } = await poisoned(folder, [
      [1234567890123456, 5],
      ['x', 1],
      ['0123456789abcdef', '7'],
    ]);
    const { store, logger } = await openStore(folder);
    expect(store.ledger.examples().map(({ id }) => id)).toEqual(ids);
    expect(store.ledger.part(part)?.seen).toEqual(part.seen);
    expect(store.damage).toBeUndefined();
    expect(logger.lines).toEqual([]);
    makeLedger('c').merge(store.ledger.parts());
  });

  it('loses no example where it is more than others take', async () => {
    const folder = join(temporaryFolder(), 'learn');
    const many = Array.from({ length: mostReplicas + 50 }, (_, i) => [i.toString(16).padStart(16, '0'), 9]);
    const { ids } = await poisoned(folder, many);
    const { store } = await openStore(folder);
    expect(store.ledger.examples()).toHaveLength(ids.length);
    expect(store.damage).toMatch(/no example is known to be lost/);
    makeLedger('c').merge(store.ledger.parts());
  });
});
