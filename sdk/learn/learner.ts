import { EventEmitter } from 'node:events';
import { assertKind, assertShape } from '../base/arguments.ts';
import { InputError, messageOf } from '../base/errors.ts';
import { type Logger, silent } from '../base/log.ts';
import { makeFolder } from '../base/make-folder.ts';
import type { ClassLayer } from '../core/cards/class-layer.ts';
import type { Embedding } from '../core/embedding.ts';
import { Asides } from './asides.ts';
import type { HeadInfo, Prediction } from './heads/head.ts';
import { HeadStore } from './heads/head-store.ts';
import { HeadVersions, type HeadVersionsOptions, type Outcome } from './heads/head-versions.ts';
import { recognised } from './heads/review.ts';
import { inSlices } from './heads/steps.ts';
import { TrainingTurns } from './heads/training-turns.ts';
import { byTime, type CutTarget, type Example } from './ledger/example.ts';
import { LedgerStore, type LedgerStoreOptions } from './ledger/ledger-store.ts';
import { isExamplePart, type Part } from './ledger/part.ts';
import { Lessons } from './lessons.ts';
import type { Change, Lesson, Taught, TeachOptions } from './teaching.ts';

export type { Change, Lesson, Taught, TeachOptions } from './teaching.ts';

/** Of what a `Learner` is made: its store, and how heads are trained. */
export interface LearnerOptions extends LedgerStoreOptions, Omit<HeadVersionsOptions, 'classLayer'> {
  /** The embedding network's own classes (`readEmbedder`), or how to get them once the store's space is known. */
  readonly classLayer?: ClassLayer | undefined | ((space: string) => Promise<ClassLayer | undefined>);
  readonly logger?: Logger;
}

/** The events of a `Learner`, with what its listeners are given. */
export interface LearnerEvents {
  /** A head was trained, whether used or not, or its version changed. */
  head: [Change];
  /** Parts of the ledger changed; they are on disk. */
  parts: [readonly Part[]];
  /** Lessons were kept aside, or answered. */
  asides: [];
}

/** What is known of a head. */
export interface HeadSummary {
  /** Of the version in use, or undefined. */
  readonly version?: number;
  readonly info?: HeadInfo;
  /** How many of the examples are named rightly when left out, of labels with two or more. */
  readonly recognised?: { readonly right: number; readonly of: number };
  /** SHA-256 of the head's bytes: the same on each node that learned from the same examples. */
  readonly hash?: string;
  /** Versions that can be rolled back to. */
  readonly versions: readonly number[];
  /** Why the newest examples are not in use. */
  readonly refused?: string;
}

/**
 * What a node was taught, and the heads that are trained from it: a ledger on disk, and after each change to it a newly
 * trained head. Heads are kept in the same store, so that the same ones are in use after a restart.
 *
 * @example
 * const learner = await Learner.open('data/learn', { space, dimension: 1280, node: 'porch' });
 * await learner.teach([{ draft: { label: 'my cat', camera: 'door', kind: 'track', embedding } }]);
 * learner.predict('object', embedding); // { label: 'my cat', … }
 * await learner.close();
 */
export class Learner extends EventEmitter<LearnerEvents> {
  readonly #store: LedgerStore;
  readonly #headStore: HeadStore;
  readonly #options: HeadVersionsOptions;
  readonly #logger: Logger;
  readonly #heads = new Map<string, HeadVersions>();
  readonly #refused = new Map<string, string>();
  readonly #turns = new TrainingTurns();
  /** Lessons that are kept aside, and the answers to them. */
  readonly lessons: Lessons;
  #isClosed = false;

  private constructor(store: LedgerStore, asides: Asides, options: HeadVersionsOptions, logger: Logger) {
    super();
    this.#store = store;
    asides.onChange = () => this.emit('asides');
    this.lessons = new Lessons({
      ...{ store, asides },
      head: (name) => this.head(name)?.current?.head,
      isRefused: (name) => this.#refused.has(name),
      train: (name, force) => this.train(name, force),
      trainAll: () => this.#trainAll(),
      judge: (name, more) => this.#turns.run(() => this.#judge(name, more)),
    });
    this.#headStore = new HeadStore(store);
    this.#options = options;
    this.#logger = logger;
  }

  /**
   * Opens or creates the store in a folder, and trains heads that are out of date. A damaged store is
   * repaired, or moved aside, as `LedgerStore.open` does.
   *
   * @throws InputError when the folder cannot be used, is in use, or is of another space.
   */
  static async open(folder: string, options: LearnerOptions): Promise<Learner> {
    assertKind('Learner.open: folder', folder, 'text');
    assertShape('Learner.open: options', options, { space: 'text', dimension: 'number', node: 'text' });
    await makeFolder(folder);
    const store = await LedgerStore.open(folder, {
      ...options,
      onChange: (parts) => {
        options.onChange?.(parts);
        learner.emit('parts', parts);
      },
    });
    const { classLayer, logger = silent, ...others } = options;
    let learner: Learner;
    try {
      const asides = await Asides.open(store, logger);
      const own = typeof classLayer === 'function' ? await classLayer(store.ledger.space) : classLayer;
      learner = new Learner(store, asides, { ...others, ...(own && { classLayer: own }) }, logger);
      for (const name of new Set([...store.ledger.heads(), ...(await learner.#headStore.names())])) {
        await learner.#restore(name);
      }
    } catch (error) {
      // Else the folder is in use until the process ends.
      await store.close();
      throw error;
    }
    return learner;
  }

  get ledger(): LedgerStore['ledger'] {
    return this.#store.ledger;
  }

  /** Damage found when the store was opened, as in `LedgerStore.damage`. */
  get damage(): string | undefined {
    return this.#store.damage;
  }

  /** All heads that have, or had, examples; sorted. */
  get heads(): readonly string[] {
    return [...this.#heads.keys()].sort();
  }

  /** The versions of a head; undefined when nothing was taught of it. */
  head(name: string): HeadVersions | undefined {
    return this.#heads.get(name);
  }

  /** The prediction of a head's version in use; undefined without one. @throws InputError as `Head.predict` does. */
  predict(head: string, embedding: Embedding): Prediction | undefined {
    return this.#heads.get(head)?.current?.head.predict(embedding);
  }

  /** What a head knows: labels with their examples, the version in use, and how well it names. @param name The head's. */
  summary(name: string): HeadSummary {
    const versions = this.#heads.get(name);
    const current = versions?.current;
    const refused = this.#refused.get(name);
    return {
      ...(current && {
        ...{ version: current.version, info: current.head.info, hash: current.head.hash() },
        recognised: recognised(current.head),
      }),
      versions: versions?.all.map(({ version }) => version) ?? [],
      ...(refused !== undefined && { refused }),
    };
  }

  /**
   * Teaches one thing by some looks at it: adds examples of one head and trains it once. They are on disk when this
   * returns, whatever the outcome for the head. Duplicates of this node's examples are not added: the existing ones are
   * returned.
   *
   * What contradicts earlier examples, or would make the head clearly worse, is not added: it is kept aside (`aside`) until
   * `lessons.settle` says what it is.
   *
   * @throws InputError as `Ledger.teach` does; those before the wrong one are taught then.
   */
  teach(lessons: readonly [Lesson, ...Lesson[]], options?: TeachOptions): Promise<Taught> {
    return this.lessons.teach(lessons, options);
  }

  /**
   * Adds one example without training, for many in a row: call `train` after the last one. It is on disk when this
   * returns; if its head is not trained, that happens when the store is opened again.
   *
   * @throws InputError as `Ledger.teach` does.
   */
  async add(lesson: Lesson): Promise<Example> {
    const [example] = await this.#store.teachAll([lesson]);
    return example!;
  }

  /** Several as `add` does, in one write: all of them, or none. @throws InputError as `Ledger.teach` does. */
  addAll(lessons: readonly Lesson[]): Promise<readonly Example[]> {
    return this.#store.teachAll(lessons);
  }

  /** @throws InputError as `Ledger.relabel` does. */
  async relabel(id: string, to: { label: string; negative?: boolean }): Promise<Taught> {
    const example = await this.#store.relabel(id, to);
    return { examples: [example], added: [example.id], ...(await this.train(example.head)) };
  }

  /**
   * @returns How many examples no longer count.
   * @throws InputError as `Ledger.forget` does.
   */
  async forget(target: CutTarget, reason?: string): Promise<number> {
    const count = await this.#store.forget(target, reason);
    await this.#trainAll();
    return count;
  }

  /** @throws InputError as `Ledger.withdraw` does. */
  async withdraw(cutId: string): Promise<void> {
    await this.#store.withdraw(cutId);
    await this.#trainAll();
  }

  /**
   * Merges what other nodes taught.
   *
   * @returns The parts that changed here.
   * @throws InputError as `Ledger.merge` does.
   */
  async merge(parts: readonly Part[]): Promise<readonly Part[]> {
    const changed = await this.#store.merge(parts);
    if (changed.some((part) => !isExamplePart(part))) await this.#trainAll();
    else for (const head of new Set(changed.filter(isExamplePart).map(({ head }) => head))) await this.train(head);
    return changed;
  }

  /**
   * Trains a head from the current examples, which happens automatically after each change.
   *
   * @param force Use it even if it is clearly worse on the held-back examples.
   */
  train(name: string, force = false): Promise<Change> {
    return this.#turns.share(`${force} ${name}`, () => this.#train(name, force));
  }

  async #train(name: string, force: boolean): Promise<Change> {
    const versions = this.#heads.get(name) ?? new HeadVersions(name, this.#options);
    this.#heads.set(name, versions);
    const before = versions.current;
    // When what is being written is on disk: lessons that come together are learned together. The ledger's own examples
    // may be others after the first slice.
    const examples = await this.#store.read((ledger) => copiesOf(ledger.examples(name)));
    const undo = versions.snapshot();
    const steps = versions.trainInSteps(examples, force);
    const outcome = this.#isClosed
      ? undefined
      : await inSlices(steps, () => this.#isClosed).catch((error: unknown): Outcome => {
          // A trainer of one's own. What it cannot learn from is on disk, and the head in use is as good as it was.
          return { taken: false, reason: `${name}: could not be trained: ${messageOf(error)}` };
        });
    if (!outcome) return { head: name, outcome: { taken: false, reason: `${name}: ${untrained}` } };
    // Where all was forgotten there is nothing to say.
    const refusal = outcome.taken || !isTaught(examples) ? undefined : outcome.reason;
    if (versions.current !== before) await this.#save(versions, undo);
    const isNews = versions.current !== before || this.#refused.get(name) !== refusal;
    if (refusal === undefined) this.#refused.delete(name);
    else this.#refused.set(name, refusal);
    const change = { head: name, outcome };
    if (isNews) this.emit('head', change);
    return change;
  }

  async #judge(name: string, more: readonly Example[]) {
    const versions = this.#heads.get(name);
    if (!versions || this.#isClosed) return undefined;
    const known = await this.#store.read((ledger) => copiesOf(ledger.examples(name)));
    const steps = versions.judgeInSteps([...known, ...more].sort(byTime));
    // A trainer of one's own that cannot: it says so when it trains.
    return inSlices(steps, () => this.#isClosed).catch(() => undefined);
  }

  /**
   * Goes back to a version of a head. The one in use is not taken again until its examples change.
   *
   * @param version Default: the one before the one in use.
   * @returns It is not taken where all that the head was taught is forgotten.
   * @throws InputError when there is no such head or version.
   */
  rollback(name: string, version?: number): Promise<Change> {
    return this.#turns.run(() => this.#rollback(name, version));
  }

  async #rollback(name: string, version?: number): Promise<Change> {
    const versions = this.#heads.get(name);
    if (!versions) throw new InputError(`head: expected one of ${this.heads.join(', ') || 'none yet'}, got ${name}`);
    // What was forgotten does not come back.
    if (!isTaught(this.ledger.examples(name))) return this.#train(name, false);
    const undo = versions.snapshot();
    const outcome: Outcome = { taken: true, version: versions.rollback(version) };
    await this.#save(versions, undo);
    const change = { head: name, outcome };
    this.emit('head', change);
    // Notes why the newest examples are not in use.
    await this.#train(name, false);
    return change;
  }

  /** Reads the ledger when all of it is on disk, as `LedgerStore.read` does. */
  read<T>(read: (ledger: LedgerStore['ledger']) => T): Promise<T> {
    return this.#store.read(read);
  }

  /** The picture that was kept of an example. */
  thumbnail(id: string): Promise<Uint8Array | undefined> {
    return this.#store.thumbnail(id);
  }

  /** A training that is under way is given up, and done when the store is opened again. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#turns.idle();
    await this.#store.close();
  }

  /** `close()`, for `await using learner = await Learner.open(folder, options)`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** What cannot be kept is not in use: after the next start it would not be, either. */
  async #save(versions: HeadVersions, undo: () => void): Promise<void> {
    try {
      await this.#headStore.save(versions);
    } catch (error) {
      undo();
      throw error;
    }
  }

  async #trainAll(): Promise<void> {
    for (const name of new Set([...this.#heads.keys(), ...this.ledger.heads()])) await this.train(name);
  }

  async #restore(name: string): Promise<void> {
    try {
      const versions = await this.#headStore.load(name, this.#options);
      if (versions) this.#heads.set(name, versions);
    } catch (error) {
      // The examples are what counts: a head is made from them again.
      this.#logger.warn(`the versions of head ${name} cannot be read and start over: ${messageOf(error)}`);
    }
    try {
      await this.train(name);
    } catch (error) {
      // A full disk shall not keep out what is there.
      this.#logger.warn(`the head ${name} stays as it was: ${messageOf(error)}`);
    }
  }
}

const untrained = 'learning was stopped before it was trained; it is trained when it starts again';

/** Whether there is anything to learn a label from. */
const isTaught = (examples: readonly Example[]) => examples.some(({ negative }) => !negative);

/** With values of their own. */
function copiesOf(examples: readonly Example[]): Example[] {
  const dimension = examples[0]?.embedding.values.length ?? 0;
  const all = new Int8Array(examples.length * dimension);
  return examples.map((example, i) => {
    const values = all.subarray(i * dimension, (i + 1) * dimension);
    values.set(example.embedding.values);
    return { ...example, embedding: { ...example.embedding, values } };
  });
}
