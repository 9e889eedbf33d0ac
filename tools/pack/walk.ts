import { chmodSync, type Dirent, lutimesSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** What is in a folder and below, with paths from it on, in the order of their bytes; a folder before what is in it. */
export function* walk(folder: string, from = ''): Generator<{ path: string; entry: Dirent }> {
  const entries = readdirSync(join(folder, from), { withFileTypes: true });
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    const path = from ? `${from}/${entry.name}` : entry.name;
    yield { path, entry };
    if (entry.isDirectory()) yield* walk(folder, path);
  }
}

/** Removes what `isUnwanted` says of each file's path, then folders that are empty. */
export function prune(folder: string, isUnwanted: (path: string) => boolean): void {
  const folders: string[] = [];
  for (const { path, entry } of [...walk(folder)]) {
    if (entry.isDirectory()) folders.push(path);
    else if (isUnwanted(path)) rmSync(join(folder, path));
  }
  for (const path of folders.reverse()) {
    if (readdirSync(join(folder, path)).length === 0) rmSync(join(folder, path), { recursive: true });
  }
}

/** Gives all the same time and the usual modes: 755 for folders and for what may be run, 644 for the rest. */
export function settle(folder: string, seconds: number): void {
  for (const { path, entry } of [...walk(folder)].reverse()) settleOne(join(folder, path), entry, seconds);
  chmodSync(folder, 0o755);
  lutimesSync(folder, seconds, seconds);
}

/** Libraries are loaded, whatever their compiler set. */
const isRun = (path: string) => (statSync(path).mode & 0o100) !== 0 && !/\.(node|so)(\.\d+)*$/.test(path);

function settleOne(path: string, entry: Dirent, seconds: number): void {
  if (entry.isDirectory()) chmodSync(path, 0o755);
  else if (entry.isFile()) chmodSync(path, isRun(path) ? 0o755 : 0o644);
  lutimesSync(path, seconds, seconds);
}
