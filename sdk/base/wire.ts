/** `uptimeSeconds` in snake case: `uptime_seconds`. */
export type SnakeCase<Name extends string> = Name extends `${infer First}${infer Rest}`
  ? `${First extends Lowercase<First> ? First : `_${Lowercase<First>}`}${SnakeCase<Rest>}`
  : '';

/** The type that `toWire` returns for a value. */
export type Wire<T> =
  T extends ReadonlyMap<string, infer Value>
    ? Record<string, Wire<Value>>
    : T extends { toJSON(): infer Plain }
      ? Wire<Plain>
      : T extends readonly unknown[]
        ? { [Index in keyof T]: Wire<T[Index]> }
        : T extends object
          ? { [Key in keyof T as Key extends string ? SnakeCase<Key> : never]: Wire<T[Key]> }
          : T;

/**
 * Converts a value for JSON that leaves the process: keys are camel case in TypeScript, snake case on every wire. Each
 * wire calls this where it writes, and not earlier.
 *
 * @param value What JSON can hold, and maps, whose keys are data (a label, the name of a camera) and are not changed.
 * @example
 * toWire({ uptimeSeconds: 7, cameras: byName({ frontDoor: { lastError: 'gone' } }) });
 * // { uptime_seconds: 7, cameras: { frontDoor: { last_error: 'gone' } } }
 */
export function toWire<T>(value: T): Wire<T>;
export function toWire(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, inner]) => [key, toWire(inner)]));
  if ('toJSON' in value && typeof value.toJSON === 'function') return toWire(value.toJSON());
  if (Array.isArray(value)) return value.map(toWire);
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [snakeCase(key), toWire(inner)]));
}

/** A dictionary whose keys are data, for `toWire`. */
export function byName<T>(record: Readonly<Record<string, T>>): ReadonlyMap<string, T> {
  return new Map(Object.entries(record));
}

/** `uptimeSeconds` as `uptime_seconds`. */
export function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (capital) => `_${capital.toLowerCase()}`);
}
