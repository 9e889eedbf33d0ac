import { describe, expect, it } from 'vitest';
import { Learner, type Lesson } from '../../../sdk/learn/learner.ts';
import { contradictionsOf } from '../../../sdk/learn/ledger/contradictions.ts';
import { closing } from '../../support/closing.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { example } from '../examples.ts';
import { draft, embeddings, quantised } from '../fakes.ts';

const sample = embeddings(4, 64);
const picture = sample(0);
/** The same picture, saved again. */
const again = quantised([...picture.values].map((value, i) => value + (i % 9 === 0 ? 16 : 0)));

describe('contradictionsOf', () => {
  const cat = example('cat', picture);
  it.each([
    ['another label', draft('dog', again), true],
    ['not what it is', draft('cat', again, { negative: true }), true],
    ['the same', draft('cat', again), false],
    ['not something else', draft('dog', again, { negative: true }), false],
    ['another label of another picture', draft('dog', sample(0)), false],
    ['a state of nearly the same view', draft('open', again, { head: 'gate', kind: 'view' }), false],
    ['a state of the very same view', draft('open', picture, { head: 'gate', kind: 'view' }), true],
  ])('%s', (_, one, isContradiction) => {
    expect(contradictionsOf(one, [cat]).length > 0).toBe(isContradiction);
  });

  it('a negative contradicts what it says it is not', () => {
    const notCat = example('cat', picture, { negative: true });
    expect(contradictionsOf(draft('cat', again), [notCat])).toHaveLength(1);
    expect(contradictionsOf(draft('dog', again), [notCat])).toHaveLength(0);
  });
});

describe('Learner', () => {
  const open = async () =>
    closing(await Learner.open(temporaryFolder(), { space: 'test', dimension: 64, node: 'a' }), (it) => it.close());

  it('asks before the same picture is taught under two labels, and takes nothing of the lesson until then', async () => {
    const learner = await open();
    const { examples } = await learner.teach([{ draft: draft('cat', picture) }, { draft: draft('cat', sample(0)) }]);
    const lesson = [{ draft: draft('dog', sample(1)) }, { draft: draft('dog', again) }] as const;
    const { aside, examples: none } = await learner.teach([...lesson]);
    expect(none).toEqual([]);
    expect(aside).toMatchObject({ because: 'contradiction', takenFor: { label: 'cat', negative: false } });
    expect(aside!.against[0]).toBe(examples[0]!.id);
    expect(aside!.reason).toContain('"cat"');
    expect(learner.ledger.size).toBe(2);
    expect((await learner.teach([...lesson], { anyway: true })).examples).toHaveLength(2);
    expect(learner.ledger.size).toBe(4);
  });

  it('asks before others become clearly worse, and uses it once somebody says that it is right', async () => {
    const learner = await open();
    const looksAt = (label: string, of: number, count: number) =>
      Array.from({ length: count }, (): Lesson => ({ draft: draft(label, sample(of, 1)) })) as [Lesson, ...Lesson[]];
    await learner.teach(looksAt('cat', 0, 8));
    await learner.teach(looksAt('dog', 1, 8));
    const before = learner.summary('object');
    // Most of it is right; the cats among it would no longer be told from dogs.
    const { aside, outcome } = await learner.teach([...looksAt('dog', 1, 31), ...looksAt('dog', 0, 30)]);
    expect(aside).toMatchObject({ because: 'worse', looks: 61, takenFor: { label: 'cat', negative: false } });
    expect(outcome).toEqual({ taken: false, reason: expect.stringMatching(/held back/) });
    expect([learner.ledger.size, learner.summary('object')]).toEqual([16, before]);
    const settled = await learner.lessons.settle(aside!.id, { label: 'dog' });
    expect(settled).toMatchObject({ outcome: { taken: true, version: { version: 3 } } });
    expect([learner.ledger.size, learner.lessons.asides.all]).toEqual([77, []]);
  });
});
