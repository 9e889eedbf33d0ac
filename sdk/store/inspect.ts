import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { unavailable } from './disk.ts';
import { stateOfLog } from './log-file.ts';

export interface Found {
  /** Why LevelDB must not open it as it is: it would take what is there for nothing, and remove it. */
  readonly broken?: string;
  /** What LevelDB will leave out without a word. */
  readonly lost?: string;
  /** The end of its log is cut off, as where the power failed in the middle of a write, or the disk was full. */
  readonly isCut?: boolean;
}

/**
 * Checks the files of a LevelDB before it is opened, for damage that LevelDB makes worse (it starts over where
 * `CURRENT` is missing, and removes tables that a cut list of files does not name) or says nothing of.
 *
 * @throws UnavailableError when the folder cannot be read.
 */
export async function inspect(folder: string): Promise<Found> {
  const names: string[] = await readdir(folder).catch(unavailable);
  const read = (name: string) => readFile(join(folder, name)).catch(unavailable);
  const logs = await Promise.all(names.filter((name) => /^\d+\.log$/.test(name)).map(read));
  const hasTables = names.some((name) => /^\d+\.(ldb|sst)$/.test(name));
  const current = names.includes('CURRENT') ? (await read('CURRENT')).toString('latin1').trim() : '';
  if (current === '') {
    const isEmpty = !hasTables && logs.every((log) => log.length === 0);
    return isEmpty ? {} : { broken: 'its file CURRENT is missing' };
  }
  // What else it may hold, LevelDB refuses.
  if (names.includes(current) && stateOfLog(await read(current)) !== 'whole') {
    return { broken: `its list of files, ${current}, is damaged` };
  }
  if (logs.length === 0) return { lost: 'its log is missing: its newest changes are lost' };
  const states = new Set(logs.map(stateOfLog));
  if (states.has('damaged')) return { lost: 'its log is damaged: some of its newest changes are missing' };
  return { isCut: states.has('cut') };
}
