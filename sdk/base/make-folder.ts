import { mkdirSync, statSync } from 'node:fs';
import { mkdir, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { InputError, messageOf } from './errors.ts';
import { within } from './within.ts';

/** How long a disk may take; an absent network disk never answers. */
const timeoutMs = 20_000;

/**
 * Makes a folder and its missing parents. Not through Node's own `recursive`, which never ends
 * below `/proc`.
 *
 * @param mode Of the folders that are made. Default: the process's own.
 * @throws InputError when it cannot be made: a file is in the way, permission is missing, or the disk does not answer.
 */
export async function makeFolder(path: string, mode?: number): Promise<void> {
  const made = make(resolve(path), mode).then(
    () => undefined,
    (error: unknown) => error,
  );
  const problem = await within<unknown>(timeoutMs, made, late);
  if (problem === late) throw refusal(path, `the disk did not answer in ${timeoutMs / 1000} s`);
  if (problem) throw problem;
}

const late = Symbol('late');

async function make(folder: string, mode: number | undefined, isParentThere = false): Promise<void> {
  try {
    await mkdir(folder, { mode });
  } catch (error) {
    if (!isParentThere && codeOf(error) === 'ENOENT') {
      await make(dirname(folder), mode);
      return make(folder, mode, true);
    }
    const isThere = codeOf(error) === 'EEXIST' && (await stat(folder).catch(() => undefined))?.isDirectory();
    if (!isThere) throw refusal(folder, reasonOf(error));
  }
}

/** The same, synchronously, for what is made before anything runs. */
export function makeFolderSync(path: string, mode?: number, isParentThere = false): void {
  const folder = resolve(path);
  try {
    mkdirSync(folder, { mode });
  } catch (error) {
    if (!isParentThere && codeOf(error) === 'ENOENT') {
      makeFolderSync(dirname(folder), mode);
      makeFolderSync(folder, mode, true);
    } else if (codeOf(error) !== 'EEXIST' || !statSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
      throw refusal(folder, reasonOf(error));
    }
  }
}

const codeOf = (error: unknown) => (error as NodeJS.ErrnoException).code;

const refusal = (folder: string, why: string) => new InputError(`the folder ${folder} cannot be made: ${why}`);

function reasonOf(error: unknown): string {
  switch (codeOf(error)) {
    case 'EEXIST':
    case 'ENOTDIR':
      return 'a file is in the way';
    case 'EACCES':
    case 'EPERM':
      return 'this user may not';
    case 'EROFS':
      return 'the disk is read-only';
    case 'ENOENT':
      return 'the system takes no folder there';
    default:
      return messageOf(error);
  }
}
