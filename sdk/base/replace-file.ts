import { randomBytes } from 'node:crypto';
import { open, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** A mount point; a folder that is read-only or not writable for this user. */
const irreplaceable = new Set(['EBUSY', 'EROFS', 'EACCES', 'EPERM']);

/**
 * Replaces a file atomically: after a power cut, or on a full disk, it is the old one or the new one, whole. A link
 * stays a link: its target is replaced. A file that cannot be replaced (a mount point, or one whose folder accepts no
 * new file) is overwritten in place, and so is what is not a regular file, such as a pipe.
 *
 * @param newMode Of a file that was not there; an existing one keeps its own.
 * @param confirm Called when all is written and a regular file is about to be replaced; it stays where that throws.
 * @throws The system's error; what `confirm` throws.
 */
export async function replaceFile(
  named: string,
  content: string | Uint8Array,
  newMode: number,
  confirm: () => Promise<void> = async () => {},
): Promise<void> {
  const path = await realpath(named).catch(() => named);
  const there = await stat(named).catch(() => undefined);
  if (there && !there.isFile() && !there.isDirectory()) return writeFile(named, content);
  const bytes = Buffer.from(content);
  const temporary = join(dirname(path), `.${randomBytes(6).toString('hex')}.tmp`);
  try {
    const file = await open(temporary, 'w', 0o600);
    try {
      await file.chmod(there ? there.mode & 0o777 : newMode);
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await confirm();
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    if (!irreplaceable.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
    await writeInPlace(path, bytes).catch(() => {
      throw error;
    });
  }
}

async function writeInPlace(path: string, bytes: Buffer): Promise<void> {
  const file = await open(path, 'r+');
  const put = async (all: Buffer) => {
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
