import { labelLevel } from '../topics.ts';

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

/** Different texts stay different; only small letters, digits, `_` and `-` are left. */
export function keyOf(text: string): string {
  return [...text].map((c) => (/[a-z0-9_]/.test(c) ? c : `-${c.codePointAt(0)!.toString(16)}-`)).join('');
}

/** For an entity's id, which people read and nothing depends on: letters, digits and single `_`. */
export function slug(text: string): string {
  const plain = text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
  const joined = (value: string) => value.replace(/[^a-z0-9]+/g, '_').replace(/^_|_$/g, '');
  return joined(plain) || joined(keyOf(text));
}
