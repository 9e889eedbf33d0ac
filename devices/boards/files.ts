import { readFileSync } from 'node:fs';

/** The text of a file of the kernel's, without the NUL and the newline at its end; undefined where there is none. */
export function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').replace(/[\0\s]+$/, '');
  } catch {
    return undefined;
  }
}
