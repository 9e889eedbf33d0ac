import type { Embedding } from '../../core/embedding.ts';
import type { Frame } from '../../frame/frame.ts';
import type { Region } from '../../frame/letterbox.ts';
import { encodeJpeg, readPicture } from '../../picture/picture.ts';
import { isDetected, type SubLabel, type Track } from '../../vision/track.ts';
import type { Head } from '../heads/head.ts';
import { objectHead, unknown } from '../ledger/example.ts';
import { cropJpeg } from './crop.ts';
import { type TrackView, TrackViews, type ViewedTrack } from './track-views.ts';

/** What naming needs: the embedding network and the heads. */
export interface Oracle {
  /** An embedding for each region of the frame. @throws Error when the network cannot be used. */
  embed(frame: Frame, regions: readonly Region[]): Promise<Embedding[]>;
  /** The version in use of a head, if there is one. */
  head(name: string): Head | undefined;
}

/** Looks taken at one frame; a crowd has its turn over some frames. */
const mostLooks = 6;

/**
 * Names the tracks of one camera by a few good looks at each. The network runs only once something was taught; until
 * then, looks are kept as pictures for teaching.
 */
export class ObjectNames {
  readonly #oracle: Oracle;
  readonly #views = new TrackViews();
  /** Undefined: it was asked for, and there is none. */
  readonly #names = new Map<number, SubLabel | undefined>();

  constructor(oracle: Oracle) {
    this.#oracle = oracle;
  }

  /** The objects of now and of a while ago, the oldest first. */
  get tracks(): readonly ViewedTrack[] {
    return this.#views.tracks;
  }

  /** @param tracks All that are followed, as they are in this frame. */
  async look(frame: Frame, tracks: readonly Track[]): Promise<void> {
    this.#views.keepOnly(tracks);
    const alive = new Set(tracks.map(({ id }) => id));
    // The last word on a track that is gone was asked for before; what is asked later is worked out again.
    for (const trackId of this.#names.keys()) if (!alive.has(trackId)) this.#names.delete(trackId);
    const wanted = tracks
      .filter((track) => track.confirmed && isDetected(track))
      .flatMap(({ id }, i, all) => {
        const look = this.#views.wants(all[i]!, frame);
        return look ? [{ id, ...look }] : [];
      })
      .slice(0, mostLooks);
    if (wanted.length === 0) return;
    const regions = wanted.map(({ region }) => region);
    const embeddings = this.#oracle.head(objectHead) ? await this.#oracle.embed(frame, regions) : [];
    for (const [i, { id, region, quality }] of wanted.entries()) {
      const options = { region, ...cropJpeg };
      const jpeg = await encodeJpeg(frame, options);
      const embedding = embeddings[i];
      const { wallTimeMs: timeMs, captureTimeNs } = frame;
      this.#views.add(id, { timeMs, captureTimeNs, quality, jpeg, ...(embedding && { embedding }) });
      this.#names.delete(id);
    }
  }

  noteEvent(eventId: string, trackId: number): void {
    this.#views.noteEvent(eventId, trackId);
  }

  /** What comes next is another scene. */
  reset(): void {
    this.#views.keepOnly([]);
  }

  /** Somebody said what it is. */
  noteTaught(of: { track: number } | { event: string }): void {
    const trackId = this.#trackOf(of);
    if (trackId !== undefined) this.#views.noteTaught(trackId);
  }

  /** The views of a track, or of the track that an event is about, the best first. */
  viewsOf(of: { track: number } | { event: string }): readonly TrackView[] {
    const trackId = this.#trackOf(of);
    return trackId === undefined ? [] : this.#views.of(trackId);
  }

  /** The same with what the network says of each. */
  async embeddedViewsOf(of: { track: number } | { event: string }): Promise<(TrackView & { embedding: Embedding })[]> {
    const trackId = this.#trackOf(of);
    if (trackId === undefined) return [];
    // Better ones may take their place meanwhile: the network may have to be loaded first.
    const embedded: (TrackView & { embedding: Embedding })[] = [];
    for (const view of this.#views.of(trackId)) {
      const embedding = view.embedding ?? (await this.#embed(view));
      embedded.push({ ...view, embedding });
      if (view.embedding) continue;
      this.#views.embedded(trackId, view, embedding);
      this.#names.delete(trackId);
    }
    return embedded;
  }

  /** The head changed: current tracks are named again. */
  async renew(): Promise<void> {
    this.#names.clear();
    if (!this.#oracle.head(objectHead)) return;
    for (const { trackId, isOver } of this.#views.tracks) if (!isOver) await this.embeddedViewsOf({ track: trackId });
  }

  nameOf(trackId: number): SubLabel | undefined {
    if (!this.#names.has(trackId)) this.#names.set(trackId, this.#vote(this.#views.of(trackId)));
    return this.#names.get(trackId);
  }

  /** A name needs more than half of the looks; its score is the mean of theirs. */
  #vote(views: readonly TrackView[]): SubLabel | undefined {
    const head = this.#oracle.head(objectHead);
    if (!head) return undefined;
    const said = views.flatMap(({ embedding }) => (embedding ? [head.predict(embedding)] : []));
    const scores = new Map<string, number[]>();
    for (const { label, score } of said) scores.set(label, [...(scores.get(label) ?? []), score]);
    for (const [label, own] of scores) {
      if (label === unknown || 2 * own.length <= said.length) continue;
      return { label, score: own.reduce((sum, score) => sum + score, 0) / own.length };
    }
    return undefined;
  }

  #trackOf(of: { track: number } | { event: string }): number | undefined {
    return 'track' in of ? of.track : this.#views.trackOf(of.event);
  }

  async #embed({ jpeg, timeMs }: TrackView): Promise<Embedding> {
    const frame = await readPicture(jpeg, { wallTimeMs: timeMs });
    try {
      const [embedding] = await this.#oracle.embed(frame, [whole(frame)]);
      return embedding!;
    } finally {
      frame.release();
    }
  }
}

/** All of a frame as a region: unlike the frame itself, its edges are seen too. */
export function whole({ width, height }: Frame): Region {
  return { x: 0, y: 0, width, height };
}
