import { randomBytes } from 'node:crypto';
import { open, readlink, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';

/** A mount point; a folder that is read-only or not writable for this user. */
const irreplaceable = new Set(['EBUSY', 'EROFS', 'EACCES', 'EPERM']);

/** As many links as the kernel follows. */
const mostLinks = 40;
/** What a process has open already, by whatever name: `/dev/stdout` leads there. */
const descriptor = /^\/proc\/[^/]+\/fd\/\d+$/;

export interface ReplaceOptions {
  /** Called when all is written and a regular file is about to be replaced; it stays where that throws. */
  readonly confirm?: () => Promise<void>;
  /** Whether it survives a power cut at once, which takes a card tens of milliseconds. Default: true. */
  readonly isSynced?: boolean;
}

/**
 * Replaces a file atomically: after a power cut, when this process is killed, or on a full disk, it is the old one or the new
 * one, whole. A link stays a link: its target is replaced, or made. A file that cannot be replaced (a mount point, or one
 * whose folder accepts no new file) is overwritten in place, and so is what is not a regular file, such as a pipe, and what
 * a process has open, such as `/dev/stdout`.
 *
 * @param newMode Of a file that was not there; an existing one keeps its own.
 * @throws The system's error; what `confirm` throws.
 */
export async function replaceFile(
  named: string,
  content: string | Uint8Array,
  newMode: number,
  { confirm = async () => {}, isSynced = true }: ReplaceOptions = {},
): Promise<void> {
  const { path, mode } = await placeOf(named);
  if (path === undefined) return writeFile(named, content);
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  const temporary = join(dirname(path), `.${randomBytes(6).toString('hex')}.tmp`);
  try {
    const file = await open(temporary, 'w', 0o600);
    try {
      await file.chmod(mode ?? newMode);
      await file.writeFile(bytes);
      if (isSynced) await file.sync();
    } finally {
      await file.close();
    }
    await confirm();
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    // Nobody knows the other name.
    if (error instanceof Error) error.message = error.message.replaceAll(temporary, path);
    if (!irreplaceable.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
    await writeInPlace(path, bytes).catch(() => {
      throw error;
    });
  }
}

/**
 * Where a file of this name is, or will be.
 *
 * @returns Its path without links; undefined for what cannot be replaced by another file: a pipe, a device, an open descriptor.
 *   `mode`: the rights of one that is there.
 */
export async function placeOf(named: string): Promise<{ path?: string; mode?: number }> {
  let path = resolve(named);
  for (let links = 0; links < mostLinks; links++) {
    path = join(await realpath(dirname(path)).catch(() => dirname(path)), basename(path));
    if (descriptor.test(path)) return {};
    const target = await readlink(path).catch(() => undefined);
    if (target === undefined) break;
    path = resolve(dirname(path), target);
  }
  const there = await stat(path).catch(() => undefined);
  if (!there) return { path };
  return there.isFile() || there.isDirectory() ? { path, mode: there.mode & 0o777 } : {};
}

async function writeInPlace(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'r+');
  const put = async (all: Uint8Array) => {
    await file.write(all, 0, all.length, 0);
    await file.truncate(all.length);
    await file.sync();
  };
  try {
    const before = await file.readFile();
    await put(bytes).catch(async (error: unknown) => {
      await put(before);
      throw error;
    });
  } finally {
    await file.close();
  }
}
