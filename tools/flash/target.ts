import { constants } from 'node:fs';
import { type FileHandle, open, realpath, stat } from 'node:fs/promises';
import { InputError, messageOf } from '../../sdk/base/errors.ts';
import { assertFree, type Disk, findDisks } from './disks.ts';

/** What an image is written to. */
export interface Target {
  /** Links followed. */
  readonly path: string;
  /** Undefined for a file. */
  readonly disk: Disk | undefined;
  /** A file that holds something. */
  readonly isFull: boolean;
  readonly handle: FileHandle;
  close(): Promise<void>;
}

/**
 * Opens a card, or a file that stands for one and may not be there yet.
 *
 * @throws InputError when it is in use, part of a disk, of the system that runs, or may not be written.
 */
export async function openTarget(named: string): Promise<Target> {
  const path = await realpath(named).catch(() => named);
  const what = await stat(path).catch(() => undefined);
  const isDevice = what?.isBlockDevice() ?? false;
  if (what && !isDevice && !what.isFile()) throw new InputError(`${named}: expected a card (a block device) or a file`);
  if (!what && path.startsWith('/dev/'))
    throw new InputError(`${named} is not there: plug the card in, or see \`ocellus flash\``);
  const disk = isDevice ? assertFree(path, await findDisks()) : undefined;
  // The kernel refuses a device that something of it uses, also where lsblk does not know of it.
  const flags = isDevice ? constants.O_RDWR | constants.O_EXCL : constants.O_RDWR | constants.O_CREAT;
  const handle = await open(path, flags, 0o644).catch((error: NodeJS.ErrnoException) => {
    const hint = error.code === 'EACCES' ? '; try it with sudo' : error.code === 'EBUSY' ? ': something uses it' : '';
    throw new InputError(`${named} cannot be opened: ${messageOf(error)}${hint}`);
  });
  return { path, disk, isFull: !isDevice && (what?.size ?? 0) > 0, handle, close: () => handle.close() };
}
