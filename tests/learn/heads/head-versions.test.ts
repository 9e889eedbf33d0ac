import { describe, expect, it } from 'vitest';
import { InputError } from '../../../sdk/base/errors.ts';
import { HeadVersions } from '../../../sdk/learn/heads/head-versions.ts';
import { example, examplesOf } from '../examples.ts';
import { embeddings } from '../fakes.ts';

const sample = embeddings(6, 64);
const near = (label: number) => sample(label, 0.3);

describe('HeadVersions', () => {
  it('takes what is better, counts up, and tells where it comes from', () => {
    const versions = new HeadVersions('object');
    const all = examplesOf(['a', 'b'], 4, near);
    expect(versions.current).toBeUndefined();
    expect(versions.train([])).toMatchObject({ taken: false, reason: /no examples/ });
    expect(versions.train(all)).toMatchObject({ taken: true, version: { version: 1 } });
    expect(versions.train(all)).toMatchObject({ taken: true, version: { version: 1 } });
    const more = [...all, example('c', near(2))];
    expect(versions.train(more)).toMatchObject({ taken: true, version: { version: 2 } });
    expect(versions.current!.head.info).toMatchObject({ name: 'object', labels: ['a', 'b', 'c'], examples: 9 });
    expect(versions.current!.head.predict(near(2)).nearest).toBe('c');
  });

  it('does not take a head that names clearly more held-back examples wrongly, and says why', () => {
    const versions = new HeadVersions('object');
    const good = examplesOf(['a', 'b'], 10, near);
    versions.train(good);
    // A faulty node teaches it the other way round.
    const bad = [...good, ...examplesOf(['b', 'a'], 30, near)];
    const outcome = versions.train(bad);
    expect(outcome).toMatchObject({ taken: false });
    expect(outcome).toHaveProperty(
      'reason',
      expect.stringMatching(/of 20 examples that were held back, (1[0-9]|20) that version 1/),
    );
    expect(versions.current!.version).toBe(1);
    expect(versions.current!.head.predict(near(0)).nearest).toBe('a');
    // Cut out, it is as before; or somebody insists.
    expect(versions.train(good)).toMatchObject({ taken: true, version: { version: 1 } });
    expect(versions.train(bad, true)).toMatchObject({ taken: true, version: { version: 2 } });
  });

  it('a new label that takes examples over from an old one is no reason', () => {
    const versions = new HeadVersions('object');
    versions.train(examplesOf(['a', 'b'], 6, near));
    // What was taught as a is what is now c.
    const all = [...examplesOf(['a', 'b'], 6, near), ...Array.from({ length: 20 }, () => example('c', near(0)))];
    expect(versions.train(all)).toMatchObject({ taken: true });
  });

  it('rolls back, and does not take the same again until its examples change', () => {
    const versions = new HeadVersions('object');
    const all = examplesOf(['a', 'b'], 4, near);
    versions.train(all);
    const more = [...all, example('c', near(2))];
    versions.train(more);
    expect(versions.rollback().version).toBe(1);
    expect(versions.train(more)).toMatchObject({ taken: false, reason: expect.stringMatching(/rolled back from/) });
    expect(versions.current!.version).toBe(1);
    expect(versions.train([...more, example('c', near(2))])).toMatchObject({ taken: true, version: { version: 3 } });
    expect(versions.rollback(2).version).toBe(2);
    expect(versions.rollback(1).version).toBe(1);
    expect(() => versions.rollback()).toThrow(/expected one of 1, 2, 3, got one before the first/);
    expect(() => versions.rollback(9)).toThrow(InputError);
    expect(() => new HeadVersions('x').rollback()).toThrow(/expected one of none/);
  });

  it('when all was forgotten there is nothing in use', () => {
    const versions = new HeadVersions('object');
    versions.train(examplesOf(['a', 'b'], 2, near));
    expect(versions.train([])).toMatchObject({ taken: false });
    expect(versions.current).toBeUndefined();
  });

  it('keeps so many versions', () => {
    const versions = new HeadVersions('object', { keep: 3 });
    const all = examplesOf(['a', 'b'], 2, near);
    for (let i = 0; i < 6; i++) versions.train([...all, ...all.splice(0, 0, example('a', near(0)))]);
    expect(versions.all.length).toBe(3);
    expect(versions.current).toBe(versions.all.at(-1));
  });

  it('is the same after it was stored', async () => {
    const versions = new HeadVersions('cupboard');
    const all = examplesOf(['a', 'b'], 4, near);
    versions.train(all);
    const more = [...all, example('c', near(2))];
    versions.train(more);
    versions.rollback();
    const heads = new Map(versions.all.map(({ version, head }) => [version, head.serialise()]));
    const read = async (version: number) => heads.get(version);
    const copy = await HeadVersions.restore('cupboard', versions.serialise(), read);
    expect(copy.name).toBe('cupboard');
    expect(copy.current!.version).toBe(1);
    expect(copy.all.map(({ version }) => version)).toEqual([1, 2]);
    expect(copy.all.map(({ head }) => head.hash())).toEqual(versions.all.map(({ head }) => head.hash()));
    expect(copy.serialise().equals(versions.serialise())).toBe(true);
    expect(copy.train(more)).toMatchObject({ taken: false });
    expect(copy.train([...more, example('c', near(2))])).toMatchObject({ taken: true, version: { version: 3 } });
  });

  it('refuses what it did not write', async () => {
    const versions = new HeadVersions('cupboard');
    versions.train(examplesOf(['a', 'b'], 4, near));
    const state = versions.serialise();
    const head = versions.current!.head.serialise();
    await expect(HeadVersions.restore('cupboard', head, async () => head)).rejects.toThrow(/their state in JSON/);
    await expect(HeadVersions.restore('cupboard', Buffer.from('{}'), async () => head)).rejects.toThrow(
      /expected format/,
    );
    await expect(HeadVersions.restore('cupboard', state, async () => undefined)).rejects.toThrow(
      /expected version 1, got nothing/,
    );
    await expect(HeadVersions.restore('cupboard', state, async () => state)).rejects.toThrow(InputError);
    for (let at = 0; at < state.length; at++) {
      const damaged = Buffer.from(state);
      damaged[at]! ^= 1 + (at % 255);
      try {
        await HeadVersions.restore('cupboard', damaged, async () => head);
      } catch (error) {
        expect(error).toBeInstanceOf(InputError);
      }
    }
    for (let i = 0; i < 300; i++) {
      const damaged = Buffer.from(head);
      damaged[8 + ((i * 7) % 1200)] = i % 256;
      try {
        await HeadVersions.restore('cupboard', state, async () => damaged);
      } catch (error) {
        expect(error).toBeInstanceOf(InputError);
      }
    }
  });
});
