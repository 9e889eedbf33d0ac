import { readFileSync, statSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { isDeepStrictEqual } from 'node:util';
import { InputError, StaleError } from '../../sdk/base/errors.ts';
import type { Logger } from '../../sdk/base/log.ts';
import { within } from '../../sdk/base/within.ts';
import { changedFields, pathsOf, withoutFields } from '../../sdk/config/changed-fields.ts';
import { type EditedSettings, editSettings } from '../../sdk/config/edit-settings.ts';
import type { CameraChange, Settings } from '../../sdk/config/schema.ts';
import type { SettingsInput } from '../../sdk/config/settings.ts';
import { parseSettings, readText } from '../../sdk/config/settings-document.ts';
import { SettingsKeeper } from '../../sdk/config/settings-keeper.ts';
import type { FileState } from '../console/server/board.ts';

export interface SettingsFileParts {
  readonly path: string;
  readonly logger: Logger;
  /** @throws InputError naming each wrong field. */
  resolve(written: SettingsInput): Promise<Settings>;
  /** Changes a camera that runs. Undefined: there is none of this name. @throws InputError saying what is wrong. */
  camera(name: string): ((change: CameraChange) => Promise<void>) | undefined;
  /** `state` is another one. */
  told(): void;
}

/** How often it is looked at: editors, `ocellus tune --write` and others write to it as well. */
const lookEveryMs = 2000;
/** So long the answer to a change waits for the disk. */
const triedMs = 2000;
/** Somebody writes to it all the time. */
const mostTries = 5;

/**
 * The settings file of a node that runs. What changes here is written to it, and what others write to it is taken in:
 * settings of cameras that run at once, the rest with the next start. What is wrong in it is said, and changes nothing.
 */
export class SettingsFile {
  readonly #parts: SettingsFileParts;
  readonly #keeper: SettingsKeeper;
  /** What it says, as far as it was taken in. */
  #text: string;
  /** What it said when it was looked at last. */
  #seen: string;
  #stamp: string | undefined;
  #trouble: string | null = null;
  /** What waits for the next start, by path, with what runs until then. */
  readonly #waits = new Map<string, unknown>();
  /** What is being taken in, by camera: the file has it. */
  readonly #taking = new Map<string, CameraChange>();
  #timer: NodeJS.Timeout | undefined;

  constructor(parts: SettingsFileParts) {
    this.#parts = parts;
    const write = (_: string, change: SettingsInput) => this.#write(change);
    this.#keeper = new SettingsKeeper(parts.path, parts.logger, write, () => parts.told());
    const there = statSync(parts.path, { throwIfNoEntry: false });
    // A pipe has been read.
    this.#text = there?.isFile() ? readFileSync(parts.path, 'utf8') : '';
    this.#seen = this.#text;
  }

  get state(): FileState {
    const { unwritten } = this.#keeper;
    return { path: this.#parts.path, trouble: this.#trouble, waits: [...this.#waits.keys()], unwritten };
  }

  /** Waits until what was changed is written or could not be, but not for a disk that does not answer. Never throws. */
  tried(): Promise<void> {
    return within(triedMs, this.#keeper.tried(), undefined);
  }

  /** Looks at it from now on, until `close()`. */
  watch(): void {
    this.#timer ??= setInterval(() => void this.look(), lookEveryMs).unref();
  }

  /** Takes in what others wrote to it, if anything. Never throws. */
  async look(): Promise<void> {
    const stamp = await stampOf(this.#parts.path);
    if (stamp === undefined || stamp === this.#stamp) return;
    try {
      await this.#keeper.alone(() => this.#read());
      this.#stamp = stamp;
    } catch {
      // The keeper tells that it cannot be written, and tries again.
    }
  }

  /** Writes what a camera's settings were changed to, within a second. */
  keep(camera: string, change: CameraChange): void {
    if (!isDeepStrictEqual(this.#taking.get(camera), change)) this.#keeper.keep({ cameras: { [camera]: change } });
  }

  keepLearning(change: SettingsInput): void {
    this.#keeper.keep({ learn: change });
  }

  /** Writes what waits, takes in what others wrote, then does something else with it, during which nothing is written there. */
  alone<T>(work: () => Promise<T>): Promise<T> {
    return this.#keeper.alone(async () => {
      await this.#read();
      return work();
    });
  }

  /** Within `alone()`: all that it says then is about to run, but for `waits`. */
  async replace(edited: EditedSettings, waits: (path: string) => boolean): Promise<void> {
    if (edited.text !== edited.before) await edited.write();
    this.#text = edited.text;
    this.#seen = this.#text;
    for (const path of this.#waits.keys()) if (!waits(path)) this.#waits.delete(path);
    this.#tell(null);
  }

  /** Takes `replace()` back. */
  async restore(edited: EditedSettings): Promise<void> {
    if (edited.text !== edited.before) await edited.undo();
    this.#text = edited.before;
    this.#seen = this.#text;
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#keeper.close();
  }

  async #write(change: SettingsInput): Promise<void> {
    for (let tries = 1; ; tries++) {
      const edited = await editSettings(this.#parts.path, [{ set: change }]);
      if (edited.before !== this.#seen) await this.#takeIn(edited.before, change);
      try {
        await edited.write();
      } catch (error) {
        if (!(error instanceof StaleError) || tries === mostTries) throw error;
        continue;
      }
      // What is wrong in it is still to be taken in once it is mended.
      if (this.#text === edited.before) this.#text = edited.text;
      this.#seen = edited.text;
      return;
    }
  }

  async #read(): Promise<void> {
    // An editor may be replacing it.
    if ((await stampOf(this.#parts.path)) === undefined) return;
    const text = await readText(this.#parts.path);
    if (text !== '' && text !== this.#seen) await this.#takeIn(text);
  }

  /** @param newer What was changed here since and is about to be written. */
  async #takeIn(text: string, newer?: SettingsInput): Promise<void> {
    const { path, logger, resolve } = this.#parts;
    this.#seen = text;
    const said = (one: string) => resolve((parseSettings(one, path).toJS() as SettingsInput | null) ?? {});
    try {
      const after = await said(text);
      // It was wrong already when this began: what runs is of other settings.
      const before = await said(this.#text).catch(() => after);
      // Passwords are replaced by their hashes.
      this.#text = await readText(path);
      this.#seen = this.#text;
      const change = withoutFields(changedFields(before, after) ?? {}, newer) as Partial<Settings> | undefined;
      const taken = change ? await this.#use(change, before) : [];
      if (taken.length > 0) logger.info(`${path} was changed: ${taken.join(', ')}`);
      if (this.#waits.size > 0) {
        logger.warn(`${path} was changed; used from the next start: ${[...this.#waits.keys()].join(', ')}`);
      }
      this.#tell(null);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      logger.error(`${path} was changed and cannot be used, so what runs goes on: ${error.message}`);
      this.#tell(error.message);
    }
  }

  /** @returns The paths of what is in use now. */
  async #use({ cameras = {}, ...rest }: Partial<Settings>, before: Settings): Promise<string[]> {
    const taken: string[] = [];
    const wrong: string[] = [];
    for (const [path, value] of pathsOf(rest)) if (path.length > 0) this.#wait(path, before, value);
    for (const [name, change] of Object.entries(cameras as Record<string, CameraChange | undefined>)) {
      const path = ['cameras', name];
      const use = this.#parts.camera(name);
      if (change === undefined || !(name in before.cameras) || !use) {
        this.#wait(path, before, change);
        continue;
      }
      const fields = [...pathsOf(change, path)];
      // What goes back to no value at all does so with the next start.
      if (fields.some(([, value]) => value === undefined)) {
        for (const [field, value] of fields) this.#wait(field, before, value);
        continue;
      }
      this.#taking.set(name, change);
      try {
        await use(change);
        taken.push(...fields.map(([field]) => field.join('.')));
      } catch (error) {
        if (!(error instanceof InputError)) throw error;
        wrong.push(error.message);
      } finally {
        this.#taking.delete(name);
      }
    }
    if (wrong.length > 0) throw new InputError(wrong.join('; '));
    return taken;
  }

  #wait(names: readonly string[], before: Settings, value: unknown): void {
    const path = names.join('.');
    const runs = names.reduce<unknown>((inner, name) => (inner as SettingsInput | undefined)?.[name], before);
    if (!this.#waits.has(path)) this.#waits.set(path, runs);
    // As it was before.
    else if (isDeepStrictEqual(this.#waits.get(path), value)) this.#waits.delete(path);
  }

  #tell(trouble: string | null): void {
    this.#trouble = trouble;
    this.#parts.told();
  }
}

/** Undefined where there is no regular file. */
async function stampOf(path: string): Promise<string | undefined> {
  const found = await stat(path, { bigint: true }).catch(() => undefined);
  return found?.isFile() ? `${found.ino} ${found.mtimeNs} ${found.size}` : undefined;
}
