import { InputError } from '../../base/errors.ts';
import { reservedStateNames, StateName } from '../../config/schema.ts';
import { shown } from '../ledger/example.ts';

const pattern = new RegExp(StateName.pattern!);

/** Whether it may name a state of a whole view. It is a level of a topic: `<camera>/classification/<state>`. */
export function isStateName(name: string): boolean {
  return pattern.test(name);
}

/** @throws InputError unless it may be the name of a state. */
export function checkStateName(name: string): void {
  if (isStateName(name)) return;
  throw new InputError(
    `view: expected the name of a state, such as gate (lower-case letters, digits, _ and -; none of ${reservedStateNames.join(', ')}), got ${shown(name)}`,
  );
}
