import type { Embedding } from '../../core/embedding.ts';
import type { Frame } from '../../frame/frame.ts';
import type { Region } from '../../frame/letterbox.ts';
import type { Track } from '../../vision/track.ts';
import { sharpness } from './sharpness.ts';

/** One good look at an object. */
export interface TrackView {
  /** Of its frame: since 1970, and by a clock that cannot be set. */
  readonly timeMs: number;
  readonly captureTimeNs: number;
  /** Higher for sharper and larger ones; only comparable between views of one track. */
  readonly quality: number;
  /** The crop, at most 256 pixels a side. */
  readonly jpeg: Buffer;
  /** Once it was asked for. */
  readonly embedding?: Embedding;
}

/** What is known of an object. */
export interface ViewedTrack {
  readonly trackId: number;
  /** The best first. */
  readonly views: readonly TrackView[];
  /** Of its event, once there is one. */
  readonly eventId?: string;
  /** It is not followed any more. */
  readonly isOver: boolean;
  /** Somebody said what it is. */
  readonly isTaught: boolean;
}

const viewsPerTrack = 3;
/** Least time between two looks: closer ones add nothing. */
const leastGapNs = 400e6;
/** A look replaces the worst one when it is this much better. */
const gain = 1.25;
/** A look at an object cut off by the frame's edge counts less. */
const cutPenalty = 0.5;
/** Margin around a box, as a fraction of its sides. */
const margin = 0.1;
const maxPast = 100;

/**
 * The best looks at the objects of one camera, a few each: for naming them, and for teaching tracks and past events.
 * Bounded: three looks per track, and the last hundred tracks.
 */
export class TrackViews {
  readonly #tracks = new Map<number, ViewedTrack>();

  /** The objects that are known, the oldest first. */
  get tracks(): readonly ViewedTrack[] {
    return [...this.#tracks.values()];
  }

  /**
   * @returns The part of the frame to look at and how good a look it is; undefined when the track has better ones, or one
   *   of a moment ago.
   */
  wants(track: Track, frame: Frame): { region: Region; quality: number } | undefined {
    const region = cropOf(track.box, frame);
    if (!region) return undefined;
    const views = this.of(track.id);
    if (views.some(({ captureTimeNs }) => Math.abs(frame.captureTimeNs - captureTimeNs) < leastGapNs)) return undefined;
    const size = Math.sqrt(region.width * region.height);
    const quality = size * sharpness(frame, region) * (isCut(track.box, frame) ? cutPenalty : 1);
    if (views.length >= viewsPerTrack && quality < views.at(-1)!.quality * gain) return undefined;
    return { region, quality };
  }

  add(trackId: number, view: TrackView): void {
    const views = [...this.of(trackId), view].sort((a, b) => b.quality - a.quality).slice(0, viewsPerTrack);
    this.#set(trackId, { views });
  }

  /** Notes what the network says of a view; one that is not held any more is left. */
  embedded(trackId: number, view: TrackView, embedding: Embedding): void {
    const views = this.of(trackId);
    if (views.includes(view)) {
      this.#set(trackId, { views: views.map((one) => (one === view ? { ...view, embedding } : one)) });
    }
  }

  /** The best first; empty when nothing is known of such a track. */
  of(trackId: number): readonly TrackView[] {
    return this.#tracks.get(trackId)?.views ?? [];
  }

  /** The track that an event is about, while its views are held. */
  trackOf(eventId: string): number | undefined {
    return this.tracks.find((track) => track.eventId === eventId)?.trackId;
  }

  noteEvent(eventId: string, trackId: number): void {
    this.#set(trackId, { eventId });
  }

  /** Marks a track as labelled. */
  noteTaught(trackId: number): void {
    if (this.#tracks.has(trackId)) this.#set(trackId, { isTaught: true });
  }

  /** Tracks not among these have ended; their views are kept for a while. */
  keepOnly(tracks: readonly Track[]): void {
    const alive = new Set(tracks.map(({ id }) => id));
    let over = 0;
    for (const [trackId, track] of this.#tracks) {
      const isOver = !alive.has(trackId);
      if (track.isOver !== isOver) this.#set(trackId, { isOver });
      if (isOver) over++;
    }
    for (const [trackId, { isOver }] of this.#tracks) {
      if (over <= maxPast) break;
      if (!isOver) continue;
      this.#tracks.delete(trackId);
      over--;
    }
  }

  #set(trackId: number, change: Partial<ViewedTrack>): void {
    const known = this.#tracks.get(trackId) ?? { trackId, views: [], isOver: false, isTaught: false };
    this.#tracks.set(trackId, { ...known, ...change });
  }
}

function cropOf([x1, y1, x2, y2]: Track['box'], frame: Frame): Region | undefined {
  const dx = (x2 - x1) * margin;
  const dy = (y2 - y1) * margin;
  const left = Math.max(0, Math.floor(x1 - dx));
  const top = Math.max(0, Math.floor(y1 - dy));
  const right = Math.min(frame.width, Math.ceil(x2 + dx));
  const bottom = Math.min(frame.height, Math.ceil(y2 + dy));
  if (right - left < 8 || bottom - top < 8) return undefined;
  return { x: left, y: top, width: right - left, height: bottom - top };
}

function isCut([x1, y1, x2, y2]: Track['box'], { width, height }: Frame): boolean {
  return x1 <= 1 || y1 <= 1 || x2 >= width - 1 || y2 >= height - 1;
}
