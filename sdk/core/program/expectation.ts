import { InputError } from '../../base/errors.ts';

/** What was wanted, and what there is instead. */
export type Fault = () => readonly [expected: string, got: string];

/** @throws InputError that says both, where it is not right. */
export function expect(isRight: boolean, fault: Fault): void {
  if (isRight) return;
  const [expected, got] = fault();
  throw new InputError(`the compiled program cannot run: expected ${expected}, got ${got}; compile the network again`);
}
