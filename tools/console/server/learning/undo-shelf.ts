import { randomUUID } from 'node:crypto';
import type { Taught } from '../../../../sdk/learn/learner.ts';
import type { NodeLearning } from '../../../../sdk/learn/node-learning.ts';
import { HttpError } from '../reply.ts';

/** What a change takes away, so that it can be put back. */
export interface Touched {
  /** Ids of examples. */
  readonly examples?: readonly string[];
  /** Id of a lesson that waits for an answer. */
  readonly aside?: string;
}

/** Each may hold the pictures of what was forgotten. */
const most = 16;

/** Takes changes back: what was added is forgotten, and what was forgotten is there again. In memory, the last ones. */
export class UndoShelf {
  readonly #learning: NodeLearning;
  readonly #undos = new Map<string, () => Promise<void>>();

  constructor(learning: NodeLearning) {
    this.#learning = learning;
  }

  /**
   * Carries out a change.
   *
   * @param adds Of its result: what was added.
   * @returns `undo`: for `takeBack`.
   */
  async changing<T>(
    touched: Touched,
    work: () => Promise<T>,
    adds: (result: T) => Pick<Taught, 'added' | 'aside'> | undefined = () => undefined,
  ): Promise<{ result: T; undo: string }> {
    const kept = await this.#keep(touched);
    const result = await work();
    const { ledger } = await this.#learning.open();
    const cuts = kept && ledger.cuts().filter((cut) => cut.node === ledger.node && !kept.cuts.has(cut.id));
    const gone = kept?.lessons.filter(({ id }) => ledger.example(id) === undefined) ?? [];
    const added = adds(result);
    const undo = randomUUID();
    this.#undos.set(undo, async () => {
      const now = await this.#learning.open();
      if (added?.aside && now.lessons.asides.all.some(({ id }) => id === added.aside!.id))
        await now.lessons.settle(added.aside.id);
      await now.addAll(gone);
      for (const { id } of cuts ?? []) await now.withdraw(id);
      if (kept?.aside) await now.lessons.asides.put(kept.aside, kept.looks);
      // Trains what is changed.
      await now.lessons.forget(added?.added ?? []);
    });
    if (this.#undos.size > most) this.#undos.delete(this.#undos.keys().next().value!);
    return { result, undo };
  }

  /** Undefined where nothing is taken away: then the store may not be there yet. */
  async #keep({ examples = [], aside: id }: Touched) {
    if (examples.length === 0 && id === undefined) return undefined;
    const { ledger, lessons } = await this.#learning.open();
    const { asides } = lessons;
    const aside = id === undefined ? undefined : asides.get(id);
    // Of other nodes' examples there are cuts.
    const own = [...examples, ...(aside?.against ?? [])].filter((one) => ledger.example(one)?.node === ledger.node);
    return {
      aside,
      looks: aside ? await asides.looks(aside.id) : [],
      lessons: await lessons.copiesOf(own),
      cuts: new Set(ledger.cuts().map((cut) => cut.id)),
    };
  }

  /** Once. @throws HttpError 404 when it is too long ago. */
  async takeBack(undo: string): Promise<void> {
    const work = this.#undos.get(undo);
    if (!work) throw new HttpError(404, 'that is too long ago, or was taken back already');
    this.#undos.delete(undo);
    await work();
  }
}
