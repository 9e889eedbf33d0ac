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

/** Size of the scene in pixels: 16 to 9, small enough to be nearly free. */
export const sceneWidth = 960;
export const sceneHeight = 540;
/** Length of the scene in seconds; then it repeats. */
export const cycleSeconds = 40;
/** From here down it is floor, on which all stand. */
export const floorY = 530;

/**
 * Who comes and goes. Each is away for longer than a tracker remembers, so that each visit is one event; the person and
 * the cat, and the cup and the motorcycle, are seen together for a while; between the visits nothing moves.
 */
export const cast: readonly Actor[] = [
  {
    label: 'person',
    crop: { left: 0, top: 0, width: 400, height: 400 },
    height: 340,
    x: 10,
    from: 'left',
    to: 'left',
    comes: 3,
    stands: 4.5,
    leaves: 11,
    gone: 12.5,
  },
  {
    label: 'cat',
    crop: { left: 0, top: 0, width: 400, height: 300 },
    height: 440,
    x: 364,
    from: 'right',
    to: 'right',
    comes: 8,
    stands: 9.5,
    leaves: 16,
    gone: 17.5,
  },
  {
    label: 'cup',
    crop: { left: 60, top: 0, width: 480, height: 360 },
    height: 360,
    x: 10,
    from: 'left',
    to: 'left',
    comes: 20,
    stands: 21.5,
    leaves: 28,
    gone: 29.5,
  },
  {
    label: 'motorcycle',
    crop: { left: 90, top: 60, width: 640, height: 400 },
    height: 280,
    x: 504,
    from: 'right',
    to: 'left',
    comes: 26,
    stands: 27.5,
    leaves: 33.5,
    gone: 36.5,
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
