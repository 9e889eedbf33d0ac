import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The package's own folder: the one with `package.json`, whether this runs from the sources or from `dist`. */
export const packageRoot: string = (() => {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error('the ocellus package has lost its package.json; install it again');
    folder = parent;
  }
  return folder;
})();

/** A file that ships with the package, such as `sdk/models/…`. */
export function asset(...parts: string[]): string {
  return join(packageRoot, ...parts);
}

let version: string | undefined;

/** The package's version, such as `0.1.0`. */
export function packageVersion(): string {
  version ??= (JSON.parse(readFileSync(asset('package.json'), 'utf8')) as { version: string }).version;
  return version;
}
