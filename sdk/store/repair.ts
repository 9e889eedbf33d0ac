import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';

/** `crashed`: LevelDB ended its process. */
export type Outcome = 'repaired' | 'refused' | 'crashed';

/** Where LevelDB puts what it cannot use, within the folder. */
const lost = 'lost';

/** What a process of its own does: `node -e`, with the module and the folder. */
const script = `require(process.argv[1]).ClassicLevel.repair(process.argv[2]).then(() => process.exit(0), () => process.exit(3))`;

/** By what a process ends itself. */
const faults: ReadonlySet<NodeJS.Signals> = new Set(['SIGABRT', 'SIGBUS', 'SIGFPE', 'SIGILL', 'SIGSEGV', 'SIGTRAP']);

/** How a folder is repaired once; an object, so that tests can have it end otherwise. */
export const repairs = {
  /**
   * In a process of its own: LevelDB is built with its assertions, and some bytes of a table that a failing card has changed end the
   * process that repairs it.
   *
   * @throws Error when the process cannot be started, or somebody else ends it.
   */
  async attempt(folder: string): Promise<Outcome> {
    const module = createRequire(import.meta.url).resolve('classic-level');
    // Options of this process, such as --import, are not for it.
    const { NODE_OPTIONS: _, ...env } = process.env;
    const child = spawn(process.execPath, ['-e', script, module, folder], { stdio: 'ignore', env });
    const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
    if (signal === null) return code === 0 ? 'repaired' : 'refused';
    if (faults.has(signal)) return 'crashed';
    // By who stops the service, or for want of memory: the store may be sound.
    throw new Error(`its repair was ended by ${signal}`);
  },
};

/**
 * Repairs a LevelDB that nobody has open. A table at which LevelDB ends its process is put aside in the folder's own folder `lost`,
 * where LevelDB itself puts what it cannot use, so that the others are kept.
 *
 * @returns Whether it can be opened again.
 * @throws Error where it could not be tried: the disk does not take what this needs, or there is no process for it.
 */
export async function repairDatabase(folder: string): Promise<boolean> {
  const outcome = await repairs.attempt(folder);
  if (outcome !== 'crashed') return outcome === 'repaired';
  const culprits = await crashing(folder);
  if (culprits.length === 0) return false;
  await mkdir(join(folder, lost), { recursive: true });
  for (const name of culprits) await rename(join(folder, name), join(folder, lost, name));
  return (await repairs.attempt(folder)) === 'repaired';
}

/** The tables at which LevelDB ends its process: each alone, in a folder beside the others. */
async function crashing(folder: string): Promise<string[]> {
  const tables = (await readdir(folder)).filter((name) => /^\d+\.(ldb|sst)$/.test(name));
  const found: string[] = [];
  for (const name of tables.sort()) {
    const alone = await mkdtemp(join(folder, 'alone-'));
    try {
      // Not a link: a card's FAT has none.
      await copyFile(join(folder, name), join(alone, name));
      if ((await repairs.attempt(alone)) === 'crashed') found.push(name);
    } finally {
      await rm(alone, { recursive: true, force: true });
    }
  }
  return found;
}
