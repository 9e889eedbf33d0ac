import { isDeepStrictEqual } from 'node:util';
import { ownedMaps } from './schema.ts';

type Fields = Readonly<Record<string, unknown>>;

/**
 * What makes one value of the settings the other one, as `updateSettings` and `Pipeline.change` take it: lists and the
 * maps of `ownedMaps` are whole. A field that is gone is undefined.
 *
 * @returns Undefined where they are equal.
 */
export function changedFields(before: unknown, after: unknown, key = ''): unknown {
  if (isDeepStrictEqual(before, after)) return undefined;
  if (!isFields(before) || !isFields(after) || ownedMaps.includes(key)) return after;
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  const changed = [...names].filter((name) => !isDeepStrictEqual(before[name], after[name]));
  return Object.fromEntries(changed.map((name) => [name, changedFields(before[name], after[name], name)]));
}

/** The paths of a change, such as `['mqtt', 'port']`, with what each one is changed to. */
export function* pathsOf(
  change: unknown,
  above: readonly string[] = [],
): Generator<[path: readonly string[], value: unknown]> {
  const key = above.at(-1) ?? '';
  if (!isFields(change) || ownedMaps.includes(key)) yield [above, change];
  else for (const [name, inner] of Object.entries(change)) yield* pathsOf(inner, [...above, name]);
}

/** A change without what another one changes as well. */
export function withoutFields(change: unknown, other: unknown, key = ''): unknown {
  if (other === undefined) return change;
  if (!isFields(change) || !isFields(other) || ownedMaps.includes(key)) return undefined;
  const left = Object.entries(change).map(([name, inner]) => [name, withoutFields(inner, other[name], name)] as const);
  const kept = left.filter(([, inner]) => inner !== undefined);
  return kept.length > 0 ? Object.fromEntries(kept) : undefined;
}

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
