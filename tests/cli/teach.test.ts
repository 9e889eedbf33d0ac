import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { spaceOf } from '../../sdk/core/cards/space.ts';
import { readClassifierCard } from '../../sdk/core/classifier.ts';
import { Learner } from '../../sdk/learn/learner.ts';
import { LedgerStore } from '../../sdk/learn/ledger/ledger-store.ts';
import { encodeJpeg, readPicture } from '../../sdk/picture/picture.ts';
import { temporaryFolder } from '../support/folders.ts';
import { ended, jsonLines, ocellus, photo, start } from './cli.ts';

/** FOLDER/LABEL/0.jpg …: several pieces of each of these photographs. */
let things: string;
const labels = ['cat', 'cup', 'motorcycle'];
const pieces = 4;
beforeAll(async () => {
  things = mkdtempSync(join(tmpdir(), 'ocellus-teach-'));
  for (const label of labels) {
    mkdirSync(join(things, label));
    const frame = await readPicture(photo(`${label}.jpg`));
    for (let i = 0; i < pieces; i++) {
      const cut = 8 * i;
      const region = { x: cut, y: cut, width: frame.width - 2 * cut, height: frame.height - 2 * cut };
      writeFileSync(join(things, label, `${i}.jpg`), await encodeJpeg(frame, { region, maxWidth: 400 }));
    }
    frame.release();
  }
  writeFileSync(join(things, 'cat', 'notes.txt'), 'no picture');
});
afterAll(() => rmSync(things, { recursive: true, force: true }));

const piece = (label: string, i: number) => join(things, label, `${i}.jpg`);
const newStore = () => join(temporaryFolder(), 'store');

interface Line {
  file: string;
  label: string;
  id: string;
}

interface Summary {
  taught: number;
  known: number;
  labels: { label: string; examples: number; accuracy: number }[];
}

/** The lines of the pictures, and the last one. */
function told(out: string): { lines: Line[]; summary: Summary } {
  const all = jsonLines(out);
  return { lines: all.slice(0, -1) as Line[], summary: all.at(-1) as Summary };
}

/** What is in a store. */
async function withStore<T>(folder: string, look: (learner: Learner) => Promise<T> | T, node = 'test'): Promise<T> {
  const card = await readClassifierCard();
  const options = { space: spaceOf(card), dimension: card.dimension, node, keepNode: true };
  const learner = await Learner.open(folder, options);
  try {
    return await look(learner);
  } finally {
    await learner.close();
  }
}

describe('ocellus teach', () => {
  it('teaches pictures a label, says what is known, and classify --store names others by it', async () => {
    const store = newStore();
    const cats = [piece('cat', 0), piece('cat', 1)];
    const first = await ocellus(['teach', '--store', store, '--label', 'my cat', '--json', ...cats]);
    expect([first.code, first.err]).toEqual([0, '']);
    expect(told(first.out).lines.map(({ file, label }) => [file, label])).toEqual(cats.map((file) => [file, 'my cat']));
    expect(told(first.out).summary).toEqual({
      ...{ head: 'object', taught: 2, known: 0, taken: true, version: 1, kind: 'prototypes', accuracy: 1 },
      labels: [{ label: 'my cat', examples: 2, accuracy: 1 }],
    });
    const cup = await ocellus(['teach', '--store', store, '--label', 'mug', piece('cup', 0), piece('cup', 1)]);
    expect(cup.code).toBe(0);
    expect(cup.out).toMatch(/^Taught 2 pictures\.\nLABEL +EXAMPLES +RIGHT\nmug +2 +1\.00\nmy cat +2 +1\.00\nobject is/);

    const asked = [piece('cat', 3), piece('cup', 3), photo('wall.jpg')];
    const { code, out, err } = await ocellus(['classify', '--store', store, '--json', ...asked]);
    expect([code, err]).toEqual([0, '']);
    const lines = jsonLines(out) as { file: string; label: string; score: number; nearest?: string }[];
    expect(lines.map((line) => Object.keys(line).slice(0, 3))).toEqual(asked.map(() => ['file', 'label', 'score']));
    expect(lines.map(({ nearest }) => nearest)).toEqual([
      undefined,
      undefined,
      expect.stringMatching(/^(my cat|mug)$/),
    ]);
    expect(lines.map(({ file, label }) => [file, label])).toEqual([
      [asked[0], 'my cat'],
      [asked[1], 'mug'],
      [asked[2], 'unknown'],
    ]);
    for (const { score } of lines) expect(score >= 0 && score <= 1).toBe(true);
    const words = await ocellus(['classify', '--store', store, piece('cat', 3), photo('wall.jpg')]);
    expect(words.out).toMatch(/3\.jpg: my cat \d+ %\n.*wall\.jpg: unknown, most similar to (my cat|mug)\n$/);
  });

  it('takes the pictures of folders, and with --each the label from the folder', async () => {
    const store = newStore();
    const each = await ocellus(['teach', '--store', store, '--each', '--json', things]);
    expect([each.code, each.err]).toEqual([
      0,
      `note ${join(things, 'cat')}: not read, since they are not readable pictures: notes.txt\n`,
    ]);
    const { lines, summary } = told(each.out);
    expect(lines.map(({ file, label }) => [file, label])).toEqual(
      labels.flatMap((label) => Array.from({ length: pieces }, (_, i) => [piece(label, i), label])),
    );
    expect(summary.labels.map(({ label, examples }) => [label, examples])).toEqual(
      labels.map((label) => [label, pieces]),
    );
    // Again, as after an interruption: nothing is taken twice, and each is told with the id it has.
    const again = await ocellus(['teach', '--store', store, '--each', '--json', things]);
    expect(told(again.out).lines).toEqual(lines);
    expect(told(again.out).summary).toMatchObject({ taught: 0, known: 12, taken: true, version: 1 });
    const more = await ocellus(['teach', '--store', store, '--label', 'animal', '--negative', join(things, 'cat')]);
    expect(more.out).toMatch(/^Taught 4 pictures\./);
    expect(more.out).toMatch(/^none of them +4 /m);
  });

  it('takes those that there is room for, and says of each other one that there was none', async () => {
    const store = newStore();
    const card = await readClassifierCard();
    const embedding = { values: new Int8Array(card.dimension).fill(1), scale: 1 };
    const options = { space: spaceOf(card), dimension: card.dimension, node: 'test', keepNode: true };
    const written = await LedgerStore.open(store, options);
    const names = Array.from({ length: written.ledger.limits.parts - 1 }, (_, i) => `state ${i}`);
    const of = (label: string) => ({ head: 'gate', label, camera: 'gate', kind: 'view' as const, embedding });
    await written.teachAll(names.map((label) => ({ draft: of(label) })));
    // Forgotten labels count, and there is nothing to learn of them.
    for (const label of names) await written.forget({ head: 'gate', label });
    await written.close();
    const { code, out, err } = await ocellus(['teach', '--store', store, '--each', '--json', things]);
    expect(code).toBe(2);
    const refusals = [...err.matchAll(/^error .*\/(\w+)\/\d\.jpg: expected at most 1000 labels of all nodes/gm)];
    const count = (label: string) => refusals.filter((match) => match[1] === label).length;
    expect(labels.map(count)).toEqual([0, pieces, pieces]);
    const { lines, summary } = told(out);
    expect(lines.map(({ label }) => label)).toEqual(Array.from({ length: pieces }, () => 'cat'));
    expect(summary).toMatchObject({ taught: pieces, labels: [{ label: 'cat', examples: pieces }] });
  });

  it('asks before the same picture is two things: says which, takes the others, ends with 2', async () => {
    const store = newStore();
    const folder = temporaryFolder();
    for (const label of ['cat', 'tiger']) mkdirSync(join(folder, label));
    for (const i of [0, 3]) copyFileSync(piece('cat', i), join(folder, 'cat', `${i}.jpg`));
    copyFileSync(piece('cat', 0), join(folder, 'tiger', 'same.jpg'));
    copyFileSync(piece('cup', 0), join(folder, 'tiger', 'other.jpg'));
    const { code, out, err } = await ocellus(['teach', '--store', store, '--each', '--json', folder]);
    expect(code).toBe(2);
    const same = join(folder, 'tiger', 'same.jpg');
    const cat = join(folder, 'cat', '0.jpg');
    expect(err).toContain(`note ${same}: not taught as tiger: nearly the same as ${cat}, which is cat`);
    expect(err).toContain('1 of 4 pictures were not taught');
    const { lines, summary } = told(out);
    expect(lines.at(-1)).toMatchObject({ file: same, label: 'tiger', contradicts: { label: 'cat', file: cat } });
    expect(lines.filter(({ id }) => id !== undefined)).toHaveLength(3);
    expect(summary).toMatchObject({ taught: 3, taken: true });
    const anyway = await ocellus(['teach', '--store', store, '--label', 'tiger', '--anyway', '--json', same]);
    expect([anyway.code, told(anyway.out).summary.taught]).toEqual([0, 1]);
  });

  it('says why fewer are kept than were taught, and how far it is', async () => {
    const store = newStore();
    const folder = temporaryFolder();
    const count = 210;
    const frame = await readPicture(photo('cup.jpg'));
    for (let i = 0; i < count; i++) {
      const region = { x: i % 15, y: Math.floor(i / 15), width: frame.width - 30, height: frame.height - 30 };
      writeFileSync(join(folder, `${i}.jpg`), await encodeJpeg(frame, { region, maxWidth: 120 }));
    }
    frame.release();
    const { code, out, err } = await ocellus(['teach', '--store', store, '--label', 'cup', folder]);
    expect(code).toBe(0);
    expect(err.trim().split('\n').at(-1)).toMatch(/^teach \d+\/210$/);
    expect(out).toMatch(/^Taught \d+ pictures/);
    const [, taught] = /^Taught (\d+)/.exec(out)!;
    expect(Number(taught)).toBeGreaterThan(200);
    expect(out).toContain(`Of cup 200 examples are kept, of the ${taught} now`);
  });

  it('takes folders whose names differ only in how an accent is written for one label', async () => {
    const folder = temporaryFolder();
    for (const [name, of] of [
      ['Caf\u00e9', 'cup'],
      ['Cafe\u0301', 'cat'],
    ]) {
      mkdirSync(join(folder, name!));
      copyFileSync(piece(of!, 0), join(folder, name!, '0.jpg'));
    }
    const { code, out } = await ocellus(['teach', '--store', newStore(), '--each', '--json', folder]);
    expect(code).toBe(0);
    expect(told(out).summary.labels.map(({ label, examples }) => [label, examples])).toEqual([['Caf\u00e9', 2]]);
  });

  it('keeps small pictures where that is asked for, the camera, and the node of a store that is there', async () => {
    const store = newStore();
    await ocellus(['teach', '--store', store, '--node', 'porch', '--label', 'cup', piece('cup', 0)]);
    const args = ['--head', 'gate', '--label', 'open', '--camera', 'yard', '--thumbnails'];
    const second = await ocellus(['teach', '--store', store, ...args, '--node', 'shed', photo('motorcycle.jpg')]);
    expect(second.code).toBe(0);
    await withStore(store, async (learner) => {
      const [cup, gate] = learner.ledger.examples();
      expect(cup).toMatchObject({ node: 'porch', head: 'object', camera: 'pictures', kind: 'box' });
      expect(gate).toMatchObject({ node: 'porch', head: 'gate', label: 'open', camera: 'yard', kind: 'view' });
      expect(cup!.id.split('-')[0]).toBe(gate!.id.split('-')[0]);
      expect(await learner.thumbnail(cup!.id)).toBeUndefined();
      const picture = await readPicture((await learner.thumbnail(gate!.id))!);
      expect(Math.max(picture.width, picture.height)).toBe(256);
      picture.release();
      expect(learner.heads).toEqual(['gate', 'object']);
    });
    // A node of that name goes on with it.
    await withStore(store, ({ ledger }) => expect(ledger.node).toBe('porch'), 'porch');
    const gate = await ocellus(['classify', '--store', store, '--head', 'gate', '--json', photo('motorcycle.jpg')]);
    expect(jsonLines(gate.out)).toMatchObject([{ label: 'open' }]);
  });

  it('says why what was taught is not in use', async () => {
    const store = newStore();
    const { code, out } = await ocellus(['teach', '--store', store, '--label', 'cat', '--negative', piece('cup', 0)]);
    expect(code).toBe(0);
    expect(out).toBe('Taught 1 picture.\nWhat they say is not in use: object: there are no examples of a label\n');
    const asked = await ocellus(['classify', '--store', store, piece('cup', 1)]);
    expect([asked.code, asked.err]).toEqual([
      2,
      'error --head: expected one of none: nothing was taught yet, got object\n',
    ]);
  });

  it('goes on after pictures that cannot be read, and ends with 2', async () => {
    const store = newStore();
    const empty = join(temporaryFolder(), 'empty.jpg');
    writeFileSync(empty, '');
    const all = [empty, piece('cat', 0), join(things, 'absent.jpg')];
    const { code, out, err } = await ocellus(['teach', '--store', store, '--label', 'cat', '--json', ...all]);
    expect(code).toBe(2);
    expect(told(out)).toMatchObject({ lines: [{ file: piece('cat', 0) }], summary: { taught: 1, taken: true } });
    expect(err).toContain(`error ${empty} cannot be read as a picture: it is empty`);
    expect(err).toContain('error 2 of 3 pictures could not be read');
  });

  it('what it said is there after kill -9, and is learned at the next start', async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'cat'));
    const frame = await readPicture(photo('cat.jpg'));
    for (let i = 0; i < 60; i++) {
      const region = { x: i, y: 0, width: frame.width - i, height: frame.height };
      writeFileSync(join(folder, 'cat', `${i}.jpg`), await encodeJpeg(frame, { region, maxWidth: 300 }));
    }
    frame.release();
    const store = newStore();
    const child = start(['teach', '--store', store, '--each', '--json', folder]);
    const end = ended(child);
    const said: Line[] = [];
    for await (const line of createInterface({ input: child.stdout })) {
      said.push(JSON.parse(line));
      if (said.length === 5) child.kill('SIGKILL');
    }
    expect((await end).code).toBeNull();
    await withStore(store, (learner) => {
      const ids = learner.ledger.examples('object').map(({ id }) => id);
      expect(ids).toEqual(expect.arrayContaining(said.filter(({ id }) => id).map(({ id }) => id)));
      expect(ids.length).toBeLessThan(60);
      expect(learner.summary('object').info!.examples).toBe(ids.length);
    });
    const again = await ocellus(['teach', '--store', store, '--each', '--json', folder]);
    expect(told(again.out).summary.labels).toMatchObject([{ label: 'cat', examples: 60 }]);
  });

  it.each([
    { name: 'neither a label nor --each', args: ['cat.jpg'], says: 'expected --label LABEL, or --each' },
    { name: 'both', args: ['--label', 'cat', '--each', 'cat.jpg'], says: 'expected --label LABEL, or --each' },
    { name: 'no store', args: [], without: true, says: "required option '--store <dir>' not specified" },
    { name: 'what is not known', args: ['--label', 'unknown', 'cat.jpg'], says: 'label: expected a name' },
    { name: 'no name of a head', args: ['--label', 'a', '--head', ' ', 'cat.jpg'], says: '--head: expected 1 to 64' },
    { name: 'no name of a camera', args: ['--label', 'a', '--camera', '', 'cat.jpg'], says: '--camera: expected 1' },
  ])('ends with 2 on $name, and makes no store', async ({ args, without, says }) => {
    const store = newStore();
    const { code, err } = await ocellus(['teach', ...(without ? ['x.jpg'] : ['--store', store]), ...args]);
    expect([code, err]).toEqual([2, expect.stringContaining(says)]);
    expect(LedgerStore.exists(store)).toBe(false);
  });

  it('ends with 2 on folders without pictures, or without folders of them', async () => {
    const store = newStore();
    const empty = temporaryFolder();
    const none = await ocellus(['teach', '--store', store, '--label', 'a', empty]);
    expect([none.code, none.err]).toEqual([2, expect.stringContaining(`${empty}: expected pictures in it (.jpg`)]);
    const flat = await ocellus(['teach', '--store', store, '--each', join(things, 'cat')]);
    expect([flat.code, flat.err]).toEqual([2, expect.stringContaining('expected folders of pictures in it')]);
    const absent = await ocellus(['teach', '--store', store, '--each', join(things, 'absent')]);
    expect([absent.code, absent.err]).toEqual([2, expect.stringContaining('expected a readable folder')]);
  });

  it('a store that a node uses is left to it, and the error says how to teach then', async () => {
    const store = newStore();
    await withStore(store, async () => {
      for (const args of [['teach', '--label', 'cat'], ['classify']]) {
        const { code, err } = await ocellus([...args, '--store', store, piece('cat', 0)]);
        expect([code, err]).toEqual([2, expect.stringContaining('is taught on its page or over MQTT')]);
      }
    });
  });
});

describe('ocellus classify --store', () => {
  it('ends with 2 without a store, on another network’s, on an unknown head, and where nothing is to be asked', async () => {
    const store = newStore();
    const absent = await ocellus(['classify', '--store', store, piece('cat', 0)]);
    expect([absent.code, absent.err]).toEqual([
      2,
      expect.stringContaining('expected a store of examples, there is none'),
    ]);
    expect(LedgerStore.exists(store)).toBe(false);
    const other = join(temporaryFolder(), 'other');
    const made = await Learner.open(other, { space: 'other', dimension: 1280, node: 'a' });
    await made.close();
    const { code, err } = await ocellus(['classify', '--store', other, piece('cat', 0)]);
    expect([code, err]).toEqual([2, expect.stringContaining('name the network that it was taught with')]);
    await ocellus(['teach', '--store', store, '--label', 'cat', piece('cat', 0)]);
    const head = await ocellus(['classify', '--store', store, '--head', 'gate', piece('cat', 0)]);
    expect([head.code, head.err]).toEqual([2, 'error --head: expected one of object, got gate\n']);
    const useless = await ocellus(['classify', '--head', 'gate', piece('cat', 0)]);
    expect([useless.code, useless.err]).toEqual([2, expect.stringContaining('name it with --store')]);
    const top = await ocellus(['classify', '--store', store, '--top', '2', piece('cat', 0)]);
    expect([top.code, top.err]).toEqual([2, expect.stringContaining('cannot be used with')]);
  });
});
