import { type Static, type TSchema, Type } from '@sinclair/typebox';
import { Value } from '@sinclair/typebox/value';
import type { WebSocket } from 'ws';
import { errorsOf } from '../../../sdk/config/validate.ts';
import { type ServerMessage, sessionEnded } from '../protocol.ts';
import { maxLiveFps, type Viewer, type Watching } from './live-feed.ts';

/** Unsent bytes: beyond the first limit no frames are sent, beyond the second the connection is closed. */
export const maxUnsentFrameBytes = 256 * 1024;
export const maxUnsentBytes = 4 * 1024 * 1024;

/** Messages read per second, after a burst of twice as many: the rest waits in the network. */
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

/** A connected page. Whatever it sends, and however slowly it reads, its memory is bounded. */
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

  /** Sends a message that is already JSON. */
  sendText(text: string): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    // It would miss changes; when it reconnects it gets the current state.
    if (this.#socket.bufferedAmount > maxUnsentBytes) this.close();
    else this.#socket.send(text);
  }

  /** Sends a ping; a page that did not answer the last one is disconnected. */
  check(): void {
    if (!this.#alive) this.close();
    else if (this.#socket.readyState === this.#socket.OPEN) {
      this.#alive = false;
      this.#socket.ping();
    }
  }

  /** Closes it because its session ended. */
  logOut(): void {
    this.#socket.close(sessionEnded, 'the session has ended');
  }

  close(): void {
    this.#socket.terminate();
  }

  /** Counts a message. After too many, reading pauses for a while. */
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
      // Messages read together with the first excess one were counted meanwhile.
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
    // Its session has ended.
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    try {
      this.#obey(isBinary ? undefined : JSON.parse(data.toString()));
    } catch (error) {
      const message = error instanceof SyntaxError ? 'expected JSON' : (error as Error).message;
      // Answered only while it reads: a flood gets no memory for answers.
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
