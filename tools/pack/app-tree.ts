import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { asset, packageRoot } from '../../sdk/base/assets.ts';
import { InputError } from '../../sdk/base/errors.ts';
import { type Architecture, nodeArch } from './platform.ts';
import { run, runNpm } from './run.ts';
import { sourceDate } from './source-date.ts';
import { isUnused } from './unused.ts';
import { prune, settle, walk } from './walk.ts';

export interface AppTreeOptions {
  readonly arch: Architecture;
  /** A folder that is not there yet, or is empty: what is to become `/usr/lib/ocellus`. */
  readonly to: string;
  /** Time of all files, in seconds since 1970. Default: `sourceDate()`. */
  readonly date?: number;
}

export interface AppTree {
  readonly folder: string;
  readonly version: string;
  readonly files: number;
  readonly bytes: number;
  readonly date: number;
}

/**
 * Makes what is installed of Ocellus on a Linux machine of one architecture: what `npm pack` packs, the packages it needs as
 * the lock file has them, and the native kernels; without what that machine cannot use. It needs a checkout, npm and a C++
 * compiler for that architecture; nothing of the other architecture is run. The same checkout gives the same bytes, modes and times.
 *
 * @example
 * const { bytes } = appTree({ arch: 'arm64', to: 'root/usr/lib/ocellus' });
 * @throws InputError when a program is missing or fails, or `to` holds something.
 */
export function appTree({ arch, to, date = sourceDate() }: AppTreeOptions): AppTree {
  assertCheckout();
  assertEmpty(to);
  run(process.execPath, [asset('tools', 'setup', 'build.mjs')]);
  const version = copyPackage(to);
  const packages = installedPackages(arch);
  cpSync(packages, join(to, 'node_modules'), { recursive: true, verbatimSymlinks: true });
  copyKernels(arch, to);
  settle(to, date);
  const sizes = [...walk(to)].flatMap(({ path, entry }) =>
    entry.isFile() ? [readFileSync(join(to, path)).length] : [],
  );
  return { folder: to, version, files: sizes.length, bytes: sizes.reduce((sum, size) => sum + size, 0), date };
}

/** The same at its place in a root file system: `/usr/lib/ocellus`, with `/usr/bin/ocellus`. */
export function installAppTree(root: string, options: Omit<AppTreeOptions, 'to'>): AppTree {
  const tree = appTree({ ...options, to: join(root, 'usr', 'lib', 'ocellus') });
  mkdirSync(join(root, 'usr', 'bin'), { recursive: true });
  symlinkSync('../lib/ocellus/bin/ocellus.js', join(root, 'usr', 'bin', 'ocellus'));
  return tree;
}

function assertCheckout(): void {
  if (existsSync(asset('package-lock.json')) && existsSync(asset('CMakeLists.txt'))) return;
  throw new InputError(
    `expected a checkout of Ocellus, got an installed package (${packageRoot}): run this in a clone`,
  );
}

function assertEmpty(folder: string): void {
  if (existsSync(folder) && readdirSync(folder).length > 0)
    throw new InputError(`expected an empty folder or none, got ${folder}, which holds something`);
}

/** What `npm pack` packs, less what serves programs of others. */
function copyPackage(to: string): string {
  const [packed] = JSON.parse(runNpm(['pack', '--dry-run', '--json', '--ignore-scripts'])) as [
    { version: string; files: { path: string }[] },
  ];
  for (const { path } of packed.files) {
    if (isForDevelopment(path)) continue;
    mkdirSync(dirname(join(to, path)), { recursive: true });
    cpSync(asset(path), join(to, path));
  }
  return packed.version;
}

/** Declarations, the API's reference and pictures of the documentation. */
const isForDevelopment = (path: string) => /\.d\.[cm]?ts$|^docs\/api\/|^docs\/.*\.jpg$/.test(path);

/** The packages for this architecture without what it cannot use, made once for the same lock file. @returns Their folder. */
function installedPackages(arch: Architecture): string {
  const folder = asset('build', 'pack', arch);
  const stamp = join(folder, '.ocellus-stamp');
  const inputs = ['package.json', 'package-lock.json'];
  const wanted = createHash('sha256');
  // Other rules make another folder.
  for (const name of [...inputs, 'tools/pack/unused.ts']) wanted.update(readFileSync(asset(name)));
  const digest = wanted.digest('hex');
  const modules = join(folder, 'node_modules');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === digest) return modules;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const name of inputs) cpSync(asset(name), join(folder, name));
  const platform = ['--os=linux', `--cpu=${nodeArch(arch)}`, '--libc=glibc'];
  runNpm(['ci', ...platform, '--omit=dev', '--ignore-scripts'], { cwd: folder });
  // Links to programs, and what npm remembers of its work.
  for (const name of ['.bin', '.package-lock.json']) rmSync(join(modules, name), { recursive: true, force: true });
  prune(modules, (path) => isUnused(path, arch));
  writeFileSync(stamp, digest);
  return modules;
}

function copyKernels(arch: Architecture, to: string): void {
  const name = `linux-${nodeArch(arch)}`;
  const folder = join(to, 'node_modules', '@ocellus', `kernels-${name}`);
  run(process.execPath, [asset('tools', 'setup', 'stage-kernels.mjs'), nodeArch(arch), folder]);
}
