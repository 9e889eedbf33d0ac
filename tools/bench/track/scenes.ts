import { Dice } from './dice.ts';
import {
  type Actor,
  type Body,
  farthest,
  type Leg,
  nearest,
  type Place,
  picture,
  play,
  reach,
  stepsPerSecond,
  type Troop,
  type Truth,
} from './world.ts';

/** The kinds of scenes that are made, in the order of the tables. */
export const kinds = {
  'crowd-5': 'five people on crossing ways',
  'crowd-10': 'ten people on crossing ways',
  'crowd-20': 'twenty people on crossing ways',
  turn: 'walkers who turn sharply, stop and go on',
  group: 'people side by side, people who stand and talk, passers-by before them',
  run: 'runners close to the camera among walkers',
  park: 'cars that come, stand and go, people who walk past',
  street: 'cars, cyclists, dogs and people who pass',
  edges: 'people who come and go at the edges of the picture',
  shake: 'eight people before a camera that the wind shakes',
} as const;
export type Kind = keyof typeof kinds;

/**
 * What is really there, frame by frame. The same seed gives the same world at every rate.
 *
 * @param seconds How long.
 * @param rate Frames a second.
 */
export function scene(kind: Kind, seed: number, seconds: number, rate: number): Truth[][] {
  return play({
    troops: troops[kind](),
    dice: new Dice(`${kind} ${seed}`),
    seconds,
    rate,
    ...(kind === 'shake' && { shake: wind(new Dice(`wind ${seed}`), seconds) }),
  });
}

const person = (dice: Dice, agility = 2.5): Body => {
  const height = dice.between(1.5, 1.9);
  return { label: 'person', width: height * dice.between(0.3, 0.38), height, stride: 0.14, agility };
};

/** Somewhere on the ground that is seen, not at its very edge. */
function inside(dice: Dice, near = nearest + 0.7, far = farthest - 3): Place {
  const z = dice.between(near, far);
  return { x: dice.between(-0.85, 0.85) * reach(z), z };
}

/** Beyond the left or right edge of the picture. */
function outside(dice: Dice, z: number, side = dice.oneOf([-1, 1])): Place {
  return { x: side * (reach(z) + 0.6), z };
}

const lane = (dice: Dice, near = nearest + 0.7, far = farthest - 3) => outside(dice, dice.between(near, far));
const sideOf = ({ x }: Place) => Math.sign(x) as -1 | 1;

function wanderer(dice: Dice, enters: boolean): Actor {
  const speed = dice.between(0.8, 1.6);
  function* way(): Iterator<Leg> {
    for (let goals = dice.whole(2, 5); goals > 0; goals--) {
      yield { to: inside(dice), speed };
      if (dice.chance(0.15)) yield { wait: dice.between(0.5, 3) };
    }
    yield { to: lane(dice), speed };
  }
  return { body: person(dice), from: enters ? lane(dice) : inside(dice), way: way() };
}

const crowd = (count: number): Troop[] => [{ count, present: 1, pause: [0.2, 3], cast: wanderer }];

/** Short legs in any direction, pauses between. */
function turner(dice: Dice, enters: boolean): Actor {
  const from = enters ? lane(dice) : inside(dice, 6.5, 18);
  function* way(): Iterator<Leg> {
    let { z } = inside(dice, 7, 16);
    let x = dice.between(-0.6, 0.6) * reach(z);
    for (let legs = dice.whole(8, 25); legs > 0; legs--) {
      yield { to: { x, z }, speed: dice.between(0.7, 1.9) };
      if (dice.chance(0.45)) yield { wait: dice.between(0.4, 5) };
      const angle = dice.between(0, 2 * Math.PI);
      const distance = dice.between(0.7, 3);
      z = Math.max(nearest + 0.7, Math.min(farthest - 6, z + distance * Math.sin(angle)));
      const edge = 0.85 * reach(z);
      x = Math.max(-edge, Math.min(edge, x + distance * Math.cos(angle)));
    }
    yield { to: lane(dice), speed: 1.3 };
  }
  return { body: person(dice, 5), from, way: way() };
}

function runner(dice: Dice): Actor {
  const from = lane(dice, 6, 15);
  const speed = dice.between(3, 6.5);
  function* way(): Iterator<Leg> {
    if (dice.chance(0.4)) yield { to: inside(dice, 6.5, 14), speed };
    yield { to: outside(dice, dice.between(6, 15), -sideOf(from)), speed };
  }
  return { body: { ...person(dice, 7), stride: 0.25 }, from, way: way() };
}

/** Where cars stand, from left to right. */
const bays: readonly Place[] = [-7, -1.8, 3.4, 8.4].map((x, i) => ({ x, z: 13 + 0.3 * i }));
const car = (dice: Dice): Body => ({
  label: 'car',
  width: dice.between(3.8, 4.6),
  height: dice.between(1.4, 1.9),
  stride: 0,
  agility: 2.5,
});

/** One after the other in the same bay. */
const parker =
  (bay: Place) =>
  (dice: Dice, enters: boolean): Actor => {
    const z = bay.z - 2.6;
    const edge = (side: number) => ({ x: side * (reach(z) + 2.5), z });
    const side = dice.oneOf([-1, 1]);
    function* way(): Iterator<Leg> {
      const speed = dice.between(3, 6);
      if (enters) {
        yield { to: { x: bay.x + side * 3, z }, speed };
        yield { to: bay, speed: 1.5 };
      }
      yield { wait: enters ? dice.between(5, 16) : dice.between(3, 40) };
      yield { to: { x: bay.x + side * 3, z }, speed: 1.5 };
      yield { to: edge(dice.oneOf([-1, 1])), speed };
    }
    return { body: car(dice), from: enters ? edge(side) : bay, way: way() };
  };

/** Straight through between two distances. */
const passer =
  (body: (dice: Dice) => Body, speed: readonly [number, number], depth: readonly [number, number]) =>
  (dice: Dice, enters: boolean): Actor => {
    const beyond = (place: Place) => ({ x: place.x * (1 + 2 / reach(place.z)), z: place.z });
    const start = enters ? beyond(lane(dice, ...depth)) : inside(dice, ...depth);
    const side = enters ? sideOf(start) : dice.oneOf([-1, 1]);
    const end = beyond(outside(dice, start.z + dice.between(-0.4, 0.4), -side));
    return { body: body(dice), from: start, way: [{ to: end, speed: dice.between(...speed) }].values() };
  };

const cyclist = (dice: Dice): Body => ({
  label: 'bicycle',
  width: dice.between(1.5, 1.8),
  height: dice.between(1.6, 1.85),
  stride: 0.03,
  agility: 3,
});

function dog(dice: Dice): Actor {
  const from = lane(dice, 7, 10);
  function* way(): Iterator<Leg> {
    for (let goals = dice.whole(3, 8); goals > 0; goals--) {
      yield { to: inside(dice, 7, 11), speed: dice.between(0.5, 3) };
      if (dice.chance(0.4)) yield { wait: dice.between(0.3, 2) };
    }
    yield { to: lane(dice, 7, 10), speed: 2 };
  }
  const body = { label: 'dog', width: dice.between(0.7, 1), height: dice.between(0.5, 0.7), stride: 0.12, agility: 6 };
  return { body, from, way: way() };
}

/** In and out again near an edge, or across a corner of the view. */
function visitor(dice: Dice): Actor {
  const side = dice.oneOf([-1, 1]);
  const from = outside(dice, dice.between(6.5, 16), side);
  const speed = dice.between(0.9, 2.4);
  function* way(): Iterator<Leg> {
    const z = Math.max(6.2, from.z + dice.between(-2, 2));
    yield { to: { x: side * Math.max(0.5, reach(z) - dice.between(0.6, 4)), z }, speed };
    if (dice.chance(0.3)) yield { wait: dice.between(0.3, 2.5) };
    const away = Math.max(6.2, from.z + dice.between(-3, 3));
    yield { to: outside(dice, away, dice.chance(0.75) ? side : -side), speed };
  }
  return { body: person(dice, 4), from, way: way() };
}

/** Those of one group share a way, each with a place in it. */
function groupOf(size: number): Troop {
  let way: { legs: Leg[]; from: Place } | undefined;
  let cast = 0;
  return {
    count: size,
    present: 1,
    // The next group comes when its members do, about together.
    pause: [1, 1.6],
    cast(dice, enters) {
      if (cast++ % size === 0 || !way) {
        const speed = dice.between(0.8, 1.4);
        const legs: Leg[] = Array.from({ length: dice.whole(2, 4) }, () => ({ to: inside(dice, 7, 18), speed }));
        legs.splice(1, 0, { wait: dice.between(2, 8) });
        way = {
          from: enters ? lane(dice, 7, 18) : inside(dice, 7, 18),
          legs: [...legs, { to: lane(dice, 7, 18), speed }],
        };
      }
      const beside = (i: number): Place => ({ x: 0.65 * i - 0.3 * size, z: dice.between(-0.35, 0.35) });
      const offset = beside(cast % size);
      const pace = dice.between(0.97, 1.03);
      const shifted = ({ x, z }: Place) => ({ x: x + offset.x, z: z + offset.z });
      const own = way.legs.map((leg) => ('to' in leg ? { to: shifted(leg.to), speed: leg.speed * pace } : leg));
      return { body: person(dice), from: shifted(way.from), way: own.values() };
    },
  };
}

/** Comes, stands about, goes. */
function bystander(dice: Dice, enters: boolean): Actor {
  const place = inside(dice, 8, 15);
  function* way(): Iterator<Leg> {
    if (enters) yield { to: place, speed: 1.2 };
    for (let shuffles = dice.whole(3, 8); shuffles > 0; shuffles--) {
      yield { wait: dice.between(2, 6) };
      yield { to: { x: place.x + dice.between(-0.2, 0.2), z: place.z + dice.between(-0.2, 0.2) }, speed: 0.4 };
    }
    yield { to: lane(dice, 8, 15), speed: 1.2 };
  }
  return { body: person(dice), from: enters ? lane(dice, 8, 15) : place, way: way() };
}

const troops: Readonly<Record<Kind, () => readonly Troop[]>> = {
  'crowd-5': () => crowd(5),
  'crowd-10': () => crowd(10),
  'crowd-20': () => crowd(20),
  turn: () => [{ count: 6, present: 1, pause: [0.5, 3], cast: turner }],
  group: () => [
    groupOf(2),
    groupOf(3),
    { count: 3, present: 1, pause: [1, 4], cast: bystander },
    { count: 2, present: 0.5, pause: [0.5, 3], cast: passer(person, [1, 1.7], [6.5, 9]) },
  ],
  run: () => [
    { count: 3, present: 0, pause: [0.3, 2.5], cast: runner },
    { count: 2, present: 1, pause: [0.5, 3], cast: wanderer },
  ],
  park: () => [
    ...bays.map((bay): Troop => ({ count: 1, present: 1, pause: [1, 6], cast: parker(bay) })),
    { count: 3, present: 0.7, pause: [0.5, 3], cast: passer(person, [0.9, 1.6], [6.5, 12]) },
  ],
  street: () => [
    { count: 2, present: 0, pause: [0.5, 3], cast: passer(car, [6, 12], [15, 15.2]) },
    { count: 2, present: 0, pause: [0.5, 3], cast: passer(car, [6, 12], [19, 19.2]) },
    { count: 1, present: 0, pause: [0.5, 4], cast: passer(cyclist, [3.5, 6], [12, 13]) },
    { count: 1, present: 0, pause: [0.5, 3], cast: dog },
    { count: 3, present: 1, pause: [0.3, 2], cast: passer(person, [0.9, 1.7], [7, 10]) },
    { count: 2, present: 1, pause: [0.3, 3], cast: passer(person, [0.9, 1.7], [22, 24]) },
  ],
  edges: () => [{ count: 6, present: 0.4, pause: [0.2, 1.5], cast: visitor }],
  shake: () => crowd(8),
};

/** A mast in the wind: it always sways a little, in gusts more, and twice something jolts it into another place. */
function wind(dice: Dice, seconds: number): (now: number) => readonly [number, number] {
  const waves = [0.7, 1.3, 2.1, 3.3].map((hertz) => ({
    hertz: hertz * dice.between(0.9, 1.1),
    x: dice.between(0.5, 2.5),
    y: dice.between(0.5, 2),
    phase: dice.between(0, 2 * Math.PI),
  }));
  const gusts = Array.from({ length: Math.ceil(seconds / 5) }, (_, i) => ({
    at: 5 * i + dice.between(0, 4),
    for: dice.between(0.6, 1.8),
  }));
  const jolts = [1, 2].map((part) => ({
    at: (part * seconds) / 3 + dice.between(-1, 1),
    x: dice.between(6, 18) * dice.oneOf([-1, 1]),
    y: dice.between(3, 12) * dice.oneOf([-1, 1]),
  }));
  return (now) => {
    const gusty = gusts.some((gust) => now >= gust.at && now <= gust.at + gust.for) ? 2 : 1;
    let x = 0;
    let y = 0;
    for (const wave of waves) {
      x += wave.x * gusty * Math.sin(2 * Math.PI * wave.hertz * now + wave.phase);
      y += wave.y * gusty * Math.cos(2 * Math.PI * wave.hertz * now + 2 * wave.phase);
    }
    for (const jolt of jolts) {
      const share = Math.max(0, Math.min(1, (now - jolt.at) / 0.2));
      x += jolt.x * share;
      y += jolt.y * share;
    }
    return [x, y];
  };
}

/** One who never leaves: a walker who turns and stops, or a runner to and fro. */
export function lone(kind: 'turn' | 'run', seconds: number, rate: number): Truth[][] {
  const cast = (dice: Dice): Actor => {
    function* way(): Iterator<Leg> {
      let side = 1;
      for (;;) {
        if (kind === 'run') {
          const z = dice.between(8, 12);
          // Turns well within the view: who leaves it may be told again.
          yield { to: { x: side * 0.5 * reach(z), z }, speed: dice.between(3, 6) };
          side = -side;
        } else {
          yield { to: inside(dice, 7, 14), speed: dice.between(0.7, 1.9) };
          if (dice.chance(0.4)) yield { wait: dice.between(0.4, 5) };
        }
      }
    }
    return { body: person(dice, kind === 'run' ? 9 : 5), from: { x: 0, z: 10 }, way: way() };
  };
  const troop: Troop = { count: 1, present: 1, pause: [0, 0], cast };
  return play({ troops: [troop], dice: new Dice(`lone ${kind}`), seconds, rate });
}

export interface PassersBy {
  readonly kind: 'walk' | 'run';
  /** How many went over the vertical line in the middle of the picture. */
  readonly crossed: number;
  frames(rate: number): Truth[][];
}

/** People who walk or run from edge to edge, for four minutes: whoever gets to the other half has crossed the middle once. */
export function passersBy(kind: 'walk' | 'run'): PassersBy {
  const speed = kind === 'walk' ? ([0.8, 1.7] as const) : ([3, 6] as const);
  const troop: Troop = { count: 3, present: 0, pause: [0.5, 4], cast: passer(person, speed, [7, 16]) };
  const frames = (rate: number) => play({ troops: [troop], dice: new Dice(`passers ${kind}`), seconds: 240, rate });
  const halves = new Map<number, Set<boolean>>();
  // The truth does not hang on the rate.
  for (const { id, box } of frames(stepsPerSecond).flat()) {
    const isRight = (box[0] + box[2]) / 2 > picture.width / 2;
    halves.set(id, (halves.get(id) ?? new Set()).add(isRight));
  }
  return { kind, frames, crossed: [...halves.values()].filter(({ size }) => size === 2).length };
}
