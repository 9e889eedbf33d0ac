import { setTimeout as sleep } from 'node:timers/promises';
import { Backoff } from '../base/backoff.ts';
import { InputError, messageOf } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import { updateSettings } from './edit-settings.ts';
import { ownedMaps } from './schema.ts';
import type { SettingsInput } from './settings.ts';

/** Changes within this time after a write are written together: turning a knob changes a setting ten times a second. */
const gatherMs = 1000;

/**
 * Writes changes of settings to their file, one write at a time. Changes meanwhile are merged, so there is at most one
 * write a second, and no more waits than the settings themselves. A failed write is retried until it succeeds.
 *
 * @example
 * const keeper = new SettingsKeeper('ocellus.yaml', logger);
 * keeper.keep({ cameras: { door: { detect: { threshold: 0.6 } } } });
 * await keeper.close();
 */
export class SettingsKeeper {
  readonly #file: string;
  readonly #logger: Logger;
  readonly #write: typeof updateSettings;
  readonly #told: () => void;
  readonly #backoff = new Backoff();
  readonly #closing = new AbortController();
  #waiting: SettingsInput | undefined;
  #working: Promise<void> | undefined;
  /** The write that is under way. */
  #attempt: Promise<void> | undefined;
  #unwritten: string | null = null;
  /** What is done with the file now, and waits for that. */
  #turn: Promise<void> | undefined;

  /**
   * @param write Default: to the file.
   * @param told `unwritten` is another one.
   */
  constructor(
    file: string,
    logger: Logger,
    write: typeof updateSettings = updateSettings,
    told: () => void = () => {},
  ) {
    this.#file = file;
    this.#logger = logger;
    this.#write = write;
    this.#told = told;
  }

  /** Why the last change is in use and not in the file, for people; null: it is written, or has not been tried yet. */
  get unwritten(): string | null {
    return this.#unwritten;
  }

  /** Waits for the write that is under way, whether it works or not; not for one that is put off. Never throws. */
  async tried(): Promise<void> {
    await this.#attempt;
  }

  /** Queues a change, which is on disk within a second unless writing fails. */
  keep(change: SettingsInput): void {
    this.#waiting = merged(this.#waiting ?? {}, change);
    this.#working ??= this.#work().finally(() => {
      this.#working = undefined;
    });
  }

  /**
   * Writes what waits, then does something else with the file, during which nothing is written there.
   *
   * @throws InputError when what waits cannot be written, and then `work` is not called; what `work` throws.
   */
  alone<T>(work: () => Promise<T>): Promise<T> {
    return this.#inTurn(async () => {
      const change = this.#waiting;
      if (change) {
        await this.#write(this.#file, change).catch((error: unknown) => {
          throw new InputError(`${this.#file} cannot be written, so nothing was changed: ${messageOf(error)}`);
        });
        // What came meanwhile is to be written still.
        if (this.#waiting === change) this.#waiting = undefined;
      }
      return work();
    });
  }

  /** Writes what waits now. Later changes are written too. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#working;
  }

  async #work(): Promise<void> {
    while (this.#waiting) {
      const change = this.#waiting;
      this.#waiting = undefined;
      const attempt = this.#inTurn(() => this.#write(this.#file, change)).then(
        () => this.#wrote(),
        (error) => this.#failed(change, error),
      );
      this.#attempt = attempt;
      await attempt;
      this.#attempt = undefined;
      if (this.#unwritten === null) await this.#pause(gatherMs);
      else if (this.#closing.signal.aborted) return;
      else await this.#pause(this.#backoff.next());
    }
  }

  #wrote(): void {
    this.#backoff.reset();
    if (this.#unwritten === null) return;
    this.#logger.info(`changes are written to ${this.#file} again`);
    this.#say(null);
  }

  #failed(change: SettingsInput, error: unknown): void {
    // What came meanwhile is newer.
    this.#waiting = merged(change, this.#waiting ?? {});
    const reason = `${this.#file} could not be written: ${messageOf(error)}`;
    if (this.#unwritten === null) this.#logger.error(`the change is in use, but ${reason}`);
    this.#say(reason);
  }

  #say(unwritten: string | null): void {
    if (unwritten === this.#unwritten) return;
    this.#unwritten = unwritten;
    this.#told();
  }

  /** At once where nothing else is under way. */
  #inTurn<T>(action: () => Promise<T>): Promise<T> {
    const done = this.#turn ? this.#turn.then(action) : action();
    const turn: Promise<void> = done.then(
      () => this.#leave(turn),
      () => this.#leave(turn),
    );
    this.#turn = turn;
    return done;
  }

  #leave(turn: Promise<void>): void {
    if (this.#turn === turn) this.#turn = undefined;
  }

  async #pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { ref: false, signal: this.#closing.signal }).catch(() => {});
  }
}

/** Merges two changes; the second takes precedence. Objects are merged; lists and `ownedMaps` are replaced whole. */
function merged(fields: SettingsInput, change: SettingsInput): SettingsInput {
  const result: Record<string, unknown> = { ...fields };
  for (const [key, value] of Object.entries(change)) {
    const known = result[key];
    const isMerged = isFields(value) && isFields(known) && !ownedMaps.includes(key);
    result[key] = isMerged ? merged(known, value) : value;
  }
  return result as SettingsInput;
}

const isFields = (value: unknown): value is SettingsInput =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
