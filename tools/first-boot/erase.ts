import { open, rm } from 'node:fs/promises';

/**
 * Replaces what a file says, in the same blocks: what it said before is not left in free blocks of the file system, as
 * it would be with a new file under the old name. (What the card's own controller keeps is out of reach.)
 *
 * @throws The system's error.
 */
export async function overwrite(path: string, text: string): Promise<void> {
  const file = await open(path, 'r+');
  try {
    const bytes = Buffer.from(text);
    const { size } = await file.stat();
    // One pass over the old length, so that a power cut does not leave an empty file.
    const padded = Buffer.concat([bytes, Buffer.alloc(Math.max(0, size - bytes.length), '\n')]);
    await file.write(padded, 0, padded.length, 0);
    await file.sync();
    await file.truncate(bytes.length);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Removes a file, after its blocks were overwritten. */
export async function erase(path: string): Promise<void> {
  await overwrite(path, '');
  await rm(path);
}
