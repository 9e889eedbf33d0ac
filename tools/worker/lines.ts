import type { Readable } from 'node:stream';
import { InputError } from '../../sdk/base/errors.ts';
import { jsonOf } from './json.ts';
import type { Write } from './standard-output.ts';
import { answers, type Counts, type Picture, type Task } from './task.ts';

const base64 = /^[A-Za-z0-9+/]*={0,2}$/;

/**
 * Answers lines with lines, in their order. A line that comes in is the path in base64, a tab, and the file's bytes in base64;
 * one that goes out is JSON in base64: programs that pipe text guess its encoding, and paths may hold anything.
 *
 * @throws InputError at a line that is not of this form.
 */
export async function answerLines(input: Readable, write: Write, task: Task): Promise<Counts> {
  const counts: Counts = { pictures: 0, errors: 0 };
  for await (const answer of answers(picturesOf(input), task)) {
    counts.pictures++;
    if (answer.error !== undefined) counts.errors++;
    await write(`${Buffer.from(jsonOf(answer)).toString('base64')}\n`);
  }
  return counts;
}

async function* picturesOf(input: Readable): AsyncGenerator<Picture> {
  let number = 0;
  for await (const line of linesOf(input)) {
    number++;
    const [path, content, ...more] = line.split('\t');
    if (content === undefined || more.length > 0 || !base64.test(path!) || !base64.test(content)) {
      throw new InputError(
        `stdin, line ${number}: expected PATH and BYTES in base64 with a tab between them, got ${JSON.stringify(line.slice(0, 60))}`,
      );
    }
    yield { path: Buffer.from(path!, 'base64').toString(), content: Buffer.from(content, 'base64') };
  }
}

/** One after the other: readline would take a thousand of them, each a picture, into memory. */
async function* linesOf(input: Readable): AsyncGenerator<string> {
  let parts: Buffer[] = [];
  for await (const chunk of input as AsyncIterable<Buffer>) {
    let start = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      parts.push(chunk.subarray(start, end));
      start = end + 1;
      const line = Buffer.concat(parts).toString('latin1');
      parts = [];
      yield line.endsWith('\r') ? line.slice(0, -1) : line;
    }
    if (start < chunk.length) parts.push(chunk.subarray(start));
  }
  if (parts.length > 0) yield Buffer.concat(parts).toString('latin1');
}
