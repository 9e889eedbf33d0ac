import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { asset } from '../../sdk/base/assets.ts';
import { type Architecture, nodeArch } from './platform.ts';
import { runNpm } from './run.ts';
import { prune } from './walk.ts';

/**
 * The packages that Ocellus needs on one architecture, as the lock file has them, without the files that are not wanted; made
 * once for the same lock file and rules, below `build`.
 *
 * @param name Of the folder; one for each set of rules.
 * @returns A folder `node_modules` to copy from.
 */
export function installedPackages(name: string, arch: Architecture, isUnwanted: (path: string) => boolean): string {
  const folder = asset('build', 'pack', name);
  const modules = join(folder, 'node_modules');
  const stamp = join(folder, '.ocellus-stamp');
  const inputs = ['package.json', 'package-lock.json'];
  const hash = createHash('sha256');
  for (const file of [...inputs, 'tools/pack/unused.ts']) hash.update(readFileSync(asset(file)));
  const digest = hash.digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === digest) return modules;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const file of inputs) cpSync(asset(file), join(folder, file));
  const platform = ['--os=linux', `--cpu=${nodeArch(arch)}`, '--libc=glibc'];
  runNpm(['ci', ...platform, '--omit=dev', '--ignore-scripts'], { cwd: folder });
  // Links to programs, and what npm remembers of its work.
  for (const file of ['.bin', '.package-lock.json']) rmSync(join(modules, file), { recursive: true, force: true });
  prune(modules, isUnwanted);
  writeFileSync(stamp, digest);
  return modules;
}
