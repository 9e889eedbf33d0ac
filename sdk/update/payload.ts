import { type FileHandle, open } from 'node:fs/promises';
import { promisify } from 'node:util';
import { brotliDecompress } from 'node:zlib';
import { InputError, messageOf } from '../base/errors.ts';
import { blockBytes, frameBlocks, type Program, parseProgram } from './program.ts';

export const payloadMagic = Buffer.from('ocellus payload 1\n');
/** Compressed and not: what a file may make this process hold. */
const largestProgram = 64 * 1024 * 1024;
const largestFrame = frameBlocks * blockBytes + 64 * 1024;
const inflate = promisify(brotliDecompress);

/**
 * Reads a payload: a program, and the blocks that are not on the card yet, in frames that are compressed each for itself.
 * Blocks are asked for in growing order, so that one frame is held at a time.
 */
export class PayloadReader {
  readonly program: Program;
  readonly #file: FileHandle;
  readonly #name: string;
  #at: number;
  /** The blocks of the frame that is held, and the number of the first. */
  #frame: Buffer = Buffer.alloc(0);
  #first = 0;

  private constructor(file: FileHandle, name: string, program: Program, at: number) {
    this.#file = file;
    this.#name = name;
    this.program = program;
    this.#at = at;
  }

  /**
   * @param offset Where it begins in the file, bytes.
   * @throws InputError when it is none, or cut off.
   */
  static async open(path: string, offset = 0): Promise<PayloadReader> {
    const file = await open(path, 'r');
    try {
      const head = await readFully(file, offset, payloadMagic.length + 4, path);
      if (!head.subarray(0, payloadMagic.length).equals(payloadMagic))
        throw new InputError(`${path}: expected the payload of an update`);
      const bytes = head.readUInt32LE(payloadMagic.length);
      if (bytes > largestProgram) throw new InputError(`${path}: its program is larger than ${largestProgram} bytes`);
      const at = offset + head.length;
      const text = await unpacked(await readFully(file, at, bytes, path), largestProgram, path);
      return new PayloadReader(file, path, parseProgram(text.toString('utf8'), path), at + bytes);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /**
   * A block of the payload.
   *
   * @param index Not below that of the call before.
   * @returns `blockBytes` bytes, valid until the next call.
   * @throws InputError when it ends before.
   */
  async block(index: number): Promise<Buffer> {
    if (index < this.#first) throw new InputError(`${this.#name}: its blocks are not asked for in their order`);
    while (index >= this.#first + this.#frame.length / blockBytes) await this.#next();
    const at = (index - this.#first) * blockBytes;
    return this.#frame.subarray(at, at + blockBytes);
  }

  async #next(): Promise<void> {
    const head = await readFully(this.#file, this.#at, 4, this.#name);
    const bytes = head.readUInt32LE(0);
    if (bytes > largestFrame) throw new InputError(`${this.#name}: a frame of ${bytes} bytes is too large`);
    const frame = await unpacked(
      await readFully(this.#file, this.#at + 4, bytes, this.#name),
      largestFrame,
      this.#name,
    );
    if (frame.length === 0 || frame.length % blockBytes !== 0)
      throw new InputError(`${this.#name}: a frame has ${frame.length} bytes: expected whole blocks`);
    this.#first += this.#frame.length / blockBytes;
    this.#frame = frame;
    this.#at += 4 + bytes;
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}

async function readFully(file: FileHandle, at: number, length: number, name: string): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  for (let done = 0; done < length; ) {
    const { bytesRead } = await file.read(bytes, done, length - done, at + done);
    if (bytesRead === 0)
      throw new InputError(`${name} is cut off: expected ${length - done} bytes more; fetch it again`);
    done += bytesRead;
  }
  return bytes;
}

async function unpacked(bytes: Buffer, most: number, name: string): Promise<Buffer> {
  try {
    return await inflate(bytes, { maxOutputLength: most });
  } catch (error) {
    throw new InputError(`${name} is damaged: ${messageOf(error)}`);
  }
}
