import type { Detection } from './detections.ts';
import { type Box, iou } from './geometry.ts';

/** A name that the network gave, and how sure it was of it. */
export interface Naming {
  readonly classId: number;
  readonly label: string;
  readonly score: number;
}

/** One thing in one frame, with all names that the network gave it there; the surest name first. */
export interface Sighting {
  readonly box: Box;
  readonly score: number;
  readonly names: readonly Naming[];
  /** Row of the surest of its detections. */
  readonly row: number;
}

/** A detection with its row. */
export interface Found extends Detection {
  readonly row: number;
}

/**
 * Two boxes of different names that overlap so much are one thing under two names. Only what is nearly the same box: a
 * rider and the motorcycle below are two things in much the same place.
 */
const oneThing = 0.8;

/**
 * Puts together what the network saw twice. A detector suppresses boxes name by name, so a thing that it wavers about
 * comes as several boxes.
 *
 * @param detections Surest first, the order of the result.
 */
export function sightingsOf(detections: readonly Found[]): Sighting[] {
  const sightings: { box: Box; score: number; names: Naming[]; row: number }[] = [];
  for (const { box, score, classId, label, row } of detections) {
    const name = { classId, label, score };
    const same = sightings.find((other) => !isCalled(other, classId) && iou(other.box, box) >= oneThing);
    if (same) same.names.push(name);
    else sightings.push({ box, score, names: [name], row });
  }
  return sightings;
}

/** Is that one of its names? */
export function isCalled({ names }: Pick<Sighting, 'names'>, classId: number): boolean {
  for (let i = 0; i < names.length; i++) if (names[i]!.classId === classId) return true;
  return false;
}
