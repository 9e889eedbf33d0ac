import type { Stats } from 'node:fs';

/**
 * What it is that is neither a file nor a folder, in words; undefined where it is one of these. A pipe that nobody writes to
 * holds whoever opens it for ever, and one that is looked into has lost what was read.
 */
export function otherThanFile(stats: Stats): string | undefined {
  if (stats.isFile() || stats.isDirectory()) return undefined;
  if (stats.isFIFO()) return 'a pipe; write what comes through it to a file first';
  if (stats.isCharacterDevice() || stats.isBlockDevice()) return 'a device of the system';
  return stats.isSocket() ? 'a socket' : 'none of these';
}
