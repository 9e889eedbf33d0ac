import type { EventEmitter } from 'node:events';
import { messageOf } from './errors.ts';

/** Emits an event. Does not throw. */
export type Tell<Events extends Record<keyof Events, unknown[]>> = <Name extends keyof Events & string>(
  name: Name,
  ...values: Events[Name]
) => void;

/**
 * Emits on behalf of an emitter so that a listener that throws, or whose promise is rejected, harms neither the caller
 * nor the other listeners.
 *
 * @param complain Called with the error of a listener.
 */
export function guarded<Events extends Record<keyof Events, unknown[]>>(
  emitter: EventEmitter<Events>,
  complain: (message: string) => void,
): Tell<Events> {
  return (name, ...values) => {
    const failed = (error: unknown) => complain(`a listener of "${name}" failed: ${messageOf(error)}`);
    for (const listener of (emitter as EventEmitter).rawListeners(name)) {
      try {
        const result: unknown = Reflect.apply(listener, emitter, values);
        if (result instanceof Promise) result.catch(failed);
      } catch (error) {
        failed(error);
      }
    }
  };
}
