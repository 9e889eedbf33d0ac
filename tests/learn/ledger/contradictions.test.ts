import { describe, expect, it } from 'vitest';
import { Learner } from '../../../sdk/learn/learner.ts';
import { ContradictionError, contradictionsOf } from '../../../sdk/learn/ledger/contradictions.ts';
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
    const refusal = await learner.teach([...lesson]).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(ContradictionError);
    expect((refusal as ContradictionError).known.map(({ id }) => id)).toEqual([examples[0]!.id]);
    expect((refusal as Error).message).toContain('"cat"');
    expect(learner.ledger.size).toBe(2);
    expect((await learner.teach([...lesson], { anyway: true })).examples).toHaveLength(2);
    expect(learner.ledger.size).toBe(4);
  });
});
