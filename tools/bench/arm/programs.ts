import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { asset, packageRoot } from '../../../sdk/base/assets.ts';
import { InputError } from '../../../sdk/base/errors.ts';

const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache');
const compiler = 'aarch64-linux-gnu-g++';
/** Debian's static one takes no plugins, and of Debian 13 neither does this one. */
const qemu = 'qemu-aarch64';
/** Debian 13's: its libyuv (1904) and OpenCV (4.10) are newer than 12's. */
const release = 'trixie';
const libraries = 'usr/lib/aarch64-linux-gnu';

export interface Programs {
  readonly qemu: string;
  /** qemu's plugin that counts blocks. */
  readonly counter: string;
  readonly mca: string;
  /** What to run, without its arguments, and what qemu gets before. */
  readonly ours: Program;
  readonly peers: Program;
  /** Of a processor, as qemu calls it: they read what the system says of it. Fetched and built when they are asked for. */
  readonly onnxruntime: (cpu: string) => Program;
  readonly litert: (cpu: string) => Program;
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
    'g++': onPath('g++'),
    'qemu-user': onPath(qemu),
    // From 16 on it has a model of the Cortex-A76's core.
    'llvm-19': newestMca(),
  };
  const root = join(cache, 'ocellus-arm-peers-2');
  const missing = Object.entries(found).flatMap(([name, path]) => (path ? [] : [name]));
  if (!existsSync(root) && !onPath('mmdebstrap')) missing.push('mmdebstrap');
  if (missing.length > 0)
    throw new InputError(`This needs ${missing.join(', ')}: sudo apt-get install ${missing.join(' ')}`);
  if (!takesPlugins())
    throw new InputError(`expected a ${qemu} that takes plugins, as Debian 12's qemu-user does, got one that does not`);
  if (!existsSync(root)) fetchPeers(root);
  const folder = join(cache, 'ocellus-arm-bench');
  buildKernels(folder);
  return {
    qemu,
    counter: buildCounter(folder),
    mca: found['llvm-19']!,
    ours: buildOurs(folder),
    peers: buildPeers(folder, root),
    onnxruntime: (cpu) => buildOnnxruntime(folder, root, cpu),
    litert: (cpu) => buildLiteRt(folder, root, cpu),
  };
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

/** An arm64 machine of files with the peers' libraries and onnxruntime's header; nothing of it is configured or run here. */
function fetchPeers(root: string): void {
  console.error(`Fetching Debian's libyuv and OpenCV for arm64 to ${root} (once) …`);
  const work = `${root}.${process.pid}`;
  mkdirSync(cache, { recursive: true });
  try {
    const options = [
      '--quiet',
      '--variant=extract',
      '--arch=arm64',
      '--include=libyuv-dev,libopencv-imgproc-dev,libonnxruntime-dev',
    ];
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

/** Is there a qemu that can be extended? */
export function takesPlugins(): boolean {
  return onPath(qemu) !== undefined && execFileSync(qemu, ['--help'], { encoding: 'utf8' }).includes('-plugin');
}

/** qemu's plugin, for this machine. */
export function buildCounter(folder: string): string {
  const file = join(folder, 'blocks.so');
  run('g++', ['-O2', '-std=c++17', '-fPIC', '-shared', asset('tools', 'bench', 'arm', 'blocks.cpp'), '-o', file]);
  return file;
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

/** Beside the newest onnxruntime of Python's packages, which is newer than Debian's; the header of that one serves. */
function buildOnnxruntime(folder: string, root: string, cpu: string): Program {
  const capi = join(fetchWheel('onnxruntime'), 'onnxruntime', 'capi');
  const found = readdirSync(capi).find((name) => /^libonnxruntime\.so\.\d+\.\d+/.test(name));
  if (!found) throw new InputError(`No libonnxruntime.so in ${capi}: expected it in onnxruntime's wheel`);
  // The name that programs look for.
  const library = join(capi, 'libonnxruntime.so.1');
  if (!existsSync(library)) symlinkSync(found, library);
  const headers = ['-idirafter', join(root, 'usr/include/onnxruntime')];
  return buildRuntime('onnxruntime', library, headers, describeProcessor(folder, root, cpu), folder);
}

/** From 2.1.2 on its wheels are built for processors with the atomics of ARMv8.1 (LSE), and stop on others. */
function buildLiteRt(folder: string, root: string, cpu: string): Program {
  const hasAtomics = described[cpu]!.features.split(' ').includes('atomics');
  const wheel = fetchWheel('ai-edge-litert', hasAtomics ? undefined : '2.1.1');
  const library = join(wheel, 'ai_edge_litert', 'libLiteRt.so');
  const options = hasAtomics ? [] : ['-DLITERT_2_1'];
  return buildRuntime('litert', library, options, describeProcessor(folder, root, cpu), folder);
}

function buildRuntime(
  name: string,
  library: string,
  options: readonly string[],
  system: string,
  folder: string,
): Program {
  const file = join(folder, name);
  const source = asset('tools', 'bench', 'arm', `${name}.cpp`);
  compile([source, ...options, library, '-Wl,--allow-shlib-undefined', '-o', file]);
  return { options: ['-L', system, '-E', `LD_LIBRARY_PATH=${dirname(library)}`, '-E', 'LD_BIND_NOW=1'], file };
}

/** Python's newest package for arm64, or that of a version, unpacked. */
function fetchWheel(name: string, version?: string): string {
  const wanted = version === undefined ? name : `${name}==${version}`;
  const wheel = join(cache, `ocellus-arm-${wanted}`);
  if (existsSync(wheel)) return wheel;
  console.error(`Fetching ${wanted} for arm64 to ${wheel} (once) …`);
  const work = `${wheel}.${process.pid}`;
  const machines = ['manylinux_2_28_aarch64', 'manylinux_2_27_aarch64'].flatMap((machine) => ['--platform', machine]);
  const options = ['-q', '--no-deps', '--only-binary=:all:', ...machines, '--python-version', '3.12', '-d', work];
  try {
    run('python3', ['-m', 'pip', 'download', ...options, wanted]);
    const [file] = readdirSync(work);
    run('python3', ['-m', 'zipfile', '-e', join(work, file!), work]);
    renameSync(work, wheel);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
  return wheel;
}

/** What Linux would say of each processor; qemu passes on what this machine's says, at which onnxruntime stumbles. */
const described: Record<string, { part: string; features: string }> = {
  'cortex-a53': { part: '0xd03', features: 'fp asimd evtstrm aes pmull sha1 sha2 crc32 cpuid' },
  'cortex-a72': { part: '0xd08', features: 'fp asimd evtstrm aes pmull sha1 sha2 crc32 cpuid' },
  'cortex-a76': {
    part: '0xd0b',
    features: 'fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid asimdrdm lrcpc dcpop asimddp',
  },
};

/** A root like the peers', with /proc and /sys of a machine with one such processor. */
function describeProcessor(folder: string, root: string, cpu: string): string {
  const system = join(folder, `system-${cpu}`);
  rmSync(system, { recursive: true, force: true });
  const processors = join(system, 'sys/devices/system/cpu');
  mkdirSync(processors, { recursive: true });
  mkdirSync(join(system, 'proc'));
  for (const name of ['usr', 'etc']) symlinkSync(join(root, name), join(system, name));
  symlinkSync('usr/lib', join(system, 'lib'));
  for (const name of ['possible', 'present', 'online']) writeFileSync(join(processors, name), '0\n');
  const { part, features } = described[cpu]!;
  const lines = [
    'processor\t: 0',
    'BogoMIPS\t: 108.00',
    `Features\t: ${features}`,
    'CPU implementer\t: 0x41',
    'CPU architecture: 8',
    'CPU variant\t: 0x0',
    `CPU part\t: ${part}`,
    'CPU revision\t: 1',
  ];
  writeFileSync(join(system, 'proc/cpuinfo'), `${lines.join('\n')}\n\n`);
  return system;
}

function compile(args: readonly string[]): void {
  run(compiler, ['-O2', '-std=c++17', '-no-pie', ...args]);
}

function run(program: string, args: readonly string[]): void {
  execFileSync(program, args, { stdio: ['ignore', 'ignore', 'inherit'] });
}
