import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { asset, packageRoot } from '../../../sdk/base/assets.ts';
import { InputError } from '../../../sdk/base/errors.ts';

const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache');
const compiler = 'aarch64-linux-gnu-g++';
const qemu = 'qemu-aarch64-static';
/** Debian 13's: its libyuv (1904) and OpenCV (4.10) are newer than 12's. */
const release = 'trixie';
const libraries = 'usr/lib/aarch64-linux-gnu';

export interface Programs {
  readonly qemu: string;
  readonly mca: string;
  /** What to run, without its arguments, and what qemu gets before. */
  readonly ours: Program;
  readonly peers: Program;
}

export interface Program {
  readonly options: readonly string[];
  readonly file: string;
}

/** Finds what is needed, fetches the peers' libraries once, and builds both programs. @throws InputError What is missing. */
export function preparePrograms(): Programs {
  const found = {
    cmake: onPath('cmake'),
    'ninja-build': onPath('ninja'),
    'g++-aarch64-linux-gnu': onPath(compiler),
    'qemu-user-static': onPath(qemu),
    // From 16 on it has a model of the Cortex-A76's core.
    'llvm-19': newestMca(),
  };
  const root = join(cache, 'ocellus-arm-peers');
  const missing = Object.entries(found).flatMap(([name, path]) => (path ? [] : [name]));
  if (!existsSync(root) && !onPath('mmdebstrap')) missing.push('mmdebstrap');
  if (missing.length > 0)
    throw new InputError(`This needs ${missing.join(', ')}: sudo apt-get install ${missing.join(' ')}`);
  if (!existsSync(root)) fetchPeers(root);
  const folder = join(cache, 'ocellus-arm-bench');
  buildKernels(folder);
  return { qemu, mca: found['llvm-19']!, ours: buildOurs(folder), peers: buildPeers(folder, root) };
}

function onPath(name: string): string | undefined {
  return (process.env.PATH ?? '')
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find((file) => existsSync(file));
}

/** llvm-mca-16 or above, beside its llvm-mc. */
function newestMca(): string | undefined {
  const versions = (process.env.PATH ?? '').split(delimiter).flatMap((folder) => {
    if (!existsSync(folder)) return [];
    return readdirSync(folder).flatMap((name) => {
      const version = Number(/^llvm-mca-(\d+)$/.exec(name)?.[1]);
      return version >= 16 ? [{ version, file: join(folder, name) }] : [];
    });
  });
  return versions.sort((a, b) => b.version - a.version)[0]?.file;
}

/** An arm64 machine of files with the peers' libraries; nothing of it is configured or run here. */
function fetchPeers(root: string): void {
  console.error(`Fetching Debian's libyuv and OpenCV for arm64 to ${root} (once) …`);
  const work = `${root}.${process.pid}`;
  mkdirSync(cache, { recursive: true });
  try {
    const options = ['--quiet', '--variant=extract', '--arch=arm64', '--include=libyuv-dev,libopencv-imgproc-dev'];
    execFileSync('mmdebstrap', [...options, release, work], { stdio: ['ignore', 'ignore', 'inherit'] });
    symlinkSync('usr/lib', join(work, 'lib'));
    renameSync(work, root);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** The same objects as in the addon for the boards. */
function buildKernels(folder: string): void {
  const arm = ['-DCMAKE_SYSTEM_NAME=Linux', '-DCMAKE_SYSTEM_PROCESSOR=aarch64', `-DCMAKE_CXX_COMPILER=${compiler}`];
  run('cmake', ['-S', packageRoot, '-B', folder, '-G', 'Ninja', ...arm]);
  run('cmake', ['--build', folder, '--target', 'kernels']);
}

function buildOurs(folder: string): Program {
  const file = join(folder, 'ours');
  const made = join(folder, 'CMakeFiles', 'kernels.dir');
  const objects = readdirSync(made, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.o'))
    .map((name) => join(made, name));
  compile([
    asset('tools', 'bench', 'arm', 'ours.cpp'),
    '-static',
    `-I${asset('sdk', 'kernels')}`,
    ...objects,
    '-o',
    file,
  ]);
  return { options: [], file };
}

function buildPeers(folder: string, root: string): Program {
  const file = join(folder, 'peers');
  // After the compiler's own, whose C library is this machine's.
  const headers = ['-idirafter', join(root, 'usr/include/opencv4'), '-idirafter', join(root, 'usr/include')];
  const shared = ['libyuv.so.0', 'libopencv_imgproc.so', 'libopencv_core.so'].map((name) =>
    join(root, libraries, name),
  );
  compile([
    asset('tools', 'bench', 'arm', 'peers.cpp'),
    ...headers,
    ...shared,
    '-Wl,--allow-shlib-undefined',
    '-o',
    file,
  ]);
  // Debian finds these two through links that are only made when packages are configured.
  const extra = ['lapack', 'blas'].map((name) => `/${libraries}/${name}`).join(':');
  return { options: ['-L', root, '-E', `LD_LIBRARY_PATH=${extra}`, '-E', 'LD_BIND_NOW=1'], file };
}

function compile(args: readonly string[]): void {
  run(compiler, ['-O2', '-std=c++17', '-no-pie', ...args]);
}

function run(program: string, args: readonly string[]): void {
  execFileSync(program, args, { stdio: ['ignore', 'ignore', 'inherit'] });
}
