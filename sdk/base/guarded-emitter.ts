import { EventEmitter } from 'node:events';
import { messageOf } from './errors.ts';

/** Emits so that a listener that throws, or whose promise is rejected, harms neither the one who emits nor the other listeners. */
export abstract class GuardedEmitter<Events extends Record<keyof Events, unknown[]>> extends EventEmitter<Events> {
  /** Is told what listeners failed with. */
  protected abstract complain(message: string): void;

  protected tell<Name extends keyof Events & string>(name: Name, ...values: Events[Name]): void {
    const failed = (error: unknown) => this.complain(`a listener of "${name}" failed: ${messageOf(error)}`);
    for (const listener of (this as EventEmitter).rawListeners(name)) {
      try {
        const result: unknown = Reflect.apply(listener, this, values);
        if (result instanceof Promise) result.catch(failed);
      } catch (error) {
        failed(error);
      }
    }
  }
}
