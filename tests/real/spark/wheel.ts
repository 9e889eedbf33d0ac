import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { asset } from '../../../sdk/base/assets.ts';

/** Builds the wheel of ocellus-spark into a folder. @returns Its path. */
export async function buildWheel(python: string, folder: string): Promise<string> {
  // setuptools leaves what it builds beside the source.
  const source = join(folder, 'source');
  await cp(asset('tools', 'spark'), source, { recursive: true });
  const pip = ['-m', 'pip', 'wheel', '--quiet', '--disable-pip-version-check', '--no-deps', '--no-build-isolation'];
  execFileSync(python, [...pip, '--wheel-dir', folder, source]);
  return join(folder, readdirSync(folder).find((name) => name.endsWith('.whl'))!);
}
