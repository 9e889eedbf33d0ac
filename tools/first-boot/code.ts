import { randomInt } from 'node:crypto';

/** Without what is mistaken for another when read from a screen: 0 O, 1 I L, 2 Z, 5 S, 8 B, U V. */
const letters = '34679ACDEFGHJKMNPQRTWXY';
const length = 8;
const half = length / 2;

/** A code that a person reads from a screen and types: 36 bits, as `K7QM-X4RT`. */
export function makeCode(): string {
  const text = Array.from({ length }, () => letters[randomInt(letters.length)]).join('');
  return `${text.slice(0, half)}-${text.slice(half)}`;
}

/** The code in a text, if there is one. */
export function codeIn(text: string): string | undefined {
  return new RegExp(`\\b[${letters}]{${half}}-[${letters}]{${half}}\\b`).exec(text)?.[0];
}
