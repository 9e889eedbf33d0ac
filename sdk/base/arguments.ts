import { InputError } from './errors.ts';

const longestShown = 60;

/**
 * A value as an error names it: text and numbers as they are, of an object what it is.
 *
 * @example shown('a.jpg'); // "a.jpg"
 * @example shown(new Map()); // a Map
 */
export function shown(value: unknown): string {
  if (typeof value === 'string') {
    return JSON.stringify(value.length > longestShown ? `${value.slice(0, longestShown)}…` : value);
  }
  if (typeof value === 'function') return /^class\b/.test(String(value)) ? `the class ${value.name}` : 'a function';
  if (typeof value !== 'object' || value === null) return String(value);
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (value instanceof Promise) return 'a Promise (is an await missing?)';
  const { name } = (Object.getPrototypeOf(value)?.constructor ?? Object) as { name?: string };
  return name && name !== 'Object' ? `${/^[AEIOU]/.test(name) ? 'an' : 'a'} ${name}` : 'a plain object';
}

/** @throws InputError saying what was expected of whom, and what came. */
export function refuse(what: string, expected: string, value: unknown): never {
  throw new InputError(`${what}: expected ${expected}, got ${shown(value)}`);
}

/** @throws InputError unless it is an object, arrays not taken for one. */
export function assertObject(what: string, value: unknown, expected = 'an object'): asserts value is object {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) refuse(what, expected, value);
}

/** @throws InputError unless it is a text. */
export function assertText(what: string, value: unknown, expected = 'a text'): asserts value is string {
  if (typeof value !== 'string') refuse(what, expected, value);
}

/** @throws InputError unless it can be called. */
export function assertFunction(what: string, value: unknown): void {
  if (typeof value !== 'function') refuse(what, 'a function', value);
}

/** @throws InputError unless it is an object that has all these methods; `expected` says what that would be. */
export function assertMethods(what: string, value: unknown, methods: readonly string[], expected: string): void {
  assertObject(what, value, expected);
  const missing = methods.filter((name) => typeof Reflect.get(value, name) !== 'function');
  if (missing.length > 0) refuse(what, `${expected} (without ${missing.join(', ')} it is none)`, value);
}
