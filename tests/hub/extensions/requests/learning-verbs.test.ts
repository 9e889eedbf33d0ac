import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asset } from '../../../../sdk/base/assets.ts';
import { InputError } from '../../../../sdk/base/errors.ts';
import { errorsOf, validate } from '../../../../sdk/config/validate.ts';
import { withChanges } from '../../../../sdk/hub/extensions/requests/verbs/learning.ts';
import type { Verb, VerbContext } from '../../../../sdk/hub/extensions/requests/verbs/verb.ts';
import { standardVerbs, type Verbs } from '../../../../sdk/hub/extensions/requests/verbs/verbs.ts';
import { readBundle, writeBundle } from '../../../../sdk/learn/ledger/bundle.ts';
import { Ledger } from '../../../../sdk/learn/ledger/ledger.ts';
import type { NodeLearning } from '../../../../sdk/learn/node-learning.ts';
import { embeddings } from '../../../learn/fakes.ts';
import { temporaryFolder } from '../../../support/folders.ts';
import { track } from '../../../vision/fakes.ts';
import { ShownLearning } from '../../learning.ts';
import { makeRequests } from './fakes.ts';

/** Requests to a node that can be taught. */
async function makeTeachable() {
  const shown = await ShownLearning.start();
  const requests = makeRequests();
  requests.context.node.learning = shown.learning;
  /** `data` of the answer. */
  const ask = async <V extends keyof Verbs>(verb: V, fields: unknown = {}): Promise<Verbs[V]['response']> => {
    const { status, data, error } = await requests.ask(verb, fields);
    expect(error).toBeUndefined();
    expect(status).toBe('ok');
    return data as Verbs[V]['response'];
  };
  const { node, topics } = requests.context;
  const context: VerbContext = {
    ...{ node, topics, verbs: [], publishPicture: () => {}, restartProcess: undefined },
    camera: (name) => {
      const camera = node.pipelines.get(name);
      if (camera) return camera;
      throw new InputError('there is no such camera');
    },
  };
  const errorOf = async (verb: string, fields: unknown = {}) => (await requests.ask(verb, fields)).error;
  return { shown, learning: shown.learning, context, ask, errorOf };
}

/** Examples of a label that look alike. */
async function teachMany(learning: NodeLearning, label: string, seed: number, count: number) {
  const sample = embeddings(9, 1280, 1);
  const looks = Array.from({ length: count }, () => ({
    ...({ kind: 'track', embedding: sample(seed), picture: Buffer.from('') } as const),
  }));
  return learning.teachLooks(looks, { camera: 'door', head: 'object', label }, { anyway: true });
}

describe('teach', () => {
  it('teaches a track, an event that is over, a box and the whole view', async () => {
    const { ask, errorOf, shown, learning } = await makeTeachable();
    const object = track({ id: 7, box: [20, 20, 140, 140] });
    for (const picture of ['rings', 'checks', 'stripes'] as const)
      await shown.show('door', picture, { tracks: [object] });
    const first = await ask('teach', { camera: 'door', track_id: 7, label: 'my cat' });
    expect(first).toEqual({
      examples: [expect.stringMatching(/^[0-9a-f]{16}-\d+$/), expect.any(String), expect.any(String)],
      head: 'object',
      version: 1,
      accuracy: expect.any(Number),
      refused: null,
      aside: null,
    });

    learning.camera('door').noteEvent({ id: '5.000001-abcdef', track_id: 7 });
    await shown.show('door', 'stripes');
    const past = { camera: 'door', event_id: '5.000001-abcdef' };
    expect(await ask('teach', { ...past, label: 'my cat' }), 'it was taught that already').toEqual(first);

    const box = await ask('teach', { camera: 'door', box: [10, 10, 90, 90], label: 'parcel', negative: false });
    expect(box).toMatchObject({ head: 'object', version: 2, examples: [expect.any(String)] });
    expect(await ask('teach', { camera: 'door', view: 'gate', label: 'open' })).toMatchObject({
      ...{ head: 'gate', version: 1, accuracy: null, refused: null },
    });
    expect(await ask('teach', { camera: 'door', view: true, label: 'tidy' })).toMatchObject({ head: 'door' });
    expect(learning.count({ head: 'object' })).toBe(4);
    const other = await ask('teach', { ...past, label: 'their cat' });
    expect(other).toMatchObject({
      ...{ examples: [], version: 2 },
      aside: {
        label: 'their cat',
        camera: 'door',
        because: 'contradiction',
        taken_for: { label: 'my cat', negative: false },
      },
    });
    expect(learning.count({ head: 'object' }), 'it is kept aside').toBe(4);
    const waiting = await ask('list', { asides: true });
    expect(waiting).toMatchObject({ waiting: 1, total: 1, asides: [other.aside] });
    for (const [wrong, error] of [
      [{}, 'expected a label'],
      [{ label: 'a', forget: true }, 'expected a label'],
      [{ forget: true, replace: true }, 'expected a label'],
    ] as const) {
      expect(await errorOf('settle', { aside: other.aside!.id, ...wrong })).toContain(error);
    }
    expect(await ask('settle', { aside: other.aside!.id, forget: true })).toEqual({
      ...{ aside: other.aside!.id, examples: [], heads: [] },
    });
    const { aside } = await ask('teach', { ...past, label: 'their cat' });
    expect(await errorOf('settle', { aside: other.aside!.id, forget: true })).toContain('waits for an answer');
    const settled = await ask('settle', { aside: aside!.id, label: 'my cat' });
    expect([settled.examples.sort(), learning.count({ head: 'object' })]).toEqual([first.examples.toSorted(), 4]);
    expect((await ask('teach', { ...past, label: 'their cat', anyway: true })).examples).toHaveLength(3);
    expect(learning.count({ head: 'object', label: 'their cat' })).toBe(3);
    expect(learning.camera('door').heads).toEqual(['door', 'gate']);
  });

  it('teaches one look at what stands still: more of the same picture say nothing new', async () => {
    const { ask, shown } = await makeTeachable();
    await shown.show('door', 'rings', { seconds: 3, tracks: [track({ id: 7, box: [20, 20, 140, 140] })] });
    const { examples } = await ask('teach', { camera: 'door', track_id: 7, label: 'my cat' });
    expect(examples).toHaveLength(1);
  });

  it('says why there is no head yet', async () => {
    const { ask, shown } = await makeTeachable();
    await shown.show('door', 'rings');
    expect(await ask('teach', { camera: 'door', box: [0, 0, 99, 99], label: 'my cat', negative: true })).toEqual({
      ...{ examples: [expect.any(String)], head: 'object', version: null, accuracy: null, aside: null },
      refused: 'object: there are no examples of a label',
    });
  });

  it('says why the network cannot be used, and teaches once that is mended', async () => {
    const folder = temporaryFolder();
    const [card, model] = ['efficientnet-lite0-int8.card.json', 'efficientnet-lite0-int8.onnx'];
    copyFileSync(asset('sdk', 'models', card), join(folder, card));
    const shown = ShownLearning.make(join(folder, 'learn'), ['door'], { model: join(folder, card) });
    await shown.learning.start();
    const { ask, context } = makeRequests();
    context.node.learning = shown.learning;
    await shown.show('door', 'rings');
    const request = { camera: 'door', view: 'gate', label: 'open' };
    expect((await ask('teach', request)).error).toContain(model);
    copyFileSync(asset('sdk', 'models', model), join(folder, model));
    expect(await ask('teach', request)).toMatchObject({ status: 'ok', data: { head: 'gate', version: 1 } });
  });

  it.each([
    [{ track_id: 1 }, 'label: expected text of 1 to 64 characters, got nothing'],
    [{ label: 'a' }, 'expected one of track_id, event_id, box, view, got none'],
    [{ label: 'a', view: 'b', box: [0, 0, 9, 9] }, 'expected one of track_id, event_id, box, view, got 2'],
    [{ label: 'a', camera: 'shed', view: 'b' }, 'there is no such camera; expected one of door, yard'],
    [{ label: 'a', track_id: 1.5 }, 'track_id: expected a whole number of at least 1, got 1.5'],
    [{ label: 'a', track: 7 }, 'track: no such field; expected one of camera, label, track_id, event_id, box, view'],
    [{ label: 'a', track_id: 99 }, 'track: expected one that was seen well lately'],
    [{ label: 'a', event_id: 'x' }, 'event: expected one that was seen well lately'],
    [{ label: 'a', box: [0, 0, 9] }, 'box: expected a list of 4'],
    [{ label: 'a', box: [0, 0, 4, 4] }, 'box: expected [x1, y1, x2, y2] of at least 8 pixels a side'],
    [{ label: 'a', box: [0, 0, 1e9, 99] }, 'box.2: expected a number from -65536 to 65536'],
    [{ label: 'a', view: false }, 'view: expected text of 1 to 32 characters or true, got false'],
    [{ label: 'a', view: 'The gate' }, 'view: expected the name of a state, such as gate'],
    [{ label: 'a', view: 'object' }, 'view: expected the name of a state, such as gate'],
    [{ label: 'a', view: 'set' }, 'view: expected the name of a state, such as gate'],
    [{ label: 'unknown', view: 'gate' }, 'label: expected a name, unknown is what is not known'],
    [{ label: 'unsure', view: 'gate' }, 'label: expected a name, unsure is what is not known'],
    [{ label: ' a', view: 'gate' }, 'label: expected 1 to 64 printable characters without spaces around them'],
    [{ label: 'a\nb', view: 'gate' }, 'label: expected 1 to 64 printable characters'],
    [{ label: 'x'.repeat(65), view: 'gate' }, 'label: expected text of 1 to 64 characters'],
    [{ label: 'a', view: 'gate', camera: 'yard' }, 'there is no picture of this camera yet'],
  ])('refuses %j', async (fields, error) => {
    const { errorOf, shown, learning } = await makeTeachable();
    await shown.show('door', 'rings');
    expect(await errorOf('teach', { camera: 'door', ...fields })).toContain(error);
    expect(learning.count()).toBe(0);
  });

  it.each(['teach', 'list', 'relabel', 'forget', 'withdraw', 'rollback', 'accept', 'settle'])(
    '%s says where nothing can be taught',
    async (verb) => {
      const fields = {
        ...{ teach: { camera: 'door', label: 'a', view: true }, list: {}, relabel: { example: 'a', label: 'b' } },
        ...{ forget: { label: 'a' }, withdraw: { cut: 'a' }, rollback: { head: 'a' }, accept: { head: 'a' } },
        settle: { aside: 'a', label: 'b' },
      };
      const { error } = await makeRequests().ask(verb, fields[verb as keyof typeof fields]);
      expect(error).toMatch(/^nothing can be taught on this node: set learn\.enabled/);
    },
  );
});

describe('relabel, forget, rollback, accept', () => {
  it('give an example another label, and forget one, or all of a label', async () => {
    const { ask, learning } = await makeTeachable();
    const { examples } = await teachMany(learning, 'my cat', 0, 3);
    const moved = await ask('relabel', { example: examples[0]!.id, label: 'her cat' });
    expect(moved).toMatchObject({ head: 'object', version: 2, refused: null });
    expect(moved.examples).toHaveLength(1);
    expect(moved.examples).not.toContain(examples[0]!.id);

    expect(await ask('forget', { example: moved.examples[0] })).toEqual({
      examples: 1,
      cut: null,
      heads: [{ head: 'object', version: 3, accuracy: expect.any(Number), refused: null }],
    });
    expect(await ask('forget', { label: 'my cat', reason: 'it moved out' })).toEqual({
      ...{ examples: 2, cut: null },
      heads: [{ head: 'object', version: null, accuracy: null, refused: 'object: there are no examples of a label' }],
    });
    // A rollback does not bring back what was forgotten.
    expect(await ask('rollback', 'object')).toMatchObject({
      version: null,
      refused: expect.stringMatching(/no examples/),
    });
  });

  it('go back to a version, say so, and go forward again', async () => {
    const { ask, errorOf, learning } = await makeTeachable();
    await teachMany(learning, 'my cat', 0, 3);
    await teachMany(learning, 'her cat', 1, 3);
    expect(await ask('rollback', { head: 'object', version: 1 })).toEqual({
      ...{ head: 'object', version: 1, accuracy: 1 },
      refused: expect.stringMatching(/rolled back from/),
    });
    expect((await ask('list', 'object')).heads.object!.labels.map(({ label }) => label)).toEqual(['my cat']);
    expect(await ask('accept', 'object')).toMatchObject({ version: 3, refused: null });
    expect(await errorOf('rollback', { head: 'object', version: 9 })).toBe('version: expected one of 1, 2, 3, got 9');
  });

  it('tell a head that came out worse, until it is accepted', async () => {
    const { ask, learning } = await makeTeachable();
    await teachMany(learning, 'my cat', 0, 12);
    await teachMany(learning, 'her cat', 1, 12);
    // Somebody takes one for the other, again and again.
    const { outcome } = await teachMany(learning, 'her cat', 0, 30);
    expect(outcome.taken).toBe(false);
    const { heads } = await ask('list');
    expect(heads.object).toMatchObject({ version: 2, refused: expect.stringMatching(/held back/) });
    const { version, refused } = await ask('accept', { head: 'object' });
    expect([version, refused]).toEqual([3, null]);
  });

  it('cut out what another node taught, and withdraw it', async () => {
    const { ask, learning } = await makeTeachable();
    const { ledger } = await learning.open();
    const shed = new Ledger({ space: ledger.space, dimension: 1280, node: 'shed' });
    const sample = embeddings(2, 1280);
    for (const label of ['my cat', 'my dog']) shed.teach({ label, camera: 'a', kind: 'track', embedding: sample(0) });
    const bundle = writeBundle({ ...shed, space: shed.space, dimension: 1280, node: 'shed', parts: shed.parts() });
    await (await learning.open()).merge(readBundle(bundle, ledger).parts);

    const cut = await ask('forget', { node: 'shed', reason: 'its lens is broken' });
    expect(cut).toMatchObject({ examples: 2, heads: [{ head: 'object', version: null }] });
    expect(await ask('list', { cuts: true })).toMatchObject({
      ...{ examples: 2, cut_nodes: ['shed'], total: 1 },
      cuts: [{ id: cut.cut, node: 'porch', target: { node: 'shed' }, reason: 'its lens is broken' }],
    });
    expect(await ask('withdraw', cut.cut)).toMatchObject({ cut: cut.cut, heads: [{ head: 'object', refused: null }] });
    expect(await ask('list', { cuts: true })).toMatchObject({ cut_nodes: [], total: 0, cuts: [] });
  });

  it('tells its own cut, not one that comes from another node meanwhile', async () => {
    const { learning } = await makeTeachable();
    const learner = await learning.open();
    const shed = new Ledger({ space: learner.ledger.space, dimension: 1280, node: 'shed' });
    shed.forget({ node: 'attic' });
    const { cut } = await withChanges(learning, 'porch', async () => void (await learner.merge(shed.parts())));
    expect([cut, learning.cuts.length]).toEqual([null, 1]);
  });

  it.each([
    ['forget', {}, 'expected one of example, label (with head, where it is not object), node'],
    ['forget', { head: 'object' }, 'expected one of example, label'],
    ['forget', { label: 'a', node: 'b' }, 'expected one of example, label'],
    ['forget', { head: 'object', example: 'x' }, 'expected one of example, label'],
    ['forget', { label: 'a dog' }, 'forget: expected something that was taught'],
    ['forget', { example: 'x' }, 'target: expected 16 hexadecimal digits, - and a number'],
    ['forget', { label: 'a', reason: 'x'.repeat(201) }, 'reason: expected text of at most 200 characters'],
    ['relabel', { example: 'x', label: 'a' }, 'example: expected the id of an example'],
    ['relabel', { example: 'x' }, 'label: expected text of 1 to 64 characters, got nothing'],
    ['withdraw', { cut: 'x' }, "cut: expected the id of one of this node's"],
    ['rollback', { head: 'gate' }, 'head: expected one of object, got gate'],
    ['rollback', { head: 'object', version: 0 }, 'version: expected a whole number of at least 1'],
    ['rollback', {}, 'head: expected text of 1 to 64 characters, got nothing'],
    ['accept', { head: '__proto__' }, 'head: expected one of object, got __proto__'],
    ['list', { head: 'constructor' }, 'head: expected one of object, got constructor'],
    ['list', { label: 'my cat' }, 'expected one of head (and label and doubtful with it), misses, cuts'],
    ['list', { doubtful: true, misses: true }, 'expected one of head'],
    ['list', { misses: true, cuts: true }, 'expected one of head'],
    ['list', { head: 'object', limit: 101 }, 'limit: expected a whole number from 1 to 100, got 101'],
    ['list', { head: 'object', offset: -1 }, 'offset: expected a whole number of at least 0'],
  ])('%s refuses %j', async (verb, fields, error) => {
    const { errorOf, learning } = await makeTeachable();
    await teachMany(learning, 'my cat', 0, 1);
    expect(await errorOf(verb, fields)).toContain(error);
    expect(learning.count()).toBe(1);
  });
});

describe('verbs of learning, with any fields', () => {
  const value = fc.oneof(
    fc.constantFrom<unknown>(
      null,
      true,
      false,
      0,
      1,
      -1,
      1e308,
      [],
      {},
      [0, 0, 99, 99],
      '__proto__',
      'constructor',
      '\0',
    ),
    fc.constantFrom('door', 'object', 'my cat', '0123456789abcdef-1', 'x'.repeat(5000)),
    fc.jsonValue(),
  );
  const verbs = standardVerbs.slice(standardVerbs.findIndex(({ name }) => name === 'teach')) as readonly Verb[];
  const request = fc.constantFrom(...verbs).chain((verb) => {
    const fields = Object.fromEntries(Object.keys(verb.request.properties).map((name) => [name, value]));
    return fc.tuple(fc.constant(verb), fc.record(fields, { requiredKeys: [] }));
  });

  it('answer, or say what is wrong', async () => {
    const { context, learning } = await makeTeachable();
    await teachMany(learning, 'her cat', 0, 2);
    let answered = 0;
    await fc.assert(
      fc.asyncProperty(request, async ([verb, fields]) => {
        try {
          const data = validate(verb.request, fields, verb.name);
          const answer = await verb.run(data, context);
          expect(errorsOf(verb.response, answer)).toEqual([]);
          answered++;
        } catch (error) {
          expect(error).toBeInstanceOf(InputError);
        }
      }),
      { numRuns: 400, examples: [[[verbs.find(({ name }) => name === 'list')!, { head: 'object' }]]] },
    );
    expect(answered).toBeGreaterThan(0);
    expect(learning.count({ label: 'her cat' })).toBe(2);
  });
});

describe('list', () => {
  it('tells nothing where nothing was taught', async () => {
    const { ask } = await makeTeachable();
    expect(await ask('list')).toEqual({
      ...{
        space: null,
        model: 'efficientnet-lite0-int8',
        examples: 0,
        waiting: 0,
        last_taught: null,
        cut_nodes: [],
        error: null,
      },
      heads: {},
    });
    expect(await ask('list', { misses: true })).toMatchObject({ total: 0, misses: [] });
  });

  it('tells a head with its examples, page by page, the newest or the most doubtful first', async () => {
    const { ask, learning } = await makeTeachable();
    const cats = await teachMany(learning, 'my cat', 0, 5);
    await teachMany(learning, 'her cat', 1, 5);
    const wrong = await teachMany(learning, 'my cat', 1, 1);
    const all = await ask('list', { head: 'object', limit: 3 });
    expect(all).toMatchObject({ examples: 11, total: 11, versions: [1, 2, 3], listed: { length: 3 } });
    expect(all.last_taught).toBeGreaterThan(1e9);
    expect(all.heads.object).toMatchObject({ version: 3, kind: 'svm', negatives: 0, false_accept: null });
    expect(all.heads.object!.labels).toEqual([
      { label: 'her cat', examples: 5, accuracy: expect.any(Number) },
      { label: 'my cat', examples: 6, accuracy: expect.any(Number) },
    ]);
    for (const hash of ['ledger_hash', 'head_hash'] as const) expect(all.heads.object![hash]).toMatch(/^[0-9a-f]{64}$/);
    expect(all.listed![0]).toEqual({
      ...{ id: wrong.examples[0]!.id, label: 'my cat', negative: false, camera: 'door', node: 'porch' },
      ...{ time: expect.any(Number), kind: 'track', thumbnail: true },
    });
    // It was taught as one and looks like the other.
    const doubtful = await ask('list', { head: 'object', doubtful: true, limit: 1 });
    expect(doubtful.listed![0]!.id).toBe(wrong.examples[0]!.id);
    expect(doubtful.confusions).toContainEqual({
      ...{ label: 'my cat', named: 'her cat', count: 1, examples: [wrong.examples[0]!.id] },
    });
    const last = await ask('list', { head: 'object', label: 'my cat', limit: 2, offset: 5 });
    expect(last).toMatchObject({ total: 6, listed: [{ id: cats.examples[0]!.id }] });
  });

  it('tells what was seen and is most worth a word', async () => {
    const { ask, shown, learning } = await makeTeachable();
    await shown.teachObject('rings', 'my cat');
    const tracks = [track({ id: 3, box: [20, 20, 140, 140] })];
    await shown.show('yard', 'checks', { seconds: 2, tracks });
    learning.camera('yard').noteEvent({ id: '7.5-abcdef', track_id: 3 });
    const { total, misses } = await ask('list', { misses: true });
    expect(total).toBe(1);
    expect(misses).toEqual([
      {
        ...{
          camera: 'yard',
          likely: [],
          doubt: expect.any(Number),
          track_id: 3,
          event_id: '7.5-abcdef',
          time: expect.any(Number),
        },
        ...{ label: expect.any(String), nearest: 'my cat', score: expect.any(Number) },
      },
    ]);
  });
});
