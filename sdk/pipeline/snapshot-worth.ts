import type { EventMessage, ObjectState } from '../vision/event.ts';

/** A new snapshot is taken when the object is this much larger or surer than in the last one. */
const gain = 1.2;

/** Which views of objects are worth a picture: of each event the first, and one that is clearly better than the last. */
export class SnapshotWorth {
  /** Score times area of the snapshot that each running event has. */
  readonly #taken = new Map<string, number>();

  wants({ type, after }: EventMessage): boolean {
    return type !== 'end' && worth(after) >= (this.#taken.get(after.id) ?? 0) * gain;
  }

  took({ after }: EventMessage): void {
    this.#taken.set(after.id, worth(after));
  }

  /** The event is over. */
  forget({ after }: EventMessage): void {
    this.#taken.delete(after.id);
  }
}

const worth = ({ score, area }: ObjectState) => score * area;
