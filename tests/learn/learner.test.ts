import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { InputError } from '../../sdk/base/errors.ts';
import { defaultTrainers, Head, trainHead } from '../../sdk/learn/heads/head.ts';
import { PrototypeTrainer } from '../../sdk/learn/heads/prototypes.ts';
import { finish, type Steps } from '../../sdk/learn/heads/steps.ts';
import type { TrainedModel } from '../../sdk/learn/heads/trainer.ts';
import { TrainingData, type TrainingSet } from '../../sdk/learn/heads/training-set.ts';
import { type Change, Learner, type LearnerOptions, type Lesson } from '../../sdk/learn/learner.ts';
import { LedgerStore } from '../../sdk/learn/ledger/ledger-store.ts';
import type { Part } from '../../sdk/learn/ledger/part.ts';
import { closing } from '../support/closing.ts';
import { temporaryFolder } from '../support/folders.ts';
import { recorder } from '../support/recorder.ts';
import { draft, embeddings, makeLedger } from './fakes.ts';

afterEach(() => void vi.restoreAllMocks());

const patience = { timeout: 30_000 };
const sample = embeddings(6, 8);
const near = (label: number) => sample(label, 0.1);
const lesson = (label: string, of: number, more = {}): Lesson => ({ draft: draft(label, near(of), more) });
const lessons = (label: string, of: number, count = 6): [Lesson, ...Lesson[]] => [
  lesson(label, of),
  ...Array.from({ length: count - 1 }, () => lesson(label, of)),
];

async function openLearner(folder = temporaryFolder(), more: Partial<LearnerOptions> = {}) {
  const learner = await Learner.open(folder, { space: 'test', dimension: 8, node: 'a', ...more });
  return closing(learner, (one) => one.close());
}

/** Counts how often it learned. */
class CountingTrainer extends PrototypeTrainer {
  trained = 0;
  override train(set: TrainingSet) {
    this.trained++;
    return super.train(set);
  }
}

/** Goes on only while it is open. */
class GatedTrainer extends PrototypeTrainer {
  waits = false;
  #isOpen = true;
  open(): void {
    this.#isOpen = true;
  }
  close(): void {
    this.#isOpen = false;
  }
  *trainInSteps(set: TrainingSet): Steps<TrainedModel | undefined> {
    while (!this.#isOpen) {
      this.waits = true;
      yield;
    }
    return this.train(set);
  }
}

describe('Learner', () => {
  it('knows what it was taught, and tells what changed', async () => {
    const learner = await openLearner();
    const heads: Change[] = [];
    const parts: Part[] = [];
    learner.on('head', (change) => heads.push(change));
    learner.on('parts', (changed) => parts.push(...changed));
    expect(learner.predict('object', near(0))).toBeUndefined();
    const taught = await learner.teach([lesson('cat', 0), lesson('cat', 0)]);
    expect(taught).toMatchObject({
      head: 'object',
      outcome: { taken: true, version: { version: 1 } },
      examples: [{ label: 'cat' }, { label: 'cat' }],
    });
    await learner.teach(lessons('dog', 1));
    expect(learner.predict('object', near(0))).toMatchObject({ label: 'cat' });
    expect(heads.map(({ outcome }) => outcome.taken && outcome.version.version)).toEqual([1, 2]);
    expect(parts.length).toBe(8);
    expect(learner.summary('object')).toMatchObject({
      version: 2,
      info: { labels: ['cat', 'dog'], examples: 8, accuracy: 1, ledgerHash: learner.ledger.hash('object') },
      hash: learner.head('object')!.current!.head.hash(),
      versions: [1, 2],
    });
    expect(learner.summary('gate')).toEqual({ versions: [] });
  });

  it('does not take twice what it was taught, and takes it as something else', async () => {
    const learner = await openLearner();
    const one = lesson('cat', 0);
    const { examples } = await learner.teach([one, one]);
    expect(examples[1]).toEqual(examples[0]);
    const again = await learner.teach([one]);
    expect(again.examples).toEqual([examples[0]]);
    expect(again.outcome).toMatchObject({ taken: true, version: { version: 1 } });
    await learner.teach([{ draft: { ...one.draft, negative: true } }], { anyway: true });
    await learner.teach([{ draft: { ...one.draft, label: 'lynx' } }], { anyway: true });
    await learner.teach([{ draft: { ...one.draft, head: 'gate' } }]);
    expect(learner.ledger.size).toBe(4);
  });

  it('holds a bounded number of lessons aside, and drops those that cannot be read', async () => {
    const folder = temporaryFolder();
    const learner = await openLearner(folder);
    const same = near(0);
    await learner.teach([{ draft: draft('cat', same), thumbnail: Buffer.from('jpeg') }]);
    for (let i = 0; i < 53; i++)
      await learner.teach([{ draft: draft(`other ${i}`, same), thumbnail: Buffer.from('jpeg') }]);
    const labels = (one: Learner) => one.lessons.asides.all.map(({ label }) => label);
    expect([labels(learner).length, labels(learner)[0], learner.ledger.size]).toEqual([50, 'other 3', 1]);
    const [first] = learner.lessons.asides.all;
    await learner.close();
    const store = await LedgerStore.open(folder, { space: 'test', dimension: 8, node: 'a' });
    await store.putValues(new Map([[`aside/${first!.id}`, Buffer.from('{')]]));
    await store.close();
    const logger = recorder();
    const again = await openLearner(folder, { logger });
    expect([labels(again).length, labels(again)[0]]).toEqual([49, 'other 4']);
    expect(logger.lines.join()).toContain('a lesson that was kept aside cannot be read');
    expect(await again.lessons.asides.looks(again.lessons.asides.all[0]!.id)).toMatchObject([
      { draft: { label: 'other 4', embedding: same }, thumbnail: Buffer.from('jpeg') },
    ]);
  });

  it('has the same heads after a restart, byte for byte', async () => {
    const folder = temporaryFolder();
    const before = await openLearner(folder);
    await before.teach(lessons('cat', 0));
    await before.teach(lessons('dog', 1));
    await before.teach([lesson('tidy', 2, { head: 'cupboard', kind: 'view' })]);
    await before.teach(lessons('fox', 3));
    await before.rollback('object');
    const bytes = before.heads.map((head) => before.head(head)!.serialise().toString('base64'));
    const summary = before.summary('object');
    expect(summary).toMatchObject({ version: 2, versions: [1, 2, 3], refused: expect.stringMatching(/rolled back/) });
    await before.close();
    const after = await openLearner(folder);
    expect(after.heads).toEqual(['cupboard', 'object']);
    expect(after.heads.map((head) => after.head(head)!.serialise().toString('base64'))).toEqual(bytes);
    expect(after.summary('object')).toEqual(summary);
  });

  it('writes a head out once, for its file and what it is known by, however often that is asked', async () => {
    const learner = await openLearner();
    const serialise = vi.spyOn(Head.prototype, 'serialise');
    await learner.teach(lessons('cat', 0));
    const { hash } = learner.summary('object');
    for (let i = 0; i < 5; i++) expect(learner.summary('object').hash).toBe(hash);
    expect(serialise).toHaveBeenCalledTimes(1);
    serialise.mockRestore();
    await learner.teach(lessons('dog', 1));
    expect(learner.summary('object').hash).not.toBe(hash);
  });

  it('adds one by one and learns when it is asked to, or opened again', async () => {
    const folder = temporaryFolder();
    const before = await openLearner(folder);
    const heads: Change[] = [];
    before.on('head', (change) => heads.push(change));
    for (const one of [...lessons('cat', 0, 3), ...lessons('dog', 1, 3)]) await before.add(one);
    expect([before.ledger.size, heads.length, before.predict('object', near(0))]).toEqual([6, 0, undefined]);
    expect(await before.train('object')).toMatchObject({ outcome: { taken: true, version: { version: 1 } } });
    expect(heads).toHaveLength(1);
    await before.add(lesson('fox', 2));
    await before.close();
    const after = await openLearner(folder);
    expect(after.summary('object')).toMatchObject({ version: 2, info: { examples: 7, labels: ['cat', 'dog', 'fox'] } });
  });

  it('trains what is in the store and in no head: it was ended in between, or the head cannot be read', async () => {
    const folder = temporaryFolder();
    const options = { space: 'test', dimension: 8, node: 'a' };
    const store = await LedgerStore.open(folder, options);
    await store.teach(draft('cat', near(0)));
    await store.teach(draft('tidy', near(1), { head: 'cupboard' }));
    await store.putValues(new Map([['heads/cupboard', Buffer.from('torn')]]));
    await store.close();
    const logger = recorder();
    const learner = await openLearner(folder, { logger });
    expect(learner.predict('object', near(0))).toMatchObject({ label: 'cat' });
    expect(learner.predict('cupboard', near(1))).toMatchObject({ label: 'tidy' });
    expect(logger.lines.filter((line) => line.startsWith('warn'))).toEqual([
      expect.stringMatching(/head cupboard cannot be read/),
    ]);
  });

  it('does not take what is clearly worse, not in small steps either, and takes it when it is told to', async () => {
    const learner = await openLearner();
    await learner.teach(lessons('cat', 0, 10));
    await learner.teach(lessons('dog', 1, 10));
    const changes: Change[] = [];
    learner.on('head', (change) => changes.push(change));
    for (let i = 0; i < 10; i++) {
      await learner.teach(lessons('cat', 1, 3), { anyway: true });
      await learner.teach(lessons('dog', 0, 3), { anyway: true });
    }
    expect(learner.summary('object')).toMatchObject({ refused: expect.stringMatching(/held back/) });
    expect(changes.some(({ outcome }) => !outcome.taken)).toBe(true);
    const { version } = learner.summary('object');
    expect(await learner.train('object', true)).toMatchObject({ outcome: { taken: true } });
    expect(learner.summary('object').version).toBe(version! + 1);
    expect(learner.summary('object')).not.toHaveProperty('refused');
  });

  it('forgets, relabels, cuts and takes back, and the head with it', async () => {
    const learner = await openLearner();
    const { examples } = await learner.teach(lessons('cat', 0));
    await learner.teach(lessons('dog', 1));
    const other = await openLearner(temporaryFolder(), { node: 'b' });
    await other.teach(lessons('fox', 2));
    expect((await learner.merge(other.ledger.parts())).length).toBe(1);
    expect(await learner.merge(other.ledger.parts()), 'again').toEqual([]);
    expect(learner.predict('object', near(2))).toMatchObject({ label: 'fox' });
    expect(await learner.forget({ node: 'b' }, 'poisoned')).toBe(6);
    expect(learner.predict('object', near(2))!.nearest).not.toBe('fox');
    await learner.withdraw(learner.ledger.cuts()[0]!.id);
    expect(learner.predict('object', near(2))).toMatchObject({ label: 'fox' });
    for (const { id } of examples) await learner.relabel(id, { label: 'lynx' });
    expect(learner.predict('object', near(0))).toMatchObject({ label: 'lynx' });
    for (const label of ['lynx', 'dog', 'fox']) await learner.forget({ head: 'object', label });
    expect(learner.predict('object', near(0))).toBeUndefined();
    expect(learner.summary('object')).not.toHaveProperty('version');
    await expect(learner.forget({ head: 'object', label: 'dog' })).rejects.toThrow(/something that was taught/);
  });

  it('nodes that learned the same from each other have the same head, whatever the order', async () => {
    const a = await openLearner(temporaryFolder(), { node: 'a' });
    const b = await openLearner(temporaryFolder(), { node: 'b' });
    await a.teach(lessons('cat', 0));
    await b.teach(lessons('dog', 1));
    await b.teach(lessons('cat', 0));
    await b.merge(a.ledger.parts());
    await a.merge(b.ledger.parts());
    expect(a.summary('object').hash).toBe(b.summary('object').hash);
    expect(a.head('object')!.current!.head.serialise()).toEqual(b.head('object')!.current!.head.serialise());
  });

  it('unlearns what another node cut out', async () => {
    const learner = await openLearner();
    const [b, c] = [makeLedger('b'), makeLedger('c')];
    for (const { draft } of lessons('fox', 2)) b.teach(draft);
    await learner.merge(b.parts());
    expect(learner.predict('object', near(2))).toMatchObject({ label: 'fox' });
    c.forget({ node: 'b' });
    await learner.merge(c.parts());
    expect(learner.predict('object', near(2))).toBeUndefined();
  });

  it('lets others in while it learns, and learns what the ledger held when it began', async () => {
    const learner = await openLearner();
    await learner.teach(lessons('cat', 0, 20));
    let turns = 0;
    let counts = true;
    const count = () => {
      turns++;
      if (counts) setImmediate(count);
    };
    // Each step takes longer than a slice may.
    let now = 0;
    vi.spyOn(performance, 'now').mockImplementation(() => (now += 10));
    let expected: Head | undefined;
    let changed: Promise<unknown>[] = [];
    const { updateInSteps } = TrainingData.prototype;
    vi.spyOn(TrainingData.prototype, 'updateInSteps').mockImplementationOnce(function (this: TrainingData, examples) {
      expected = trainHead('object', finish(updateInSteps.call(new TrainingData(), examples)), defaultTrainers());
      setImmediate(count);
      // Their values go into the places of those that are forgotten.
      changed = [learner.forget({ head: 'object', label: 'cat' }), learner.teach(lessons('fox', 3, 20))];
      const isChanged = () => learner.ledger.examples().filter(({ label }) => label === 'fox').length === 20;
      const begin = () => updateInSteps.call(this, examples);
      return (function* () {
        while (!isChanged()) yield;
        return yield* begin();
      })();
    });
    const { outcome } = await learner.teach(lessons('dog', 1, 20));
    expect(expected!.info).toMatchObject({ labels: ['cat', 'dog'], examples: 40 });
    expect(outcome.taken && outcome.version.head.hash()).toBe(expected!.hash());
    expect(turns).toBeGreaterThan(40);
    await Promise.all(changed);
    counts = false;
    expect(learner.predict('object', near(3))?.label).toBe('fox');
    expect(learner.summary('object').info).toMatchObject({ labels: ['dog', 'fox'], examples: 40 });
  });

  it('learns many lessons that come together once, and each head by itself', async () => {
    const counting = new CountingTrainer();
    const learner = await openLearner(undefined, { trainers: [counting] });
    const taught = Array.from({ length: 200 }, (_, i) => learner.teach([lesson('cat', 0, { timeMs: i })]));
    const other = learner.teach([lesson('tidy', 1, { head: 'cupboard', kind: 'view' })]);
    for (const { examples, outcome } of await Promise.all(taught)) {
      expect(examples).toHaveLength(1);
      expect(outcome.taken).toBe(true);
    }
    await other;
    expect(learner.ledger.size).toBe(201);
    expect(counting.trained).toBe(2);
    expect(learner.summary('object').info?.examples).toBe(200);
  });

  it('goes back to a version after what is being learned, as if it had been asked for then', async () => {
    const gated = new GatedTrainer();
    const learner = await openLearner(undefined, { trainers: [gated] });
    await learner.teach(lessons('cat', 0));
    gated.close();
    const taught = learner.teach(lessons('dog', 1));
    await vi.waitFor(() => expect(gated.waits).toBe(true), patience);
    const back = learner.rollback('object');
    const accepted = learner.train('object', true);
    expect(learner.summary('object').version).toBe(1);
    gated.open();
    expect(await taught).toMatchObject({ outcome: { taken: true, version: { version: 2 } } });
    expect(await back).toMatchObject({ outcome: { taken: true, version: { version: 1 } } });
    // Somebody takes it all the same, after that.
    expect(await accepted).toMatchObject({ outcome: { taken: true, version: { version: 3 } } });
    expect(learner.summary('object').version).toBe(3);
  });

  it('closes in the middle of learning; what was taught is there, and is learned when it is opened again', async () => {
    const folder = temporaryFolder();
    const gated = new GatedTrainer();
    gated.close();
    const learner = await openLearner(folder, { trainers: [gated] });
    const taught = learner.teach(lessons('cat', 0));
    const later = learner.teach(lessons('dog', 1));
    await vi.waitFor(() => expect(gated.waits && learner.ledger.size === 12).toBe(true), patience);
    await learner.close();
    for (const one of [taught, later]) {
      const { outcome } = await one;
      expect(outcome).toEqual({ taken: false, reason: expect.stringMatching(/object: learning was stopped before/) });
    }
    const again = await openLearner(folder);
    expect(again.ledger.size).toBe(12);
    expect(again.predict('object', near(1))?.label).toBe('dog');
  });

  it('takes kinds of heads of ones own', async () => {
    const learner = await openLearner(temporaryFolder(), { trainers: [new PrototypeTrainer()] });
    await learner.teach(lessons('cat', 0));
    await learner.teach(lessons('dog', 1));
    expect(learner.summary('object').info!.kind).toBe('prototypes');
  });

  it('keeps what was taught, and the head in use, where a head cannot be trained', async () => {
    const folder = temporaryFolder();
    const broken = Object.assign(new PrototypeTrainer(), { fails: false });
    const train = broken.train.bind(broken);
    broken.train = (set) => {
      if (broken.fails) throw new Error('does not fit');
      return train(set);
    };
    const learner = await openLearner(folder, { trainers: [broken] });
    await learner.teach(lessons('cat', 0));
    broken.fails = true;
    const reason = 'object: could not be trained: does not fit';
    const { examples, outcome } = await learner.teach(lessons('dog', 1));
    expect(examples).toHaveLength(6);
    expect(outcome).toEqual({ taken: false, reason });
    expect(learner.summary('object')).toMatchObject({ version: 1, refused: reason });
    await learner.close();
    // It can still be forgotten.
    const again = await openLearner(folder, { trainers: [broken] });
    expect(again.predict('object', near(0))?.label).toBe('cat');
    expect(again.summary('object').refused).toBe(reason);
    broken.fails = false;
    expect(await again.forget({ example: examples[0]!.id })).toBe(1);
    expect(again.summary('object')).toMatchObject({ version: 2, info: { labels: ['cat', 'dog'] } });
    expect(again.summary('object').refused).toBeUndefined();
  });

  it('remembers the versions of a head of which all is forgotten or hidden, through a restart', async () => {
    const folder = temporaryFolder();
    const other = makeLedger('b');
    for (let i = 0; i < 4; i++) other.teach(draft('cat', near(0)));
    const learner = await openLearner(folder);
    await learner.merge(other.parts());
    await learner.teach(lessons('dog', 1));
    await learner.rollback('object');
    expect(learner.summary('object').version).toBe(1);
    const dogs = { head: 'object', label: 'dog' };
    await learner.forget(dogs);
    await learner.forget({ node: 'b' });
    expect(learner.summary('object')).toMatchObject({ versions: [1, 2] });
    await learner.close();
    const again = await openLearner(folder);
    expect(again.heads).toEqual(['object']);
    expect(again.summary('object')).toEqual({ versions: [1, 2] });
    await again.withdraw(again.ledger.cuts()[0]!.id);
    expect(again.summary('object')).toMatchObject({ version: 3, info: { labels: ['cat'] } });
  });

  it('says why nothing is in use where all came back that was rolled back from', async () => {
    const other = makeLedger('b');
    for (const [i, label] of ['cat', 'cat', 'dog', 'dog'].entries()) other.teach(draft(label, near(i >> 1)));
    const learner = await openLearner();
    await learner.teach(lessons('fox', 2));
    await learner.merge(other.parts());
    await learner.forget({ head: 'object', label: 'fox' });
    await learner.rollback('object');
    await learner.forget({ node: 'b' });
    expect(learner.summary('object')).toEqual({ versions: [1, 2, 3] });
    await learner.withdraw(learner.ledger.cuts()[0]!.id);
    expect(learner.summary('object')).toEqual({
      versions: [1, 2, 3],
      refused: expect.stringMatching(/rolled back from/),
    });
    await learner.train('object', true);
    expect(learner.predict('object', near(1))?.label).toBe('dog');
  });

  it('goes back to nothing where all was forgotten: what is forgotten stays so', async () => {
    const learner = await openLearner();
    await learner.teach(lessons('cat', 0));
    await learner.teach(lessons('dog', 1));
    for (const label of ['cat', 'dog']) await learner.forget({ head: 'object', label });
    expect((await learner.rollback('object')).outcome).toEqual({
      taken: false,
      reason: 'object: there are no examples of a label',
    });
    expect(learner.summary('object').version).toBeUndefined();
    expect(learner.predict('object', near(0))).toBeUndefined();
  });

  it('says what is wrong, and keeps and trains what was taught before it', async () => {
    const learner = await openLearner();
    await expect(learner.teach([lesson('cat', 0), lesson('unknown', 1)])).rejects.toThrow(InputError);
    expect(learner.predict('object', near(0))).toMatchObject({ label: 'cat' });
    await expect(learner.teach([lesson('', 0)])).rejects.toThrow(/label/);
    await expect(learner.relabel('x', { label: 'dog' })).rejects.toThrow(/id of an example/);
    await expect(learner.rollback('gate')).rejects.toThrow('head: expected one of object, got gate');
    await expect(learner.rollback('object', 7)).rejects.toThrow(/version/);
    const file = join(temporaryFolder(), 'file');
    writeFileSync(file, '');
    await expect(openLearner(join(file, 'learn'))).rejects.toThrow(/cannot be made/);
  });
});
