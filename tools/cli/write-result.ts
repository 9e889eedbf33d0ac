import { InputError, messageOf } from '../../sdk/base/errors.ts';
import { type ReplaceOptions, replaceFile } from '../../sdk/base/replace-file.ts';

/**
 * Writes what a command made: all of it or nothing, so that one that is killed, or finds the disk full, leaves no part that looks
 * whole, and the file of the time before is still there.
 *
 * @throws InputError with the system's reason; what `confirm` throws.
 */
export async function writeResult(file: string, content: string | Uint8Array, options?: ReplaceOptions): Promise<void> {
  await replaceFile(file, content, 0o666 & ~process.umask(), options).catch((error: unknown) => {
    // Of `confirm`.
    if (error instanceof InputError) throw error;
    throw new InputError(`${file}: cannot be written: ${messageOf(error)}`, { cause: error });
  });
}
