import type { Logger } from '../../base/log.ts';

const perMinute = 20;
const minuteMs = 60_000;

/** Logs faults in messages that anyone may send: a few lines a minute, however many there are. */
export class Complaints {
  readonly #what: string;
  #minute = 0;
  #count = 0;

  /** @param what What they are called in the line about suppressed ones, such as `wrong commands`. */
  constructor(what: string) {
    this.#what = what;
  }

  say(logger: Logger | undefined, topic: string, reason: string): void {
    const minute = Math.floor(performance.now() / minuteMs);
    if (minute !== this.#minute) {
      this.#minute = minute;
      this.#count = 0;
    }
    if (++this.#count > perMinute) return;
    // Anyone who may publish chooses the topic, so it is shortened as well.
    logger?.error(`MQTT: ${JSON.stringify(topic.slice(0, 200))}: ${reason}`);
    if (this.#count === perMinute) logger?.error(`MQTT: further ${this.#what} are not logged for a minute`);
  }
}
