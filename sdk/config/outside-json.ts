import { InputError } from '../base/errors.ts';

const maxDepth = 16;

/**
 * Refuses JSON from outside that could do harm: nested more deeply than any setting, which would overflow the stack of
 * what walks it, or with keys that reach prototypes.
 *
 * @throws InputError
 */
export function assertHarmless(value: unknown, depth = 1): void {
  if (typeof value !== 'object' || value === null) return;
  if (depth > maxDepth) throw new InputError(`expected at most ${maxDepth} levels, got more`);
  for (const [key, inner] of Object.entries(value)) {
    if (key === '__proto__') throw new InputError('__proto__: no such field');
    assertHarmless(inner, depth + 1);
  }
}
