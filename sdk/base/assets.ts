import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

interface Manifest {
  readonly name?: string;
  readonly version: string;
}

const { folder: ownFolder, manifest } = findPackage();

/**
 * The package is looked for by its name: a bundler may have put this file into a program with a `package.json` of its own, which has
 * none of the networks, kernels and threads.
 */
function findPackage(): { folder: string; manifest: Manifest } {
  const start = dirname(fileURLToPath(import.meta.url));
  for (let folder = start; ; folder = dirname(folder)) {
    const file = join(folder, 'package.json');
    if (existsSync(file)) {
      const manifest = JSON.parse(readFileSync(file, 'utf8')) as Manifest;
      if (manifest.name === 'ocellus') return { folder, manifest };
    }
    if (folder === dirname(folder)) break;
  }
  throw new Error(
    `expected the package ocellus around its code, got ${start}: a bundle has not its networks, kernels and threads, so leave it out (esbuild: --external:ocellus; docs/install.md); if this is no bundle, install the package again`,
  );
}

/** The package's own folder: the one with its `package.json`, whether this runs from the sources or from `dist`. */
export const packageRoot: string = ownFolder;

/** A file that ships with the package, such as `sdk/models/…`. */
export function asset(...parts: string[]): string {
  return join(packageRoot, ...parts);
}

/** The package's version, such as `0.1.0`. */
export function packageVersion(): string {
  return manifest.version;
}
