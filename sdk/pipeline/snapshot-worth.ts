import type { EventMessage, ObjectState } from '../vision/event.ts';

/** A new snapshot is taken when the object is this much larger, or its score this much higher, than in the last one. */
const gain = 1.2;

/**
 * Decides which views of objects are worth a picture: the first of each event, and those clearly better than the last.
 */
export class SnapshotWorth {
  /** Score times area of each running event's snapshot. */
  readonly #taken = new Map<string, number>();

  wants({ type, after }: EventMessage): boolean {
    return type !== 'end' && worth(after) >= (this.#taken.get(after.id) ?? 0) * gain;
  }

  took({ after }: EventMessage): void {
    this.#taken.set(after.id, worth(after));
  }

  /** The event has ended. */
  forget({ after }: EventMessage): void {
    this.#taken.delete(after.id);
  }
}

const worth = ({ score, area }: ObjectState) => score * area;
