import { type Region, type Size, wholeOf } from '../../frame/letterbox.ts';
import type { Detections } from '../detections.ts';
import { area, type Box, boxOf, covered, grown, longerSide } from '../geometry.ts';
import type { Track } from '../track.ts';
import { cover, isWhole, type Served } from './cover.ts';
import { early, FollowedTracks } from './followed.ts';
import { withoutMagnification } from './magnified.ts';
import { explains, Movements } from './movements.ts';
import { Places } from './places.ts';
import type { SizeMap } from './size-map.ts';
import { leastSide, legible, type Sight, sidesFor, sidesForMotion, type Want } from './want.ts';

/** A frame, as far as the gaze is concerned. */
export interface Scene extends Size {
  readonly timeNs: number;
  /** The motion gate's result: something moves, or did a moment ago. */
  readonly moving: boolean;
  /** The first frame of a scene. */
  readonly isNew: boolean;
  /** Where something moves, frame pixels. */
  readonly regions: readonly Box[];
  readonly tracks: readonly Track[];
  /** Whether a track has to be seen again though it rests. */
  isOpen(track: Track): boolean;
}

/** How much may be looked at. */
export interface GazeRules {
  /** Regions a frame, at least 1. */
  readonly most: number;
  /** Seconds after which the whole view is looked at again. */
  readonly keepalive: number;
  /** Each frame is looked at, also while nothing moves. */
  readonly always: boolean;
}

/** What the network is to look at in a frame. */
export interface Look {
  /** One at least; the whole frame may be one of them. Frame pixels. */
  readonly regions: readonly Region[];
  /** Whether the whole frame is one of them. */
  readonly isWhole: boolean;
  /** How many more regions deserved a look, and wait for a later frame. */
  readonly waiting: number;
}

/** Urgency of a second of waiting: of what moves and was never looked at in vain, of a track that is not confirmed, */
const worth = { movement: 2, tentative: 3, track: 1, rest: 1, glimpse: 3, whole: 2 };
/** and in seconds, of what has just been looked at. */
const atOnce = 0.1;
/** A track's box is grown by this fraction on each side: it moved since. */
const margin = 0.25;
/**
 * What is not believed yet is looked at in squares of different sizes, by these factors: clutter that looks like
 * something in one looks like something else in another.
 */
const doubts = [1, 1.3, 0.85];
/** What only just stopped is looked at this often, in seconds. */
const lessOften = 0.3;
/** When this much of the view moves, the whole view is looked at instead. */
const everywhere = 0.3;
/** This fraction of a box has to be in a region for a look at it. */
const inside = 0.9;
/** An object that is shown this much smaller than legible may be missed without being gone. */
const tolerance = 0.8;
/** A cut object of this score deserves a larger square in the next frame. */
const leastGlimpse = 0.3;

/**
 * Chooses for each frame what the network looks at: the whole view, which shows what is large, at a low rate; and
 * squares in the camera's own pixels around what moves and around the tracks that are not at rest. It has no clock: the
 * same frames, tracks and detections give the same regions.
 *
 * @example
 * const gaze = new Gaze({ width: 416, height: 416 }, sizes);
 * const look = gaze.plan(scene, { most: 2, keepalive: 1, always: false });
 * if (look) gaze.took(look, scene, await model.detect(frame, { regions: look.regions }), []);
 */
export class Gaze {
  readonly #input: Size;
  readonly #sizes: SizeMap;
  readonly #movements = new Movements();
  #places = new Places({ width: 1, height: 1 });
  #frame: Size = { width: 0, height: 0 };
  #wholeNs = Number.NEGATIVE_INFINITY;
  #lookedNs = Number.NEGATIVE_INFINITY;
  readonly #followed = new FollowedTracks();
  /** Boxes of objects that the last look cut. */
  #glimpses: readonly Box[] = [];

  /** @param input Of the network, pixels. @param sizes What was learnt of the view; it is only read. */
  constructor(input: Size, sizes: SizeMap) {
    this.#input = input;
    this.#sizes = sizes;
  }

  /** Starts afresh: another scene, whose times may restart. */
  reset(): void {
    this.#frame = { width: 0, height: 0 };
  }

  /** @returns Undefined when nothing in this frame deserves a look. Call `took()` once it was looked at. */
  plan(scene: Scene, rules: GazeRules): Look | undefined {
    const { timeNs, width, height } = scene;
    if (scene.isNew || width !== this.#frame.width || height !== this.#frame.height) this.#begin(scene);
    this.#movements.update(scene.regions, timeNs);
    for (const { box, timeNs: movedNs } of this.#movements.now) if (movedNs === timeNs) this.#places.move(box, timeNs);
    const sight = this.#sight;
    const age = (timeNs - this.#wholeNs) / 1e9;
    const wants = this.#wants(scene, sight, rules);
    const isCalm = !scene.moving && wants.length === 0 && !rules.always;
    if (isCalm) return this.#calm(scene, sight, rules);
    if (age >= rules.keepalive || rules.always || this.#movements.isEverywhere(scene, everywhere)) {
      const urgency = worth.whole * Math.min(1e6, Math.max(atOnce, age));
      wants.push({ box: boxOf(wholeOf(scene)), best: sight.whole, most: sight.whole, urgency });
    }
    return chosen(cover(wants, scene, sight), scene, rules.most);
  }

  /**
   * Whether a look shows an object with this box closely enough to find it: only then is it missed if it is not found.
   *
   * @param last The box when it was last detected. Default: the same.
   */
  shows({ regions }: Pick<Look, 'regions'>, box: Box, last = box): boolean {
    const sight = this.#sight;
    const size = sizeOfBox(last);
    // What is smaller than the smallest square shows is looked at with that.
    const enough = Math.min(legible, (size * sight.side) / leastSide(sight)) * tolerance;
    const seen = within(box, this.#frame);
    return regions.some((region) => {
      const side = isWhole(region, this.#frame) ? sight.whole : Math.max(region.width, region.height);
      return (size * sight.side) / side >= enough && covered(seen, boxOf(region)) >= inside;
    });
  }

  /** What a look found, with the scores that it deserves. */
  judged(look: Pick<Look, 'regions'>, found: Detections): Detections {
    return withoutMagnification(found, look.regions, this.#sight.side);
  }

  /**
   * The network looked.
   *
   * @param found What it found in all of the regions. @param cut Boxes of objects that a region's edge cut.
   * @param tracks After that.
   */
  took(
    look: Look,
    { timeNs, tracks }: Pick<Scene, 'timeNs' | 'tracks'>,
    found: Detections,
    cut: readonly Glimpse[],
  ): void {
    this.#lookedNs = timeNs;
    if (look.isWhole) this.#wholeNs = timeNs;
    this.#followed.update(tracks, timeNs);
    this.#glimpses = cut.filter(({ score }) => score >= leastGlimpse).map(({ box }) => box);
    const seen = [...Array.from(found, ({ box }) => box), ...cut.map(({ box }) => box)];
    for (const { box } of this.#movements.now) {
      if (!look.regions.some((region) => covered(box, boxOf(region)) >= inside)) continue;
      // The whole view says nothing of what is too small in it.
      if (!this.shows(look, box) && look.regions.every((region) => isWhole(region, this.#frame))) continue;
      this.#places.look(
        box,
        timeNs,
        seen.some((one) => area(one) > 0 && touches(one, box)),
      );
    }
  }

  #begin({ width, height }: Scene): void {
    this.#frame = { width, height };
    this.#movements.clear();
    this.#places = new Places(this.#frame);
    this.#wholeNs = Number.NEGATIVE_INFINITY;
    this.#lookedNs = Number.NEGATIVE_INFINITY;
    this.#glimpses = [];
  }

  get #sight(): Sight {
    const { width, height } = this.#input;
    const side = Math.min(width, height);
    return { side, whole: side * Math.max(this.#frame.width / width, this.#frame.height / height) };
  }

  #wants(scene: Scene, sight: Sight, rules: GazeRules): Want[] {
    const wants: Want[] = [];
    const { timeNs, tracks } = scene;
    const active = tracks.filter((track) => !track.stationary || scene.isOpen(track));
    for (const track of active) {
      if (!rules.always && !this.#followed.isDue(track, timeNs)) continue;
      wants.push(this.#wantOf(track, track.confirmed ? worth.track : worth.tentative, timeNs, sight));
    }
    if (!this.#movements.isEverywhere(scene, everywhere)) {
      for (const movement of this.#movements.now) {
        if (active.some(({ box }) => explains(box, movement))) continue;
        const size = sizeOfBox(movement.box);
        const sides = sidesForMotion(size, this.#sizes.expected(movement.box, scene), sight);
        const isRare = sides.most < sight.whole && !this.#places.isDue(movement.box, timeNs);
        if (isRare || (movement.timeNs < timeNs && this.#places.age(movement.box, timeNs) < lessOften - early))
          continue;
        const urgency =
          (worth.movement / (1 + this.#places.vain(movement.box))) * (atOnce + this.#places.age(movement.box, timeNs));
        wants.push({ box: within(grown(movement.box, margin), scene), ...sides, urgency });
      }
    }
    for (const track of tracks) {
      if (active.includes(track)) continue;
      // Who rests and begins to go is followed only if each step of it is seen.
      const isStirred = this.#movements.now.some(
        (movement) => movement.timeNs === timeNs && explains(track.box, movement),
      );
      const isDue = wants.length > 0 && this.#followed.age(track, timeNs) >= rules.keepalive;
      if (isStirred || isDue) wants.push(this.#wantOf(track, worth.rest, timeNs, sight));
    }
    for (const box of this.#glimpses) {
      const sides = sidesFor(2 * sizeOfBox(box), sight);
      wants.push({ box: within(grown(box, margin), scene), ...sides, urgency: worth.glimpse * atOnce });
    }
    return wants;
  }

  #wantOf(track: Track, weight: number, timeNs: number, sight: Sight): Want {
    const { box, confirmed, observations } = track;
    const urgency = weight * (atOnce + this.#followed.age(track, timeNs));
    const { best, most } = sidesFor(this.#followed.size(track), sight);
    const side = confirmed ? best : Math.min(most, best * doubts[observations % doubts.length]!);
    return { box: within(grown(box, margin), this.#frame), best: side, most, urgency };
  }

  /** Nothing moves: the whole view once in a while, in turn with what rests and is too small for it. */
  #calm(scene: Scene, sight: Sight, { keepalive }: GazeRules): Look | undefined {
    const { timeNs, tracks } = scene;
    if (timeNs - this.#lookedNs < keepalive * 1e9) return undefined;
    const whole: Look = { regions: [wholeOf(scene)], isWhole: true, waiting: 0 };
    if (timeNs - this.#wholeNs >= 1.5 * keepalive * 1e9) return whole;
    const small = tracks
      .map((track) => this.#wantOf(track, worth.rest, timeNs, sight))
      .filter(({ most }) => most < sight.whole);
    return small.length === 0 ? whole : (chosen(cover(small, scene, sight), scene, 1) ?? whole);
  }
}

/** An object that a region's edge cut. */
export interface Glimpse {
  readonly box: Box;
  readonly score: number;
}

function chosen(served: readonly Served[], frame: Size, most: number): Look | undefined {
  if (served.length === 0) return undefined;
  const regions = served.slice(0, Math.max(1, most)).map(({ region }) => region);
  return {
    regions,
    isWhole: regions.some((region) => isWhole(region, frame)),
    waiting: served.length - regions.length,
  };
}

const sizeOfBox = (box: Box) => Math.max(1, longerSide(box));

function within([x1, y1, x2, y2]: Box, { width, height }: Size): Box {
  const left = Math.min(Math.max(x1, 0), width - 1);
  const top = Math.min(Math.max(y1, 0), height - 1);
  return [left, top, Math.max(left + 1, Math.min(x2, width)), Math.max(top + 1, Math.min(y2, height))];
}

const touches = (a: Box, b: Box) => a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3];
