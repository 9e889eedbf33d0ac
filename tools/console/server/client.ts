import { type Static, type TSchema, Type } from '@sinclair/typebox';
import { Value } from '@sinclair/typebox/value';
import type { WebSocket } from 'ws';
import { errorsOf } from '../../../sdk/config/validate.ts';
import { type ServerMessage, sessionEnded } from '../protocol.ts';
import { maxLiveFps, type Viewer, type Watching } from './live-feed.ts';

/** Bytes the network has not taken: beyond the first bound no frames are sent, beyond the second it is cut off. */
export const maxUnsentFrameBytes = 256 * 1024;
export const maxUnsentBytes = 4 * 1024 * 1024;

/** Messages a second that are read, after a burst of twice as many: the rest waits in the network. */
const messagesPerSecond = 50;
const burst = 100;

const Camera = Type.String({ minLength: 1, maxLength: 64 });
const Watch = Type.Object(
  {
    type: Type.Literal('watch'),
    camera: Camera,
    max_height: Type.Optional(Type.Number({ minimum: 16, maximum: 4320 })),
    fps: Type.Optional(Type.Number({ minimum: 0.1, maximum: 60 })),
  },
  { additionalProperties: false },
);
const Unwatch = Type.Object({ type: Type.Literal('unwatch'), camera: Camera }, { additionalProperties: false });

export interface ClientHooks {
  /** @throws RangeError when there is no such camera. */
  watch(client: Client, camera: string, watching: Watching): void;
  unwatch(client: Client, camera: string): void;
  left(client: Client): void;
}

/** One page that is connected. Whatever it sends, and however slowly it reads, costs a bounded amount of memory. */
export class Client implements Viewer {
  readonly #socket: WebSocket;
  readonly #hooks: ClientHooks;
  #alive = true;
  #budget = burst;
  #budgetAt = performance.now();
  #pause: NodeJS.Timeout | undefined;

  constructor(socket: WebSocket, hooks: ClientHooks) {
    this.#socket = socket;
    this.#hooks = hooks;
    socket.on('message', (data, isBinary) => this.#receive(data as Buffer, isBinary));
    socket.on('ping', (data) => {
      this.#spend();
      if (this.ready) socket.pong(data);
    });
    socket.on('pong', () => {
      this.#spend();
      this.#alive = true;
    });
    // A frame that breaks the protocol, or a connection that breaks: `close` follows.
    socket.on('error', () => {});
    socket.on('close', () => {
      clearTimeout(this.#pause);
      hooks.left(this);
    });
  }

  get ready(): boolean {
    return this.#socket.readyState === this.#socket.OPEN && this.#socket.bufferedAmount <= maxUnsentFrameBytes;
  }

  sendFrame(message: Uint8Array): void {
    this.#socket.send(message, { binary: true });
  }

  send(message: ServerMessage): void {
    this.sendText(JSON.stringify(message));
  }

  /** Sends a message that is JSON already. */
  sendText(text: string): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    // It would miss what changed; when it comes back it is told how things stand.
    if (this.#socket.bufferedAmount > maxUnsentBytes) this.close();
    else this.#socket.send(text);
  }

  /** Asks whether it is still there; one that did not answer the last time is cut off. */
  check(): void {
    if (!this.#alive) this.close();
    else if (this.#socket.readyState === this.#socket.OPEN) {
      this.#alive = false;
      this.#socket.ping();
    }
  }

  /** Says that its session is over. */
  logOut(): void {
    this.#socket.close(sessionEnded, 'the session is over');
  }

  close(): void {
    this.#socket.terminate();
  }

  /** Books a message. Who sends too many is read no further for a while. */
  #spend(): void {
    this.#refill();
    this.#budget--;
    if (this.#budget < 0 && !this.#pause) this.#wait();
  }

  #wait(): void {
    this.#socket.pause();
    const ms = (-this.#budget / messagesPerSecond) * 1000;
    this.#pause = setTimeout(() => {
      this.#pause = undefined;
      this.#refill();
      // What had been read with the first one too many was booked meanwhile.
      if (this.#budget < 0) this.#wait();
      else this.#socket.resume();
    }, ms);
  }

  #refill(): void {
    const now = performance.now();
    this.#budget = Math.min(burst, this.#budget + ((now - this.#budgetAt) / 1000) * messagesPerSecond);
    this.#budgetAt = now;
  }

  #receive(data: Buffer, isBinary: boolean): void {
    this.#spend();
    // Its session is over.
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    try {
      this.#obey(isBinary ? undefined : JSON.parse(data.toString()));
    } catch (error) {
      const message = error instanceof SyntaxError ? 'expected JSON' : (error as Error).message;
      // Answered only while it reads: who floods gets no memory for the answers.
      if (this.ready) this.send({ type: 'error', message });
    }
  }

  /** @throws RangeError when the message cannot be understood. */
  #obey(message: unknown): void {
    const type = (message as { type?: unknown } | null | undefined)?.type;
    if (type === 'watch') {
      assertMessage(Watch, message);
      const { camera, max_height: maxHeight = 540, fps = maxLiveFps } = message;
      this.#hooks.watch(this, camera, { maxHeight, fps });
    } else if (type === 'unwatch') {
      assertMessage(Unwatch, message);
      this.#hooks.unwatch(this, message.camera);
    } else {
      throw new RangeError('expected {"type": "watch" or "unwatch", "camera": …}');
    }
  }
}

function assertMessage<T extends TSchema>(schema: T, message: unknown): asserts message is Static<T> {
  if (Value.Check(schema, message)) return;
  throw new RangeError(errorsOf(schema, message).join('; '));
}
