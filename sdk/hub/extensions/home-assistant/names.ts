import { labelLevel } from '../../contract/topics.ts';

const longestName = 64;

/** A name as a person writes it: `front_door` is `Front door`. */
export function title(name: string): string {
  const text = [...name.replace(/[\s_\p{C}-]+/gu, ' ').trim()].slice(0, longestName).join('');
  // One of signs alone has its signs.
  const shown = text || name.replace(/\p{C}/gu, '').trim() || '?';
  return shown.charAt(0).toLocaleUpperCase('en') + shown.slice(1);
}

/** As `title()`, within a name: `Cat in front yard`. */
export const inWords = (name: string): string => name.replace(/[_-]+/g, ' ').trim() || name.trim() || '?';

/** What two labels have in common that share their topics: the key of their one entity. */
export const labelKey = (label: string): string => keyOf(labelLevel(label));

/** Different texts stay different; only lower-case letters, digits, `_` and `-` are left. */
export function keyOf(text: string): string {
  return [...text].map((c) => (/[a-z0-9_]/.test(c) ? c : `-${c.codePointAt(0)!.toString(16)}-`)).join('');
}

/** For an entity's id, which people read and nothing depends on: letters, digits and single `_`. */
export function slug(text: string): string {
  const plain = text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
  const joined = (value: string) => value.replace(/[^a-z0-9]+/g, '_').replace(/^_|_$/g, '');
  return joined(plain) || joined(keyOf(text));
}

export interface DeviceName {
  /** For people. */
  readonly title: string;
  /** The start of its entities' ids. */
  readonly prefix: string;
}

/**
 * Names of cameras that differ although two are written alike but for `-`, `_` and capitals: the name as it stands in the
 * settings comes behind it. One that is like no other, and the id of one that has no `-` and no capitals, stay plain.
 */
export function deviceNames(node: string, cameras: Iterable<string>): ReadonlyMap<string, DeviceName> {
  const names = [...cameras];
  const alike = (name: string) => names.filter((other) => slug(other) === slug(name)).sort(plainFirst);
  return new Map(
    names.map((name) => {
      const [first, ...more] = alike(name);
      const isOne = more.length === 0;
      return [
        name,
        {
          title: isOne ? title(name) : `${title(name)} (${name})`,
          prefix: `${node}_${first === name ? name : keyOf(name)}`,
        },
      ];
    }),
  );
}

/** The one that is as its own id first: it had that id before another one came. */
const plainFirst = (a: string, b: string) => Number(keyOf(a) !== a) - Number(keyOf(b) !== b) || (a < b ? -1 : 1);
