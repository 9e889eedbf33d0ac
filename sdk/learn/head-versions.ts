import { InputError, messageOf } from '../errors.ts';
import { type Example, shown, unknown } from './example.ts';
import { defaultTrainers, Head, trainHead, type Verdict } from './head.ts';
import { readSafeTensors, type Tensor, writeSafeTensors } from './safetensors.ts';
import type { HeadTrainer } from './trainer.ts';
import { TrainingData } from './training-set.ts';

export interface HeadVersion {
  /** Counts from 1 on this node. */
  readonly version: number;
  readonly head: Head;
}

/** What came of training. */
export type Outcome =
  | { readonly taken: true; readonly version: HeadVersion }
  | { readonly taken: false; readonly reason: string };

export interface HeadVersionsOptions {
  /** Versions that are kept. Default: 10. */
  readonly keep?: number;
  /** The preferred one first. Default: svm, prototypes, nearest. */
  readonly trainers?: readonly HeadTrainer[];
}

/**
 * The versions of one head on one node, and which of them is in use.
 *
 * What is trained depends on the examples alone: nodes with equal ledgers train equal bytes. Whether it is taken is
 * each node's own business. The *held-back* examples of a comparison are those that both the new head and an older one
 * were trained from, each of them left out in turn. A new head is not taken when it names clearly more of them
 * wrongly that were right before than the other way round: more than two, and more than two standard deviations of a
 * fair coin (McNemar's test). What now has a label that the old head did not know does not count as wrong. It is
 * compared with the one in use and those before it that are kept, so that it does not become worse in small steps.
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
  readonly #data = new TrainingData();
  #versions: HeadVersion[] = [];
  #current: HeadVersion | undefined;
  /** Ledgers whose heads somebody rolled back from. */
  #refused: string[] = [];
  #last = 0;
  /** The first version that counts in comparisons: somebody took it as it is. */
  #since = 0;

  constructor(name: string, { keep = 10, trainers = defaultTrainers() }: HeadVersionsOptions = {}) {
    this.name = name;
    this.#keep = keep;
    this.#trainers = trainers;
  }

  /** The version in use; undefined before the first example. */
  get current(): HeadVersion | undefined {
    return this.#current;
  }

  /** Those that can be rolled back to, the oldest first. */
  get all(): readonly HeadVersion[] {
    return this.#versions;
  }

  /**
   * Trains from these examples, and takes the new head unless it is clearly worse.
   *
   * @param examples Of this head, as `Ledger.examples` gives them.
   * @param force Take it even then.
   */
  train(examples: readonly Example[], force = false): Outcome {
    const set = this.#data.update(examples);
    const current = this.#current;
    if (current?.head.info.ledgerHash === set.hash) return { taken: true, version: current };
    const head = trainHead(this.name, set, this.#trainers);
    if (!head) {
      // All was forgotten, and so is what was learned from it.
      this.#current = undefined;
      return { taken: false, reason: `${this.name}: there are no examples of a label` };
    }
    const reason = force ? undefined : this.#whyNot(head);
    if (reason !== undefined) return { taken: false, reason };
    this.#refused = this.#refused.filter((hash) => hash !== set.hash);
    const version = { version: ++this.#last, head };
    if (force) this.#since = version.version;
    this.#current = version;
    this.#versions = [...this.#versions, version].slice(-this.#keep);
    return { taken: true, version };
  }

  /**
   * Goes back to a version. The one in use is not taken again until its examples change.
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

  /** All of it, for `LedgerStore.putValue`. */
  serialise(): Buffer {
    const state: State = {
      ...{ last: this.#last, current: this.#current?.version ?? 0 },
      ...{ since: this.#since, refused: this.#refused },
    };
    const tensors = this.#versions.map(({ version, head }): [string, Tensor] => {
      const data = new Int8Array(head.serialise());
      return [String(version), { shape: [data.length], data }];
    });
    const metadata = { format, name: this.name, state: JSON.stringify(state) };
    return writeSafeTensors({ metadata, tensors: Object.fromEntries(tensors) });
  }

  /** @throws InputError when it is not what `serialise` wrote. */
  static parse(bytes: Uint8Array, options: HeadVersionsOptions = {}): HeadVersions {
    const { metadata, tensors } = readSafeTensors(bytes);
    if (metadata.format !== format || metadata.name === undefined || metadata.state === undefined) {
      throw new InputError(`versions of a head: expected format ${format}, got ${shown(metadata.format)}`);
    }
    const versions = new HeadVersions(metadata.name, options);
    const state = readState(metadata.state);
    versions.#versions = Object.entries(tensors)
      .map(([version, { data }]) => {
        const head = Head.parse(new Uint8Array(data.buffer), versions.#trainers);
        return { version: Number(version), head };
      })
      .sort((a, b) => a.version - b.version);
    versions.#last = state.last;
    versions.#current = versions.#versions.find(({ version }) => version === state.current);
    versions.#since = state.since;
    versions.#refused = state.refused;
    return versions;
  }

  #whyNot(head: Head): string | undefined {
    if (this.#refused.includes(head.info.ledgerHash)) {
      return `${this.name}: what these examples teach was rolled back from; it is tried again once they change`;
    }
    const current = this.#current?.version ?? 0;
    const older = this.#versions.filter(({ version }) => version <= current && version >= this.#since);
    for (const { version, head: old } of older.toReversed()) {
      const { better, worse, common } = compare(old.verdicts, head.verdicts, old.info.labels);
      if (worse - better <= Math.max(2, 2 * Math.sqrt(worse + better))) continue;
      return (
        `${this.name}: of ${common} examples that were held back, ${worse} that version ${version} named rightly ` +
        `would be wrong and ${better} wrong ones right; look at the newest examples, or take it all the same`
      );
    }
    return undefined;
  }
}

const format = 'ocellus-head-versions-1';

interface State {
  readonly last: number;
  readonly current: number;
  readonly since: number;
  readonly refused: string[];
}

function readState(text: string): State {
  let state: State;
  try {
    state = JSON.parse(text);
  } catch (error) {
    throw new InputError(`versions of a head: expected their state in JSON, got ${messageOf(error)}`);
  }
  const numbers = [state?.last, state?.current, state?.since];
  if (!numbers.every(Number.isInteger) || !Array.isArray(state.refused)) {
    throw new InputError(`versions of a head: expected which is in use, got ${shown(state)}`);
  }
  return state;
}

function compare(before: readonly Verdict[], after: readonly Verdict[], known: readonly string[]) {
  const old = new Map(before.map((verdict) => [verdict.id, verdict]));
  let [better, worse, common] = [0, 0, 0];
  for (const now of after) {
    const then = old.get(now.id);
    // Relabelled is another example, with another id.
    if (!then) continue;
    common++;
    const [wasRight, isRight] = [isCorrect(then), isCorrect(now)];
    if (isRight && !wasRight) better++;
    const isNewLabel = !known.includes(now.nearest);
    if (wasRight && !isRight && !isNewLabel) worse++;
  }
  return { better, worse, common };
}

/** A negative is right when it is unknown, another example when its label is nearest. */
function isCorrect({ label, named, nearest }: Verdict): boolean {
  return label === unknown ? named === unknown : nearest === label;
}
