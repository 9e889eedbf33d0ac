import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { otherClassifier } from '../../sdk/config/schema.ts';
import { spaceOf } from '../../sdk/core/cards/space.ts';
import { readClassifierCard } from '../../sdk/core/classifier.ts';
import { Learner } from '../../sdk/learn/learner.ts';
import { readBundle, writeBundle } from '../../sdk/learn/ledger/bundle.ts';
import { Identity } from '../../sdk/learn/ledger/identity.ts';
import { draft, embeddings } from '../learn/fakes.ts';
import { temporaryFolder } from '../support/folders.ts';
import { jsonLines, ocellus } from './cli.ts';

const card = await readClassifierCard();
const space = spaceOf(card);
const { dimension } = card;
const sample = embeddings(2, dimension);

/** A node's data folder with a store in it. */
async function dataOf(node: string, change: (learner: Learner) => Promise<unknown>): Promise<string> {
  const data = temporaryFolder();
  const learner = await Learner.open(join(data, 'learn'), { space, dimension, node });
  try {
    await change(learner);
  } finally {
    await learner.close();
  }
  return data;
}

const teach = (learner: Learner, label: string, place = 0) =>
  learner.teach([{ draft: draft(label, sample(place, 0.3)), thumbnail: Buffer.from('a picture') }]);

async function sizeOf(data: string, node: string): Promise<number> {
  let size = 0;
  const learner = await Learner.open(join(data, 'learn'), { space, dimension, node });
  size = learner.ledger.size;
  await learner.close();
  return size;
}

describe('ocellus learn', () => {
  it('key prints one and the same key of a node', async () => {
    const data = temporaryFolder();
    const file = join(data, 'ocellus.yaml');
    writeFileSync(file, `node: porch\ndata: ${data}\n`);
    const { code, out, err } = await ocellus(['learn', 'key', '--config', file]);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toBe(`${Identity.open(join(data, 'porch', 'learn.pem')).publicKey}\n`);
    expect((await ocellus(['learn', 'key', '--config', file])).out).toBe(out);
    expect((await ocellus(['learn', 'key', '--config', file, '--node', 'shed'])).out).not.toBe(out);
  });

  it('export writes what import merges, any number of times, and no picture', async () => {
    const porch = await dataOf('porch', async (learner) => {
      await teach(learner, 'cat');
      await teach(learner, 'dog', 1);
    });
    const shed = await dataOf('shed', (learner) => teach(learner, 'cat'));
    const { publicKey } = Identity.open(join(porch, 'learn.pem'));
    const file = join(porch, 'cats.safetensors');
    const exported = await ocellus(['learn', 'export', '--store', join(porch, 'learn'), file]);
    expect(exported).toMatchObject({ code: 0, err: '', out: expect.stringContaining('2 examples') });
    expect(readFileSync(file).includes('a picture')).toBe(false);
    expect(readBundle(readFileSync(file), { space, dimension })).toMatchObject({ node: 'porch', key: publicKey });

    const args = ['learn', 'import', '--store', join(shed, 'learn'), file];
    const stranger = Identity.open(join(shed, 'another.pem')).publicKey;
    const refused = await ocellus([...args, '--trusted', stranger]);
    expect(refused).toMatchObject({ code: 2, err: expect.stringContaining('expected a signature by a trusted key') });
    expect(await sizeOf(shed, 'shed')).toBe(1);
    const imported = await ocellus([...args, '--trusted', publicKey]);
    expect(imported).toMatchObject({ code: 0, out: expect.stringContaining('porch: object: cat: 1 example\n') });
    expect((await ocellus(args)).out).toContain('0 labels and lists of cuts changed; 3 examples, 0 more');
    // It is still the shed's, under its own name.
    expect(await sizeOf(shed, 'shed')).toBe(3);
  });

  it('a store that was taught with another network keeps it, and files of it make no other', async () => {
    const earlier = spaceOf(await readClassifierCard(otherClassifier));
    const old = join(temporaryFolder(), 'learn');
    const learner = await Learner.open(old, { space: earlier, dimension, node: 'porch' });
    await teach(learner, 'cat');
    await learner.close();
    const file = join(temporaryFolder(), 'cats.safetensors');
    expect(await ocellus(['learn', 'export', '--store', old, file])).toMatchObject({ code: 0, err: '' });
    expect(readBundle(readFileSync(file), { space: earlier, dimension })).toMatchObject({ node: 'porch' });

    const restored = join(temporaryFolder(), 'learn');
    expect(await ocellus(['learn', 'import', '--store', restored, file])).toMatchObject({ code: 0, err: '' });
    const again = await Learner.open(restored, { space: earlier, dimension, node: 'porch' });
    expect(again.ledger.size).toBe(1);
    await again.close();

    const newer = await dataOf('shed', (one) => teach(one, 'dog'));
    expect(await ocellus(['learn', 'import', '--store', join(newer, 'learn'), file])).toMatchObject({
      code: 2,
      err: expect.stringContaining(`expected space ${space}, got ${earlier}`),
    });
    expect(await sizeOf(newer, 'shed')).toBe(1);
  });

  it('import makes a store that is not there: a board that was flashed is restored from a file', async () => {
    const porch = await dataOf('porch', async (learner) => {
      await teach(learner, 'cat');
      await teach(learner, 'dog', 1);
      await learner.forget({ node: 'shed' }, 'its lens is broken');
    });
    const key = Identity.open(join(porch, 'learn.pem')).publicKey;
    const file = join(temporaryFolder(), 'porch.safetensors');
    await ocellus(['learn', 'export', '--store', join(porch, 'learn'), file]);
    const flashed = join(temporaryFolder(), 'data', 'porch');
    const store = join(flashed, 'learn');
    // What is refused leaves nothing behind.
    const stranger = Identity.open(join(porch, 'another.pem')).publicKey;
    const wrong = join(porch, 'wrong');
    writeFileSync(wrong, writeBundle({ space: 'another', dimension, node: 'porch', parts: [] }));
    for (const [args, message] of [
      [[file, '--trusted', stranger], /expected a signature by a trusted key/],
      [[wrong], /wrong: learned examples: expected space [0-9a-f]+, got "another"; --model names the network/],
      [[join(porch, 'missing')], /ENOENT/],
      [[file, '--node', ' '], /--node: expected 1 to 64/],
    ] as const) {
      const { code, err } = await ocellus(['learn', 'import', '--store', store, ...args]);
      expect(code).toBe(2);
      expect(err).toMatch(message);
      expect(existsSync(join(flashed, '..'))).toBe(false);
    }
    const imported = await ocellus(['learn', 'import', '--store', store, file, '--trusted', key]);
    expect(imported).toMatchObject({ code: 0, err: '' });
    expect(imported.out).toContain(`${store}: a new store, of porch\n`);
    expect(imported.out).toContain('2 examples, 2 more');
    // It is the node's own again, without the key of before, which is not in the file, and with ids of its own.
    expect(readdirSync(flashed)).toEqual(['learn']);
    const learner = await Learner.open(store, { space, dimension, node: 'porch' });
    expect(learner.ledger.examples().map(({ node, label }) => [node, label])).toEqual([
      ['porch', 'cat'],
      ['porch', 'dog'],
    ]);
    expect(learner.ledger.cutNodes()).toEqual(['shed']);
    expect(learner.predict('object', sample(0, 0.1))).toMatchObject({ nearest: 'cat' });
    const { examples } = await teach(learner, 'cat');
    const [replica] = examples[0]!.id.split('-');
    expect(learner.ledger.examples().filter(({ id }) => id.startsWith(replica!))).toHaveLength(1);
    await learner.close();
    // Once more changes nothing, and a store that is there keeps its name.
    const again = await ocellus(['learn', 'import', '--store', store, file, '--node', 'shed']);
    expect(again.out).toContain('0 labels and lists of cuts changed; 3 examples, 0 more');
    expect(again.out).not.toContain('a new store');
    const named = join(temporaryFolder(), 'store');
    const other = await ocellus(['learn', 'import', '--store', named, file, '--node', 'shed']);
    expect(other.out).toContain('a new store, of shed');
    expect((await ocellus(['learn', 'cuts', '--store', named])).out).toContain('all of shed');
  });

  it('a store that is in use is left alone', async () => {
    const porch = await dataOf('porch', (learner) => teach(learner, 'cat'));
    const file = join(porch, 'cats.safetensors');
    const store = join(porch, 'learn');
    await ocellus(['learn', 'export', '--store', store, file]);
    const learner = await Learner.open(store, { space, dimension, node: 'porch' });
    await expect(Learner.open(`${store}/`, { space, dimension, node: 'porch' })).rejects.toThrow(/this process/);
    for (const args of [
      ['export', '--store', store, join(porch, 'x')],
      ['import', '--store', store, file],
      ['cuts', '--store', store],
    ]) {
      const { code, err } = await ocellus(['learn', ...args]);
      expect({ code, err }).toEqual({ code: 2, err: expect.stringContaining('is in use by another process') });
    }
    const { examples } = await teach(learner, 'dog', 1);
    await learner.close();
    const again = await Learner.open(store, { space, dimension, node: 'porch' });
    expect(again.ledger.example(examples[0]!.id)).toBeDefined();
    await again.close();
  });

  it('says what is wrong with a damaged store, and goes on', async () => {
    const porch = await dataOf('porch', (learner) => teach(learner, 'cat'));
    const store = join(porch, 'learn');
    rmSync(join(store, 'CURRENT'));
    const { code, out, err } = await ocellus(['learn', 'export', '--store', store, join(porch, 'x')]);
    expect({ code, out }).toEqual({ code: 0, out: expect.stringContaining('1 examples') });
    expect(err).toMatch(/the store in .* was damaged \(its file CURRENT is missing\) and is repaired/);
  });

  it('cuts lists who cut out what, and why', async () => {
    const porch = await dataOf('porch', async (learner) => {
      await learner.forget({ node: 'shed' }, 'its lens\nis broken');
    });
    const store = ['--store', join(porch, 'learn')];
    expect((await ocellus(['learn', 'cuts', ...store])).out).toMatch(
      / porch +all of shed +its lens\\nis broken +[0-9a-f]{16}-1/,
    );
    expect(jsonLines((await ocellus(['learn', 'cuts', ...store, '--json'])).out)).toEqual([
      {
        id: expect.stringMatching(/-1$/),
        node: 'porch',
        target: { node: 'shed' },
        reason: 'its lens\nis broken',
        time: expect.any(Number),
      },
    ]);
    const empty = await dataOf('shed', async () => {});
    expect((await ocellus(['learn', 'cuts', '--store', join(empty, 'learn')])).out).toBe('Nothing was cut out.\n');
  });

  it.each([
    [['export', '--store', '/nowhere/learn', 'x'], /\/nowhere\/learn: expected a store of examples, there is none/],
    [['cuts', '--store', '/nowhere/learn'], /there is none; `ocellus teach` and `ocellus learn import` make one/],
    [['import', '--store', '/nowhere/learn', '/nowhere/file'], /\/nowhere\/file: ENOENT/],
    [['export', 'x'], /required option '--store <dir>'/],
    [['key', '--config', '/nowhere.yaml'], /nowhere.yaml/],
  ])('%j is an error', async (args, message) => {
    const { code, err } = await ocellus(['learn', ...args]);
    expect(code).toBe(2);
    expect(err).toMatch(message);
  });

  it('a file that is none is an error that names it', async () => {
    const porch = await dataOf('porch', (learner) => teach(learner, 'cat'));
    const file = join(porch, 'garbage');
    writeFileSync(file, 'garbage');
    for (const name of [file, join(porch, 'missing')]) {
      const { code, err } = await ocellus(['learn', 'import', '--store', join(porch, 'learn'), name]);
      expect(code).toBe(2);
      expect(err).toContain(name);
    }
  });
});
