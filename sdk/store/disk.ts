import { open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../errors.ts';

/** The disk does not take anything now, or the folder is in use; the store itself may be sound. */
export class UnavailableError extends Error {
  override name = 'UnavailableError';
}

/** Twice what LevelDB may have to write to open. */
const probeBytes = 8 * 1024 * 1024;

/**
 * Is there room, and may it be written there?
 *
 * @throws UnavailableError with the system's reason.
 */
export async function probe(folder: string): Promise<void> {
  const path = join(folder, 'probe');
  try {
    const file = await open(path, 'w', 0o600);
    try {
      await file.writeFile(Buffer.alloc(probeBytes));
      await file.sync();
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
