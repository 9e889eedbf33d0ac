import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { asset, packageRoot, packageVersion } from '../../sdk/base/assets.ts';
import { InputError } from '../../sdk/base/errors.ts';
import { installedPackages } from './installed-packages.ts';
import { copyFiles, isNetworkOfProgram, isReference, isToolOfMakers, packedFiles } from './packed-files.ts';
import { type Architecture, nodeArch } from './platform.ts';
import { run } from './run.ts';
import { sourceDate } from './source-date.ts';
import { isUnused } from './unused.ts';
import { settle, walk } from './walk.ts';

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
  copyFiles(
    packedFiles().filter((path) => !isForDevelopment(path)),
    to,
  );
  const packages = installedPackages(arch, arch, (path) => isUnused(path, arch));
  cpSync(packages, join(to, 'node_modules'), { recursive: true, verbatimSymlinks: true });
  copyKernels(arch, to);
  settle(to, date);
  const sizes = [...walk(to)].flatMap(({ path, entry }) =>
    entry.isFile() ? [readFileSync(join(to, path)).length] : [],
  );
  return {
    folder: to,
    version: packageVersion(),
    files: sizes.length,
    bytes: sizes.reduce((sum, size) => sum + size, 0),
    date,
  };
}

/** The same at its place in a root file system: `/usr/lib/ocellus`, with `/usr/bin/ocellus`. */
export function installAppTree(root: string, options: Omit<AppTreeOptions, 'to'>): AppTree {
  const tree = appTree({ ...options, to: join(root, 'usr', 'lib', 'ocellus') });
  mkdirSync(join(root, 'usr', 'bin'), { recursive: true });
  symlinkSync('../lib/ocellus/bin/ocellus.js', join(root, 'usr', 'bin', 'ocellus'));
  return tree;
}

/** @throws InputError in an installed package, which lacks what is needed to pack it. */
export function assertCheckout(): void {
  if (existsSync(asset('package-lock.json')) && existsSync(asset('CMakeLists.txt'))) return;
  throw new InputError(
    `expected a checkout of Ocellus, got an installed package (${packageRoot}): run this in a clone`,
  );
}

function assertEmpty(folder: string): void {
  if (existsSync(folder) && readdirSync(folder).length > 0)
    throw new InputError(`expected an empty folder or none, got ${folder}, which holds something`);
}

/** Declarations, pictures of the documentation, and networks for other engines. */
const isForDevelopment = (path: string) =>
  /\.d\.[cm]?ts$/.test(path) || isReference(path) || isNetworkOfProgram(path) || isToolOfMakers(path);

/** The native kernels and the C library, as a package below its `node_modules`. @returns Its folder. */
export function copyKernels(arch: Architecture, to: string): string {
  const name = `linux-${nodeArch(arch)}`;
  const folder = join(to, 'node_modules', '@ocellus', `kernels-${name}`);
  run(process.execPath, [asset('tools', 'setup', 'stage-kernels.mjs'), nodeArch(arch), folder]);
  return folder;
}
