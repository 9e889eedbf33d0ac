import { access, constants, stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { InputError, messageOf } from '../../sdk/base/errors.ts';

/**
 * For a file that is written at the end of long work, so that it is said before. A file in a folder that takes no new one is
 * overwritten.
 *
 * @param option That names it, as in the error.
 * @throws InputError when neither it nor its folder can be written.
 */
export async function assertWritable(option: string, file: string): Promise<void> {
  const path = resolve(file);
  try {
    const there = await stat(path).catch(() => undefined);
    if (there?.isDirectory()) throw new Error('got a folder');
    await access(dirname(path), constants.W_OK).catch((error) =>
      there ? access(path, constants.W_OK) : Promise.reject(error),
    );
  } catch (error) {
    throw new InputError(
      `${option}: expected a file in a folder that can be written, got ${file}: ${messageOf(error)}`,
    );
  }
}

/**
 * Writes what long work found. What it prints is not to be lost by a disk that is full: the reason is for afterwards.
 *
 * @returns Why it could not be written; undefined where it was.
 */
export async function tryToWrite(
  option: string,
  file: string,
  write: () => Promise<void>,
): Promise<InputError | undefined> {
  try {
    await write();
    return undefined;
  } catch (error) {
    if (error instanceof InputError) return error;
    return new InputError(`${option}: ${file} cannot be written: ${messageOf(error)}`);
  }
}
