import { open, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../base/errors.ts';

/** The disk does not take anything now, or the folder is in use; the store itself may be sound. */
export class UnavailableError extends Error {
  override name = 'UnavailableError';
  /** Who uses it, where that is why. */
  readonly user: 'another process' | 'this process' | undefined;

  constructor(message: string, user?: UnavailableError['user']) {
    super(message);
    this.user = user;
  }
}

/** Twice what LevelDB may have to write to open. */
const probeBytes = 8 * 1024 * 1024;
const syncedBytes = 4096;
const chunk = Buffer.alloc(256 * 1024);

/**
 * Checks that there is room, and permission to write. It is repeated while there is not, and writing wears out a card,
 * so it writes as little as possible:
 *
 * - Nothing where the file system says that it is full. That alone would not do: it does not know of quotas, nor of a disk
 *   that fails.
 * - Else one block is written through. The rest only has to be promised: it is not synced, and forgotten with the file
 *   before the kernel writes it. (ext4 does write it where little more than that is free.)
 *
 * @throws UnavailableError with the system's reason.
 */
export async function probe(folder: string): Promise<void> {
  const path = join(folder, 'probe');
  try {
    if ((await freeBytes(folder)) < probeBytes) throw Object.assign(new Error('no room'), { code: 'ENOSPC' });
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

/**
 * Checks that there is room for this much more: an oversized write would fill the disk for all others.
 *
 * @throws UnavailableError
 */
export async function assertRoom(folder: string, bytes: number): Promise<void> {
  // LevelDB writes it to its log, and from there to a table.
  const needed = 2 * bytes;
  const free = await freeBytes(folder).catch(unavailable);
  if (free < needed) throw new UnavailableError(`it needs ${megabytes(needed)} MB, the disk has ${megabytes(free)} MB`);
}

const megabytes = (bytes: number) => Math.round(bytes / 1e6);

async function freeBytes(folder: string): Promise<number> {
  const { bsize, blocks, bfree, bavail } = await statfs(folder);
  // Some that are not on a disk say nothing.
  if (blocks === 0) return Number.POSITIVE_INFINITY;
  return bsize * (process.geteuid?.() === 0 ? bfree : bavail);
}

/** @throws UnavailableError always. */
export function unavailable(error: unknown): never {
  const { code } = error as { code?: string };
  throw new UnavailableError(code === 'ENOSPC' || code === 'EDQUOT' ? 'the disk is full' : messageOf(error));
}
