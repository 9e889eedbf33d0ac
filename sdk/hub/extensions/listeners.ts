import type { EventEmitter } from 'node:events';

/** The listeners of one owner, to be removed all at once. */
export class Listeners {
  readonly #detach: (() => void)[] = [];

  on<Events extends Record<keyof Events, unknown[]>, Name extends keyof Events & string>(
    emitter: EventEmitter<Events>,
    name: Name,
    listener: (...values: Events[Name]) => void,
  ): void {
    // The emitter's own type cannot follow a generic name.
    const plain = emitter as unknown as EventEmitter;
    const untyped = listener as (...values: unknown[]) => void;
    plain.on(name, untyped);
    this.#detach.push(() => plain.off(name, untyped));
  }

  removeAll(): void {
    for (const detach of this.#detach.splice(0)) detach();
  }
}
