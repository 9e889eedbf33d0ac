import { type Dirent, existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Libraries of onnxruntime-node for one system: `bin/napi-v6/win32/x64`. */
export interface ForeignLibraries {
  readonly path: string;
  readonly bytes: number;
}

interface System {
  readonly platform: string;
  readonly arch: string;
}

const platforms = ['aix', 'darwin', 'freebsd', 'linux', 'win32'];

/** Where onnxruntime-node is installed. @throws Error when it is not. */
export function onnxruntimeFolder(): string {
  return dirname(createRequire(fileURLToPath(import.meta.url)).resolve('onnxruntime-node/package.json'));
}

/**
 * Finds the libraries of onnxruntime-node for other systems: it ships 290 MB for all, of which a board can load 25 MB.
 *
 * @param folder Of the package.
 * @returns The others. None if this system's own is missing, or the package has another layout.
 */
export function foreignLibraries(folder: string, { platform, arch }: System = process): ForeignLibraries[] {
  const bin = join(folder, 'bin');
  const versions = foldersIn(bin).filter((name) => /^napi-v\d+$/.test(name));
  return versions.flatMap((version) => {
    const above = join(bin, version);
    const own = join(above, platform, arch);
    if (!existsSync(join(own, 'onnxruntime_binding.node'))) return [];
    return foldersIn(above)
      .filter((name) => platforms.includes(name))
      .flatMap((name) => foldersIn(join(above, name)).map((one) => join(above, name, one)))
      .filter((path) => path !== own)
      .map((path) => ({ path, bytes: bytesIn(path) }));
  });
}

/** Removes them; reinstalling the package restores them. @returns Bytes freed. */
export function removeForeignLibraries(folder: string, system?: System): number {
  return foreignLibraries(folder, system).reduce((sum, { path, bytes }) => {
    rmSync(path, { recursive: true, force: true });
    return sum + bytes;
  }, 0);
}

/** A link does not count as a folder: its target belongs to something else. */
const foldersIn = (folder: string) => entriesOf(folder).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));

function entriesOf(folder: string): Dirent[] {
  return existsSync(folder) ? readdirSync(folder, { withFileTypes: true }) : [];
}

function bytesIn(folder: string): number {
  return entriesOf(folder).reduce((sum, entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return sum + bytesIn(path);
    return sum + (entry.isFile() ? statSync(path).size : 0);
  }, 0);
}
