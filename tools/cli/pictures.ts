import { readdir, stat } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { InputError, messageOf } from '../../sdk/errors.ts';
import type { Frame } from '../../sdk/frame/frame.ts';
import { readPicture } from '../../sdk/frame/picture.ts';
import { printError, progress } from './output.ts';

/** For `addHelpText`: what `eachPicture` does about a picture that cannot be read. */
export const unreadableHelp =
  'A picture that cannot be read is said on stderr, the others go on, and the exit code is 2.';

/** What is taken for a picture in a folder. */
export const pictureTypes: ReadonlySet<string> = new Set(['.jpg', '.jpeg', '.png', '.webp']);

export const isPicture = (name: string) => pictureTypes.has(extname(name).toLowerCase());

/** A picture and what it is of. */
export interface LabelledPicture {
  readonly file: string;
  readonly label: string;
}

/**
 * Reads pictures one after the other and gives each to `work`. One that cannot be read, or that `work` refuses with an
 * InputError, is said on stderr and left out.
 *
 * @throws InputError at the end, when some could not be read.
 */
export async function eachPicture<T extends string | LabelledPicture>(
  label: string,
  pictures: readonly T[],
  work: (picture: T, frame: Frame) => Promise<void>,
): Promise<void> {
  const bar = progress(label, pictures.length);
  let unreadable = 0;
  try {
    for (const picture of pictures) {
      try {
        await withPicture(typeof picture === 'string' ? picture : picture.file, (frame) => work(picture, frame));
      } catch (error) {
        if (!(error instanceof InputError)) throw error;
        unreadable++;
        printError(error);
      }
      bar.step();
    }
  } finally {
    bar.done();
  }
  if (unreadable > 0) throw new InputError(`${unreadable} of ${pictures.length} pictures could not be read`);
}

async function withPicture(file: string, work: (frame: Frame) => Promise<void>): Promise<void> {
  const frame = await readPicture(file);
  try {
    await work(frame);
  } catch (error) {
    throw error instanceof InputError ? new InputError(`${file}: ${error.message}`) : error;
  } finally {
    frame.release();
  }
}

/** Pictures as they are, and in the place of a folder the pictures in it. @throws InputError when a folder has none. */
export async function withFolders(paths: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  for (const path of paths) {
    const isFolder = (await stat(path).catch(() => undefined))?.isDirectory();
    if (isFolder) found.push(...(await picturesIn(path)));
    else found.push(path);
  }
  return found;
}

/**
 * The pictures of a folder with a folder for each label: `FOLDER/mug/1.jpg`. In the order of their paths.
 *
 * @throws InputError when there is no such folder, or nothing in it is one of pictures.
 */
export async function labelledPictures(folder: string): Promise<LabelledPicture[]> {
  const found: LabelledPicture[] = [];
  for (const label of (await foldersIn(folder)).sort()) {
    for (const file of await picturesIn(join(folder, label))) found.push({ file, label });
  }
  if (found.length > 0) return found;
  throw new InputError(`${folder}: expected folders of pictures in it, each with the name of a label, found none`);
}

/** @throws InputError when the folder cannot be read. */
export async function foldersIn(folder: string): Promise<string[]> {
  const entries = await entriesOf(folder);
  return entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith('.')).map(({ name }) => name);
}

async function picturesIn(folder: string): Promise<string[]> {
  const entries = await entriesOf(folder);
  const names = entries.filter((entry) => !entry.isDirectory() && isPicture(entry.name)).map(({ name }) => name);
  if (names.length > 0) return names.sort().map((name) => join(folder, name));
  throw new InputError(`${folder}: expected pictures in it (${[...pictureTypes].join(', ')}), found none`);
}

async function entriesOf(folder: string) {
  return readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    throw new InputError(`${folder}: expected a folder that can be read; ${messageOf(error)}`);
  });
}
