import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { asset } from '../../sdk/base/assets.ts';
import { InputError } from '../../sdk/base/errors.ts';
import { type Architecture, nodeArch } from './platform.ts';
import { runNpmForMachine } from './run.ts';
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
  runNpmForMachine(['ci', ...platform, '--omit=dev', '--ignore-scripts'], { cwd: folder });
  assertFits(folder, arch);
  // Links to programs, and what npm remembers of its work.
  for (const file of ['.bin', '.package-lock.json']) rmSync(join(modules, file), { recursive: true, force: true });
  prune(modules, isUnwanted);
  writeFileSync(stamp, digest);
  return modules;
}

/** Of a lock file: what a package is for. */
interface Locked {
  readonly dev?: boolean;
  /** Missing where nothing needs it, or what does is not for this machine. */
  readonly optional?: boolean;
  readonly os?: readonly string[];
  readonly cpu?: readonly string[];
  readonly libc?: readonly string[];
}

/**
 * npm says nothing of an option that it does not know, and installs for the machine that it runs on.
 *
 * @throws InputError unless there is what is for that machine, and nothing that is for others.
 */
export function assertFits(folder: string, arch: Architecture): void {
  const { packages } = JSON.parse(readFileSync(join(folder, 'package-lock.json'), 'utf8')) as {
    packages: Readonly<Record<string, Locked>>;
  };
  const machine = { os: 'linux', cpu: nodeArch(arch), libc: 'glibc' };
  const wrong = Object.entries(packages).flatMap(([path, locked]) => {
    const constraints = (['os', 'cpu', 'libc'] as const).filter((key) => locked[key]);
    const fits = constraints.every((key) => locked[key]!.includes(machine[key]));
    if (locked.dev || (locked.optional && constraints.length === 0)) return [];
    if (fits === existsSync(join(folder, path))) return [];
    return [`${path} is ${fits ? 'missing' : 'there'}`];
  });
  if (wrong.length === 0) return;
  throw new InputError(
    `expected npm to install what ${Object.values(machine).join(', ')} needs and nothing for others, got otherwise: ${wrong.join('; ')}`,
  );
}
