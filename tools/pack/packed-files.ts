import { cpSync, type Dirent, mkdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { asset } from '../../sdk/base/assets.ts';
import { walk } from './walk.ts';

/** Networks that shipped programs were compiled from: for other engines, in a package of their own. */
export const isNetworkOfProgram = (path: string) =>
  /^sdk\/models\/(efficientnet-lite[01]|nanodet-g-416|yolox-nano-416)-.*\.onnx$/.test(path);

/** Benchmarks, and what makes the documentation and packages and signs lists. Images need a part of what packs. */
export const isToolOfMakers = (path: string) =>
  /^dist\/tools\/((bench|docs|soak|zoo)\/|pack\/(main|npm-packages|declarations|deb|debian-archive|oci|oci-archive)\.js$)/.test(
    path,
  );

/** The API's reference, which a checkout makes of many small files, and the documentation's pictures. */
export const isReference = (path: string) => /^docs\/(api\/|.*\.jpg$)/.test(path);

/** The files of the package, as `files` in package.json names them, with their paths from its folder on. */
export function packedFiles(): string[] {
  const { files } = JSON.parse(readFileSync(asset('package.json'), 'utf8')) as { files: string[] };
  return ['package.json', ...files].flatMap((path) => {
    if (!statSync(asset(path)).isDirectory()) return [path];
    return [...walk(asset(path))].flatMap(({ path: below, entry }) => (isPacked(entry) ? [`${path}/${below}`] : []));
  });
}

/** npm takes no links, and no stamp of a build belongs in a package. */
const isPacked = (entry: Dirent) => entry.isFile() && !entry.name.startsWith('.');

/** Copies them to the same places below another folder. */
export function copyFiles(paths: readonly string[], to: string): void {
  for (const path of paths) {
    mkdirSync(dirname(join(to, path)), { recursive: true });
    cpSync(asset(path), join(to, path));
  }
}
