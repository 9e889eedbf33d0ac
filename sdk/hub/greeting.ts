import { messageOf } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import { type Link, RefusedError } from './connection/link.ts';
import type { Extension, Subscription } from './extensions/extension.ts';
import type { RetainedScan } from './retained/retained-scan.ts';

const handshakeTimeoutMs = 10_000;
/** So many connections are given up because the node may not say on them that it is there; then it does without. */
const mostRefusedOnline = 2;

export interface GreetingOptions {
  readonly logger: Logger;
  /** Where what the broker retains is listed; undefined: for this run only. */
  readonly retainedFile: string | undefined;
  readonly onAccepted: (topic: string) => void;
  readonly onRefused: (topic: string, error: RefusedError, consequence: string) => void;
}

/** What comes first on each connection: the node says that it is there, and subscribes. Knows what brokers refused of it. */
export class Greeting {
  readonly #options: GreetingOptions;
  /** Connections in a row over which it could not say that it is there. */
  #refusedOnline = 0;
  #hasSaidOnline = false;
  readonly #saidSubscriptions = new Set<string>();
  #saidBlind = false;

  constructor(options: GreetingOptions) {
    this.#options = options;
  }

  /** @returns False: the connection is given up. */
  async introduce(link: Link, status: string, extensions: readonly Extension[]): Promise<boolean> {
    let isWaiting = true;
    const timer = setTimeout(() => link.giveUp('it did not answer in time', () => isWaiting), handshakeTimeoutMs);
    timer.unref();
    this.#hasSaidOnline = false;
    const later: (() => Promise<void>)[] = [];
    link.whenDecidable(() => this.#catchUp(link, later.splice(0)));
    const say = async (what: () => Promise<void>) => {
      try {
        await what();
      } catch (error) {
        if (!(error instanceof RefusedError && error.isOpen)) throw error;
        later.push(what);
      }
    };
    try {
      await say(() => this.#sayOnline(link, status));
      for (const { subscriptions = [] } of extensions) {
        for (const subscription of subscriptions) await say(() => this.#subscribe(link, subscription));
      }
      return true;
    } catch (error) {
      link.close(messageOf(error));
      return false;
    } finally {
      isWaiting = false;
      clearTimeout(timer);
    }
  }

  /** Whether the broker retains what this node publishes. */
  mayRetain(link: Link): boolean {
    return link.canRetain && this.#hasSaidOnline;
  }

  /** Says, once, where the broker does not show what it retains. @param root Of the node's topics. */
  sayScanned(link: Link, root: string, { sees, isRefused }: Pick<RetainedScan, 'sees' | 'isRefused'>): void {
    // Where it could not say that it is there, there is nothing to be seen.
    if (!this.mayRetain(link) || (sees && !isRefused) || this.#saidBlind) return;
    this.#saidBlind = true;
    const { logger, retainedFile } = this.#options;
    const known = retainedFile === undefined ? 'this run' : `this data folder (${retainedFile})`;
    const why = isRefused
      ? `refuses the subscriptions by which this node looks at what it left there (does its access list allow to read ${root}/#?)`
      : 'gives nothing of what it retains to a subscription with wildcards (RabbitMQ is so)';
    logger.warn(
      `MQTT: the broker ${why}, so only the topics that ${known} knows are looked at: what else an earlier run left below ${root} or told Home Assistant stays. Empty such topics by hand.${isRefused ? '' : ' What other nodes were taught before is shared with this one when a node that knows it connects again.'}`,
    );
  }

  /** What was not sent since it may have ended connections: the broker has accepted something else now. */
  async #catchUp(link: Link, later: readonly (() => Promise<void>)[]): Promise<void> {
    try {
      for (const say of later) await say();
    } catch (error) {
      link.close(messageOf(error));
    }
  }

  /** @throws RefusedError the first times: where it may not even say that, it may not say anything. */
  async #sayOnline(link: Link, topic: string): Promise<void> {
    try {
      await link.publish(topic, 'online', { qos: 1, retain: true, key: topic });
      this.#refusedOnline = 0;
      this.#hasSaidOnline = true;
      this.#options.onAccepted(topic);
    } catch (error) {
      if (!(error instanceof RefusedError) || error.isOpen || ++this.#refusedOnline <= mostRefusedOnline) throw error;
      this.#options.onRefused(topic, error, 'the rest goes on without it');
    }
  }

  async #subscribe(link: Link, { filter, retained }: Subscription): Promise<void> {
    await link.subscribe([filter], { qos: 1, retained }).catch((error: unknown) => {
      if (!(error instanceof RefusedError) || error.isOpen) throw error;
      const text = `MQTT: the broker refuses ${filter}, so nothing is taken from there: ${messageOf(error)}`;
      if (!this.#saidSubscriptions.has(text)) this.#options.logger.error(text);
      this.#saidSubscriptions.add(text);
    });
  }
}
