import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { messageOf } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import { makeFolder } from '../base/make-folder.ts';
import { replaceFile } from '../base/replace-file.ts';
import { written } from '../base/written.ts';
import type { ViewMemory } from '../vision/gaze/view-memory.ts';

/** What is learnt of a view changes slowly: a power cut costs this much of it at most. */
const everyMs = 15 * 60_000;

/** Keeps what a camera learnt of its view in a file, from one run to the next. */
export class ViewKeeper {
  readonly #view: ViewMemory;
  readonly #file: string | undefined;
  readonly #logger: Logger;
  #timer: NodeJS.Timeout | undefined;
  #text = '';

  /** @param file Undefined: it is not kept. */
  constructor(view: ViewMemory, file: string | undefined, logger: Logger) {
    this.#view = view;
    this.#file = file;
    this.#logger = logger;
  }

  /** Reads the file, if there is one; what cannot be read is forgotten. */
  async start(): Promise<void> {
    if (this.#file === undefined || this.#timer) return;
    this.#timer = setInterval(() => void this.#save(), everyMs);
    this.#timer.unref();
    try {
      this.#text = await readFile(this.#file, 'utf8');
      this.#view.take(JSON.parse(this.#text));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
      this.#logger.warn(
        `${this.#file}: what was learnt of the view cannot be read, and is learnt again: ${messageOf(error)}`,
      );
    }
  }

  /** Writes the file. */
  async stop(): Promise<void> {
    if (!this.#timer) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    await this.#save();
  }

  async #save(): Promise<void> {
    const text = `${JSON.stringify(this.#view.kept)}\n`;
    if (this.#file === undefined || text === this.#text) return;
    try {
      await makeFolder(dirname(this.#file));
      await replaceFile(this.#file, text, 0o600);
      this.#text = text;
      written.add('learning', Buffer.byteLength(text));
    } catch (error) {
      this.#logger.error(`${this.#file}: what was learnt of the view cannot be kept: ${messageOf(error)}`);
    }
  }
}
