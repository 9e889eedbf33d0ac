import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asset } from '../../../sdk/base/assets.ts';
import { spaceOf } from '../../../sdk/core/cards/space.ts';
import { type Classifier, loadClassifier, readEmbedder } from '../../../sdk/core/classifier.ts';
import type { Embedding } from '../../../sdk/core/embedding.ts';
import { Learner, type Lesson } from '../../../sdk/learn/learner.ts';
import { readPicture } from '../../../sdk/picture/picture.ts';
import { closing } from '../../support/closing.ts';
import { temporaryFolder } from '../../support/folders.ts';

/** Parts of the scene's photographs, in shares of each: as a camera sees things that move. The last two differ from the others. */
const parts = [
  [0, 0, 1, 1],
  [0.06, 0.03, 0.9, 0.94],
  [0.3, 0, 0.7, 0.8],
  [0, 0.25, 0.75, 0.75],
] as const;

describe('one wrong lesson', { timeout: 900_000 }, () => {
  let network: Classifier;
  const looks: Record<string, Embedding[]> = {};
  beforeAll(async () => {
    network = await loadClassifier();
    for (const name of ['cat', 'person', 'cup']) {
      const frame = await readPicture(asset('devices', 'scene', 'photos', `${name}.jpg`));
      const { width, height } = frame;
      looks[name] = await network.embed(
        frame,
        parts.map(([x, y, w, h]) => ({ x: x * width, y: y * height, width: w * width, height: h * height })),
      );
      frame.release();
    }
  });
  afterAll(() => network?.close());

  async function open(folder: string) {
    const { dimension } = network.card;
    const { classLayer } = await readEmbedder(network.card.name);
    const options = { space: spaceOf(network.card), dimension, node: 'porch', ...(classLayer && { classLayer }) };
    return closing(await Learner.open(folder, options), (one) => one.close());
  }
  const lesson = (label: string, embedding: Embedding): Lesson => ({
    draft: { label, camera: 'door', kind: 'track', embedding },
  });

  const teachBoth = async (learner: Learner) => {
    await learner.teach([lesson('my cat', looks.cat![0]!)]);
    await learner.teach([lesson('Eileen', looks.person![0]!), lesson('Eileen', looks.person![3]!)]);
  };
  /** The cat, at other moments than those that were taught. */
  const wrong = (): [Lesson, Lesson] => [lesson('Eileen', looks.cat![2]!), lesson('Eileen', looks.cat![3]!)];
  const names = (learner: Learner) =>
    ['cat', 'person', 'cup'].map((thing) => [
      ...new Set(looks[thing]!.map((look) => learner.predict('object', look)!.label)),
    ]);
  const right = [['my cat'], ['Eileen'], ['unknown']];

  it('cat = my cat, astronaut = Eileen, then the cat = Eileen: is kept aside, and nothing gets another name', async () => {
    const folder = join(temporaryFolder(), 'learn');
    const learner = await open(folder);
    await teachBoth(learner);
    const before = learner.summary('object');
    expect([before.info!.accuracy, names(learner)]).toEqual([1, right]);
    let told = 0;
    learner.on('parts', () => told++);
    const { aside, outcome, examples } = await learner.teach(wrong());
    expect({ outcome, examples }).toEqual({
      outcome: { taken: false, reason: 'this is clearly called "my cat" so far' },
      examples: [],
    });
    const [cat] = learner.ledger.examples('object').filter(({ label }) => label === 'my cat');
    expect(aside).toMatchObject({
      ...{ head: 'object', label: 'Eileen', looks: 2, because: 'contradiction' },
      ...{ against: [cat!.id], takenFor: { label: 'my cat', negative: false } },
    });
    // Nothing that other nodes could hear of.
    expect([told, learner.ledger.size, learner.summary('object'), names(learner)]).toEqual([0, 3, before, right]);

    await learner.close();
    const after = await open(folder);
    expect(after.lessons.asides.all).toEqual([aside]);
    expect([after.summary('object'), names(after)]).toEqual([before, right]);
    // It was the cat after all.
    const settled = await after.lessons.settle(aside!.id, { label: 'my cat' });
    expect(settled).toMatchObject({ outcome: { taken: true }, examples: [{ label: 'my cat' }, { label: 'my cat' }] });
    expect([after.lessons.asides.all, names(after)]).toEqual([[], right]);
  });

  it('who says that it is right is believed; who says that the earlier one was wrong gets that forgotten', async () => {
    const learner = await open(join(temporaryFolder(), 'learn'));
    await teachBoth(learner);
    const { aside } = await learner.teach(wrong());
    await learner.lessons.settle(aside!.id, { label: 'Eileen', replace: true });
    expect(learner.ledger.examples('object').map(({ label }) => label)).toEqual(Array(4).fill('Eileen'));
    expect(names(learner).slice(0, 2)).toEqual([['Eileen'], ['Eileen']]);
    await learner.teach([lesson('Tom', looks.cup![0]!)]);
    expect((await learner.teach([lesson('Tom', looks.person![1]!)])).aside).toBeDefined();
    const meant = await learner.teach([lesson('Tom', looks.person![2]!)], { anyway: true });
    expect(meant).toMatchObject({ outcome: { taken: true }, examples: [{ label: 'Tom' }] });
    const [waiting] = learner.lessons.asides.all;
    expect(await learner.lessons.settle(waiting!.id)).toBeUndefined();
    expect(learner.lessons.asides.all).toEqual([]);
    await expect(learner.lessons.settle(waiting!.id)).rejects.toThrow(/aside: expected the id of a lesson/);
  });

  it('a name that is new, the right one, and what it is not, are taught without a question', async () => {
    const learner = await open(join(temporaryFolder(), 'learn'));
    await teachBoth(learner);
    for (const [label, look, negative] of [
      ['my cat', looks.cat![2]!, false],
      ['Eileen', looks.person![2]!, false],
      ['Mia', looks.cat![3]!, false],
      ['my cat', looks.cup![0]!, true],
    ] as const) {
      const { aside, outcome } = await learner.teach([{ draft: { ...lesson(label, look).draft, negative } }]);
      expect({ label, aside, taken: outcome.taken }).toEqual({ label, aside: undefined, taken: true });
    }
  });
});
