import { describe, expect, it } from 'vitest';
import { LedgerStore } from '../../../sdk/learn/ledger/ledger-store.ts';
import type { ThumbnailLimits } from '../../../sdk/learn/ledger/thumbnails.ts';
import { closing } from '../../support/closing.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { draft, embeddings } from '../fakes.ts';

const sample = embeddings(1, 8);
const picture = (bytes: number) => new Uint8Array(bytes).fill(7);

async function open(folder: string, thumbnails: Partial<ThumbnailLimits> = {}) {
  const store = await LedgerStore.open(folder, { space: 'test', dimension: 8, node: 'a', thumbnails });
  return closing(store, (it) => it.close());
}
/** Which examples have a picture, as they were taught. */
const pictured = async (store: LedgerStore, ids: readonly string[]) =>
  Promise.all(ids.map(async (id) => (await store.thumbnail(id)) !== undefined));

describe('pictures of examples', () => {
  it('are bounded in number and bytes: the oldest go, also of an earlier run, and the examples stay', async () => {
    const folder = temporaryFolder();
    const first = await open(folder, { count: 3 });
    const teach = async (store: LedgerStore, bytes = 100) =>
      (await store.teach(draft('cat', sample(0)), picture(bytes))).id;
    const ids: string[] = [];
    for (let i = 0; i < 12; i++) ids.push(await teach(first));
    expect(await pictured(first, ids)).toEqual([...Array(9).fill(false), true, true, true]);
    await first.close();

    const second = await open(folder, { count: 4, bytes: 1000 });
    ids.push(await teach(second), await teach(second));
    expect(await pictured(second, ids)).toEqual([...Array(10).fill(false), ...Array(4).fill(true)]);
    // 900 bytes leave room for one of the others.
    ids.push(await teach(second, 900));
    expect((await pictured(second, ids)).slice(-3)).toEqual([false, true, true]);
    expect(second.ledger.size).toBe(15);
    // One that goes with its example makes room.
    await second.forget({ example: ids.at(-1)! });
    ids.push(await teach(second), await teach(second));
    expect((await pictured(second, ids)).slice(-4)).toEqual([true, false, true, true]);
    // What is larger than all that may be kept is not.
    ids.push(await teach(second, 2000));
    expect((await pictured(second, ids)).at(-1)).toBe(false);
  });

  it('are kept a thousand of, 16 MiB at most', async () => {
    const store = await open(temporaryFolder());
    const lessons = Array.from({ length: 300 }, (_, i) => ({
      ...{ draft: draft(i % 2 ? 'cat' : 'dog', sample(0)), thumbnail: picture(60 << 10) },
    }));
    const taught = [...(await store.teachAll(lessons.slice(0, 150))), ...(await store.teachAll(lessons.slice(150)))];
    const there = await pictured(
      store,
      taught.map(({ id }) => id),
    );
    const most = Math.floor((16 << 20) / (60 << 10));
    expect(there).toEqual([...Array(300 - most).fill(false), ...Array(most).fill(true)]);
    for (let i = 0; i < 1200; i++) lessons.push({ draft: draft(`label ${i % 12}`, sample(0)), thumbnail: picture(10) });
    const more = await store.teachAll(lessons.slice(300));
    const counted = await pictured(
      store,
      more.map(({ id }) => id),
    );
    expect(counted.filter(Boolean)).toHaveLength(1000);
    expect(counted.slice(0, 200)).not.toContain(true);
  });
});
