import { assertKind, assertShape } from '../base/arguments.ts';
import { assertDetections } from './detections.ts';

/**
 * Checks the options of a tracker.
 *
 * @throws InputError naming the one that is missing or of another type; RangeError for a number that is out of range.
 */
export function assertTrackerOptions(options: unknown): void {
  const number = 'number';
  const numbers = { confirm: number, lostSeconds: number, stationarySeconds: number } as const;
  assertShape('Tracker', options, { ...numbers, threshold: 'function' }, 'the options of a tracker');
  for (const name of Object.keys(numbers)) {
    const value: number = Reflect.get(options as object, name);
    if (!(value >= 0)) throw new RangeError(`Tracker: ${name}: expected a number of at least 0, got ${value}`);
  }
}

/** Checks the arguments of an update. @throws InputError when it is of another type. */
export function assertUpdate(detections: unknown, captureTimeNs: unknown): void {
  assertDetections('Tracker.update: detections', detections);
  assertKind('Tracker.update: captureTimeNs', captureTimeNs, 'finite');
}
