import type { WebSocket } from 'ws';
import { encodeJpeg } from '../../../sdk/frame/picture.ts';
import type { FrameReport } from '../../../sdk/pipeline/events.ts';
import type { FrameHeader } from '../protocol.ts';

/** Pictures a second that are shown, at most. */
const maxFps = 15;
const quality = 75;
/** A client that has not taken so much yet gets no further picture until it has. */
const maxUnsentBytes = 512 * 1024;
const defaultHeight = 720;

/**
 * The live picture of one camera for all who look at it. A picture is encoded only while somebody does, once for all of
 * them, one at a time; who takes them slowly misses some.
 */
export class LiveView {
  readonly #camera: string;
  readonly #onError: (error: unknown) => void;
  readonly #watchers = new Map<WebSocket, number>();
  #encoding = false;
  #encodedMs = Number.NEGATIVE_INFINITY;

  constructor(camera: string, onError: (error: unknown) => void) {
    this.#camera = camera;
    this.#onError = onError;
  }

  /** @param maxHeight Height of the picture this client wants, in pixels. */
  watch(client: WebSocket, maxHeight = defaultHeight): void {
    this.#watchers.set(client, maxHeight);
  }

  leave(client: WebSocket): void {
    this.#watchers.delete(client);
  }

  /** Shows a frame, unless nobody looks or the one before is still being encoded. */
  show = ({ frame, tracks, moving }: FrameReport): void => {
    const now = performance.now();
    // A little less than a whole interval, or a camera of just this rate would lose every second frame to jitter.
    if (this.#watchers.size === 0 || this.#encoding || now - this.#encodedMs < 900 / maxFps) return;
    const ready = [...this.#watchers.keys()].filter((client) => client.bufferedAmount <= maxUnsentBytes);
    if (ready.length === 0) return;
    this.#encodedMs = now;
    this.#encoding = true;
    const header: FrameHeader = {
      camera: this.#camera,
      sequence: frame.sequence,
      width: frame.width,
      height: frame.height,
      time: frame.wallTimeMs,
      moving,
      tracks: tracks
        // Where an object that is out of sight may be is a guess, unless it stands still.
        .filter((track) => track.confirmed && (track.visible || track.stationary))
        .map(({ id, label, score, box, stationary, currentZones }) => ({
          id,
          label,
          score: Math.round(score * 1000) / 1000,
          box,
          stationary,
          zones: currentZones,
        })),
    };
    const maxHeight = Math.max(...this.#watchers.values());
    encodeJpeg(frame, { maxHeight, quality })
      .then((jpeg) => {
        const message = withHeader(header, jpeg);
        for (const client of ready) if (this.#watchers.has(client)) client.send(message);
      })
      .catch(this.#onError)
      .finally(() => {
        this.#encoding = false;
      });
  };
}

function withHeader(header: FrameHeader, jpeg: Buffer): Buffer {
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(text.length);
  return Buffer.concat([length, text, jpeg]);
}
