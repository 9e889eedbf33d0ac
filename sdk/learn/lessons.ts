import { refuse } from '../base/arguments.ts';
import { composed } from '../base/composed.ts';
import type { Asides } from './asides.ts';
import { contradictionOf, type Doubt } from './doubt.ts';
import type { Head } from './heads/head.ts';
import { assertLessons, checkExample, type Draft, type Example, objectHead } from './ledger/example.ts';
import type { LedgerStore } from './ledger/ledger-store.ts';
import type { Change, Lesson, Taught, TeachOptions } from './teaching.ts';

/** The answer to what a lesson that was kept aside really is. */
export interface Answer {
  readonly label: string;
  /** Default: false. */
  readonly negative?: boolean;
  /** The earlier examples that it contradicts were wrong: they are forgotten. Default: false. */
  readonly replace?: boolean;
}

/** What they need of the learner. */
export interface LessonsParts {
  readonly store: LedgerStore;
  readonly asides: Asides;
  /** In use. */
  head(name: string): Head | undefined;
  /** Whether the newest examples of a head are not in use. */
  isRefused(name: string): boolean;
  /** Trains a head from the newest examples. @param force Used even where it is clearly worse. */
  train(name: string, force?: boolean): Promise<Change>;
  /** Trains all heads whose examples have changed. */
  trainAll(): Promise<void>;
  /** How a head would come out with these examples as well; undefined: not clearly worse. */
  judge(name: string, more: readonly Example[]): Promise<{ reason: string; wrong: readonly string[] } | undefined>;
}

/** Decides whether a lesson is used at once, or somebody is asked first. */
export class Lessons {
  readonly #parts: LessonsParts;

  /** Made by `Learner.open()`. @internal */
  constructor(parts: LessonsParts) {
    this.#parts = parts;
  }

  /** Those that wait for an answer. They are not in use, and not shared. */
  get asides(): Pick<Asides, 'all' | 'get' | 'looks' | 'put'> {
    return this.#parts.asides;
  }

  /** As `Learner.teach`. */
  async teach(lessons: readonly [Lesson, ...Lesson[]], { anyway = false }: TeachOptions = {}): Promise<Taught> {
    assertLessons('teach', lessons);
    if (lessons.length < 1) refuse('teach', 'at least one lesson', lessons);
    const { store, asides, train } = this.#parts;
    const { head = objectHead } = lessons[0].draft;
    const doubt = anyway ? undefined : await this.#doubt(head, lessons);
    if (doubt) {
      const aside = await asides.add(lessons, doubt, store.ledger.nowMs);
      return { head, examples: [], added: [], aside, outcome: { taken: false, reason: doubt.reason } };
    }
    const examples: Example[] = [];
    const added: string[] = [];
    try {
      for (const { draft, thumbnail } of lessons) {
        const known = this.#known(draft);
        const example = known ?? (await store.teach(draft, thumbnail));
        examples.push(example);
        if (!known) added.push(example.id);
      }
    } catch (error) {
      if (examples.length > 0) await train(examples[0]!.head);
      throw error;
    }
    return { examples, added, ...(await train(head)) };
  }

  /**
   * Answers what a lesson that was kept aside is.
   *
   * @param answer It is taught as this, whatever speaks against it. Undefined: it is forgotten.
   * @returns Undefined where it is forgotten.
   * @throws InputError when there is no such lesson, or as `Learner.teach` does.
   *
   * @example
   * const { aside } = await learner.teach([lesson]);
   * if (aside) await learner.lessons.settle(aside.id, { label: aside.takenFor.label }); // it was the cat after all
   */
  async settle(id: string, answer?: Answer): Promise<Taught | undefined> {
    const { store, asides, train, isRefused } = this.#parts;
    const { against, head } = asides.get(id);
    const wasRefused = isRefused(head);
    let taught: Taught | undefined;
    if (answer) {
      const { label, negative = false, replace = false } = answer;
      const looks = (await asides.looks(id)).map((look) => ({ ...look, draft: { ...look.draft, label, negative } }));
      const [first, ...others] = looks as [Lesson, ...Lesson[]];
      // After a power cut in between it is asked again, and nothing is taught twice.
      if (replace) for (const wrong of against) if (this.#isThere(wrong)) await store.forget({ example: wrong });
      taught = await this.teach([first, ...others], { anyway: true });
      // Somebody has said that it is right. What others taught before is not meant by that.
      if (!taught.outcome.taken && !wasRefused) taught = { ...taught, ...(await train(head, true)) };
    }
    await asides.remove(id);
    return taught;
  }

  /** Forgets several examples in one turn. Those that are not there any more are left out. */
  async forget(ids: readonly string[]): Promise<void> {
    const { store, trainAll } = this.#parts;
    for (const example of ids) if (store.ledger.example(example)) await store.forget({ example });
    await trainAll();
  }

  /** Copies of examples, with their pictures, as they can be taught again. Those that are not there are left out. */
  async copiesOf(ids: readonly string[]): Promise<(Lesson & { readonly id: string })[]> {
    const { store } = this.#parts;
    const found = ids.flatMap((id) => store.ledger.example(id) ?? []);
    const copies = found.map(({ node: _, embedding: { values, scale }, ...example }) => ({
      ...example,
      embedding: { values: Int8Array.from(values), scale },
    }));
    return Promise.all(
      copies.map(async ({ id, ...draft }) => {
        const thumbnail = await store.thumbnail(id);
        return { id, draft, ...(thumbnail && { thumbnail }) };
      }),
    );
  }

  async #doubt(head: string, lessons: readonly Lesson[]): Promise<Doubt | undefined> {
    const { store, judge, isRefused } = this.#parts;
    const drafts = lessons.map(({ draft }) => ({ ...draft, label: labelOf(draft) }));
    const fresh = drafts.filter((draft) => !this.#known(draft));
    const examples = fresh.flatMap((draft, i) => this.#asExample(draft, i) ?? []);
    // What is no example is refused by the ledger, which says why.
    if (examples.length < fresh.length || fresh.length === 0) return undefined;
    const known = store.ledger.examples(head);
    const contradiction = contradictionOf(fresh, known, this.#parts.head(head));
    if (contradiction) return contradiction;
    const labels = this.#parts.head(head)?.info.labels ?? [];
    // What is new to a head makes nothing worse.
    const canHarm = examples.some(({ label, negative }) => labels.length > 0 && (negative || labels.includes(label)));
    // Where what others taught is not in use, this lesson is not to blame.
    const worse = canHarm && !isRefused(head) ? await judge(head, examples) : undefined;
    const first = worse && known.find(({ id }) => id === worse.wrong[0]);
    if (!worse || !first) return undefined;
    const { label, negative } = first;
    return { because: 'worse', against: worse.wrong, takenFor: { label, negative }, reason: worse.reason };
  }

  /** As the ledger would keep it, newer than all that are there. */
  #asExample(draft: Draft, i: number): Example | undefined {
    const { store } = this.#parts;
    const { head = objectHead, negative = false, timeMs = store.ledger.nowMs } = draft;
    const id = `${'f'.repeat(16)}-${i + 1}`;
    const example = { ...draft, ...{ id, node: store.ledger.node, head, negative, timeMs } };
    try {
      checkExample(example, store.ledger.dimension);
      return example;
    } catch {
      return undefined;
    }
  }

  /** An example of this node with the same values and meaning. */
  #known(draft: Draft): Example | undefined {
    const { head = objectHead, negative = false, embedding } = draft;
    const { ledger } = this.#parts.store;
    return ledger
      .examples(head)
      .find(
        (one) =>
          one.node === ledger.node &&
          one.label === labelOf(draft) &&
          one.negative === negative &&
          one.embedding.scale === embedding.scale &&
          Buffer.from(one.embedding.values).equals(Buffer.from(embedding.values)),
      );
  }

  #isThere(id: string): boolean {
    return this.#parts.store.ledger.examples().some((one) => one.id === id);
  }
}

/** A value that is not a string is left to the ledger's check. */
const labelOf = ({ label }: Draft) => (typeof label === 'string' ? composed(label) : label);
