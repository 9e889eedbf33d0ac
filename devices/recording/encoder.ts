import { InputError } from '../../sdk/base/errors.ts';
import { within } from '../../sdk/base/within.ts';
import type { Frame } from '../../sdk/frame/frame.ts';
import { planeLayout } from '../../sdk/frame/layout.ts';
import { Child, type Command } from '../programs/child.ts';

/** What ffmpeg may take to write the end of a file. */
const endTimeoutMs = 10_000;
/** What a disk that is busy may hold it up at a frame. */
const writeTimeoutMs = 20_000;

/** A video that ffmpeg makes of frames: a file, or what it writes to its standard output. */
export class Encoder {
  readonly #child: Child;
  readonly #bytes: Buffer;
  readonly #timeoutMs: number;

  private constructor(child: Child, byteLength: number, timeoutMs: number, onOutput: (bytes: Buffer) => void) {
    this.#child = child;
    this.#timeoutMs = timeoutMs;
    this.#bytes = Buffer.alloc(byteLength);
    child.stdout.on('data', onOutput);
    // Its own messages, and how it ended, are more useful than EPIPE.
    child.stdin!.on('error', () => {});
  }

  /**
   * @param timeoutMs What ffmpeg may take at a frame. @param onOutput Takes what it writes to its standard output.
   * @throws InputError when it is missing.
   */
  static async start(
    command: Command,
    { format, width, height }: Pick<Frame, 'format' | 'width' | 'height'>,
    timeoutMs: number = writeTimeoutMs,
    onOutput: (bytes: Buffer) => void = () => {},
  ): Promise<Encoder> {
    const child = await Child.start(command, { writes: true });
    return new Encoder(child, planeLayout(format, width, height).byteLength, timeoutMs, onOutput);
  }

  /** Resolves when ffmpeg has taken the frame, which is copied before this returns; one at a time. @throws InputError when it ended, or hangs and was ended. */
  async write(frame: Frame): Promise<void> {
    pack(frame, this.#bytes);
    const written = new Promise<unknown>((resolve) => this.#child.stdin!.write(this.#bytes, resolve));
    const error = await within(this.#timeoutMs, written, late);
    if (error === late) {
      await this.#child.stop(true);
      throw this.#failure(`it took no frame for ${this.#timeoutMs / 1000} s`);
    }
    if (error) throw this.#failure(await this.#child.ended);
  }

  /** Writes the end of the file. @throws InputError when ffmpeg says that something went wrong. */
  async end(): Promise<void> {
    this.#child.stdin!.end();
    const how = await within(endTimeoutMs, this.#child.ended, 'it did not end');
    await this.#child.stop(true);
    if (how !== 'exit status 0' || this.#child.said) throw this.#failure(how);
  }

  #failure(how: string): InputError {
    const { said } = this.#child;
    return new InputError(`the video cannot be written; ffmpeg${said ? ` says: ${said}` : `: ${how}`}`);
  }
}

const late = Symbol('late');

/** Copies a frame's pixels without the padding of its rows. */
function pack({ format, width, height, planes }: Frame, into: Buffer): void {
  for (const [index, { offset, rowBytes, rows }] of planeLayout(format, width, height).planes.entries()) {
    const { data, stride } = planes[index]!;
    if (stride === rowBytes) {
      into.set(data.subarray(0, rowBytes * rows), offset);
      continue;
    }
    for (let row = 0; row < rows; row++) {
      into.set(data.subarray(row * stride, row * stride + rowBytes), offset + row * rowBytes);
    }
  }
}
