import { spawnSync } from 'node:child_process';
import { lstatSync, readdirSync, readlinkSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { InputError } from '../../../sdk/base/errors.ts';

/** Administrators' programs too, which a user's path lacks. */
const environment = { ...process.env, LC_ALL: 'C.UTF-8', PATH: `${process.env.PATH}:/usr/sbin:/sbin` };
/** e2fsck says by these that all is right, or is now. */
const clean = [0, 1];
const megabyte = 1024 * 1024;

/** A file or a folder that is put into a file system. */
export interface Put {
  /** Of this machine. */
  readonly from: string;
  /** There, absolute. What is above it is made where it is not there. */
  readonly to: string;
}

/**
 * An ext4 file system in a file, changed by e2fsprogs without mounting it: neither root's rights nor a loop device are
 * needed. What is put into it belongs to root.
 *
 * @example
 * const root = new Ext4('root.ext4');
 * root.put([{ from: 'tree', to: '/usr/lib/ocellus' }], 0);
 */
export class Ext4 {
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  /** The text of a file, or undefined where there is none. */
  read(path: string): string | undefined {
    const { out, err } = this.#debugfs(['-R', `cat "${quotable(path)}"`]);
    return err === '' ? out : undefined;
  }

  has(path: string): boolean {
    return this.#debugfs(['-R', `stat "${quotable(path)}"`]).err === '';
  }

  /** Bytes that are free, and of a block. */
  get space(): { free: number; block: number } {
    const text = run('dumpe2fs', ['-h', this.#file]).out;
    const field = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)$`, 'm').exec(text)?.[1]);
    const block = field('Block size');
    return { free: field('Free blocks') * block, block };
  }

  /** Makes it and its file larger by at least so many bytes. @returns The bytes that it has now. */
  grow(bytes: number, present: number): number {
    // As large as a card erases at once.
    const size = Math.ceil((present + bytes) / (4 * megabyte)) * 4 * megabyte;
    this.check();
    truncateSync(this.#file, size);
    run('resize2fs', [this.#file]);
    return size;
  }

  /** Repairs what a journal can. @throws InputError when it is damaged. */
  check(): void {
    run('e2fsck', ['-f', '-p', this.#file], { codes: clean });
  }

  /** @throws Error when something in it is wrong, which is then this program's fault. */
  verify(): void {
    run('e2fsck', ['-f', '-n', this.#file]);
  }

  /**
   * Puts files, folders with all in them, and links.
   *
   * @param date Their time, in seconds since 1970.
   * @throws InputError when there is a file of that name already.
   */
  put(all: readonly Put[], date: number): void {
    const script: string[] = [];
    /** Folders that are known to be there, and whether they are made here. */
    const folders = new Map<string, boolean>([['', false]]);
    const makeFolder = (path: string): boolean => {
      const known = folders.get(path);
      if (known !== undefined) return known;
      const isNew = makeFolder(dirnameOf(path)) || !this.has(path);
      if (isNew) script.push(`mkdir "${quotable(path)}"`);
      folders.set(path, isNew);
      return isNew;
    };
    const add = (from: string, folder: string, name: string) => {
      const entry = lstatSync(from);
      const path = `${folder}/${name}`;
      if (entry.isDirectory()) {
        makeFolder(path);
        for (const inner of readdirSync(from).sort()) add(join(from, inner), path, inner);
        return;
      }
      // A command of debugfs takes a name in the folder that it is in.
      script.push(`cd "${quotable(folder || '/')}"`);
      if (entry.isSymbolicLink()) script.push(`symlink "${quotable(name)}" "${quotable(readlinkSync(from))}"`);
      else script.push(`write "${quotable(from)}" "${quotable(name)}"`);
    };
    for (const { from, to } of all) {
      const folder = dirnameOf(to);
      makeFolder(folder);
      add(from, folder, to.slice(folder.length + 1));
    }
    const { err } = this.#debugfs(['-w', '-f', '-'], { input: `${script.join('\n')}\n`, date });
    if (err !== '') throw new InputError(`what was to be put into the image could not be: ${err.split('\n')[0]}`);
  }

  /** It ends with 0 whatever happened; what went wrong is said on stderr, below its name and version. */
  #debugfs(args: readonly string[], options: RunOptions = {}): { out: string; err: string } {
    const { out, err } = run('debugfs', [...args, this.#file], options);
    return { out, err: err.replace(/^debugfs \d.*$/m, '').trim() };
  }
}

/** Bytes that a tree needs in a file system with blocks of this size. */
export function bytesOf(path: string, block: number): number {
  const entry = lstatSync(path);
  if (!entry.isDirectory()) return Math.ceil(entry.size / block) * block;
  return readdirSync(path).reduce((sum, name) => sum + bytesOf(join(path, name), block), block);
}

/** Empty for what is right in the root. */
const dirnameOf = (path: string): string => path.slice(0, path.lastIndexOf('/'));

interface RunOptions {
  readonly input?: string;
  readonly date?: number;
  /** That say it worked. */
  readonly codes?: readonly number[];
}

/** @throws InputError when it is not installed or fails, with what it said. */
export function run(
  program: string,
  args: readonly string[],
  { input, date, codes = [0] }: RunOptions = {},
): { out: string; err: string } {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    ...{ input: input ?? '', encoding: 'utf8', maxBuffer: 1 << 30 },
    env: { ...environment, MTOOLS_SKIP_CHECK: '1', ...(date !== undefined && { E2FSPROGS_FAKE_TIME: String(date) }) },
  });
  if ((error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT') {
    throw new InputError(`${program} is not installed: sudo apt-get install e2fsprogs mtools xz-utils`);
  }
  if (error) throw error;
  if (!codes.includes(status ?? -1)) {
    throw new InputError(`${program} ended with ${status}: ${(stderr || stdout).trim().slice(-2000)}`);
  }
  return { out: stdout, err: stderr };
}

/** debugfs has no escapes within quotes. */
function quotable(text: string): string {
  if (/["\n]/.test(text))
    throw new InputError(`expected a name without quotes and line breaks, got ${JSON.stringify(text)}`);
  return text;
}
