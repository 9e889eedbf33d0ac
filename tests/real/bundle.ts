import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'vite';
import { afterAll, beforeAll } from 'vitest';
import { packageRoot } from '../../sdk/base/assets.ts';

/**
 * Bundles a program of the tests before they run, unless they are skipped; it is gone after them. One file starts several
 * times faster than a hundred.
 *
 * @param entry From the package's root.
 * @returns The bundled file. It lies where it finds the packages.
 */
export function bundled(entry: `${string}.ts`, isSkipped: boolean): string {
  const name = entry.slice(entry.lastIndexOf('/') + 1, -'.ts'.length);
  const outDir = join(packageRoot, 'node_modules', `.ocellus-${name}-${process.pid}`);
  beforeAll(async () => {
    if (isSkipped) return;
    const options = { ssr: join(packageRoot, entry), outDir, target: 'node20' };
    await build({ root: packageRoot, configFile: false, logLevel: 'silent', build: options });
  });
  afterAll(() => rmSync(outDir, { recursive: true, force: true }));
  return join(outDir, `${name}.js`);
}
