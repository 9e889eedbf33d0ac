import { InputError } from '../../sdk/errors.ts';
import type { Frame } from '../../sdk/frame/frame.ts';
import { readPicture } from '../../sdk/frame/picture.ts';
import { printError, progress } from './output.ts';

/** For `addHelpText`: what `eachPicture` does about a picture that cannot be read. */
export const unreadableHelp =
  'A picture that cannot be read is said on stderr, the others go on, and the exit code is 2.';

/**
 * Reads pictures one after the other and gives each to `work`. One that cannot be read is said on stderr and left out.
 *
 * @throws InputError at the end, when some could not be read.
 */
export async function eachPicture(
  label: string,
  files: readonly string[],
  work: (file: string, frame: Frame) => Promise<void>,
): Promise<void> {
  const bar = progress(label, files.length);
  let unreadable = 0;
  try {
    for (const file of files) {
      try {
        const frame = await readPicture(file);
        try {
          await work(file, frame);
        } finally {
          frame.release();
        }
      } catch (error) {
        if (!(error instanceof InputError)) throw error;
        unreadable++;
        printError(error);
      }
      bar.step();
    }
  } finally {
    bar.done();
  }
  if (unreadable > 0) throw new InputError(`${unreadable} of ${files.length} pictures could not be read`);
}
