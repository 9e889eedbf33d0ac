import { InputError } from './errors.ts';

/** What an argument may have to be. A list is an array or a typed array; many is anything `for … of` accepts. */
const kinds = {
  text: { expected: 'a text', fits: (value: unknown) => typeof value === 'string' },
  number: { expected: 'a number', fits: (value: unknown) => typeof value === 'number' && !Number.isNaN(value) },
  finite: { expected: 'a finite number', fits: (value: unknown) => Number.isFinite(value) },
  function: { expected: 'a function', fits: (value: unknown) => typeof value === 'function' },
  object: { expected: 'an object', fits: isObject },
  list: { expected: 'a list', fits: (value: unknown) => Array.isArray(value) || ArrayBuffer.isView(value) },
  bytes: { expected: 'bytes (a Uint8Array or Buffer)', fits: (value: unknown) => value instanceof Uint8Array },
  many: { expected: 'an array, or something else to iterate over', fits: isIterable },
} as const;

export type Kind = keyof typeof kinds;

const longestShown = 60;

/**
 * A value as an error names it: text and numbers verbatim, objects by what they are.
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

/** @throws InputError saying what was expected, where, and what came. */
export function refuse(what: string, expected: string, value: unknown): never {
  throw new InputError(`${what}: expected ${expected}, got ${shown(value)}`);
}

/**
 * Checks an argument, for callers without types.
 *
 * @param what Names the argument: `detect: options`.
 * @param expected Default: the kind in words.
 * @throws InputError unless it is of this kind.
 */
export function assertKind(what: string, value: unknown, kind: Kind, expected: string = kinds[kind].expected): void {
  if (!kinds[kind].fits(value)) refuse(what, expected, value);
}

/**
 * Checks an object and some of its fields; those whose kind ends with `?` may be left out.
 *
 * @param expected What it is, in words.
 * @throws InputError naming the field.
 *
 * @example assertShape('Recorder: options', options, { folder: 'text', seconds: 'number?' });
 */
export function assertShape(
  what: string,
  value: unknown,
  shape: Readonly<Record<string, Kind | `${Kind}?`>>,
  expected?: string,
): void {
  // A Promise is an object, and each field is missing.
  if (!isObject(value) || value instanceof Promise) refuse(what, expected ?? kinds.object.expected, value);
  for (const [name, wanted] of Object.entries(shape)) {
    const field: unknown = Reflect.get(value, name);
    if (field === undefined && wanted.endsWith('?')) continue;
    const kind = wanted.replace('?', '') as Kind;
    if (kinds[kind].fits(field)) continue;
    const whole = expected === undefined ? '' : `${expected}, with `;
    refuse(`${what}: ${name}`, `${whole}${kinds[kind].expected} there`, field);
  }
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isIterable(value: unknown): boolean {
  return typeof value === 'object' && value !== null && typeof Reflect.get(value, Symbol.iterator) === 'function';
}
