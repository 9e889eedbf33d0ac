import { createHash } from 'node:crypto';
import { open, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError, messageOf } from '../../sdk/base/errors.ts';
import { placeOf } from '../../sdk/base/replace-file.ts';
import { printError, progress } from '../shared/output.ts';
import { unfinished } from '../worker/parts.ts';
import { SequenceFile } from '../worker/sequence-file.ts';
import { takeStandardOutput, type Write } from '../worker/standard-output.ts';
import { mostPictureBytes } from '../worker/typed-bytes.ts';
import { picturesBelow } from './picture-files.ts';

/**
 * Puts the pictures below a folder into a SequenceFile, in the order of their paths: the same pictures make the same bytes.
 *
 * @param out Path, or `-` for standard output.
 * @throws InputError when there are none, or when the file cannot be written; at the end, when some could not be read.
 */
export async function packPictures(folder: string, out: string): Promise<void> {
  const names = await picturesBelow(folder);
  if (out === '-') return write(folder, names, takeStandardOutput());
  const { path } = await placeOf(out);
  // What cannot be replaced, such as a pipe, is written to as it is.
  const temporary = path === undefined ? out : `${path}${unfinished}`;
  const file = await open(temporary, 'w').catch((error: unknown) => {
    throw new InputError(`${out}: cannot be written: ${messageOf(error)}`);
  });
  const failed = await write(folder, names, async (bytes) => {
    await file.writeFile(bytes).catch((error: unknown) => {
      throw new InputError(`${out}: cannot be written: ${messageOf(error)}`);
    });
  })
    .then(() => undefined)
    .catch((error: unknown) => error);
  // Pipes and terminals cannot be synced.
  if (path !== undefined) await file.sync().finally(() => file.close());
  else await file.close();
  // Of pictures of which some could not be read, the others are kept.
  if (failed !== undefined && !(failed instanceof Unread)) {
    if (path !== undefined) await rm(temporary, { force: true });
    throw failed;
  }
  if (path !== undefined) await rename(temporary, path);
  if (failed !== undefined) throw failed;
}

class Unread extends InputError {}

async function write(folder: string, names: readonly string[], put: Write): Promise<void> {
  const file = new SequenceFile(createHash('sha256').update(JSON.stringify(names)).digest('hex'));
  const bar = progress('pack', names.length);
  let [packed, bytes] = [0, 0];
  try {
    await put(file.head);
    for (const name of names) {
      bar.step();
      try {
        const record = file.record(name, await contentOf(join(folder, name)));
        await put(record);
        packed++;
        bytes += record.length;
      } catch (error) {
        if (!(error instanceof Unread)) throw error;
        printError(error);
      }
    }
  } finally {
    bar.done();
  }
  console.error(`ocellus pack: ${packed} pictures, ${bytes} bytes`);
  if (packed === 0) throw new InputError('none of the pictures could be read; nothing was packed');
  if (packed < names.length) {
    throw new Unread(`${names.length - packed} of ${names.length} pictures could not be read`);
  }
}

async function contentOf(file: string): Promise<Buffer> {
  try {
    const { size } = await stat(file);
    if (size > mostPictureBytes) throw new Error(`expected at most ${mostPictureBytes} bytes, got ${size}`);
    return await readFile(file);
  } catch (error) {
    throw new Unread(`${file}: ${messageOf(error)}`);
  }
}
