import { assertKind, assertShape } from '../base/arguments.ts';
import { CameraSettings, type ZoneSettings } from '../config/schema.ts';
import { validate } from '../config/validate.ts';
import { type Clearance, clearance } from './clearance.ts';
import { bottomCentre } from './geometry.ts';
import { assertTracks, isDetected, type Track } from './track.ts';
import { ZoneShape } from './zone-shape.ts';

/**
 * An object is in a zone once the mean depth of its positions there exceeds this many standard errors of that mean, so
 * that a zone of a few pixels can be entered too.
 */
const clearIn = 2;
/** Tolerance: frames come some ms early or late, and the seconds asked for are often a whole number of them. */
const slackNs = 20e6;

/** A zone as a program writes it; omitted fields have the defaults of the settings. */
export type ZoneInput = Pick<ZoneSettings, 'polygon'> & Partial<Pick<ZoneSettings, 'labels' | 'inertia_seconds'>>;

/** Where an object is relative to a zone's edge. */
interface Place extends Clearance {
  /** Signed distance from the nearest edge, pixels; negative outside. */
  readonly depth: number;
  readonly timeNs: number;
}

/** Inferences in a row on the other side from `inside`. */
interface Run {
  /** When it crossed the edge, between two inferences, ns. */
  readonly sinceNs: number;
  inferences: number;
  depth: number;
  /** It was seen farther beyond the edge than jitter explains. */
  isClear: boolean;
}

interface Stay {
  inside: boolean;
  run: Run | undefined;
  last: Place | undefined;
}

/**
 * Tells which zones each track is in, by the bottom centre of its box. A track is in, and out again, when it is clear
 * of the edge and has been on that side for `inertia_seconds`, counted from when it was on the edge. How far is clear
 * follows from the jitter of its box, so a box on the edge does not flicker; times are those of the frames, at any
 * rate.
 *
 * @example
 * const tracker = new Tracker({ confirm: 3, lostSeconds: 2, stationarySeconds: 5, threshold: () => 0.6 });
 * const zones = new Zones({ porch: { polygon: [[0, 0.5], [1, 0.5], [1, 1], [0, 1]] } });
 * const size = { width: 640, height: 480 };
 * const tracks = zones.update(tracker.update(detections, timeNs), size);
 * for (const { label, currentZones } of tracks) console.log(label, currentZones);
 */
export class Zones {
  #zones: readonly (readonly [name: string, ZoneSettings])[] = [];
  #shapes: readonly ZoneShape[] = [];
  #stays = new Map<number, Map<string, Stay>>();
  #entered = new Map<number, readonly string[]>();

  /**
   * @param zones By name; polygons in fractions of the picture. Default: none.
   * @throws InputError naming the wrong field.
   */
  constructor(zones: Readonly<Record<string, ZoneInput>> = {}) {
    assertKind('Zones', zones, 'object', 'zones by name');
    this.configure(validate(CameraSettings.properties.zones, zones, 'zones'));
  }

  /** Replaces the zones, as settings have them; which tracks are in them is determined afresh. @throws InputError naming the wrong field. */
  configure(zones: Readonly<Record<string, ZoneSettings>>): void {
    assertKind('Zones.configure', zones, 'object', 'zones by name');
    for (const [name, zone] of Object.entries(zones))
      assertShape(`Zones.configure: ${name}`, zone, { polygon: 'list' }, 'a zone');
    this.#zones = Object.entries(zones);
    this.#shapes = [];
    this.#stays.clear();
  }

  /**
   * @param tracks All tracks after a frame; missing ones are forgotten. @param size Of the frame, pixels: a `Frame`
   * will do. @returns The tracks with `currentZones` and `enteredZones` filled in. A zone that was crossed between two
   * inferences counts as entered.
   */
  update(tracks: readonly Track[], size: { width: number; height: number }): Track[] {
    assertTracks('Zones.update: tracks', tracks);
    if (!(size?.width > 0 && size.height > 0 && Number.isFinite(size.width + size.height))) {
      assertShape('Zones.update: size', size, { width: 'finite', height: 'finite' }, 'the size of the frame');
    }
    const [known] = this.#shapes;
    if (known?.width !== size.width || known.height !== size.height) {
      this.#shapes = this.#zones.map(([, { polygon }]) => new ZoneShape(polygon, size));
    }
    const stays = new Map<number, Map<string, Stay>>();
    const entered = new Map<number, readonly string[]>();
    const result = tracks.map((track) => {
      const mine = this.#stays.get(track.id) ?? new Map<string, Stay>();
      stays.set(track.id, mine);
      const before = this.#entered.get(track.id) ?? [];
      const currentZones: string[] = [];
      const fresh: string[] = [];
      for (const [i, [name, zone]] of this.#zones.entries()) {
        const stay = mine.get(name) ?? { inside: false, run: undefined, last: undefined };
        mine.set(name, stay);
        const wasIn =
          isDetected(track) && follow(stay, placeOf(track, this.#shapes[i]!), zone.inertia_seconds * 1e9 - slackNs);
        // It may have been called something else before.
        if (zone.labels && !zone.labels.includes(track.label)) continue;
        if (stay.inside) currentZones.push(name);
        if ((wasIn || stay.inside) && !before.includes(name)) fresh.push(name);
      }
      const enteredZones = fresh.length > 0 ? [...before, ...fresh] : before;
      entered.set(track.id, enteredZones);
      return { ...track, currentZones, enteredZones };
    });
    this.#stays = stays;
    this.#entered = entered;
    return result;
  }
}

/** @returns Whether it was in for long enough since the last inference, and is out again. */
function follow(stay: Stay, now: Place, inertiaNs: number): boolean {
  const { last, run } = stay;
  stay.last = now;
  const edgeNs = last ? timeOnEdge(last, now) : now.timeNs;
  if (now.depth > 0 === stay.inside) {
    stay.run = undefined;
    return !stay.inside && run !== undefined && run.isClear && edgeNs - run.sinceNs >= inertiaNs;
  }
  stay.run = run ?? { sinceNs: edgeNs, inferences: 0, depth: 0, isClear: false };
  stay.run.inferences++;
  stay.run.depth += Math.abs(now.depth);
  stay.run.isClear ||= stay.inside
    ? Math.abs(now.depth) >= now.certain
    : stay.run.depth >= clearIn * now.tremble * Math.sqrt(stay.run.inferences);
  if (!stay.run.isClear || now.timeNs - stay.run.sinceNs < inertiaNs) return false;
  stay.inside = !stay.inside;
  stay.run = undefined;
  return false;
}

/** When it was on the edge, assuming constant speed between two inferences. */
function timeOnEdge(before: Place, now: Place): number {
  const share = before.depth / (before.depth - now.depth);
  return share >= 0 && share <= 1 ? before.timeNs + share * (now.timeNs - before.timeNs) : now.timeNs;
}

function placeOf(track: Track, shape: ZoneShape): Place {
  const [x, y] = bottomCentre(track.box);
  // A box that reaches the lower edge stands on the last row, not below it.
  const { depth, normal } = shape.at([x, Math.min(y, shape.height - 1)]);
  const { tremble, certain } = clearance(track, normal);
  return { depth, tremble, certain, timeNs: track.lastSeenNs };
}
