import type { Logger } from '../../../base/log.ts';
import { bundleHash } from '../../../learn/ledger/bundle.ts';
import { Complaints } from '../../connection/complaints.ts';

/** Anyone can invent topics. */
const mostSaid = 1000;
const longestSaid = 200;

/** Parts of other nodes that were invalid or too many: counted, and each kind logged once. */
export class Rejections {
  count = 0;
  readonly #logger: () => Logger | undefined;
  readonly #complaints = new Complaints('wrong examples of other nodes');
  readonly #said = new Set<string>();

  /** @param logger The current one; undefined while there is none. */
  constructor(logger: () => Logger | undefined) {
    this.#logger = logger;
  }

  add(topic: string, reason: string, isNews: boolean): void {
    this.count++;
    if (isNews) this.#complaints.say(this.#logger(), topic, reason);
  }

  /** @param what What it is about; each is logged once. */
  sayOnce(what: string, text: string): void {
    if (this.isNews(what)) this.#logger()?.error(text);
  }

  /** Whether it was not logged yet; marks it as logged. */
  isNews(what: string): boolean {
    // A topic may have 64 kB, and a thousand of them are remembered.
    const key = what.length > longestSaid ? bundleHash(Buffer.from(what)) : what;
    if (this.#said.has(key) || this.#said.size >= mostSaid) return false;
    this.#said.add(key);
    return true;
  }
}
