import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join, parse, relative } from 'node:path';
import { composed } from '../../sdk/base/composed.ts';
import { InputError, messageOf } from '../../sdk/base/errors.ts';
import { walkFolder } from '../../sdk/base/walk-folder.ts';
import { isPictureName, pickPictures, pictureEndings } from '../../sdk/picture/picture-kinds.ts';
import { printNote } from '../shared/output.ts';

/** A picture and its label. */
export interface LabelledPicture {
  readonly file: string;
  readonly label: string;
}

/** How folders are read. */
export interface FolderOptions {
  /** Their folders too. Set by commands that have the option; else there is none to speak of. */
  readonly recursive?: boolean;
}

/**
 * The pictures of a list, with folders replaced by the pictures in them, in the order of their paths.
 *
 * @throws InputError when a folder has none.
 */
export async function withFolders(paths: readonly string[], options: FolderOptions = {}): Promise<string[]> {
  const found: string[] = [];
  // One by one: a call takes no hundred thousand arguments on its stack.
  const add = (pictures: readonly string[]) => {
    for (const one of pictures) found.push(one);
  };
  for (const path of paths) {
    const isFolder = (await stat(path).catch(() => undefined))?.isDirectory();
    if (!isFolder) found.push(path);
    else if (options.recursive) add((await picturesBelow(path)).map((name) => join(path, name)));
    else add(await picturesIn(path, options));
  }
  return found;
}

/**
 * The pictures in a folder and in all folders below it, as paths in it with `/` between folders, sorted. Hidden ones are left out. Links to
 * folders are not followed: they may lead in a circle.
 *
 * @throws InputError when there are none, or it cannot be read.
 */
export async function picturesBelow(folder: string): Promise<string[]> {
  const entries = await walkFolder(folder).catch((error: unknown) => {
    throw new InputError(`${folder}: expected a readable folder; ${messageOf(error)}`);
  });
  const names = entries
    .filter(isFileOrLink)
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .filter((name) => !name.split('/').some((part) => part.startsWith('.')));
  const pictures = names.filter(isPictureName).sort();
  const others = names.length - pictures.length;
  if (pictures.length === 0) {
    throw new InputError(`${folder}: expected pictures in it (${pictureEndings.join(', ')}), found none`);
  }
  if (others > 0) printNote(`${folder}: ${others} files are no pictures by their names, and are left out`);
  return pictures;
}

/**
 * The pictures of a folder with a folder for each label: `FOLDER/mug/1.jpg`. In the order of their paths.
 *
 * @throws InputError when there is no such folder, or it contains no folders of pictures.
 */
export async function labelledPictures(folder: string): Promise<LabelledPicture[]> {
  const found: LabelledPicture[] = [];
  for (const label of (await foldersIn(folder)).sort()) {
    for (const file of await picturesIn(join(folder, label))) found.push({ file, label: composed(label) });
  }
  if (found.length > 0) return found;
  throw new InputError(`${folder}: expected folders of pictures in it, each with the name of a label, found none`);
}

/** Links to folders are folders: an album may lie on another disk. */
async function foldersIn(folder: string): Promise<string[]> {
  const { folders } = await contentsOf(folder);
  return folders.filter((name) => !name.startsWith('.'));
}

async function picturesIn(folder: string, options: FolderOptions = {}): Promise<string[]> {
  const { folders, files } = await contentsOf(folder);
  const below = foldersLeftOut(folders, options);
  // The labels of a picture, which lie beside it, are no picture that cannot be read.
  const stems = new Set(pickPictures(files).pictures.map((name) => parse(name).name));
  const { pictures, skipped } = pickPictures(
    files.filter((name) => !(name.endsWith('.txt') && stems.has(parse(name).name))),
  );
  if (pictures.length === 0) {
    const why = [skipped, below].map((text) => (text ? `; ${text}` : '')).join('');
    throw new InputError(`${folder}: expected pictures in it (${pictureEndings.join(', ')}), found none${why}`);
  }
  for (const left of [skipped, below]) if (left) printNote(`${folder}: ${left}`);
  return pictures.sort().map((name) => join(folder, name));
}

function foldersLeftOut(names: readonly string[], { recursive }: FolderOptions): string | undefined {
  const folders = names.filter((name) => !name.startsWith('.')).length;
  if (folders === 0) return undefined;
  const what = folders === 1 ? 'a folder in it is not looked into' : `${folders} folders in it are not looked into`;
  return recursive === undefined ? what : `${what}; --recursive does that`;
}

/** Not a named pipe, a socket or a device: to open one may wait for ever. */
const isFileOrLink = (entry: Dirent): boolean => entry.isFile() || entry.isSymbolicLink();

/** A dangling link counts as a file: reading it fails with an error that names it. */
async function contentsOf(folder: string): Promise<{ folders: string[]; files: string[] }> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    throw new InputError(`${folder}: expected a readable folder; ${messageOf(error)}`);
  });
  const folders: string[] = [];
  const files: string[] = [];
  for (const entry of entries) {
    if (!entry.isDirectory() && !isFileOrLink(entry)) continue;
    const isFolder = entry.isSymbolicLink()
      ? (await stat(join(folder, entry.name)).catch(() => undefined))?.isDirectory()
      : entry.isDirectory();
    (isFolder ? folders : files).push(entry.name);
  }
  return { folders, files };
}
