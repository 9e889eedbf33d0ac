import type { Detection } from './detections.ts';
import { type Box, iou } from './geometry.ts';
import { type Shape, shapeOf } from './shape.ts';

/** A label from the network, and its score. */
export interface Naming {
  readonly classId: number;
  readonly label: string;
  readonly score: number;
}

/** One object in one frame, with all names the network gave it; the surest first. */
export interface Sighting {
  readonly box: Box;
  readonly score: number;
  readonly names: readonly Naming[];
  /** Row of its surest detection. */
  readonly row: number;
  /** Its keypoints and mask, of the same detection. */
  readonly shape?: Shape;
}

/** A detection with its row. */
export interface Found extends Detection {
  readonly row: number;
}

/**
 * Two boxes with different names that overlap this much are one object under two names. Only nearly equal boxes: a
 * rider and the motorcycle are two objects in much the same place.
 */
const oneThing = 0.8;

/**
 * Merges what the network found twice. Detectors suppress boxes class by class, so an object with an unsure class
 * yields several boxes.
 *
 * @param detections Surest first, which is also the order of the result.
 */
export function sightingsOf(detections: readonly Found[]): Sighting[] {
  const sightings: { box: Box; score: number; names: Naming[]; row: number; shape: Shape }[] = [];
  for (const detection of detections) {
    const { box, score, classId, label, row } = detection;
    const name = { classId, label, score };
    const same = sightings.find((other) => !isCalled(other, classId) && iou(other.box, box) >= oneThing);
    if (same) same.names.push(name);
    else sightings.push({ box, score, names: [name], row, shape: shapeOf(detection) });
  }
  return sightings;
}

/** Whether this is one of its names. */
export function isCalled({ names }: Pick<Sighting, 'names'>, classId: number): boolean {
  for (let i = 0; i < names.length; i++) if (names[i]!.classId === classId) return true;
  return false;
}
