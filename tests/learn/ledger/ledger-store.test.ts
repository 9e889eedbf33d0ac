import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ClassicLevel } from 'classic-level';
import { afterEach, expect, it, vi } from 'vitest';
import { LedgerStore } from '../../../sdk/learn/ledger/ledger-store.ts';
import { holdElsewhere, openElsewhere } from '../../store/elsewhere.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { draft, embeddings, makeLedger } from '../fakes.ts';

const sample = embeddings(3, 8);
const open: LedgerStore[] = [];
afterEach(async () => {
  for (const store of open.splice(0)) await store.close();
});

async function openStore(folder: string, more: Partial<Parameters<typeof LedgerStore.open>[1]> = {}) {
  const store = await LedgerStore.open(folder, { space: 'test', dimension: 8, node: 'a', ...more });
  open.push(store);
  return store;
}

async function reopen(store: LedgerStore, folder: string, more = {}) {
  await store.close();
  open.splice(open.indexOf(store), 1);
  return openStore(folder, more);
}

it('is after a restart what it was', async () => {
  const folder = temporaryFolder();
  let store = await openStore(folder);
  const other = makeLedger('b');
  const theirs = other.teach(draft('cat', sample(0)));
  const cat = await store.teach(draft('cat', sample(0)), Buffer.from('jpeg'));
  const dog = await store.teach(draft('dog', sample(1), { negative: true }));
  await store.teach(draft('tidy', sample(2), { head: 'cupboard', kind: 'view' }));
  await store.merge(other.parts());
  await store.forget({ example: theirs.id }, 'a fox');
  await store.forget({ head: 'object', label: 'dog' });
  const fox = await store.relabel(cat.id, { label: 'fox' });
  await store.putValues(
    new Map([
      ['heads', Buffer.from('v1')],
      ['old', Buffer.from('v0')],
    ]),
  );
  await store.putValues(new Map([['old', undefined]]));
  const before = store.ledger.parts();
  store = await reopen(store, folder);
  expect(store.ledger.parts()).toEqual(before);
  expect(
    store.ledger
      .examples()
      .map(({ label }) => label)
      .sort(),
  ).toEqual(['fox', 'tidy']);
  expect(Buffer.from((await store.thumbnail(fox.id))!).toString()).toBe('jpeg');
  expect(await store.thumbnail(cat.id)).toBeUndefined();
  expect(Buffer.from((await store.value('heads'))!).toString()).toBe('v1');
  expect(await store.value('old')).toBeUndefined();
  expect(await store.value('other')).toBeUndefined();
  // Ids go on where they ended.
  const next = await store.teach(draft('cat', sample(0)));
  expect([cat.id, dog.id, fox.id]).not.toContain(next.id);
  await store.withdraw(store.ledger.cuts()[0]!.id);
  expect(store.ledger.examples().map(({ label }) => label)).toContain('cat');
});

it('reads when no change is under way', async () => {
  const order: string[] = [];
  const store = await openStore(temporaryFolder(), { onChange: () => order.push('on disk') });
  const teaching = store.teach(draft('cat', sample(0)));
  // In memory it may be there by now, on disk it is not.
  const size = await store.read((ledger) => {
    order.push('read');
    return ledger.size;
  });
  await teaching;
  expect({ size, order }).toEqual({ size: 1, order: ['on disk', 'read'] });
  await expect(
    store.read(() => {
      throw new Error('a bad day');
    }),
  ).rejects.toThrow('a bad day');
  await store.teach(draft('cat', sample(0)));
});

it('drops from the disk what is evicted', async () => {
  const folder = temporaryFolder();
  let store = await openStore(folder, { limits: { perLabel: 2 } });
  for (let i = 0; i < 5; i++) await store.teach(draft('cat', sample(0)), Buffer.from('jpeg'));
  const kept = store.ledger.examples();
  store = await reopen(store, folder);
  expect(store.ledger.examples()).toEqual(kept);
  expect(kept).toHaveLength(2);
});

it('many at once end as one after the other', async () => {
  const folder = temporaryFolder();
  let store = await openStore(folder);
  await Promise.all(Array.from({ length: 20 }, (_, i) => store.teach(draft(`l${i % 3}`, sample(i % 3)))));
  store = await reopen(store, folder);
  expect(store.ledger.size).toBe(20);
  expect(new Set(store.ledger.examples().map(({ id }) => id)).size).toBe(20);
});

it('changes nothing when it refuses', async () => {
  const store = await openStore(temporaryFolder());
  await store.teach(draft('cat', sample(0)));
  const before = store.ledger.parts();
  await expect(store.teach(draft('', sample(0)))).rejects.toThrow(/label: expected/);
  await expect(store.teach(draft('cat', sample(0)), new Uint8Array(65_537))).rejects.toThrow(/at most 65536 bytes/);
  await expect(store.relabel(before[0]!.items.keys().next().value!, { label: '' })).rejects.toThrow(/label: expected/);
  expect(store.ledger.parts()).toEqual(before);
});

it('what could not be written is not there', async () => {
  const store = await openStore(temporaryFolder());
  await store.teach(draft('cat', sample(0)));
  const full = vi.spyOn(ClassicLevel.prototype, 'batch').mockRejectedValueOnce(new Error('no space left'));
  await expect(store.teach(draft('dog', sample(1)))).rejects.toThrow('no space left');
  full.mockRestore();
  expect(store.ledger.examples().map(({ label }) => label)).toEqual(['cat']);
  await store.teach(draft('fox', sample(1)));
  expect(store.ledger.size).toBe(2);
});

it('a copied card with another name gives other ids', async () => {
  const folder = temporaryFolder();
  let store = await openStore(folder);
  const first = await store.teach(draft('cat', sample(0)));
  const { replica } = store.ledger;
  store = await reopen(store, folder, { node: 'b' });
  expect(store.ledger.replica).not.toBe(replica);
  expect(store.ledger.examples()).toMatchObject([{ id: first.id, node: 'a' }]);
});

it('keeps the name that it has where that is asked for', async () => {
  const folder = temporaryFolder();
  let store = await openStore(folder, { keepNode: true });
  const first = await store.teach(draft('cat', sample(0)));
  const { replica } = store.ledger;
  store = await reopen(store, folder, { node: 'b', keepNode: true });
  expect([store.ledger.node, store.ledger.replica]).toEqual(['a', replica]);
  expect(await store.teach(draft('cat', sample(0)))).toMatchObject({ node: 'a' });
  expect(await store.forget({ example: first.id })).toBe(1);
});

it('tells whether there is one', async () => {
  const folder = temporaryFolder();
  expect(LedgerStore.exists(folder)).toBe(false);
  expect(LedgerStore.exists(join(folder, 'absent'))).toBe(false);
  await openStore(folder);
  expect(LedgerStore.exists(folder)).toBe(true);
});

it('refuses another network’s folder, one in use, and what is no folder', async () => {
  const folder = temporaryFolder();
  const store = await openStore(folder);
  for (const name of [folder, `${folder}/.`]) {
    await expect(openStore(name)).rejects.toThrow(/is in use by this process already/);
    await expect(openStore(name)).rejects.not.toThrow(/another process/);
    // LevelDB would have given up the first one's lock, and what it writes now.
    expect(openElsewhere(folder)).toBe('LEVEL_LOCKED');
  }
  const { id } = await store.teach(draft('cat', sample(0)));
  await store.close();
  open.splice(0);
  expect((await openStore(folder)).ledger.example(id)).toBeDefined();
  await open.pop()!.close();
  const elsewhere = await holdElsewhere(folder);
  await expect(openStore(folder)).rejects.toThrow(/is in use by another process; .*request\/teach/);
  await elsewhere.letGo();
  await expect(openStore(folder, { space: 'other' })).rejects.toThrow(/expected examples of space other, got test/);
  const file = join(temporaryFolder(), 'file');
  writeFileSync(file, '');
  await expect(openStore(file)).rejects.toThrow(/cannot be opened/);
});
