import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { messageOf } from '../../base/errors.ts';
import type { Logger } from '../../base/log.ts';
import { makeFolder } from '../../base/make-folder.ts';
import { replaceFile } from '../../base/replace-file.ts';

const maxTopics = 10_000;
const maxFileBytes = 32 * 1024 * 1024;
/** What changes together is written once. */
const gatherMs = 1000;

/** By topic, what its source wants to know of it in another run; null where the topic is all. */
export type Remembered = ReadonlyMap<string, string | null>;

/**
 * The topics on which the broker retains something of this node, in a file: not each broker tells. It is written only
 * when a topic comes or goes; what has gone is forgotten when the broker has acknowledged it.
 */
export class RetainedList {
  readonly #file: string;
  readonly #logger: Logger;
  readonly #now: () => Remembered;
  readonly #isSettled: () => boolean;
  #frozen: Remembered | undefined;
  #written = '';
  #onDisk: Remembered = new Map();
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();
  #saidTrouble = false;

  /**
   * @param options.now What is retained now.
   * @param options.isSettled Has the broker acknowledged all that was told?
   */
  constructor(options: { file: string; logger: Logger; now: () => Remembered; isSettled: () => boolean }) {
    this.#file = options.file;
    this.#logger = options.logger;
    this.#now = options.now;
    this.#isSettled = options.isSettled;
  }

  /** What an earlier run wrote; nothing where there is none, or where the file is damaged. Never throws. */
  async load(): Promise<Remembered> {
    try {
      const text = await readFile(this.#file, 'utf8');
      this.#onDisk = parse(text);
      this.#written = text;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') this.#trouble('read', error);
    }
    return this.#onDisk;
  }

  /** Something may have come or gone. */
  changed(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void this.flush();
    }, gatherMs).unref();
  }

  /** Writes what differs. Never throws. */
  flush(): Promise<void> {
    this.#writing = this.#writing.then(() => this.#write());
    return this.#writing;
  }

  /** What is retained does not change any more: its sources are about to end. */
  freeze(): void {
    this.#frozen = this.#now();
  }

  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    await this.flush();
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  async #write(): Promise<void> {
    const now = this.#frozen ?? this.#now();
    const isSettled = this.#isSettled();
    const list = new Map(isSettled ? now : [...this.#onDisk, ...now]);
    // Later, when what has gone is acknowledged.
    if (list.size > now.size) this.changed();
    const text = JSON.stringify({ topics: Object.fromEntries([...list].sort(byTopic).slice(0, maxTopics)) });
    if (text === this.#written) return;
    try {
      await makeFolder(dirname(this.#file));
      await replaceFile(this.#file, text, 0o600);
      this.#written = text;
      this.#onDisk = list;
    } catch (error) {
      this.#trouble('written', error);
    }
  }

  #trouble(what: string, error: unknown): void {
    if (this.#saidTrouble) return;
    this.#saidTrouble = true;
    this.#logger.warn(
      `MQTT: ${this.#file}, the list of what the broker retains, cannot be ${what}: ${messageOf(error)}. What is removed from the settings may stay at a broker that does not tell what it retains.`,
    );
  }
}

const byTopic = ([a]: [string, unknown], [b]: [string, unknown]) => (a < b ? -1 : 1);

function parse(text: string): Remembered {
  if (text.length > maxFileBytes) throw new Error(`it has ${text.length} characters`);
  const { topics } = JSON.parse(text) as { topics?: unknown };
  if (typeof topics !== 'object' || topics === null) throw new Error('expected {"topics": {…}}');
  return new Map(
    Object.entries(topics)
      .filter(([, value]) => value === null || typeof value === 'string')
      .slice(0, maxTopics),
  );
}
