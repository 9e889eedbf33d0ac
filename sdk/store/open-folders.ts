import { readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** By symbol: a process may have loaded this module twice, and the lock is the process's. */
const key = Symbol.for('ocellus.openFolders');
const holder = globalThis as { [key]?: Set<string> };

/**
 * Takes a folder for one LevelDB of this process. To be asked before LevelDB is: a second open of one folder fails in
 * LevelDB as well, but it closes its own descriptor of the file `LOCK` on the way out, by which POSIX takes away the first
 * one's lock. Another process may open the folder then, and remove the log that the first one goes on writing to.
 *
 * One folder is one folder by whichever name: what is compared is its real path, and the file `LOCK` itself. Where the
 * system tells which locks this process holds (Linux), stores of its other threads are found too. Two threads that
 * open one folder in the same moment are not.
 *
 * @param folder It has to be there.
 * @returns Gives the folder back; undefined when this process has it open already.
 */
export function takeFolder(folder: string): (() => void) | undefined {
  holder[key] ??= new Set();
  const taken = holder[key];
  const path = realpathSync.native(folder);
  const lock = lockOf(path);
  const isSame = (other: string) => other === path || (lock !== undefined && lock === lockOf(other));
  if ([...taken].some(isSame) || (lock !== undefined && isLockedHere(lock))) return undefined;
  taken.add(path);
  let isMine = true;
  return () => {
    if (isMine) taken.delete(path);
    isMine = false;
  };
}

/** Which file its LOCK is. Looked at only: to open and close it would give up the lock. */
const lockOf = (folder: string) => fileOf(join(folder, 'LOCK'));

function fileOf(path: string): string | undefined {
  try {
    const { dev, ino } = statSync(path, { bigint: true });
    return `${dev} ${ino}`;
  } catch {
    return undefined;
  }
}

/**
 * Does this process hold the lock? That it has the file open alone says nothing: LevelDB's descriptors go to the processes
 * that it starts, its locks do not.
 */
function isLockedHere(file: string): boolean {
  const inode = file.split(' ')[1];
  try {
    const locks = readFileSync('/proc/locks', 'utf8').split('\n');
    const isOurs = (line: string) => {
      const [, , , , pid, where] = line.split(/\s+/);
      return pid === String(process.pid) && where?.split(':')[2] === inode;
    };
    // A file system may give another device there, so the number alone could be of another file.
    return locks.some(isOurs) && readdirSync(descriptors).some((name) => fileOf(join(descriptors, name)) === file);
  } catch {
    return false;
  }
}

const descriptors = '/proc/self/fd';
