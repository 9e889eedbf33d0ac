import { type Box, longerSide } from '../geometry.ts';
import { memory as nameMemory } from '../names.ts';
import { isDetected, type Track } from '../track.ts';

/** What is known of a track from the looks at it. */
interface Known {
  /** When it was looked at, */
  readonly lookedNs: number;
  /** and last found, and where: the box of a prediction may grow. */
  readonly foundNs: number;
  readonly box: Box;
  /** Of the middle of its box, pixels a second: the highest of late. */
  readonly speed: number;
}

/**
 * What is believed is looked at again once it may have moved by this fraction of its smaller side, and in any case after
 * this many seconds: fewer while it is not found.
 */
const step = 1 / 3;
const longest = { found: 0.5, missed: 0.3 };
/** Times are rounded, and cameras are not exact. */
export const early = 0.02;
/** A high speed counts half as much with each look. */
const memory = 0.5;

/** What is known of each track: when it was looked at, how large it was, how fast it moves. */
export class FollowedTracks {
  #known: ReadonlyMap<number, Known> = new Map();

  /** The network looked at a frame. @param tracks After that: those that were not looked at are stale. */
  update(tracks: readonly Track[], timeNs: number): void {
    this.#known = new Map(
      tracks.map((track) => {
        const before = this.#known.get(track.id);
        const lookedNs = track.stale ? (before?.lookedNs ?? timeNs) : timeNs;
        const { foundNs, box, speed } = isDetected(track) ? found(track.box, timeNs, before) : (before ?? unknown);
        return [track.id, { lookedNs, foundNs, box, speed }];
      }),
    );
  }

  /** Seconds since a track was looked at. */
  age({ id }: Pick<Track, 'id'>, timeNs: number): number {
    return Math.max(0, timeNs - (this.#known.get(id)?.lookedNs ?? timeNs)) / 1e9;
  }

  /** The larger side of its box when it was last found, pixels. */
  size({ id, box }: Pick<Track, 'id' | 'box'>): number {
    return sizeOf(this.#known.get(id)?.box ?? box);
  }

  /** Whether a look at it would say anything new: of what is not known well each does, and of what may have gone. */
  isDue(track: Track, timeNs: number): boolean {
    const known = this.#known.get(track.id);
    if (!known || known.foundNs === never || !isWellKnown(track) || (track.stationary && !track.visible)) return true;
    const [x1, y1, x2, y2] = known.box;
    const most = track.visible ? longest.found : longest.missed;
    const seconds = Math.min(most, (step * Math.max(1, Math.min(x2 - x1, y2 - y1))) / known.speed);
    return this.age(track, timeNs) >= seconds - early;
  }
}

/** Whether it is believed, and its name is no longer in doubt. */
const isWellKnown = ({ confirmed, observations }: Track): boolean => confirmed && observations >= nameMemory;

const never = Number.NEGATIVE_INFINITY;
const unknown: Known = { lookedNs: 0, foundNs: never, box: [0, 0, 1, 1], speed: 0 };

function found(box: Box, timeNs: number, before: Known | undefined): Omit<Known, 'lookedNs'> {
  const seconds = before ? (timeNs - before.foundNs) / 1e9 : 0;
  if (!before || !(seconds > 0 && Number.isFinite(seconds))) return { foundNs: timeNs, box, speed: 0 };
  const way = Math.hypot(...[0, 1].map((i) => (box[i]! + box[i + 2]! - before.box[i]! - before.box[i + 2]!) / 2));
  return { foundNs: timeNs, box, speed: Math.max(way / seconds, before.speed * memory) };
}

const sizeOf = (box: Box) => Math.max(1, longerSide(box));
