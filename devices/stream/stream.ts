import type { Readable } from 'node:stream';
import type { ColourSpace } from '../../sdk/frame/frame.ts';
import type { PixelFormat } from '../../sdk/frame/layout.ts';

/** A byte stream with unexpected content: corrupt, or in another format. */
export class StreamError extends Error {
  override name = 'StreamError';
}

/** What the frames of a stream look like. */
export interface StreamFormat {
  readonly format: PixelFormat;
  readonly width: number;
  readonly height: number;
  /** Bytes from row to row, one per plane; absent: no padding. */
  readonly strides?: readonly number[];
  readonly fps?: number;
  readonly colour: ColourSpace;
}

/** Where a parser puts what it finds. */
export interface StreamSink {
  /** The format, before the first frame and each that has another one. @throws When it cannot be taken. */
  begin(format: StreamFormat): void;
  /** A buffer for the next frame, or undefined when there is none: the frame is then skipped. */
  take(): Uint8Array | undefined;
  /**
   * A frame is complete: its buffer, or undefined if it was skipped.
   *
   * @param timeNs When it is to be shown, since the stream's begin, where that is known.
   */
  frame(buffer: Uint8Array | undefined, timeNs?: number): void;
  /** A buffer whose frame was cut short. */
  giveBack(buffer: Uint8Array): void;
}

/** Turns bytes into frames. */
export interface StreamParser {
  /**
   * Reads from `offset` on to the end of the chunk or of a frame, whichever comes first; nothing where it has to wait.
   *
   * @returns How many bytes were read.
   * @throws StreamError
   */
  write(chunk: Uint8Array, offset: number): number;
  /** The rest of a frame that has begun, to be read into: `write()` of what lies there already copies nothing. */
  readonly room?: Uint8Array | undefined;
  /** What it has to wait for before it reads on. */
  readonly wait?: Promise<void> | undefined;
  /** Whether it is between two frames. At the end of a stream that means nothing was cut short. */
  readonly clean: boolean;
  /** Returns a half-filled buffer to the pool. */
  abandon(): void;
}

/** Copies bytes to their place in a frame, unless they were read to it. */
export function put(bytes: Uint8Array, frame: Uint8Array, at: number): void {
  if (bytes.buffer !== frame.buffer || bytes.byteOffset !== frame.byteOffset + at) frame.set(bytes, at);
}

/**
 * Reads a stream to its end through a parser.
 *
 * @param busy Asked after each frame: while the promise it gives is pending nothing more is read, so the writer at the
 *   other end of the pipe waits too.
 * @returns When the stream is over. @throws StreamError of the parser; what still comes is read and thrown away.
 */
export function pump(
  stream: Readable & { room?: () => Uint8Array | undefined },
  parser: StreamParser,
  busy: () => Promise<unknown> | undefined = () => undefined,
): Promise<void> {
  return new Promise((resolve, reject) => {
    // Node resumes a paused pipe when the program at its other end exits: what comes then has to wait here. It is no
    // more than the pipe held.
    const queue: Uint8Array[] = [];
    let isBusy = false;
    let isClosed = false;
    let isOver = false;
    /** Where the next bytes are read to. It was said when the last ones had come, and cannot be unsaid. */
    let room: Uint8Array | undefined;
    const letGo = (): void => {
      stream.off('data', letGo);
      stream.off('close', letGo);
      parser.abandon();
    };
    const finish = (error?: unknown): void => {
      if (isOver) return;
      isOver = true;
      stream.off('data', onData);
      if (room && !isClosed) stream.once('data', letGo).once('close', letGo);
      else parser.abandon();
      // A writer whose output nobody reads cannot end.
      stream.resume();
      if (error === undefined) resolve();
      else reject(error);
    };
    const work = (offset: number): void => {
      try {
        for (; queue.length > 0 && !isOver; queue.shift(), offset = 0) {
          const chunk = queue[0]!;
          while (offset < chunk.length && !isOver) {
            offset += parser.write(chunk, offset);
            const wait = parser.wait ?? busy();
            if (!wait) continue;
            isBusy = true;
            stream.pause();
            const from = offset;
            wait.then(() => {
              isBusy = false;
              work(from);
            }, finish);
            return;
          }
        }
      } catch (error) {
        finish(error);
        return;
      }
      if (isClosed) finish();
      else if (stream.isPaused()) stream.resume();
    };
    const onData = (chunk: Uint8Array): void => {
      room = undefined;
      queue.push(chunk);
      if (!isBusy) work(0);
    };
    stream.room = () => (room = isOver ? undefined : parser.room);
    stream.on('data', onData);
    stream.once('close', () => {
      isClosed = true;
      if (!isBusy) finish();
    });
    stream.once('error', finish);
    stream.resume();
  });
}
