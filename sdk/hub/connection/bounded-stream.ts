import { Duplex } from 'node:stream';

/** A message that was too large. */
export interface LeftOut {
  readonly topic: string;
  /** Length of its packet. */
  readonly bytes: number;
}

export interface BoundedStreamOptions {
  /** The largest packet that is passed on, in bytes. */
  readonly most: number;
  readonly onLeftOut: (message: LeftOut) => void;
}

const publishType = 3;
/** The topic's length (two bytes), a topic, and the packet identifier. */
const longestHead = 2 + 65_535 + 2;

/**
 * The stream from a broker without messages that are too large. MQTT.js collects a packet of any length before it
 * parses it, and with MQTT 3.1.1 a broker cannot be given a limit; this inspects packets as they pass and keeps only
 * the topic of a large one.
 *
 * The connection is kept: if it were closed, a retained message would end each new connection too, and nothing else
 * would ever arrive. What is dropped is acknowledged, so that the broker sends what follows.
 */
export class BoundedStream extends Duplex {
  readonly #inner: Duplex;
  readonly #options: BoundedStreamOptions;
  /** The beginning of a packet whose length field is still incomplete. */
  #held: Buffer = Buffer.alloc(0);
  /** Bytes of the current packet that are still to come. */
  #rest = 0;
  /** What is known of the current packet if it is being dropped. */
  #left: { readonly flags: number; readonly bytes: number; readonly head: Buffer; filled: number } | undefined;

  /** @param inner The stream that is, or will be, connected to the broker. */
  constructor(inner: Duplex, options: BoundedStreamOptions) {
    super({ allowHalfOpen: false });
    this.#inner = inner;
    this.#options = options;
    inner.on('data', (chunk: Buffer) => this.#take(chunk));
    inner.once('secureConnect', () => this.emit('secureConnect'));
    inner.on('end', () => this.push(null));
    inner.on('error', (error) => this.destroy(error));
    // What arrived before the end is still to be read.
    inner.on('close', () => inner.readableEnded || this.destroy());
  }

  override _read(): void {
    this.#inner.resume();
  }

  override _write(chunk: Buffer, encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#inner.write(chunk, encoding, done);
  }

  /** A packet is written in several pieces, which are sent together. */
  override _writev(chunks: { chunk: Buffer; encoding: BufferEncoding }[], done: (error?: Error | null) => void): void {
    this.#inner.cork();
    for (const [i, { chunk, encoding }] of chunks.entries()) {
      if (i < chunks.length - 1) this.#inner.write(chunk, encoding);
      else this.#inner.write(chunk, encoding, done);
    }
    this.#inner.uncork();
  }

  override _final(done: () => void): void {
    this.#inner.end(done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#inner.destroy();
    done(error);
  }

  #take(piece: Buffer): void {
    const chunk = this.#held.length > 0 ? Buffer.concat([this.#held, piece]) : piece;
    this.#held = Buffer.alloc(0);
    let from = 0;
    let at = 0;
    let isWanted = true;
    const handOn = () => {
      if (at > from) isWanted = this.push(chunk.subarray(from, at)) && isWanted;
    };
    while (at < chunk.length) {
      if (this.#rest > 0) {
        const part = Math.min(this.#rest, chunk.length - at);
        if (this.#left) this.#note(chunk.subarray(at, at + part));
        this.#rest -= part;
        at += part;
        if (!this.#left) continue;
        from = at;
        if (this.#rest === 0) this.#leaveOut();
        continue;
      }
      const header = fixedHeader(chunk, at);
      if (header === undefined) break;
      if (header.length > this.#options.most) {
        handOn();
        const type = chunk[at]! >> 4;
        if (type !== publishType) {
          this.destroy(new Error(`a packet of ${header.length} bytes came, at most ${this.#options.most} are taken`));
          return;
        }
        const head = Buffer.alloc(Math.min(header.length, longestHead));
        this.#left = { flags: chunk[at]!, bytes: header.length, head, filled: 0 };
        from = at + header.bytes;
      }
      this.#rest = header.length;
      at += header.bytes;
    }
    handOn();
    this.#held = chunk.subarray(at);
    if (!isWanted) this.#inner.pause();
  }

  #note(part: Buffer): void {
    const left = this.#left!;
    left.filled += part.copy(left.head, left.filled);
  }

  #leaveOut(): void {
    const { flags, bytes, head } = this.#left!;
    this.#left = undefined;
    const length = head.readUInt16BE(0);
    // Through the same queue as everything else, so that it does not end up in the middle of a packet.
    if (((flags >> 1) & 3) === 1) this.write(Buffer.from([0x40, 2, head[2 + length]!, head[3 + length]!]));
    this.#options.onLeftOut({ topic: head.toString('utf8', 2, 2 + length), bytes });
  }
}

/**
 * The length of what follows a packet's fixed header, and of the header itself; undefined while it is incomplete.
 * An invalid length is passed on, for the parser to report.
 */
function fixedHeader(chunk: Buffer, at: number): { length: number; bytes: number } | undefined {
  let length = 0;
  for (let i = 0; i < 4; i++) {
    const byte = chunk[at + 1 + i];
    if (byte === undefined) return undefined;
    length += (byte & 127) * 128 ** i;
    if (byte < 128) return { length, bytes: 2 + i };
  }
  return { length: 0, bytes: 5 };
}
