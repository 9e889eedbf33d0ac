import { assertKind } from '../../base/arguments.ts';
import { InputError, messageOf } from '../../base/errors.ts';
import type { ClassLayer } from '../../core/cards/class-layer.ts';
import { type Example, shown, unknown } from '../ledger/example.ts';
import { defaultTrainers, Head, trainHeadInSteps, type Verdict } from './head.ts';
import { finish, type Steps } from './steps.ts';
import type { HeadTrainer } from './trainer.ts';
import { TrainingData } from './training-set.ts';

/** A trained head that is kept, with its number. */
export interface HeadVersion {
  /** Counts up from 1 on this node. */
  readonly version: number;
  readonly head: Head;
}

/** The result of training. */
export type Outcome =
  | { readonly taken: true; readonly version: HeadVersion }
  | { readonly taken: false; readonly reason: string };

/** How heads are trained, and how many are kept. */
export interface HeadVersionsOptions {
  /** Versions that are kept. Default: 10. */
  readonly keep?: number;
  /** The preferred one first. Default: svm, prototypes, nearest. */
  readonly trainers?: readonly HeadTrainer[];
  /** The embedding network's own classes (`readEmbedder`), which improve the detection of unknown objects. */
  readonly classLayer?: ClassLayer;
}

/**
 * The versions of one head on one node, and which of them is in use.
 *
 * What is trained depends on the examples alone: nodes with equal ledgers train equal bytes. Whether it is used is
 * decided by each node. The *held-back* examples of a comparison are those that both the new head and an older one
 * were trained from, each of them left out in turn. A new head is rejected when clearly more of them changed from
 * correct to wrong than from wrong to correct: more than two, and more than two standard deviations of a
 * fair coin (McNemar's test). A new label that the old head did not know does not count as wrong. The head is
 * compared with the one in use and the kept ones before it, so that it cannot get worse in small steps.
 *
 * @example
 * const versions = new HeadVersions('object');
 * const outcome = versions.train(ledger.examples('object'));
 * if (!outcome.taken) log.warn(outcome.reason);
 * versions.current?.head.predict(embedding);
 */
export class HeadVersions {
  readonly name: string;
  readonly #keep: number;
  readonly #trainers: readonly HeadTrainer[];
  readonly #data: TrainingData;
  readonly #classLayer: ClassLayer | undefined;
  #versions: HeadVersion[] = [];
  #current: HeadVersion | undefined;
  /** Ledgers whose heads somebody rolled back from. */
  #refused: string[] = [];
  #last = 0;
  /** The first version that counts in comparisons, because its use was forced. */
  #since = 0;

  constructor(name: string, options: HeadVersionsOptions = {}) {
    assertKind('HeadVersions: name', name, 'text');
    assertKind('HeadVersions: options', options, 'object');
    const { keep = 10, trainers = defaultTrainers(), classLayer } = options;
    this.#data = new TrainingData(classLayer);
    this.#classLayer = classLayer;
    this.name = name;
    this.#keep = keep;
    this.#trainers = trainers;
  }

  /** The version in use; undefined before the first example. */
  get current(): HeadVersion | undefined {
    return this.#current;
  }

  /** The versions that can be rolled back to, oldest first. */
  get all(): readonly HeadVersion[] {
    return this.#versions;
  }

  /**
   * Trains from these examples, and uses the new head unless it is clearly worse.
   *
   * @param examples Of this head, as returned by `Ledger.examples`.
   * @param force Use it even then.
   */
  train(examples: readonly Example[], force = false): Outcome {
    return finish(this.trainInSteps(examples, force));
  }

  /** The same in steps. Until the end, do not change the examples' values or call another method that changes this object. */
  *trainInSteps(examples: readonly Example[], force = false): Steps<Outcome> {
    const set = yield* this.#data.updateInSteps(examples);
    const current = this.#current;
    if (current?.head.info.ledgerHash === set.hash) return { taken: true, version: current };
    const head = yield* trainHeadInSteps(this.name, set, this.#trainers);
    yield;
    if (!head) {
      // All examples were forgotten, and so is what was learned from them.
      this.#current = undefined;
      return { taken: false, reason: `${this.name}: there are no examples of a label` };
    }
    const rejection = force ? undefined : this.#whyNot(head);
    if (rejection) return { taken: false, reason: rejection.reason };
    this.#refused = this.#refused.filter((hash) => hash !== set.hash);
    const version = { version: ++this.#last, head };
    if (force) this.#since = version.version;
    this.#current = version;
    this.#versions = [...this.#versions, version].slice(-this.#keep);
    return { taken: true, version };
  }

  /**
   * Whether a head from these examples would be rejected, and which examples that are named rightly would then be named
   * wrongly; undefined: no. Nothing is changed. For what `trainInSteps` asks, too.
   */
  *judgeInSteps(examples: readonly Example[]): Steps<Rejection | undefined> {
    if (!this.#current) return undefined;
    const set = yield* this.#data.updateInSteps(examples);
    const head = yield* trainHeadInSteps(this.name, set, this.#trainers);
    return head && this.#whyNot(head);
  }

  /**
   * Goes back to a version. The one in use is not used again until its examples change.
   *
   * @param version Default: the one before the one in use.
   * @throws InputError when there is no such version.
   */
  rollback(version?: number): HeadVersion {
    const earlier = this.#versions.filter((one) => one.version < (this.#current?.version ?? Number.POSITIVE_INFINITY));
    const found = version === undefined ? earlier.at(-1) : this.#versions.find((one) => one.version === version);
    if (!found) {
      const known = this.#versions.map((one) => one.version).join(', ') || 'none';
      throw new InputError(`version: expected one of ${known}, got ${version ?? 'one before the first'}`);
    }
    const left = this.#current?.head.info.ledgerHash;
    if (left !== undefined && left !== found.head.info.ledgerHash) {
      this.#refused = [...this.#refused, left].slice(-this.#keep);
    }
    this.#current = found;
    return found;
  }

  /** @returns A function that restores the present versions, in case the new ones cannot be stored. */
  snapshot(): () => void {
    const [versions, current, refused, last, since] = [
      this.#versions,
      this.#current,
      this.#refused,
      this.#last,
      this.#since,
    ];
    return () => {
      this.#versions = versions;
      this.#current = current;
      this.#refused = refused;
      this.#last = last;
      this.#since = since;
    };
  }

  /** Which versions there are and which is in use; the heads are serialised separately. */
  serialise(): Buffer {
    const state: State = {
      format,
      last: this.#last,
      current: this.#current?.version ?? 0,
      since: this.#since,
      versions: this.#versions.map(({ version }) => version),
      refused: this.#refused,
    };
    return Buffer.from(JSON.stringify(state));
  }

  /**
   * @param name Of the head.
   * @param state What `serialise` returned.
   * @param read Returns the bytes of a version's head.
   * @throws InputError when it is not that, or a head is missing.
   */
  static async restore(
    name: string,
    state: Uint8Array,
    read: (version: number) => Promise<Uint8Array | undefined>,
    options: HeadVersionsOptions = {},
  ): Promise<HeadVersions> {
    const { last, current, since, versions, refused } = readState(state);
    const restored = new HeadVersions(name, options);
    for (const version of versions) {
      const bytes = await read(version);
      if (!bytes) throw new InputError(`versions of a head: expected version ${version}, got nothing`);
      restored.#versions.push({ version, head: Head.parse(bytes, restored.#trainers, restored.#classLayer) });
    }
    restored.#last = last;
    restored.#current = restored.#versions.find(({ version }) => version === current);
    restored.#since = since;
    restored.#refused = [...refused];
    return restored;
  }

  #whyNot(head: Head): Rejection | undefined {
    if (this.#refused.includes(head.info.ledgerHash)) {
      const reason = `${this.name}: what these examples teach was rolled back from; it is tried again once they change`;
      return { reason, wrong: [] };
    }
    const current = this.#current?.version ?? 0;
    const older = this.#versions.filter(({ version }) => version <= current && version >= this.#since);
    const now = new Map(head.verdicts.map((verdict) => [verdict.id, verdict]));
    for (const { version, head: old } of older.toReversed()) {
      const { better, wrong, common } = compare(old, now);
      const worse = wrong.length;
      if (worse - better <= Math.max(2, 2 * Math.sqrt(worse + better))) continue;
      const reason =
        `${this.name}: of ${common} examples that were held back, ${worse} that version ${version} named rightly ` +
        `would be wrong and ${better} wrong ones right; look at the newest examples, or take it all the same`;
      return { reason, wrong };
    }
    return undefined;
  }
}

/** Why a head is not used. */
export interface Rejection {
  readonly reason: string;
  /** Ids of the examples that were named rightly, and would be named wrongly. */
  readonly wrong: readonly string[];
}

const format = 'ocellus-head-versions-2';

interface State {
  readonly format: typeof format;
  readonly last: number;
  /** 0 when none is in use. */
  readonly current: number;
  readonly since: number;
  readonly versions: readonly number[];
  readonly refused: readonly string[];
}

function readState(bytes: Uint8Array): State {
  let state: State;
  try {
    state = JSON.parse(Buffer.from(bytes).toString());
  } catch (error) {
    throw new InputError(`versions of a head: expected their state in JSON, got ${messageOf(error)}`);
  }
  if (state?.format !== format) {
    throw new InputError(`versions of a head: expected format ${format}, got ${shown(state?.format)}`);
  }
  const { last, current, since, versions, refused } = state;
  const numbers = [last, current, since, ...(Array.isArray(versions) ? versions : [Number.NaN])];
  if (!numbers.every(Number.isInteger) || !Array.isArray(refused)) {
    throw new InputError(`versions of a head: expected which there are and which is in use, got ${shown(state)}`);
  }
  return state;
}

function compare({ verdicts, info }: Head, after: ReadonlyMap<string, Verdict>) {
  const known = new Set(info.labels);
  const wrong: string[] = [];
  let [better, common] = [0, 0];
  for (const then of verdicts) {
    const now = after.get(then.id);
    // A relabelled example is another one, with another id.
    if (!now) continue;
    common++;
    const [wasRight, isRight] = [isCorrect(then), isCorrect(now)];
    if (isRight && !wasRight) better++;
    const isNewLabel = !known.has(now.nearest);
    if (wasRight && !isRight && !isNewLabel) wrong.push(then.id);
  }
  return { better, wrong, common };
}

/** A negative is right when it is unknown, any other example when its label is nearest. */
function isCorrect({ label, named, nearest }: Verdict): boolean {
  return label === unknown ? named === unknown : nearest === label;
}
