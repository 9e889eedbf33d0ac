import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What the kernel holds at most of a Unix socket, and a little more: one read empties it. */
const bytes = 256 * 1024;

/** A socket that reads to where its bytes are wanted. */
export interface FrameReader extends Socket {
  /** Asked after each read: memory for what comes next; undefined: the reader's own. */
  room?: () => Uint8Array | undefined;
}

/** Both ends of a pipe for frames. */
export interface FramePipe {
  /** Emits `data`, each chunk valid only until the next one: it has to be resumed, and not read from while paused. */
  readonly reader: FrameReader;
  /** To be given to the program, and then destroyed. */
  readonly writer: Socket;
}

/**
 * A pipe whose reader has one buffer for all that comes. From the pipe to a program, as Node makes it, each read has 64 kB
 * of new memory: 48 for a frame of 1920x1080, at which the garbage collector marks all there is every few frames. Of 1394
 * such frames read, looked at and tracked, that was 30 % of the processor's time.
 *
 * @returns Undefined where it cannot be made: in a temporary folder that is full or read-only, or whose name is too long.
 */
export async function framePipe(): Promise<FramePipe | undefined> {
  let folder: string | undefined;
  const server = createServer({ pauseOnConnect: true });
  try {
    // Nobody else gets into this folder, or to the frames.
    folder = await mkdtemp(join(tmpdir(), 'ocellus-frames-'));
    const path = join(folder, 'pipe');
    server.listen(path);
    await once(server, 'listening');
    const buffer = Buffer.allocUnsafeSlow(bytes);
    // Node asks once before there is a reader, and then after each read.
    const nextRoom = (): Uint8Array => reader?.room?.() ?? buffer;
    const callback = (length: number, into: Uint8Array): boolean => {
      reader!.emit('data', into.subarray(0, length));
      return !reader!.isPaused();
    };
    let reader: FrameReader | undefined;
    reader = connect({ path, onread: { buffer: nextRoom, callback } });
    reader.pause();
    const [[writer]] = (await Promise.all([once(server, 'connection'), once(reader, 'connect')])) as [
      [Socket],
      unknown,
    ];
    // Whoever waits for its end hears of it by `close`.
    reader.on('error', () => {});
    return { reader, writer };
  } catch {
    return undefined;
  } finally {
    server.close();
    if (folder !== undefined) await rm(folder, { recursive: true, force: true }).catch(() => {});
  }
}
