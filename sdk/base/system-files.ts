import { readdirSync, readFileSync } from 'node:fs';

/** The text of a kernel file (`/proc`, `/sys`) without a trailing NUL or newline; undefined if there is none. */
export function readText(path: string): string | undefined {
  try {
    const text = readFileSync(path, 'utf8');
    let end = text.length;
    while (end > 0 && /[\0\s]/.test(text[end - 1]!)) end--;
    return text.slice(0, end);
  } catch {
    return undefined;
  }
}

/** The integer in a kernel file; undefined if there is no such file, or something else in it. */
export function readInteger(path: string): number | undefined {
  return integerOf(readText(path));
}

export function integerOf(text: string | undefined): number | undefined {
  return text !== undefined && /^-?\d{1,20}$/.test(text) ? Number(text) : undefined;
}

/** The matching names in a folder, in the order of the numbers in them; empty if there is no such folder. */
export function listFolder(path: string, fits: RegExp): string[] {
  try {
    return readdirSync(path)
      .filter((name) => fits.test(name))
      .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
  } catch {
    return [];
  }
}
