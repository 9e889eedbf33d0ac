import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';

/** Unsent bytes: above this, nothing more is read from the other side. */
const mostUnsent = 1024 * 1024;

/**
 * A socket that ends when a packet announces more bytes than are allowed. aedes collects a packet of any length before
 * it looks at it; this looks at the fixed headers as they pass and keeps nothing. Nor does it read from one that sends and
 * does not read: the answers would fill the memory.
 */
export class GuardedSocket extends Duplex {
  /** May be raised while it runs: clients may send more after login. */
  maxPacketBytes: number;
  /** Called with the announced size of a packet that is too large, to end the connection. Default: just ends it. */
  onTooLarge: ((bytes: number) => void) | undefined;
  readonly remoteAddress: string;
  readonly #socket: Socket;
  /** Bytes of the current packet that are still to come. */
  #rest = 0;
  /** The remaining length while its one to four bytes come in; undefined before the packet's first byte. */
  #length: { value: number; shift: number } | undefined;
  #isTooLarge = false;
  #isHeld = false;

  constructor(socket: Socket, maxPacketBytes: number) {
    super({ allowHalfOpen: false });
    this.#socket = socket;
    this.maxPacketBytes = maxPacketBytes;
    this.remoteAddress = socket.remoteAddress ?? '';
    socket.on('data', (chunk: Buffer) => {
      if (this.#isTooLarge) return;
      const problem = this.#inspect(chunk);
      if (problem && this.#isTooLarge && this.onTooLarge) this.onTooLarge(this.#rest);
      else if (problem) this.destroy(new Error(problem));
      else {
        const isWanted = this.push(chunk);
        this.#isHeld = this.writableLength > mostUnsent;
        if (!isWanted || this.#isHeld) socket.pause();
      }
    });
    socket.on('end', () => this.push(null));
    socket.on('error', (error) => this.destroy(error));
    // After its end, received bytes are still to be read: a publisher may send all it has and disconnect.
    socket.on('close', () => socket.readableEnded || this.destroy());
  }

  override _read(): void {
    if (!this.#isHeld) this.#socket.resume();
  }

  override _write(chunk: Buffer, _: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#socket.write(chunk, (error) => {
      done(error);
      if (!this.#isHeld || this.writableLength > mostUnsent) return;
      this.#isHeld = false;
      this.#socket.resume();
    });
  }

  override _final(done: () => void): void {
    this.#socket.end(done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#socket.destroy();
    done(error);
  }

  #inspect(chunk: Buffer): string | undefined {
    for (let at = 0; at < chunk.length; ) {
      if (this.#rest > 0) {
        const part = Math.min(this.#rest, chunk.length - at);
        this.#rest -= part;
        at += part;
        continue;
      }
      const byte = chunk[at++]!;
      if (!this.#length) {
        this.#length = { value: 0, shift: 0 };
        continue;
      }
      this.#length.value += (byte & 127) * 2 ** this.#length.shift;
      this.#length.shift += 7;
      if (byte < 128) {
        this.#rest = this.#length.value;
        this.#length = undefined;
        if (this.#rest > this.maxPacketBytes) {
          this.#isTooLarge = true;
          return `a packet of ${this.#rest} bytes came, at most ${this.maxPacketBytes} are taken`;
        }
      } else if (this.#length.shift > 21) {
        return 'what came is not MQTT';
      }
    }
    return undefined;
  }
}
