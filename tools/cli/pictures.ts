import { InputError, ModelError } from '../../sdk/base/errors.ts';
import type { Frame } from '../../sdk/frame/frame.ts';
import { readPicture } from '../../sdk/picture/picture.ts';
import { printError, progress } from '../shared/output.ts';
import type { LabelledPicture } from './picture-files.ts';

/** For `addHelpText`: what `eachPicture` does about an unreadable picture. */
export const unreadableHelp =
  'An unreadable picture is reported on stderr, the others are processed, and the exit code is 2.';

/**
 * Reads pictures one after the other and passes each to `work`. One that cannot be read, or that `work` refuses with an
 * InputError, is reported on stderr and skipped.
 *
 * @throws InputError at the end, when some could not be read; at once for a fault of the model.
 */
export async function eachPicture<T extends string | LabelledPicture>(
  label: string,
  pictures: readonly T[],
  work: (picture: T, frame: Frame) => Promise<void>,
): Promise<void> {
  const bar = progress(label, pictures.length);
  let unreadable = 0;
  try {
    for (const picture of pictures) {
      try {
        await withPicture(typeof picture === 'string' ? picture : picture.file, (frame) => work(picture, frame));
      } catch (error) {
        if (!(error instanceof InputError) || error instanceof ModelError) throw error;
        unreadable++;
        printError(error);
      }
      bar.step();
    }
  } finally {
    bar.done();
  }
  if (unreadable > 0) throw new InputError(`${unreadable} of ${pictures.length} pictures could not be read`);
}

async function withPicture(file: string, work: (frame: Frame) => Promise<void>): Promise<void> {
  const frame = await readPicture(file);
  try {
    await work(frame);
  } catch (error) {
    throw error instanceof InputError && !(error instanceof ModelError)
      ? new InputError(`${file}: ${error.message}`)
      : error;
  } finally {
    frame.release();
  }
}
