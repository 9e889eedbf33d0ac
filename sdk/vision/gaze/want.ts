import type { Box } from '../geometry.ts';

/** The network's input as the gaze knows it, pixels. */
export interface Sight {
  /** The side of the largest square in the input. */
  readonly side: number;
  /** The side of a square in the frame that is shown as small as the whole frame is. */
  readonly whole: number;
}

/** A part of the frame that deserves a look. */
export interface Want {
  /** What has to be in the picture, whole; frame pixels. */
  readonly box: Box;
  /** The side of the square that shows it best, and of the largest one in which the network finds it; frame pixels. */
  readonly best: number;
  readonly most: number;
  /** What is more urgent goes first; above 0. */
  readonly urgency: number;
}

/** An object is found best where it takes up this fraction of the picture's side, */
const bestShare = 1 / 6;
/** and is found from this many pixels of the network's input on. */
export const legible = 56;
/** The smallest square, as a fraction of the input's side: magnified further, a picture shows nothing more. */
const smallest = 0.6;
/** What moves may be a part of something: this much around it is shown at least, as a fraction of the input's side. */
const around = 3 / 4;
/** Several things may move together, or one leave a trail: each may be this many times smaller than what moves. */
const together = 2;

/** @returns The side of the smallest square that is worth a look. */
export const leastSide = ({ side }: Sight) => side * smallest;

/** The sides of the squares for an object that is expected to be so large, pixels. */
export function sidesFor(size: number, sight: Sight): Pick<Want, 'best' | 'most'> {
  const found = (size * sight.side) / legible;
  const best = Math.max(leastSide(sight), Math.min(size / bestShare, found));
  return { best, most: Math.max(best, found) };
}

/** The sides of the squares for something that moves. @param size Of it. @param expected Of what is usually there. */
export function sidesForMotion(size: number, expected: number | undefined, sight: Sight): Pick<Want, 'best' | 'most'> {
  // A fragment is a part of what is usually there.
  const found = ((expected ?? size / together) * sight.side) / legible;
  const best = Math.max(leastSide(sight), Math.min(Math.max(size, expected ?? 0) / bestShare, found));
  return { best, most: Math.max(best, sight.side * around, found) };
}

/** The more urgent first; the rest makes the order total. */
export function byUrgency(a: Want, b: Want): number {
  if (a.urgency !== b.urgency) return b.urgency - a.urgency;
  for (let i = 0; i < 4; i++) if (a.box[i] !== b.box[i]) return a.box[i]! - b.box[i]!;
  return a.best - b.best || a.most - b.most;
}
