import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../errors.ts';

/** The disk does not take anything now, or the folder is in use; the store itself may be sound. */
export class UnavailableError extends Error {
  override name = 'UnavailableError';
}

/** Twice what LevelDB may have to write to open. */
const probeBytes = 8 * 1024 * 1024;
const syncedBytes = 4096;
const chunk = Buffer.alloc(256 * 1024);

/**
 * Is there room, and may it be written there? It is asked again and again while it may not, so next to nothing of it
 * reaches the disk: a block is written through; for the rest the file system only has to say that it has the room, and
 * what is not synced is forgotten with the file. (What it says of itself, statfs, does not know quotas.)
 *
 * @throws UnavailableError with the system's reason.
 */
export async function probe(folder: string): Promise<void> {
  const path = join(folder, 'probe');
  try {
    const file = await open(path, 'w', 0o600);
    try {
      await file.writeFile(chunk.subarray(0, syncedBytes));
      await file.sync();
      for (let bytes = syncedBytes; bytes < probeBytes; bytes += chunk.length) await file.writeFile(chunk);
    } finally {
      await file.close();
    }
  } catch (error) {
    unavailable(error);
  } finally {
    await rm(path, { force: true }).catch(() => {});
  }
}

/** @throws UnavailableError always. */
export function unavailable(error: unknown): never {
  const { code } = error as { code?: string };
  throw new UnavailableError(code === 'ENOSPC' || code === 'EDQUOT' ? 'the disk is full' : messageOf(error));
}
