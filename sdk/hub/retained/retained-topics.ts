import { matches } from '../broker/topic-filter.ts';
import type { Remembered } from './retained-list.ts';

/** Topics that one extension keeps at the broker. */
export interface RetainedSource {
  /** Match all that an earlier run may have retained of them. */
  readonly filters: readonly string[];
  /** What they should say now, in the order in which they are to be published; undefined: whatever they say is left. */
  wanted(): ReadonlyMap<string, string | undefined>;
  /** Of a topic that the broker retains and that is not wanted: is it this source's, and to be emptied? */
  isStale(topic: string): boolean;
  /** A payload that an earlier run left on one of its topics, told before the next `wanted()`. */
  found?(topic: string, payload: Buffer): void;
  /** What to tell `found()` in another run, where the broker itself does not; undefined: the topic is all. */
  remembered?(topic: string): string | undefined;
  /** A scan of the broker is over: what an earlier run left was told, if it could be seen. */
  scanned?(): void;
}

/** A lesson changes examples, then heads: what is told of both is told once. */
const gatherMs = 1000;

/** Compares what the broker retains of this node with what it should, and publishes the difference. */
export class RetainedTopics {
  readonly #sources: readonly RetainedSource[];
  readonly #publish: (topic: string, value: string) => void;
  readonly #isConnected: () => boolean;
  readonly #changed: () => void;
  /** What the broker retains, as far as is known; undefined where only the topic is. */
  readonly #known = new Map<string, string | undefined>();
  #soon: NodeJS.Timeout | undefined;

  /**
   * Made by a hub.
   *
   * @internal
   * @param options.sources In the order in which their topics are to be published.
   * @param options.changed What `remembered` gives may be another one.
   */
  constructor(options: {
    sources: readonly RetainedSource[];
    publish: (topic: string, value: string) => void;
    isConnected: () => boolean;
    changed?: () => void;
  }) {
    this.#sources = options.sources;
    this.#publish = options.publish;
    this.#isConnected = options.isConnected;
    this.#changed = options.changed ?? (() => {});
  }

  /** What is retained, for another run. */
  get remembered(): Remembered {
    const of = (topic: string) => {
      for (const source of this.#sources) {
        const text = source.remembered?.(topic);
        if (text !== undefined) return text;
      }
      return null;
    };
    return new Map([...this.#known.keys()].map((topic) => [topic, of(topic)]));
  }

  /** What an earlier run remembered; what is no source's is passed over. */
  recall(remembered: Remembered): void {
    for (const [topic, text] of remembered) {
      const sources = this.#sources.filter(({ filters }) => filters.some((filter) => matches(filter, topic)));
      if (sources.length === 0) continue;
      this.#know(topic, this.#known.get(topic));
      if (text !== null) for (const source of sources) source.found?.(topic, Buffer.from(text));
    }
  }

  /** Topics are known, their values are not: the broker may have forgotten or been told something else. */
  doubt(): void {
    // What is gone is still known, so that it is emptied.
    for (const topic of this.#known.keys()) this.#known.set(topic, undefined);
  }

  /** The broker retains something on this topic that no source said. */
  note(topic: string): void {
    this.#know(topic, undefined);
  }

  /** What a scan found at the broker. */
  found(topics: ReadonlyMap<string, Buffer>): void {
    for (const [topic, payload] of topics) {
      this.#know(topic, this.#known.get(topic));
      for (const source of this.#sources) source.found?.(topic, payload);
    }
    for (const source of this.#sources) source.scanned?.();
  }

  /** Says it whether or not the broker knows. */
  tell(topic: string, value: string): void {
    this.#know(topic, value);
    this.#publish(topic, value);
  }

  /**
   * Publishes what differs and empties what is gone. Without a connection there is nothing to do: after the next
   * connect all is published anyway.
   */
  update(): void {
    clearTimeout(this.#soon);
    this.#soon = undefined;
    if (!this.#isConnected()) return;
    const wanted = new Set<string>();
    for (const source of this.#sources) {
      for (const [topic, value] of source.wanted()) {
        wanted.add(topic);
        if (value !== undefined && this.#known.get(topic) !== value) this.tell(topic, value);
      }
    }
    for (const topic of this.#inOrder()) {
      if (wanted.has(topic) || !this.#sources.some((source) => source.isStale(topic))) continue;
      this.#publish(topic, '');
      this.#known.delete(topic);
      this.#changed();
    }
  }

  /** The same in a second, once for all that ask for it meanwhile. */
  updateSoon(): void {
    this.#soon ??= setTimeout(() => this.update(), gatherMs).unref();
  }

  /** Does now what `updateSoon()` was asked for. */
  settle(): void {
    if (this.#soon) this.update();
  }

  /** Empties them all. */
  leave(): void {
    for (const topic of this.#inOrder()) this.#publish(topic, '');
    this.#known.clear();
    this.#changed();
  }

  /**
   * What is known, in the order of the sources: who was told of an entity hears that it is gone before its states are empty, which would
   * be none of its states. A broker has them in an order of its own.
   */
  #inOrder(): string[] {
    const rank = (topic: string) => {
      const index = this.#sources.findIndex((source) => source.isStale(topic));
      return index === -1 ? this.#sources.length : index;
    };
    const ranked = [...this.#known.keys()].map((topic) => ({ topic, rank: rank(topic) }));
    return ranked.sort((a, b) => a.rank - b.rank).map(({ topic }) => topic);
  }

  #know(topic: string, value: string | undefined): void {
    const isNew = !this.#known.has(topic);
    this.#known.set(topic, value);
    if (isNew || this.#sources.some((source) => source.remembered?.(topic) !== undefined)) this.#changed();
  }
}
