import { readdirSync, readFileSync } from 'node:fs';

/** The text of a file of the kernel's, without the NUL and the newline at its end; undefined where there is none. */
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

/** The whole number a file of the kernel's holds; undefined where there is none, or something else. */
export function readInteger(path: string): number | undefined {
  return integerOf(readText(path));
}

export function integerOf(text: string | undefined): number | undefined {
  return text !== undefined && /^-?\d{1,20}$/.test(text) ? Number(text) : undefined;
}

/** The names in a folder that fit, in the order of the numbers in them; none where there is no such folder. */
export function listFolder(path: string, fits: RegExp): string[] {
  try {
    return readdirSync(path)
      .filter((name) => fits.test(name))
      .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
  } catch {
    return [];
  }
}
