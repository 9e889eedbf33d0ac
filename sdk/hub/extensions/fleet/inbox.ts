import { setImmediate as breathe } from 'node:timers/promises';
import { InputError, messageOf } from '../../../base/errors.ts';
import type { Learner } from '../../../learn/learner.ts';
import { bundleHash } from '../../../learn/ledger/bundle.ts';
import type { PartName } from '../../../learn/ledger/part.ts';
import type { Link } from '../../connection/link.ts';
import { mostSharedBytes, readSharedPart, type SharedPart } from './shared-part.ts';

/** A message on one of the fleet's topics. */
export interface Letter {
  readonly topic: string;
  readonly name: PartName;
  /** SHA-256 of the payload. */
  readonly hash: string;
  /** It was retained at the broker before this node subscribed. */
  readonly retained: boolean;
  /** The connection it arrived over. */
  readonly link: Link | undefined;
}

/** What is kept of a part that was merged. */
export type Origin = Pick<SharedPart, 'digest' | 'writer' | 'key'>;

export interface InboxOptions {
  readonly learner: Pick<Learner, 'ledger' | 'merge'>;
  /** Undefined: everyone is trusted. */
  readonly trusted: readonly string[] | undefined;
  /** Messages within this time are merged together, and heads trained once. */
  readonly gatherMs: number;
  /** It was merged into the ledger, on disk. */
  readonly onMerged: (letter: Letter, shared: Origin) => void;
  /** It is not a part, or not from a trusted node. `isNews`: not logged for this topic yet. */
  readonly onBad: (letter: Letter, reason: string, isNews: boolean) => void;
  /** It is a part that cannot be merged now. */
  readonly onRefused: (letter: Letter, reason: string) => void;
  /** There was no room for a message. */
  readonly onOverflow: () => void;
}

const mostWaitingBytes = 16 << 20;
const batchBytes = 4 << 20;
const mostBadTopics = 1000;

/** Receives the parts of other nodes: parses and checks them, and merges those that arrive together in one go. */
export class Inbox {
  readonly #options: InboxOptions;
  #waiting: (Letter & { readonly payload: Buffer })[] = [];
  #bytes = 0;
  /** By topic, the hash of the newest invalid message; repeats are not parsed again. */
  readonly #bad = new Map<string, string>();
  /** The same of what was merged. */
  readonly #merged = new Map<string, { readonly hash: string; readonly origin: Origin }>();
  #timer: NodeJS.Timeout | undefined;
  #isWorking = false;
  #isStopped = false;
  #heard = 0;

  constructor(options: InboxOptions) {
    this.#options = options;
  }

  /** Messages so far. */
  get heard(): number {
    return this.#heard;
  }

  /** Whether anything is still to be merged. */
  get isBusy(): boolean {
    return this.#waiting.length > 0 || this.#isWorking;
  }

  take(message: Omit<Letter, 'hash'> & { payload: Buffer }): void {
    const { payload, ...about } = message;
    const { topic } = message;
    this.#heard++;
    if (payload.length > mostSharedBytes) {
      this.#reject({ ...about, hash: '' }, `expected at most ${mostSharedBytes} bytes, got ${payload.length}`);
      return;
    }
    const letter = { ...about, hash: bundleHash(payload) };
    if (this.#bad.get(topic) === letter.hash) {
      this.#options.onBad(letter, 'as before', false);
      return;
    }
    const merged = this.#merged.get(topic);
    if (merged?.hash === letter.hash) {
      this.#options.onMerged(letter, merged.origin);
      return;
    }
    if (this.#bytes + sizeOf(letter.topic, payload) > mostWaitingBytes) {
      this.#options.onOverflow();
      return;
    }
    this.#bytes += sizeOf(topic, payload);
    this.#waiting.push({ ...letter, payload });
    if (!this.#isWorking) this.#plan();
  }

  /** Nothing more is accepted, and work in progress is no longer reported. */
  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    this.#waiting = [];
    this.#bytes = 0;
  }

  #plan(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void this.#work();
    }, this.#options.gatherMs).unref();
  }

  async #work(): Promise<void> {
    this.#isWorking = true;
    while (this.#waiting.length > 0) await this.#merge(await this.#readBatch());
    this.#isWorking = false;
  }

  async #readBatch(): Promise<{ letter: Letter; shared: SharedPart }[]> {
    const { trusted } = this.#options;
    const batch = [];
    for (let bytes = 0; bytes < batchBytes; ) {
      const next = this.#waiting.shift();
      if (!next) break;
      const { payload, ...letter } = next;
      this.#bytes -= sizeOf(letter.topic, payload);
      bytes += payload.length;
      try {
        const { space, dimension } = this.#options.learner.ledger;
        batch.push({ letter, shared: readSharedPart(payload, letter.name, { space, dimension, trusted }) });
      } catch (error) {
        if (!this.#isStopped) this.#reject(letter, messageOf(error));
      }
      // One may take some 10 ms: frames and commands are handled in between.
      await breathe();
    }
    return batch;
  }

  async #merge(batch: readonly { letter: Letter; shared: SharedPart }[]): Promise<void> {
    const { learner } = this.#options;
    if (this.#isStopped) return;
    const fitting = batch.filter(({ letter, shared: { part } }) => {
      const problem = whyForeign(part, learner.ledger);
      if (problem) this.#options.onRefused(letter, problem);
      return !problem;
    });
    if (fitting.length === 0) return;
    try {
      await learner.merge(fitting.map(({ shared }) => shared.part));
    } catch (error) {
      if (fitting.length > 1 && error instanceof InputError) {
        // One that does not fit must not keep out the others.
        for (const one of fitting) await this.#merge([one]);
      } else if (!this.#isStopped) {
        for (const { letter } of fitting) this.#options.onRefused(letter, messageOf(error));
      }
      return;
    }
    if (this.#isStopped) return;
    for (const { letter, shared } of fitting) {
      const { part: _, ...origin } = shared;
      this.#bad.delete(letter.topic);
      this.#merged.set(letter.topic, { hash: letter.hash, origin });
      this.#options.onMerged(letter, origin);
    }
  }

  #reject(letter: Letter, reason: string): void {
    const { topic, hash } = letter;
    const isNews = !this.#bad.has(topic);
    this.#bad.delete(topic);
    this.#bad.set(topic, hash);
    // The oldest one; anyone can invent topics.
    for (const oldest of this.#bad.keys()) {
      if (this.#bad.size <= mostBadTopics) break;
      this.#bad.delete(oldest);
    }
    this.#options.onBad(letter, reason, isNews);
  }
}

/** What a message takes in memory: small ones are mostly topics and objects. */
const sizeOf = (topic: string, payload: Buffer) => 2 * topic.length + payload.length + 1024;

/**
 * Only this store assigns its dots, and has them on disk before it publishes them. Whoever knows more of them than it does
 * is a copy of it, or lies; accepting that would remove what was taught here.
 */
function whyForeign(part: SharedPart['part'], ledger: Learner['ledger']): string | undefined {
  const claimed = part.seen.get(ledger.replica) ?? 0;
  if (claimed === 0 || claimed <= (ledger.part(part)?.seen.get(ledger.replica) ?? 0)) return undefined;
  return (
    'expected nothing of this store that it does not know itself: was it restored from an older copy, or is there ' +
    'another board with a copy of it? Remove the folder learn in the data folder, and what was taught comes back from the broker'
  );
}
