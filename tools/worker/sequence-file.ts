import { createHash } from 'node:crypto';
import { InputError } from '../../sdk/base/errors.ts';

/** A reader that begins in the middle looks for the next mark: there is one after about so many bytes. */
const markEvery = 100_000;

/** Version 6, without compression: pictures are compressed already. */
const start = [Buffer.from('SEQ\x06', 'latin1')];
const keyClass = 'org.apache.hadoop.io.Text';
const valueClass = 'org.apache.hadoop.io.BytesWritable';

/**
 * Makes the bytes of a Hadoop SequenceFile<Text, BytesWritable>: `head` once, then `record` of each picture.
 *
 * @example
 * const file = new SequenceFile('album');
 * write(file.head);
 * write(file.record('cat.jpg', bytes));
 */
export class SequenceFile {
  readonly head: Buffer;
  readonly #mark: Buffer;
  #sinceMark = 0;

  /** @param name Of what is in it: files of other things have other marks between records. */
  constructor(name: string) {
    this.#mark = createHash('sha256').update(name).digest().subarray(0, 16);
    // Neither records nor blocks of them are compressed, and there are no metadata.
    this.head = Buffer.concat([...start, text(keyClass), text(valueClass), Buffer.alloc(6), this.#mark]);
  }

  /** @throws InputError when it is too large for a record. */
  record(path: string, content: Uint8Array): Buffer {
    const key = text(path);
    const length = key.length + 4 + content.length;
    if (length > mostRecordBytes) {
      throw new InputError(
        `${path}: expected at most ${mostRecordBytes} bytes in a record of a SequenceFile, got ${length}`,
      );
    }
    const parts = [int32(length), int32(key.length), key, int32(content.length), content];
    // -1 in the place of a length, then the mark.
    if (this.#sinceMark >= markEvery) {
      parts.unshift(int32(-1), this.#mark);
      this.#sinceMark = 0;
    }
    this.#sinceMark += length + 8;
    return Buffer.concat(parts);
  }
}

const mostRecordBytes = 2 ** 31 - 1;

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

/** Its length in Hadoop's own form, then UTF-8. */
function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([variable(bytes.length), bytes]);
}

/** Up to 127 as it is; else how many bytes follow, counted down from -113 (of 1), and these, the high one first. */
export function variable(value: number): Buffer {
  if (value <= 127) return Buffer.from([value]);
  const bytes: number[] = [];
  for (let rest = value; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return Buffer.from([256 - 112 - bytes.length, ...bytes]);
}
