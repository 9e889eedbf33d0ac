import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../../../base/errors.ts';
import type { Learner } from '../../../learn/learner.ts';
import { Identity } from '../../../learn/ledger/identity.ts';
import type { PartName } from '../../../learn/ledger/part.ts';
import { type Link, RefusedError } from '../../connection/link.ts';
import type { Incoming } from '../../connection/session.ts';
import type { Extension, HubContext } from '../extension.ts';
import type { HubLearning } from '../hub-node.ts';
import { Announcer, type AnnouncerTimes } from './announcer.ts';
import { Inbox, type Letter, type Origin } from './inbox.ts';
import { LearnTopics, learnFiltersOf } from './learn-topics.ts';
import { Rejections } from './rejections.ts';

export interface FleetOptions {
  /** File of this node's key, created if missing. Default: what it shares is not signed. */
  readonly keyFile?: string | undefined;
  readonly times?: Partial<FleetTimes>;
}

export interface FleetTimes extends AnnouncerTimes {
  /** MQTT does not say when all retained messages have arrived; after this long without one, they have. */
  readonly quietMs: number;
  /** When there is no room for more, the broker is queried again after this time. */
  readonly againMs: number;
}

const defaultTimes: FleetTimes = {
  gatherMs: 250,
  longestMs: 5000,
  helpMs: 5000,
  mendMs: 60_000,
  quietMs: 500,
  againMs: 60_000,
};
const longestScanMs = 60_000;

/** Exists while sharing is on. */
interface Sharing {
  readonly learner: Learner;
  readonly topics: LearnTopics;
  readonly announcer: Announcer;
  readonly inbox: Inbox;
  readonly identity: Identity | undefined;
}

/**
 * Shares what was taught with the other nodes at the broker, if `learn.share` is on: publishes the parts of the ledger
 * on retained topics, and merges those of others. docs/learning.md, "Sharing between boards", says whom it trusts.
 */
export class Fleet implements Extension {
  readonly #keyFile: string | undefined;
  readonly #times: FleetTimes;
  readonly #rejections = new Rejections(() => this.#context?.logger);
  #context: HubContext | undefined;
  #learning: HubLearning | undefined;
  #sharing: Sharing | undefined;
  #isOpening = false;
  #link: Link | undefined;
  /** Counts the scans of the broker: only the newest one counts. */
  #scans = 0;
  #again: NodeJS.Timeout | undefined;
  /** Filters that failed for good on this connection. */
  readonly #strays = new Set<string>();

  constructor({ keyFile, times }: FleetOptions = {}) {
    this.#keyFile = keyFile;
    this.#times = { ...defaultTimes, ...times };
  }

  /** Messages that were invalid or too many. */
  get rejected(): number {
    return this.#rejections.count;
  }

  start(context: HubContext): void {
    this.#context = context;
    const { learning } = context.node;
    if (!learning?.settings.share) return;
    this.#learning = learning;
    learning.on('parts', this.#onParts);
    learning.on('changed', this.#onChanged);
    void this.#open();
  }

  stop(): void {
    this.#learning?.off('parts', this.#onParts);
    this.#learning?.off('changed', this.#onChanged);
    clearTimeout(this.#again);
    this.#again = undefined;
    this.#sharing?.inbox.stop();
    this.#sharing?.announcer.forget();
    this.#scans++;
    this.#context = undefined;
    this.#learning = undefined;
    this.#sharing = undefined;
    this.#link = undefined;
  }

  connected(link: Link): void {
    this.#link = link;
    this.#strays.clear();
    if (this.#sharing) void this.#scan(link, this.#sharing);
  }

  receive({ topic, payload, retained }: Incoming): boolean {
    const sharing = this.#sharing;
    if (!sharing || !topic.startsWith(`${sharing.topics.root}/`)) return this.#isStray(topic);
    const name = sharing.topics.nameOf(topic);
    if (!name)
      this.#rejections.add(topic, 'expected <node>/<head>/<label> or <node>/cuts', this.#rejections.isNews(topic));
    else if (payload.length === 0) sharing.announcer.emptied(topic, name);
    else sharing.inbox.take({ topic, name, payload, retained, link: this.#context?.link });
    return true;
  }

  /** A message of this topic waited too long, or there was no room for it: the broker never got it. */
  dropped(topic: string): void {
    const name = this.#sharing?.topics.nameOf(topic);
    if (name) this.#sharing?.announcer.emptied(topic, name);
  }

  readonly #onParts = (parts: readonly PartName[]): void => {
    for (const part of parts) this.#sharing?.announcer.changed(part);
  };

  readonly #onChanged = () => {
    // A store that could not be opened at startup may have been repaired since.
    if (!this.#sharing) void this.#open();
  };

  async #open(): Promise<void> {
    const context = this.#context;
    if (!context || !this.#learning || this.#isOpening) return;
    this.#isOpening = true;
    try {
      const learner = await this.#learning.open();
      const identity = this.#keyFile === undefined ? undefined : Identity.open(this.#keyFile);
      if (this.#context !== context) return;
      this.#sharing = this.#share(learner, identity, context);
      if (this.#link && this.#link === context.link) void this.#scan(this.#link, this.#sharing);
    } catch (error) {
      const problem = messageOf(error);
      if (this.#rejections.isNews(problem)) context.logger.error(`learning is not shared: ${problem}`);
    } finally {
      this.#isOpening = false;
      // It was stopped and restarted meanwhile.
      if (this.#context !== context) void this.#open();
    }
  }

  #share(learner: Learner, identity: Identity | undefined, context: HubContext): Sharing {
    const { trusted } = context.node.learning!.settings;
    const topics = new LearnTopics(context.topics.base, learner.ledger.space);
    // Messages from an earlier connection say nothing about what the broker retains now.
    const isOfNow = ({ link }: Letter) => link !== undefined && link === context.link;
    const announcer = new Announcer({ context, topics, learner, identity, times: this.#times });
    const inbox = new Inbox({
      learner,
      trusted: trusted && [...trusted, ...(identity ? [identity.publicKey] : [])],
      gatherMs: this.#times.gatherMs,
      onMerged: (letter, origin) => {
        if (isOfNow(letter)) this.#merged(letter, origin);
      },
      onBad: (letter, reason, isNews) => {
        if (isOfNow(letter)) announcer.broken(letter.topic, letter.name, letter.hash);
        this.#rejections.add(letter.topic, reason, isNews);
      },
      onRefused: (letter, reason) => {
        if (isOfNow(letter)) announcer.leave(letter.topic, letter.name, letter.hash);
        this.#rejections.add(letter.topic, `cannot be taken in: ${reason}`, this.#rejections.isNews(letter.topic));
      },
      onOverflow: () => this.#scanAgain(),
    });
    return { learner, topics, announcer, inbox, identity };
  }

  #merged({ topic, name, hash, retained }: Letter, { digest, writer, key }: Origin): void {
    const { announcer, identity, learner } = this.#sharing!;
    const { node } = learner.ledger;
    // In this node's name, signed by another key: from this node before it was reflashed, or from another one with its name.
    const isOther = name.node === node && writer === node && identity !== undefined && key !== identity.publicKey;
    if (isOther && !retained) {
      this.#rejections.sayOnce(
        'twin',
        `MQTT: another board also shares what it was taught as ${node}: give each board its own name`,
      );
    }
    // Those who trust only this node's key should be able to read it. Only once per start, since a twin would do the same.
    announcer.heard(topic, name, { hash, digest: isOther && retained ? undefined : digest });
  }

  /** Requests all that the broker retains, waits until it has arrived, and publishes what is missing there. */
  async #scan(link: Link, sharing: Sharing): Promise<void> {
    const { topics, inbox, announcer } = sharing;
    const { logger } = this.#context!;
    announcer.forget();
    const scan = ++this.#scans;
    const isCurrent = () => this.#context?.link === link && this.#scans === scan;
    try {
      await link.subscribe(topics.filters, { qos: 1, retained: true });
      const deadline = performance.now() + longestScanMs;
      for (let heard = -1; (heard !== inbox.heard || inbox.isBusy) && performance.now() < deadline; ) {
        heard = inbox.heard;
        await sleep(this.#times.quietMs, undefined, { ref: false });
        if (!isCurrent()) return;
      }
      announcer.scanned(link);
    } catch (error) {
      // Otherwise the connection is ending, and the next one repeats it all.
      if (!(error instanceof RefusedError)) return;
      if (error.isOpen) {
        link.whenDecidable(() => isCurrent() && void this.#scan(link, sharing));
        return;
      }
      logger.error(
        `MQTT: the broker refuses ${topics.filters.join(' and ')}, so nothing is shared, and what lies there is not overwritten: ${messageOf(error)}`,
      );
    }
  }

  #scanAgain(): void {
    this.#rejections.count++;
    this.#rejections.sayOnce(
      'overflow',
      'MQTT: other nodes tell more than there is room for; the broker is asked for it again',
    );
    this.#again ??= setTimeout(() => {
      this.#again = undefined;
      if (this.#link && this.#sharing) void this.#scan(this.#link, this.#sharing);
    }, this.#times.againMs).unref();
  }

  /**
   * With MQTT 5 the broker remembers a session's subscriptions from before sharing was switched off, or with another
   * network: they are cancelled.
   */
  #isStray(topic: string): boolean {
    const filters = this.#context && learnFiltersOf(this.#context.topics.base, topic);
    if (!filters) return false;
    const isOpening = this.#learning !== undefined && !this.#sharing;
    const [first = ''] = filters;
    if (isOpening || this.#strays.has(first) || this.#strays.size >= mostStrays) return true;
    this.#strays.add(first);
    // When the connection is ending, the next one does it.
    this.#context?.link?.unsubscribe(filters).catch(() => {});
    return true;
  }
}

/** Anyone can invent topics. */
const mostStrays = 20;
