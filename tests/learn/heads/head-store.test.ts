import { beforeEach, describe, expect, it } from 'vitest';
import { InputError } from '../../../sdk/base/errors.ts';
import { HeadStore } from '../../../sdk/learn/heads/head-store.ts';
import { HeadVersions } from '../../../sdk/learn/heads/head-versions.ts';
import { example, examplesOf } from '../examples.ts';
import { embeddings } from '../fakes.ts';

const sample = embeddings(3, 64);
const near = (label: number) => sample(label, 0.3);

/** A store that is one map, and what each call changed. */
class Values {
  readonly values = new Map<string, Uint8Array>();
  readonly writes: ReadonlyMap<string, Uint8Array | undefined>[] = [];
  fails = false;
  delayMs = 0;

  async value(name: string): Promise<Uint8Array | undefined> {
    return this.values.get(name);
  }

  async valueNames(prefix: string): Promise<string[]> {
    return [...this.values.keys()].filter((name) => name.startsWith(prefix));
  }

  async putValues(values: ReadonlyMap<string, Uint8Array | undefined>): Promise<void> {
    const delay = this.delayMs;
    this.delayMs = 0;
    if (delay > 0) await new Promise((resolve) => setTimeout(resolve, delay));
    if (this.fails) throw new Error('no space left');
    this.writes.push(values);
    for (const [name, value] of values) {
      if (value) this.values.set(name, value);
      else this.values.delete(name);
    }
  }
}

let disk: Values;
let store: HeadStore;
let versions: HeadVersions;
const taught = examplesOf(['a', 'b'], 4, near);
beforeEach(() => {
  disk = new Values();
  store = new HeadStore(disk);
  versions = new HeadVersions('object', { keep: 3 });
});

function teachOne(): void {
  taught.push(example('a', near(0)));
  versions.train(taught);
}

const fresh = () => new HeadStore(disk).load('object', { keep: 3 });

describe('HeadStore', () => {
  it('gives back what it was given, and nothing where there is nothing', async () => {
    expect(await store.load('object')).toBeUndefined();
    for (let i = 0; i < 3; i++) {
      teachOne();
      await store.save(versions);
    }
    versions.rollback(2);
    await store.save(versions);
    const loaded = (await fresh())!;
    expect(loaded.serialise()).toEqual(versions.serialise());
    expect(loaded.all.map(({ head }) => head.hash())).toEqual(versions.all.map(({ head }) => head.hash()));
    expect(loaded.current!.version).toBe(2);
  });

  it('writes each version once and takes away what is not kept, in one batch with what is in use', async () => {
    for (let i = 0; i < 5; i++) {
      teachOne();
      await store.save(versions);
    }
    const changed = disk.writes.map((write) =>
      [...write].map(([name, value]) => (value ? name : `-${name}`)).toSorted(),
    );
    expect(changed.at(2)).toEqual(['head/3/object', 'heads/object']);
    expect(changed.at(3)).toEqual(['-head/1/object', 'head/4/object', 'heads/object']);
    expect([...disk.values.keys()].toSorted()).toEqual([
      'head/3/object',
      'head/4/object',
      'head/5/object',
      'heads/object',
    ]);
    // Which one is in use is a few bytes, not a head.
    versions.rollback();
    await store.save(versions);
    expect([...disk.writes.at(-1)!.keys()]).toEqual(['heads/object']);
    // One that was loaded goes on in the same way.
    const again = new HeadStore(disk);
    versions = (await again.load('object', { keep: 3 }))!;
    teachOne();
    await again.save(versions);
    expect([...disk.writes.at(-1)!.keys()]).toEqual(['head/3/object', 'head/6/object', 'heads/object']);
  });

  it('two heads do not meet, whatever they are called', async () => {
    const other = new HeadVersions('1/object');
    other.train(examplesOf(['c', 'd'], 3, near));
    teachOne();
    await store.save(other);
    await store.save(versions);
    const again = new HeadStore(disk);
    expect((await again.load('1/object'))!.current!.head.info.labels).toEqual(['c', 'd']);
    expect((await again.load('object'))!.current!.head.info.labels).toEqual(['a', 'b']);
  });

  it('what was saved last is what stays, though the disk is slow at first', async () => {
    teachOne();
    disk.delayMs = 50;
    const first = store.save(versions);
    teachOne();
    await Promise.all([first, store.save(versions)]);
    expect((await fresh())!.serialise()).toEqual(versions.serialise());
  });

  it('what could not be written is written with the next', async () => {
    teachOne();
    disk.fails = true;
    await expect(store.save(versions)).rejects.toThrow('no space left');
    disk.fails = false;
    teachOne();
    await store.save(versions);
    expect((await fresh())!.all.map(({ version }) => version)).toEqual([1, 2]);
  });

  it('says when it cannot be read', async () => {
    teachOne();
    await store.save(versions);
    disk.values.set('head/1/object', Buffer.from('torn'));
    await expect(fresh()).rejects.toThrow(InputError);
    disk.values.delete('head/1/object');
    await expect(fresh()).rejects.toThrow(/expected version 1, got nothing/);
  });
});
