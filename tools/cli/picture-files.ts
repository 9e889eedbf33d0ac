import { readdir, stat } from 'node:fs/promises';
import { join, parse } from 'node:path';
import { composed } from '../../sdk/base/composed.ts';
import { InputError, messageOf } from '../../sdk/base/errors.ts';
import { pickPictures, pictureEndings } from '../../sdk/picture/picture-kinds.ts';
import { printNote } from '../shared/output.ts';

/** A picture and its label. */
export interface LabelledPicture {
  readonly file: string;
  readonly label: string;
}

/** The pictures of a list, with folders replaced by the pictures in them. @throws InputError when a folder has none. */
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

async function picturesIn(folder: string): Promise<string[]> {
  const { files } = await contentsOf(folder);
  // The labels of a picture, which lie beside it, are no picture that cannot be read.
  const stems = new Set(pickPictures(files).pictures.map((name) => parse(name).name));
  const { pictures, skipped } = pickPictures(
    files.filter((name) => !(name.endsWith('.txt') && stems.has(parse(name).name))),
  );
  if (pictures.length === 0) {
    const why = skipped ? `; ${skipped}` : '';
    throw new InputError(`${folder}: expected pictures in it (${pictureEndings.join(', ')}), found none${why}`);
  }
  if (skipped) printNote(`${folder}: ${skipped}`);
  return pictures.sort().map((name) => join(folder, name));
}

/** A dangling link counts as a file: reading it fails with an error that names it. */
async function contentsOf(folder: string): Promise<{ folders: string[]; files: string[] }> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    throw new InputError(`${folder}: expected a readable folder; ${messageOf(error)}`);
  });
  const folders: string[] = [];
  const files: string[] = [];
  for (const entry of entries) {
    const isFolder = entry.isSymbolicLink()
      ? (await stat(join(folder, entry.name)).catch(() => undefined))?.isDirectory()
      : entry.isDirectory();
    (isFolder ? folders : files).push(entry.name);
  }
  return { folders, files };
}
