import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../../../base/errors.ts';
import type { Learner } from '../../../learn/learner.ts';
import { bundleHash } from '../../../learn/ledger/bundle.ts';
import type { Identity } from '../../../learn/ledger/identity.ts';
import type { PartName } from '../../../learn/ledger/part.ts';
import { type Link, packetBytes } from '../../connection/link.ts';
import type { HubContext } from '../extension.ts';
import { helpDelayMs } from './help-delay.ts';
import type { LearnTopics } from './learn-topics.ts';
import { digestOfPart, writeSharedPart } from './shared-part.ts';

export interface AnnouncerTimes {
  /** Own changes within this time become one message. */
  readonly gatherMs: number;
  /** Own changes without a pause wait no longer. */
  readonly longestMs: number;
  /**
   * Missing parts of another node are published after one to two times this (`helpDelayMs`), since that node, or a third
   * one, may do it first.
   */
  readonly helpMs: number;
  /** Minimum interval between repairs of an overwritten topic. */
  readonly mendMs: number;
}

export interface AnnouncerOptions {
  readonly context: HubContext;
  readonly topics: LearnTopics;
  readonly learner: Pick<Learner, 'ledger' | 'read'>;
  /** Undefined: messages are not signed. */
  readonly identity: Identity | undefined;
  readonly times: AnnouncerTimes;
}

/** What the broker retains on a topic. */
interface Retained {
  /** Hash of the message, for its successor to name. */
  readonly hash: string;
  /** Hash of its content; undefined if that is nothing to keep. */
  readonly digest: string | undefined;
}

/** What waits in the outbox meanwhile; that may be in memory. */
const mostWaitingBytes = 2 << 20;

/**
 * Keeps the fleet's topics at the broker in line with the ledger, for all nodes: what the broker lacks is published. A
 * node's own parts at once; those of others only when nobody else does it, which happens when the broker lost them and
 * their node is away or was reflashed.
 *
 * Nothing is published before the broker's content was read: it may be all that is left of a node that was reflashed.
 */
export class Announcer {
  readonly #options: AnnouncerOptions;
  /** On this connection. */
  readonly #retained = new Map<string, Retained>();
  readonly #digests = new Map<string, string>();
  readonly #due = new Map<string, { readonly first: number; readonly at: number }>();
  /** Topics that are left alone until somebody publishes something else there. */
  readonly #left = new Set<string>();
  readonly #mended = new Map<string, number>();
  #link: Link | undefined;
  #isWorking = false;
  #timer: NodeJS.Timeout | undefined;
  /** When it fires, performance.now(). */
  #timerAt = Number.POSITIVE_INFINITY;
  #saidTooLarge = false;

  constructor(options: AnnouncerOptions) {
    this.#options = options;
  }

  /** What the broker retains is no longer known: nothing is published until it was read. */
  forget(): void {
    this.#stopWaiting();
    this.#link = undefined;
    this.#retained.clear();
    this.#due.clear();
    this.#left.clear();
  }

  /** Everything the broker retains was received over this connection: publishes what it lacks. */
  scanned(link: Link): void {
    this.#link = link;
    for (const part of this.#options.learner.ledger.parts()) this.#schedule(this.#options.topics.of(part), part);
  }

  /** This part of the ledger has changed. */
  changed(name: PartName): void {
    const topic = this.#options.topics.of(name);
    this.#digests.delete(topic);
    this.#schedule(topic, name);
  }

  /** The broker retains this, and the ledger has taken it in. */
  heard(topic: string, name: PartName, retained: Retained): void {
    this.#retained.set(topic, retained);
    this.#left.delete(topic);
    this.#schedule(topic, name);
  }

  /** The broker retains something that is not a part. This node's own topics are repaired, at limited intervals. */
  broken(topic: string, name: PartName, hash: string): void {
    if (!this.#isKnown(name)) return;
    this.#retained.set(topic, { hash, digest: undefined });
    if (!this.#isOwn(name)) this.#left.add(topic);
    else this.#mend(topic);
  }

  /** The broker no longer retains anything there, or never got it. */
  emptied(topic: string, name: PartName): void {
    if (!this.#isKnown(name)) return;
    this.#retained.delete(topic);
    this.#left.delete(topic);
    if (this.#isOwn(name)) this.#mend(topic);
    else this.#schedule(topic, name);
  }

  /** The broker retains something that this node cannot merge: overwriting it would lose it. */
  leave(topic: string, name: PartName, hash: string): void {
    if (!this.#isKnown(name)) return;
    this.#retained.set(topic, { hash, digest: undefined });
    this.#left.add(topic);
  }

  get #isConnected(): boolean {
    return this.#link !== undefined && this.#link === this.#options.context.link;
  }

  #isOwn({ node }: PartName): boolean {
    return node === this.#options.learner.ledger.node;
  }

  /** Anyone can publish on other topics, and on as many as they like. */
  #isKnown(name: PartName): boolean {
    return this.#options.learner.ledger.part(name) !== undefined;
  }

  #mend(topic: string): void {
    const { gatherMs, mendMs } = this.#options.times;
    const now = performance.now();
    const at = Math.max(now + gatherMs, (this.#mended.get(topic) ?? Number.NEGATIVE_INFINITY) + mendMs);
    if (this.#due.has(topic)) return;
    this.#mended.set(topic, at);
    this.#due.set(topic, { first: now, at });
    this.#waitUntil(at);
  }

  #schedule(topic: string, name: PartName): void {
    const { gatherMs, longestMs, helpMs } = this.#options.times;
    const now = performance.now();
    const due = this.#due.get(topic);
    if (!this.#isOwn(name) && due) {
      this.#waitUntil(due.at);
      return;
    }
    const first = due?.first ?? now;
    const at = this.#isOwn(name) ? Math.min(now + gatherMs, first + longestMs) : now + helpDelayMs(helpMs);
    this.#due.set(topic, { first, at });
    this.#waitUntil(at);
  }

  /** A later time than the one that is waited for is found when that has come: there may be thousands. */
  #waitUntil(at: number): void {
    if (!this.#link || at >= this.#timerAt) return;
    clearTimeout(this.#timer);
    this.#timerAt = at;
    this.#timer = setTimeout(() => this.#work(), Math.max(0, at - performance.now()));
    this.#timer.unref();
  }

  #stopWaiting(): void {
    clearTimeout(this.#timer);
    this.#timerAt = Number.POSITIVE_INFINITY;
  }

  async #work(): Promise<void> {
    this.#stopWaiting();
    if (this.#isWorking) return;
    this.#isWorking = true;
    for (let topics = this.#allDue(); topics.length > 0 && this.#isConnected; topics = this.#allDue()) {
      await this.#tellAll(topics);
    }
    this.#isWorking = false;
    // Without a connection nothing is done: after the next one all is compared.
    if (!this.#isConnected) return;
    let next = Number.POSITIVE_INFINITY;
    for (const { at } of this.#due.values()) next = Math.min(next, at);
    this.#waitUntil(next);
  }

  async #tellAll(topics: readonly string[]): Promise<void> {
    const { context, times } = this.#options;
    for (const topic of topics) {
      while (this.#isConnected && context.waiting('learning') > mostWaitingBytes) {
        await sleep(times.gatherMs, undefined, { ref: false });
      }
      // Meanwhile it may have been put off, or all of them forgotten.
      if (!this.#isConnected || !this.#isDue(topic)) continue;
      this.#due.delete(topic);
      try {
        await this.#tell(topic);
      } catch (error) {
        context.logger.error(`MQTT: ${topic} cannot be shared now: ${messageOf(error)}`);
      }
    }
  }

  #isDue(topic: string): boolean {
    const due = this.#due.get(topic);
    return due !== undefined && due.at <= performance.now();
  }

  #allDue(): string[] {
    return [...this.#due.keys()].filter((topic) => this.#isDue(topic));
  }

  async #tell(topic: string): Promise<void> {
    const { context, topics, learner } = this.#options;
    const name = topics.nameOf(topic)!;
    // Not before it is on disk: after a power cut this store would not know what it published.
    const { payload, digest } = await learner.read((ledger) => {
      const part = ledger.part(name);
      const digest = part && (this.#digests.get(topic) ?? digestOfPart(part, ledger));
      const retained = this.#retained.get(topic);
      if (!part || digest === undefined || retained?.digest === digest) return {};
      this.#digests.set(topic, digest);
      const { space, dimension, node } = ledger;
      const { identity } = this.#options;
      return { digest, payload: writeSharedPart(part, { space, dimension, node, parent: retained?.hash, identity }) };
    });
    const link = this.#link;
    if (!payload || !link || !this.#isConnected || this.#left.has(topic)) return;
    const bytes = packetBytes(topic, payload.length);
    if (bytes > link.maximumPacketSize) {
      this.#sayTooLarge(topic, bytes, link.maximumPacketSize);
      return;
    }
    // Before it is put: the outbox may drop it at once, and says so.
    this.#retained.set(topic, { hash: bundleHash(payload), digest });
    context.put({ topic, payload, retain: true, kind: 'learning' });
  }

  #sayTooLarge(topic: string, bytes: number, most: number): void {
    if (this.#saidTooLarge) return;
    this.#saidTooLarge = true;
    this.#options.context.logger.error(
      `MQTT: ${topic} is not shared: ${bytes} bytes, the broker takes ${most} a packet. Let it take 4 MiB ` +
        '(max_packet_size in mosquitto.conf), or forget some examples. The same goes for other labels that are too large.',
    );
  }
}
