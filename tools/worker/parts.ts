import { rename, writeFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
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

/** After so many pictures it says so. */
const often = 16;

/** Writes the parts that are asked for, one after the other, each into a file of its own. */
export async function writeParts(input: Readable, write: Write, task: Task): Promise<Counts> {
  const all: Counts = { pictures: 0, errors: 0 };
  for await (const line of createInterface({ input })) {
    const { file, pictures } = JSON.parse(line) as PartRequest;
    const rows: Answer[] = [];
    let told: Counts = { pictures: 0, errors: 0 };
    for await (const answer of answers(
      pictures.map((path) => ({ path, content: path })),
      task,
    )) {
      rows.push(answer);
      told.pictures++;
      if (answer.error !== undefined) told.errors++;
      if (told.pictures < often || rows.length === pictures.length) continue;
      await write(`${JSON.stringify(told)}\n`);
      told = { pictures: 0, errors: 0 };
    }
    await writeFile(`${file}${unfinished}`, parquetOf(rows), { flush: true });
    await rename(`${file}${unfinished}`, file);
    await write(`${JSON.stringify({ ...told, file } satisfies PartProgress)}\n`);
    all.pictures += rows.length;
    all.errors += rows.filter(({ error }) => error !== undefined).length;
  }
  return all;
}
