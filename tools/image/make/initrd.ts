import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { basename, join } from 'node:path';
import { asset } from '../../../sdk/base/assets.ts';
import { InputError } from '../../../sdk/base/errors.ts';
import { compatibleParts } from '../device-tree.ts';
import { boards } from '../firmware-files.ts';
import { type ArchivedFile, cpioArchive } from './cpio.ts';
import { neededLibraries } from './elf.ts';
import { KernelModules, uncompressed } from './modules.ts';
import { outputOf } from './programs.ts';

const triplet = 'aarch64-linux-gnu';
const loader = 'ld-linux-aarch64.so.1';
/** Programs of the initramfs, as they lie in the root: busybox is its shell. */
const programs = ['usr/bin/busybox', 'usr/sbin/blkid', 'usr/sbin/e2fsck'];

/**
 * The initramfs of a root of Debian for arm64, made without running anything of it: the modules that the device trees of the
 * boards ask for, three programs and one script. Debian's own way runs for minutes under emulation.
 *
 * @param root The folder of the root.
 * @param release Of its kernel, such as `6.12.1-arm64`.
 * @returns The archive, not compressed.
 */
export function makeInitrd(root: string, release: string): Buffer {
  const folders = new Set<string>();
  const files: ArchivedFile[] = [];
  const add = (path: string, file: Omit<ArchivedFile, 'path'>) => {
    const parts = path.split('/');
    for (let depth = 1; depth < parts.length; depth++) folders.add(parts.slice(0, depth).join('/'));
    files.push({ path, ...file });
  };

  add('init', { kind: 'file', content: readFileSync(asset('tools', 'image', 'initrd', 'init')), executable: true });
  add('bin/sh', { kind: 'link', content: 'busybox' });
  // The kernel calls it for a module that another one needs.
  add('sbin/modprobe', { kind: 'link', content: '../bin/busybox' });
  // Its first line of trouble, before there is a /dev.
  folders.add('dev');
  for (const program of programs) add(`bin/${basename(program)}`, executable(join(root, program)));
  for (const library of librariesOf(root)) add(`lib/${library}`, executable(libraryIn(root, library)));

  const modulesFolder = join(root, 'usr', 'lib', 'modules', release);
  const modules = new KernelModules(modulesFolder);
  const chosen = modules.forParts(partsOfBoards(root, release));
  const inArchive = join('lib', 'modules', release);
  for (const file of chosen) {
    const content = file.endsWith('.xz')
      ? outputOf('xz', ['--decompress', '--stdout', join(modulesFolder, file)])
      : readFileSync(join(modulesFolder, file));
    add(join(inArchive, uncompressed(file)), { kind: 'file', content });
  }
  for (const [name, content] of Object.entries(modules.indexOf(chosen))) {
    add(join(inArchive, name), { kind: 'file', content });
  }
  return cpioArchive([...[...folders].map((path) => ({ path, kind: 'folder' as const })), ...files]);
}

const executable = (path: string) => ({ kind: 'file' as const, content: readFileSync(path), executable: true });

/** All that the device trees of the boards name. */
function partsOfBoards(root: string, release: string): Set<string> {
  const folder = join(root, 'usr', 'lib', `linux-image-${release}`, 'broadcom');
  const trees = [...new Set(Object.values(boards).map(({ deviceTree }) => deviceTree))];
  return new Set(trees.flatMap((name) => [...compatibleParts(readFileSync(join(folder, name)))]));
}

function librariesOf(root: string): string[] {
  const found = new Set<string>([loader]);
  const follow = (path: string) => {
    for (const name of neededLibraries(readFileSync(path))) {
      if (found.has(name)) continue;
      found.add(name);
      follow(libraryIn(root, name));
    }
  };
  for (const program of programs) follow(join(root, program));
  return [...found];
}

function libraryIn(root: string, name: string): string {
  const path = join(root, 'usr', 'lib', triplet, name);
  if (!existsSync(path))
    throw new InputError(`expected the library ${name} in ${root}: its Debian packages are not whole`);
  return realpathSync(path);
}
