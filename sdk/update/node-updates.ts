import { EventEmitter } from 'node:events';
import { unwatchFile, watchFile } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Type } from '@sinclair/typebox';
import { Value } from '@sinclair/typebox/value';
import { InputError, messageOf } from '../base/errors.ts';
import { makeFolder } from '../base/make-folder.ts';
import { replaceFile } from '../base/replace-file.ts';
import { toWire } from '../base/wire.ts';
import { validate } from '../config/validate.ts';

/** Names in the run folders of the two sides: the service asks, and root answers. */
export const statusFile = 'status.json';
export const requestFile = 'update-request.json';
const lookEveryMs = 2000;
const largestFile = 65536;

/** What is known of updates: what Home Assistant's update entity shows. */
export interface UpdateState {
  readonly installedVersion: string;
  /** The newest that was heard of; the installed one where none was. */
  readonly latestVersion: string;
  readonly title: string;
  readonly releaseUrl: string | null;
  readonly inProgress: boolean;
  /** 0 to 100; null while it is not known. */
  readonly updatePercentage: number | null;
  /** What became of the last check or update, where it went wrong. */
  readonly problem: string | null;
}

/** As it stands in the file, in snake case. */
export const UpdateStatus = Type.Object({
  installed_version: Type.String(),
  latest_version: Type.String(),
  title: Type.String(),
  release_url: Type.Union([Type.String(), Type.Null()]),
  in_progress: Type.Boolean(),
  update_percentage: Type.Union([Type.Number({ minimum: 0, maximum: 100 }), Type.Null()]),
  problem: Type.Union([Type.String(), Type.Null()]),
});

/** What is asked of the part that may write the card. */
export const UpdateRequest = Type.Object(
  {
    /** Where the release is: a URL alone, since who asks is not trusted with files. */
    release: Type.String({ pattern: '^https?://', maxLength: 2000 }),
    /** Else it is only looked at. */
    install: Type.Boolean(),
  },
  { additionalProperties: false },
);

/** What a node needs to tell of updates and to ask for one. */
export interface NodeUpdates extends EventEmitter<{ changed: [] }> {
  /** Undefined before anything is known. */
  readonly state: UpdateState | undefined;
  /**
   * Looks at a release, and installs it if that is asked for; how it goes is told by `changed`.
   *
   * @param what.release Default: that of the settings, or the last one that was named.
   * @throws InputError when there is none to look at.
   */
  request(what: { release?: string | undefined; install: boolean }): Promise<void>;
}

/**
 * Updates of a node that runs without rights: it asks by a file in its own run folder, which starts root's part, and
 * reads how it goes from a file of that part. No message can do more than name a release: what is not signed is refused.
 */
export class UpdateFiles extends EventEmitter<{ changed: [] }> implements NodeUpdates {
  readonly #status: string;
  readonly #request: string;
  #release: string | undefined;
  #state: UpdateState | undefined;
  #text = '';

  /** @param folders `root`: of the part with rights; `own`: of this service. @param release That of the settings. */
  constructor(folders: { root: string; own: string }, release?: string) {
    super();
    this.#status = join(folders.root, statusFile);
    this.#request = join(folders.own, requestFile);
    this.#release = release;
  }

  get state(): UpdateState | undefined {
    return this.#state;
  }

  async start(): Promise<void> {
    // Polled: the folder may come later, and on a card nothing else is as sure.
    watchFile(this.#status, { interval: lookEveryMs, persistent: false }, () => void this.#look());
    await this.#look();
  }

  stop(): void {
    unwatchFile(this.#status);
  }

  async request({ release, install }: { release?: string | undefined; install: boolean }): Promise<void> {
    const named = release ?? this.#release;
    if (named === undefined)
      throw new InputError('there is no release to look at: name it, or set update.release in the settings');
    const request = validate(UpdateRequest, { release: named, install }, 'the request');
    this.#release = named;
    await makeFolder(join(this.#request, '..'));
    await replaceFile(this.#request, `${JSON.stringify(request)}\n`, 0o600);
  }

  async #look(): Promise<void> {
    const text = await readFile(this.#status, 'utf8').catch(() => '');
    if (text === this.#text || text.length > largestFile) return;
    this.#text = text;
    this.#state = parseStatus(text);
    this.emit('changed');
  }
}

/** Undefined where it is none. */
export function parseStatus(text: string): UpdateState | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (!Value.Check(UpdateStatus, value)) return undefined;
    return {
      installedVersion: value.installed_version,
      latestVersion: value.latest_version,
      title: value.title,
      releaseUrl: value.release_url,
      inProgress: value.in_progress,
      updatePercentage: value.update_percentage,
      problem: value.problem,
    };
  } catch {
    return undefined;
  }
}

/** @throws InputError when it is no request: whatever wrote it has no rights. */
export function parseRequest(text: string): { release: string; install: boolean } {
  if (text.length > largestFile) throw new InputError('the request is too large');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new InputError(`the request is not right: ${messageOf(error)}`);
  }
  return validate(UpdateRequest, value, 'the request');
}

export const statusText = (state: UpdateState): string => `${JSON.stringify(toWire(state))}\n`;
