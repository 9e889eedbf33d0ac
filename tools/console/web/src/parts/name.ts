/** As in the settings schema. */
export const namePattern = /^[a-z0-9][a-z0-9_-]{0,31}$/;
export const nameInWords = 'Up to 32 lower-case letters, digits, - and _, a letter or digit first.';

/** What a person types, as far as it can be a name: `Front Door` is `front-door`, `Küche` is `kueche`. */
export function asName(text: string): string {
  const umlauts: Record<string, string> = { ä: 'ae', ö: 'oe', ü: 'ue', ß: 'ss' };
  return text
    .toLowerCase()
    .replace(/[äöüß]/g, (letter) => umlauts[letter]!)
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replaceAll(' ', '-');
}
