import type { Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * What is in a folder and in all folders below it. Links to folders are told and not followed, since they may lead in a circle;
 * Node's own `recursive` follows them from version 26 on.
 *
 * @throws Error of the file system when one of the folders cannot be read.
 */
export async function walkFolder(folder: string): Promise<Dirent[]> {
  const found: Dirent[] = [];
  const folders = [folder];
  for (const one of folders) {
    for (const entry of await readdir(one, { withFileTypes: true })) {
      found.push(entry);
      if (entry.isDirectory()) folders.push(join(one, entry.name));
    }
  }
  return found;
}
