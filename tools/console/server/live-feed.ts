import type { Frame } from '../../../sdk/frame/frame.ts';
import { encodeJpeg } from '../../../sdk/picture/picture.ts';
import type { FrameReport } from '../../../sdk/pipeline/events.ts';
import { roundedShape } from '../../../sdk/vision/shape.ts';
import type { Track } from '../../../sdk/vision/track.ts';
import { type LiveHeader, type LiveTrack, packLive } from '../protocol.ts';

/** A viewer of a camera. */
export interface Viewer {
  /** Whether it received what it was sent: if not, it gets no frames for now. */
  readonly ready: boolean;
  sendFrame(message: Uint8Array): void;
}

export interface Watching {
  /** Largest height of the picture, pixels. */
  maxHeight: number;
  /** The most frames a second. */
  fps: number;
}

/** Heights of pictures: viewers of about the same size share one encoding. */
const liveHeights = [180, 360, 540, 720, 1080] as const;
export const maxLiveFps = 15;
const quality = 78;

type Encode = (frame: Frame, options: { maxHeight: number; quality: number }) => Promise<Buffer>;

interface Look {
  height: number;
  intervalMs: number;
  sentAt: number;
}

interface Moment {
  frame: Frame;
  header: LiveHeader;
}

/**
 * One camera's live pictures, each with its boxes. Encodes only while there are viewers, once per size; during an
 * encoding only the newest frame waits.
 */
export class LiveFeed {
  readonly #camera: string;
  readonly #encode: Encode;
  readonly #onError: (error: unknown) => void;
  readonly #looks = new Map<Viewer, Look>();
  /** Of the last frame that the network ran on, seen or not. */
  #regions: LiveHeader['regions'] = [];
  #busy = false;
  #waiting: Moment | undefined;

  constructor(camera: string, options: { onError: (error: unknown) => void; encode?: Encode }) {
    this.#camera = camera;
    this.#encode = options.encode ?? encodeJpeg;
    this.#onError = options.onError;
  }

  watch(viewer: Viewer, { maxHeight, fps }: Watching): void {
    const height = liveHeights.find((one) => one >= maxHeight) ?? liveHeights.at(-1)!;
    this.#looks.set(viewer, { height, intervalMs: 1000 / Math.min(fps, maxLiveFps), sentAt: Number.NEGATIVE_INFINITY });
  }

  unwatch(viewer: Viewer): void {
    this.#looks.delete(viewer);
    if (this.#looks.size === 0) this.close();
  }

  /** Accepts a borrowed frame with its results. */
  offer({ frame, tracks, inferred, moving, regions }: FrameReport): void {
    if (regions) this.#regions = regions.map(({ x, y, width, height }) => [x, y, x + width, y + height]);
    if (this.#looks.size === 0 || this.#due(performance.now()).size === 0) return;
    const { sequence, width, height, wallTimeMs } = frame;
    const moment: Moment = {
      frame: frame.acquire(),
      header: {
        camera: this.#camera,
        sequence,
        width,
        height,
        time: wallTimeMs,
        inferred,
        moving,
        tracks: tracks.map(liveTrack),
        regions: this.#regions,
      },
    };
    this.#waiting?.frame.release();
    this.#waiting = moment;
    if (!this.#busy) this.#work();
  }

  /** Releases the waiting frame. */
  close(): void {
    this.#waiting?.frame.release();
    this.#waiting = undefined;
  }

  async #work(): Promise<void> {
    this.#busy = true;
    for (let moment = this.#waiting; moment; moment = this.#waiting) {
      this.#waiting = undefined;
      try {
        await this.#show(moment);
      } catch (error) {
        this.#onError(error);
      } finally {
        moment.frame.release();
      }
    }
    this.#busy = false;
  }

  async #show({ frame, header }: Moment): Promise<void> {
    const now = performance.now();
    for (const [height, viewers] of this.#due(now)) {
      const message = packLive(header, await this.#encode(frame, { maxHeight: height, quality }));
      for (const viewer of viewers) {
        // It may have left, or fallen behind, while the picture was made.
        const look = this.#looks.get(viewer);
        if (look?.height !== height || !viewer.ready) continue;
        look.sentAt = now;
        viewer.sendFrame(message);
      }
    }
  }

  /** Viewers that are due, by the height they want. */
  #due(now: number): Map<number, Viewer[]> {
    const due = new Map<number, Viewer[]>();
    for (const [viewer, { height, intervalMs, sentAt }] of this.#looks) {
      // Frames come a little early or late: a viewer that is nearly due is served now.
      if (now - sentAt < intervalMs * 0.8 || !viewer.ready) continue;
      due.set(height, [...(due.get(height) ?? []), viewer]);
    }
    return due;
  }
}

export function liveTrack(track: Track): LiveTrack {
  const { id, label, subLabel, medianScore, box, stationary, confirmed, visible, currentZones } = track;
  return {
    id,
    label,
    sub_label: subLabel?.label ?? null,
    sub_label_score: subLabel ? Math.round(subLabel.score * 1000) / 1000 : null,
    score: Math.round(medianScore * 1000) / 1000,
    box: box.map((side) => Math.round(side * 10) / 10) as LiveTrack['box'],
    stationary,
    confirmed,
    visible,
    zones: [...currentZones],
    ...roundedShape(track),
  };
}
