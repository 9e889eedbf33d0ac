import { area, type Box } from '../../../sdk/vision/geometry.ts';
import type { Dice } from './dice.ts';

/** What the tracker is shown, pixels. */
export const picture = { width: 1280, height: 720 };

/** What is really there in one frame. */
export interface Truth {
  /** The same over the whole sequence. */
  readonly id: number;
  readonly label: string;
  /** The whole of it, hidden parts too, cut at the picture's edges; pixels. */
  readonly box: Box;
  /** The share of the box behind what stands nearer, 0..1. */
  readonly coverage: number;
}

/** A place on the ground: metres right of the camera's axis, and away from the camera. */
export interface Place {
  readonly x: number;
  readonly z: number;
}

/** A part of somebody's way: to a place at a speed (m/s), or a pause. */
export type Leg = { readonly to: Place; readonly speed: number } | { readonly wait: number };

export interface Body {
  readonly label: string;
  /** Metres. */
  readonly width: number;
  readonly height: number;
  /** The share by which the box's width swings with each step. */
  readonly stride: number;
  /** How fast the speed can change, m/s². */
  readonly agility: number;
}

/** Somebody with a way to go; who has gone it is no longer there. */
export interface Actor {
  readonly body: Body;
  readonly from: Place;
  readonly way: Iterator<Leg>;
}

/** So many of one sort, of whom each is followed by another after a while. */
export interface Troop {
  readonly count: number;
  /** Seconds until the next one comes. */
  readonly pause: readonly [low: number, high: number];
  /** @param enters From beyond the picture's edge; otherwise it is there from the beginning. */
  cast(dice: Dice, enters: boolean): Actor;
  /** Of those that are there from the beginning, a share of `count`. */
  readonly present: number;
}

/** Metres above the ground, and pixels: the horizon's row and the focal length. */
const camera = { height: 3.2, horizon: 120, focal: 900 };
/** Of the ground that is seen, metres away. */
export const nearest = 5.5;
export const farthest = 27;

/** How far to the side the picture reaches at a distance, metres. */
export function reach(z: number): number {
  return (picture.width / 2 / camera.focal) * z;
}

/** Steps of the world a second: what all the rates divide. */
export const stepsPerSecond = 50;
/** Who is seen less than this (the share within the picture; pixels) is not there. */
const least = { share: 0.3, height: 18 };
/** People keep so far apart, metres. */
const elbow = 0.55;

class Person {
  readonly id: number;
  readonly body: Body;
  x: number;
  z: number;
  gone = false;
  #vx = 0;
  #vz = 0;
  readonly #way: Iterator<Leg>;
  #leg: Leg | undefined;
  #waited = 0;
  #phase: number;

  constructor(id: number, { body, from, way }: Actor, dice: Dice) {
    this.id = id;
    this.body = body;
    this.x = from.x;
    this.z = from.z;
    this.#way = way;
    this.#phase = dice.share();
    this.#next();
    // Whoever is on the way already does not start from a stand.
    if (this.#leg && 'to' in this.#leg) [this.#vx, this.#vz] = this.#wanted(this.#leg);
  }

  step(seconds: number): void {
    const leg = this.#leg;
    if (!leg) return;
    let wanted: readonly [number, number] = [0, 0];
    if ('wait' in leg) {
      this.#waited += seconds;
      if (this.#waited >= leg.wait) this.#next();
    } else {
      wanted = this.#wanted(leg);
      if (Math.hypot(leg.to.x - this.x, leg.to.z - this.z) < Math.max(0.15, leg.speed * 0.08)) this.#next();
    }
    const ax = wanted[0] - this.#vx;
    const az = wanted[1] - this.#vz;
    const share = Math.min(1, (this.body.agility * seconds) / (Math.hypot(ax, az) || 1));
    this.#vx += ax * share;
    this.#vz += az * share;
    this.x += this.#vx * seconds;
    this.z = Math.max(nearest - 1, this.z + this.#vz * seconds);
    // A step of 0.7 m with each foot.
    this.#phase += (seconds * Math.hypot(this.#vx, this.#vz)) / 1.4;
  }

  push(dx: number, dz: number): void {
    this.x += dx;
    this.z = Math.max(nearest - 1, this.z + dz);
  }

  /** In pixels, not cut. */
  box([shakeX, shakeY]: readonly [number, number]): Box {
    const scale = camera.focal / this.z;
    const height = this.body.height * scale * (1 + 0.1 * this.body.stride * Math.cos(4 * Math.PI * this.#phase));
    const width = this.body.width * scale * (1 + this.body.stride * Math.sin(2 * Math.PI * this.#phase));
    const x = picture.width / 2 + this.x * scale + shakeX;
    const y = camera.horizon + camera.height * scale + shakeY;
    return [x - width / 2, y - height, x + width / 2, y];
  }

  /** Towards the end of the leg; slower just before it where a pause follows is what `agility` makes of it. */
  #wanted({ to, speed }: { to: Place; speed: number }): [number, number] {
    const dx = to.x - this.x;
    const dz = to.z - this.z;
    const distance = Math.hypot(dx, dz) || 1;
    return [(dx / distance) * speed, (dz / distance) * speed];
  }

  #next(): void {
    const { value, done } = this.#way.next();
    this.#waited = 0;
    this.#leg = done ? undefined : value;
    this.gone = done === true;
  }
}

/**
 * Plays a scene in steps of 20 ms and looks at it at a rate. The world is the same at every rate.
 *
 * @param options.shake The picture's shift at a time, pixels.
 * @returns What is there in each frame.
 */
export function play(options: {
  troops: readonly Troop[];
  dice: Dice;
  seconds: number;
  /** Frames a second; one of `rates`. */
  rate: number;
  shake?: (seconds: number) => readonly [number, number];
}): Truth[][] {
  const { troops, dice, seconds, rate, shake = () => [0, 0] as const } = options;
  const every = stepsPerSecond / rate;
  if (!Number.isInteger(every)) {
    throw new RangeError(`rate: expected a divisor of ${stepsPerSecond} frames a second, got ${rate}`);
  }
  let lastId = 0;
  const places = troops.flatMap((troop) =>
    Array.from({ length: troop.count }, (_, i) => {
      const isThere = i < Math.round(troop.present * troop.count);
      return {
        troop,
        person: isThere ? new Person(++lastId, troop.cast(dice, false), dice) : undefined,
        comes: isThere ? 0 : dice.between(0, troop.pause[1]),
      };
    }),
  );
  const frames: Truth[][] = [];
  for (let step = 0; step < Math.round(seconds * stepsPerSecond); step++) {
    const now = step / stepsPerSecond;
    for (const place of places) {
      if (place.person) {
        place.person.step(1 / stepsPerSecond);
        if (!place.person.gone) continue;
        place.person = undefined;
        place.comes = now + dice.between(...place.troop.pause);
      } else if (now >= place.comes) {
        place.person = new Person(++lastId, place.troop.cast(dice, true), dice);
      }
    }
    const people = places.flatMap(({ person }) => person ?? []);
    keepApart(people);
    if (step % every === 0) frames.push(seen(people, shake(now)));
  }
  return frames;
}

function keepApart(people: readonly Person[]): void {
  for (let i = 0; i < people.length; i++) {
    for (let j = i + 1; j < people.length; j++) {
      const dx = people[j]!.x - people[i]!.x;
      const dz = people[j]!.z - people[i]!.z;
      const distance = Math.hypot(dx, dz);
      if (distance >= elbow || distance === 0) continue;
      const push = ((elbow - distance) / distance) * 0.05;
      people[i]!.push(-dx * push, -dz * push);
      people[j]!.push(dx * push, dz * push);
    }
  }
}

function seen(people: readonly Person[], shift: readonly [number, number]): Truth[] {
  const boxes = people.map((person) => person.box(shift));
  return people.flatMap(({ id, body: { label }, z }, i) => {
    const whole = boxes[i]!;
    const box = cut(whole);
    if (area(box) < least.share * area(whole) || box[3] - box[1] < least.height) return [];
    const before = boxes.filter((_, j) => j !== i && people[j]!.z < z);
    return [{ id, label, box, coverage: coverage(box, before) }];
  });
}

function cut([x1, y1, x2, y2]: Box): Box {
  const { width, height } = picture;
  const within = (value: number, most: number) => Math.max(0, Math.min(most, value));
  return [within(x1, width), within(y1, height), within(x2, width), within(y2, height)];
}

/** Nobody fills his box: of one that stands before another, the middle hides. */
const solid = 0.15;

/** The share of a box that is behind others. */
export function coverage([x1, y1, x2, y2]: Box, before: readonly Box[]): number {
  if (before.length === 0) return 0;
  const columns = 8;
  const rows = 12;
  let hidden = 0;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const x = x1 + ((column + 0.5) / columns) * (x2 - x1);
      const y = y1 + ((row + 0.5) / rows) * (y2 - y1);
      const hides = before.some((box) => {
        const edge = solid * (box[2] - box[0]);
        return x > box[0] + edge && x < box[2] - edge && y > box[1] && y < box[3];
      });
      if (hides) hidden++;
    }
  }
  return hidden / (columns * rows);
}
