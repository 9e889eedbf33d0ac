import type { Readable } from 'node:stream';
import { shown } from '../../sdk/base/arguments.ts';
import { InputError } from '../../sdk/base/errors.ts';
import { ByteReader } from './byte-reader.ts';
import { jsonOf } from './json.ts';
import type { Write } from './standard-output.ts';
import { type Answer, answers, type Counts, type Picture, type Task } from './task.ts';

/** Codes of Hadoop's typed bytes: what follows is a length, an int32 with the high byte first, and so many bytes. */
export const code = { bytes: 0, text: 7 } as const;

/** The largest picture, and the largest path, that are read. A length beyond them is one of another format. */
export const mostPictureBytes = 1 << 28;
const mostPathBytes = 1 << 16;

/** Counters are told after so many pictures: each is a line that a task's Java reads. */
const often = 32;

/**
 * Answers pairs of typed bytes with pairs, in their order, as a mapper of Hadoop Streaming with `-io typedbytes`. A pair that
 * comes in is a path, as a text, and the file's bytes; one that goes out is the path and JSON, both texts.
 *
 * What was counted is told on stderr in the words of Hadoop Streaming, and becomes counters of the job.
 *
 * @throws InputError where stdin is something else, ends within a pair, or has a length out of bounds.
 */
export async function answerTypedBytes(input: Readable, write: Write, task: Task): Promise<Counts> {
  const counts: Counts = { pictures: 0, errors: 0 };
  const counters = new Counters();
  for await (const answer of answers(picturesOf(input), task)) {
    counts.pictures++;
    if (answer.error !== undefined) counts.errors++;
    await write(Buffer.concat([textOf(answer.path!), textOf(jsonOf(answer))]));
    counters.count(answer);
  }
  counters.tell();
  return counts;
}

async function* picturesOf(input: Readable): AsyncGenerator<Picture> {
  const reader = new ByteReader(input);
  for (let pair = 1; ; pair++) {
    const where = `stdin, pair ${pair}`;
    const path = await take(reader, `${where}: path`, code.text, mostPathBytes);
    if (path === undefined) return;
    const content = await take(reader, `${where}: content`, code.bytes, mostPictureBytes);
    if (content === undefined) {
      throw new InputError(`${where}: expected the bytes of ${shown(path.toString())}, got the end of stdin`);
    }
    yield { path: path.toString(), content };
  }
}

/** @returns Undefined where the stream ends before it. */
async function take(reader: ByteReader, what: string, expected: number, most: number): Promise<Buffer | undefined> {
  const [got] = await reader.take(1);
  if (got === undefined) return undefined;
  if (got !== expected) {
    const kind = expected === code.text ? 'a text' : 'bytes';
    throw new InputError(
      `${what}: expected ${kind} (typed bytes of code ${expected}), got code ${got}; the mapper's input is to be a SequenceFile of Text ` +
        'and BytesWritable, with -io typedbytes',
    );
  }
  const length = await reader.take(4);
  if (length.length < 4) throw new InputError(`${what}: expected a length of 4 bytes, got the end of stdin`);
  const bytes = length.readInt32BE();
  if (bytes < 0 || bytes > most) throw new InputError(`${what}: expected a length of 0 to ${most} bytes, got ${bytes}`);
  const value = await reader.take(bytes);
  if (value.length === bytes) return value;
  throw new InputError(`${what}: expected ${bytes} bytes, got ${value.length} and the end of stdin`);
}

function textOf(text: string): Buffer {
  const head = Buffer.alloc(5);
  const bytes = Buffer.from(text);
  head.writeUInt8(code.text);
  head.writeInt32BE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
}

/** Counters of a job of Hadoop Streaming, in the group Ocellus. */
class Counters {
  #pictures = 0;
  #errors = 0;

  count({ error }: Answer): void {
    this.#pictures++;
    if (error !== undefined) this.#errors++;
    if (this.#pictures >= often) this.tell();
  }

  tell(): void {
    if (this.#pictures > 0) console.error(`reporter:counter:Ocellus,pictures,${this.#pictures}`);
    if (this.#errors > 0) console.error(`reporter:counter:Ocellus,errors,${this.#errors}`);
    this.#pictures = 0;
    this.#errors = 0;
  }
}
