import { randomUUID } from 'node:crypto';
import type { Look } from '../../../../sdk/learn/camera/camera-learning.ts';

interface HeldLooks {
  readonly camera: string;
  readonly looks: readonly Look[];
}

const most = 16;

/** Looks of drawn boxes, kept until they are named: what moved on meanwhile is taught as it was. */
export class LookShelf {
  readonly #held = new Map<string, HeldLooks>();

  /** The oldest is dropped when there are too many. @returns The id. */
  hold(held: HeldLooks): string {
    const id = randomUUID();
    this.#held.set(id, held);
    if (this.#held.size > most) this.#held.delete(this.#held.keys().next().value!);
    return id;
  }

  get(id: string): HeldLooks | undefined {
    return this.#held.get(id);
  }

  drop(id: string): void {
    this.#held.delete(id);
  }
}
