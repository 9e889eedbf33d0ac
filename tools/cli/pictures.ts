import { InputError, ModelError } from '../../sdk/base/errors.ts';
import type { Frame } from '../../sdk/frame/frame.ts';
import { readPicture, readPictureInto } from '../../sdk/picture/picture.ts';
import { PictureMemory } from '../../sdk/picture/picture-memory.ts';
import { printError, progress } from '../shared/output.ts';
import { inOrder } from '../worker/in-order.ts';
import { ahead } from '../worker/task.ts';
import type { LabelledPicture } from './picture-files.ts';

/** For `addHelpText`: what `eachPicture` does about an unreadable picture. */
export const unreadableHelp =
  'An unreadable picture is reported on stderr, the others are processed, and the exit code is 2.';

/**
 * Passes each picture to `work`, one after the other; the next one is read meanwhile. One that cannot be read, or that `work` refuses with an
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
  const memory = new PictureMemory();
  const read = async (picture: T): Promise<Read<T>> =>
    readPictureInto(memory, typeof picture === 'string' ? picture : picture.file).then(
      (frame) => ({ picture, frame }),
      (error: unknown) => ({ picture, error }),
    );
  let unreadable = 0;
  try {
    for await (const { picture, frame, error } of inOrder(pictures, ahead, read, ({ frame }) => frame?.release())) {
      try {
        if (!frame) throw error;
        await onFrame(typeof picture === 'string' ? picture : picture.file, frame, () => work(picture, frame));
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

/**
 * For what is made of pictures, before it is made: one that can be read is enough.
 *
 * @throws InputError when there is none; each is then reported on stderr.
 */
export async function assertSomeReadable(files: readonly string[]): Promise<void> {
  const errors: InputError[] = [];
  for (const file of files) {
    try {
      return (await readPicture(file)).release();
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      errors.push(error);
    }
  }
  for (const error of errors) printError(error);
  throw new InputError(`${files.length} of ${files.length} pictures could not be read`);
}

interface Read<T> {
  readonly picture: T;
  readonly frame?: Frame;
  readonly error?: unknown;
}

async function onFrame(file: string, frame: Frame, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    throw error instanceof InputError && !(error instanceof ModelError)
      ? new InputError(`${file}: ${error.message}`)
      : error;
  } finally {
    frame.release();
  }
}
