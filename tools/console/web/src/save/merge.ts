import type { CameraChange, CameraSettings } from '../../../protocol.ts';

/** A setting that was changed both here and elsewhere. */
export interface Clash {
  path: readonly string[];
  /** As it is now, and as it would be; undefined: it is not there. */
  there: unknown;
  mine: unknown;
}

export interface Merged {
  /** The change with what others added; where both changed the same, as it is meant here. */
  change: CameraChange;
  clashes: Clash[];
}

type Fields = Record<string, unknown>;

/** Maps that are replaced whole, as in the settings schema. */
export const wholeMaps = ['zones', 'lines', 'thresholds', 'states', 'controls'];

/**
 * Brings a change that was chosen for some settings to those that are there now.
 *
 * @param base What the change was chosen for.
 */
export function merge(change: CameraChange, base: CameraSettings, there: CameraSettings): Merged {
  const clashes: Clash[] = [];
  return { change: fields(change, base, there, [], clashes) as CameraChange, clashes };
}

/** Settings after a change. */
export function applied(settings: CameraSettings, change: CameraChange): CameraSettings {
  return over(settings, change) as CameraSettings;
}

/** The paths of what differs between two settings; what has a name of its own (a zone) is one. */
export function differences(before: unknown, after: unknown, path: readonly string[] = []): string[][] {
  if (isSame(before, after)) return [];
  const isOwned = wholeMaps.includes(path.at(-2) ?? '');
  if (!isFields(before) || !isFields(after) || isOwned) return [[...path]];
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].flatMap((name) => differences(before[name], after[name], [...path, name]));
}

function fields(change: unknown, base: unknown, there: unknown, path: readonly string[], clashes: Clash[]): unknown {
  return Object.fromEntries(
    Object.entries(change as Fields).map(([key, mine]) => {
      const [known, now] = [(base as Fields)?.[key], (there as Fields)?.[key]];
      return [key, value(mine, known, now, [...path, key], clashes)];
    }),
  );
}

function value(mine: unknown, base: unknown, there: unknown, path: readonly string[], clashes: Clash[]): unknown {
  // Nobody else changed it.
  if (isSame(there, base) || isSame(there, mine)) return mine;
  const key = path.at(-1)!;
  if (isFields(mine) && wholeMaps.includes(key)) return map(mine, base as Fields, there as Fields, path, clashes);
  if (isFields(mine)) return fields(mine, base, there, path, clashes);
  const lists = [mine, base, there];
  // No labels are all of them: that is no list to add to.
  if (Array.isArray(mine) && lists.every((one) => Array.isArray(one) && (key === 'masks' || one.length > 0))) {
    const merged = list(mine, base as unknown[], there as unknown[], key === 'masks');
    if (merged) return merged;
  }
  clashes.push({ path, there, mine });
  return mine;
}

function map(mine: Fields, base: Fields, there: Fields, path: readonly string[], clashes: Clash[]): Fields {
  const merged = { ...there };
  const added = Object.keys(mine).find((name) => !(name in base));
  for (const name of new Set([...Object.keys(base), ...Object.keys(mine)])) {
    const [own, now] = [mine[name], there[name]];
    if (isSame(own, base[name])) continue;
    if (!isSame(now, base[name]) && !isSame(now, own)) clashes.push({ path: [...path, name], there: now, mine: own });
    // It got another name here, and others deleted it.
    else if (own === undefined && now === undefined && added !== undefined) {
      clashes.push({ path: [...path, added], there: undefined, mine: mine[added] });
    }
    if (own === undefined) delete merged[name];
    else merged[name] = own;
  }
  return merged;
}

/** @param isOwned Its items are somebody's work: one that others changed is not replaced. @returns Undefined then. */
function list(mine: unknown[], base: unknown[], there: unknown[], isOwned: boolean): unknown[] | undefined {
  const has = (all: unknown[], one: unknown) => all.some((other) => isSame(one, other));
  const removed = base.filter((one) => !has(mine, one));
  if (isOwned && removed.some((one) => !has(there, one))) return undefined;
  const added = mine.filter((one) => !has(base, one) && !has(there, one));
  return [...there.filter((one) => !has(removed, one)), ...added];
}

function over(base: unknown, change: unknown, key = ''): unknown {
  if (!isFields(base) || !isFields(change) || wholeMaps.includes(key)) return change;
  const inner = Object.entries(change).map(([name, one]) => [name, over(base[name], one, name)]);
  return { ...base, ...Object.fromEntries(inner) };
}

/** Whether two values of the settings are equal, whatever the order of their fields. */
export function isSame(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  const [keysA, keysB] = [Object.keys(a), Object.keys(b)];
  return (
    Array.isArray(a) === Array.isArray(b) &&
    keysA.length === keysB.length &&
    keysA.every((key) => Object.hasOwn(b, key) && isSame((a as Fields)[key], (b as Fields)[key]))
  );
}

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
