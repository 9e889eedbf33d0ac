import type { Logger } from '../../base/log.ts';
import { type Cause, closed } from './causes.ts';
import { goodConnectionMs } from './retries.ts';

/** How many causes are logged between two good connections. */
const mostSaid = 20;

/** Logs connections and failures to connect: each cause once between two good connections. */
export class ConnectionLog {
  readonly #logger: Logger;
  /** The broker's address, without a password. */
  readonly #title: string;
  readonly #said = new Set<string>();
  #later: NodeJS.Timeout | undefined;
  #connections = 0;

  constructor(logger: Logger, title: string) {
    this.#logger = logger;
    this.#title = title;
  }

  /** How often a connection was made. */
  get connections(): number {
    return this.#connections;
  }

  /**
   * A connection was made.
   *
   * @param wasShort The last connection was short: a line for each of them would hide the problem.
   * @param lack What is wrong with it.
   */
  connected(version: 4 | 5, wasShort: boolean, lack: () => string | undefined): void {
    this.#connections++;
    const say = () => {
      this.#said.clear();
      this.#logger.info(`MQTT: connected to ${this.#title} (MQTT ${version === 5 ? '5' : '3.1.1'})`);
      const text = lack();
      if (text) this.#logger.warn(`MQTT: ${text}`);
    };
    if (!wasShort) say();
    else this.#later = setTimeout(say, goodConnectionMs).unref();
  }

  /** The connection is over: what was not yet logged about it is not logged. */
  ended(): void {
    clearTimeout(this.#later);
  }

  /** An attempt failed, or a connection ended, for this cause. */
  failed(cause: Cause): void {
    if (this.#said.has(cause.text) || this.#said.size >= mostSaid) return;
    const end = cause.text.endsWith('?') ? '' : '.';
    const hint =
      cause === closed && this.#connections === 0 ? ' If that goes on: does this port want TLS (mqtts://)?' : '';
    this.#logger.warn(
      `MQTT: no connection to ${this.#title}: ${cause.text}${end} It is retried until it succeeds.${hint}`,
    );
    this.#said.add(cause.text);
  }
}
