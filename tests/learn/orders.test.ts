import { expect, it } from 'vitest';
import { InputError } from '../../sdk/base/errors.ts';
import { random } from '../../sdk/base/random.ts';
import { Learner } from '../../sdk/learn/learner.ts';
import { closing } from '../support/closing.ts';
import { temporaryFolder } from '../support/folders.ts';
import { draft, embeddings, makeLedger } from './fakes.ts';

const sample = embeddings(5, 8);
const heads = ['object', 'gate'];
const labels = ['cat', 'dog', 'Cafe\u0301', 'Caf\u00e9'];
const steps = 60;

it.each([1, 2, 3, 4, 5, 6, 7, 8])(
  'lessons, cuts and versions in any order, by any clock, are the same after a restart (seed %i)',
  { timeout: 120_000 },
  async (seed) => {
    const next = random(seed);
    const pick = <T>(from: readonly T[]): T => from[Math.floor(next() * from.length)]!;
    let clock = 1e12;
    const now = () => (clock = Math.max(0, Math.floor(clock + (next() - 0.5) * 1e11)));
    const limits = { perLabel: 4 };
    const options = { space: 'test', dimension: 8, node: 'a', keep: 3, limits, now };
    const other = makeLedger('b', { now, limits });
    const folder = temporaryFolder();
    const open = async () => closing(await Learner.open(folder, options), (one) => one.close());
    let learner = await open();
    const something = () => draft(pick(labels), sample(Math.floor(next() * 5)), { head: pick(heads) });
    const anId = (of: readonly { id: string }[]) => pick(of)?.id ?? 'none';

    const state = () => ({
      heads: learner.heads.map((head) => learner.summary(head)).filter(({ versions }) => versions.length > 0),
      parts: learner.ledger.parts().map(({ node, seen, items }) => [node, [...seen], [...items.keys()]]),
      ...{ cuts: learner.ledger.cuts(), hash: learner.ledger.hash(), damage: learner.damage },
    });
    const reopen = async () => {
      const before = state();
      await learner.close();
      learner = await open();
      expect(state()).toEqual(before);
    };
    const what: (() => Promise<unknown>)[] = [
      ...Array(3).fill(() => learner.teach([{ draft: { ...something(), negative: next() < 0.2 } }])),
      ...Array(2).fill(async () => {
        other.teach(something());
        await learner.merge(other.parts());
      }),
      ...Array(2).fill(() => {
        const to = { label: pick(labels), negative: next() < 0.3 };
        return learner.relabel(anId(learner.ledger.examples()), to);
      }),
      ...Array(2).fill(() => learner.withdraw(anId(learner.ledger.cuts()))),
      ...Array(2).fill(() => learner.rollback(pick(heads))),
      ...Array(2).fill(reopen),
      () => learner.forget({ head: pick(heads), label: pick(labels) }),
      () => learner.forget({ example: anId(learner.ledger.examples()) }),
      () => learner.forget({ node: pick(['a', 'b']) }),
      () => learner.train(pick(heads), true),
      async () => {
        other.merge(learner.ledger.parts());
        await learner.merge(other.parts());
      },
    ];

    for (let i = 0; i < steps; i++) {
      await pick(what)().catch((error: unknown) => {
        // There is no such thing yet, or any more.
        if (!(error instanceof InputError)) throw error;
      });
      for (const head of learner.heads) {
        const { info, refused } = learner.summary(head);
        const isTaught = learner.ledger.examples(head).some(({ negative }) => !negative);
        if (!isTaught) expect(info, 'what is forgotten is not known').toBeUndefined();
        else if (refused === undefined) expect(info?.ledgerHash).toBe(learner.ledger.hash(head));
      }
    }
    await reopen();
  },
);
