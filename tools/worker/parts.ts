import { rename, rm, utimes, writeFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { InputError, messageOf } from '../../sdk/base/errors.ts';
import { parquetOf } from './parquet.ts';
import type { Write } from './standard-output.ts';
import { type Answer, answers, type Counts, type Task } from './task.ts';

/** A part of a corpus, as a line of JSON on stdin. */
export interface PartRequest {
  /** The Parquet file to be written. */
  readonly file: string;
  readonly pictures: readonly string[];
}

/** So many more pictures are done, as a line of JSON on stdout; `file` once a part is whole and in its place. */
export interface PartProgress extends Counts {
  readonly file?: string;
}

/** The ending of a part that is being written; one that was left by a process that was killed is of no use. */
export const unfinished = '.unfinished';

/** So many milliseconds the times of files may be behind. */
const clockTick = 20;

/** After so many pictures it says so. */
const often = 16;

/**
 * Writes the parts that are asked for, one after the other, each into a file of its own; none more once `input` has ended.
 *
 * @throws InputError when one cannot be written.
 */
export async function writeParts(input: Readable, write: Write, task: Task): Promise<Counts> {
  const all: Counts = { pictures: 0, errors: 0 };
  for await (const line of createInterface({ input })) {
    const { file, pictures } = JSON.parse(line) as PartRequest;
    const rows: Answer[] = [];
    const begun = Date.now() - clockTick;
    // Of this process alone: another one may make the same part at the same time.
    const temporary = `${file}.${process.pid}${unfinished}`;
    let told: Counts = { pictures: 0, errors: 0 };
    for await (const answer of answers(
      pictures.map((path) => ({ path, content: path })),
      task,
    )) {
      // Whoever asked waits for the part before it closes this: it is gone, and another run may begin.
      if (input.readableEnded) return all;
      rows.push(answer);
      told.pictures++;
      if (answer.error !== undefined) told.errors++;
      if (told.pictures < often || rows.length === pictures.length) continue;
      await write(`${JSON.stringify(told)}\n`);
      told = { pictures: 0, errors: 0 };
    }
    try {
      await writeFile(temporary, parquetOf(rows), { flush: true });
      // A picture that was changed after it was read, while others were, is newer than the part.
      await utimes(temporary, begun / 1000, begun / 1000);
      await rename(temporary, file);
    } catch (error) {
      await rm(temporary, { force: true });
      throw new InputError(
        `${file}: cannot be written: ${messageOf(error)}; what is whole stays, the same command goes on`,
      );
    }
    await write(`${JSON.stringify({ ...told, file } satisfies PartProgress)}\n`);
    all.pictures += rows.length;
    all.errors += rows.filter(({ error }) => error !== undefined).length;
  }
  return all;
}
