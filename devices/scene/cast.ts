/** One photograph of the scene: what is cut out of it, where it stands, and when it is seen. */
export interface Actor {
  /** What it shows; also the photograph's file, `photos/<label>.jpg`. */
  readonly label: string;
  /** Part of the photograph, in its pixels. */
  readonly crop: { readonly left: number; readonly top: number; readonly width: number; readonly height: number };
  /** Height in the scene, in pixels; the width follows from the crop. Both are rounded to even numbers. */
  readonly height: number;
  /** The left edge where it stands, in scene pixels. */
  readonly x: number;
  /** The side it comes from, and the one it leaves to. */
  readonly from: 'left' | 'right';
  readonly to: 'left' | 'right';
  /** Times in seconds from the start of the cycle: begins to come, stands, begins to leave, is gone. */
  readonly comes: number;
  readonly stands: number;
  readonly leaves: number;
  readonly gone: number;
}

/** Size of the scene in pixels: 16 to 9, small enough to cost next to nothing. */
export const sceneWidth = 960;
export const sceneHeight = 540;
/** After so many seconds the scene begins again. */
export const cycleSeconds = 40;
/** From here down it is floor, on which all stand. */
export const floorY = 500;

/**
 * Who comes and goes. Each is away for longer than a tracker remembers, so that each visit is one event; the person and
 * the cat, and the cup and the motorcycle, are seen together for a while; between the visits nothing moves.
 */
export const cast: readonly Actor[] = [
  {
    label: 'person',
    crop: { left: 0, top: 0, width: 400, height: 512 },
    height: 420,
    x: 60,
    from: 'left',
    to: 'left',
    comes: 3,
    stands: 5,
    leaves: 11,
    gone: 13,
  },
  {
    label: 'cat',
    crop: { left: 0, top: 0, width: 451, height: 300 },
    height: 330,
    x: 430,
    from: 'right',
    to: 'right',
    comes: 9,
    stands: 11,
    leaves: 17,
    gone: 19,
  },
  {
    label: 'cup',
    crop: { left: 140, top: 0, width: 300, height: 300 },
    height: 380,
    x: 20,
    from: 'left',
    to: 'left',
    comes: 21,
    stands: 23,
    leaves: 28,
    gone: 30,
  },
  {
    label: 'motorcycle',
    crop: { left: 90, top: 60, width: 640, height: 400 },
    height: 330,
    x: 420,
    from: 'right',
    to: 'left',
    comes: 27,
    stands: 29,
    leaves: 34,
    gone: 37,
  },
];

/** The left edge of an actor of this width at a time of the cycle, or undefined while it is away. */
export function positionOf(actor: Actor, width: number, seconds: number): number | undefined {
  const outside = (side: 'left' | 'right') => (side === 'left' ? -width : sceneWidth);
  const { x, comes, stands, leaves, gone } = actor;
  if (seconds < comes || seconds >= gone) return undefined;
  if (seconds < stands) return between(outside(actor.from), x, (seconds - comes) / (stands - comes));
  if (seconds < leaves) return x;
  return between(x, outside(actor.to), (seconds - leaves) / (gone - leaves));
}

/** Starts and stops gently; even, so that the chroma planes line up. */
function between(from: number, to: number, part: number): number {
  const eased = (1 - Math.cos(Math.PI * part)) / 2;
  return Math.round((from + (to - from) * eased) / 2) * 2;
}
