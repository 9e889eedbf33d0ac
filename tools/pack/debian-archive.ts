import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from './run.ts';
import { settle, walk } from './walk.ts';

export interface DebianArchive {
  /** A root file system with what is to be installed; a folder `DEBIAN` is added. */
  readonly root: string;
  /** Fields of `control`, in order; `Installed-Size` is added. */
  readonly control: Readonly<Record<string, string>>;
  /** Texts of shell scripts, by their names: `postinst` and so on. */
  readonly scripts?: Readonly<Record<string, string>>;
  /** Files that their owner may change, with their paths from / on. */
  readonly conffiles?: readonly string[];
  /** Modes that differ from 755 and 644, by path from / on. */
  readonly modes?: Readonly<Record<string, number>>;
  /** Seconds since 1970 for all files. */
  readonly date: number;
  /** `none` is for tests. Default: `xz`. */
  readonly compression?: 'xz' | 'none';
}

/**
 * Builds `NAME_VERSION_ARCH.deb` by dpkg-deb: all belongs to root, and the same files give the same bytes.
 *
 * @param to An existing folder.
 * @returns The path of the archive.
 * @throws InputError when dpkg-deb is missing or refuses.
 */
export function buildDebianArchive(archive: DebianArchive, to: string): string {
  const { root, control, scripts = {}, conffiles = [], modes = {}, date, compression = 'xz' } = archive;
  const sums: string[] = [];
  let kilobytes = 0;
  for (const { path, entry } of walk(root)) {
    // As policy counts: a file in whole kilobytes, anything else as one.
    kilobytes += entry.isFile() ? Math.ceil(statSync(join(root, path)).size / 1024) : 1;
    if (entry.isFile() && !conffiles.includes(`/${path}`)) sums.push(`${md5(join(root, path))}  ${path}\n`);
  }
  const folder = join(root, 'DEBIAN');
  mkdirSync(folder);
  const write = (name: string, text: string) => writeFileSync(join(folder, name), text);
  write('control', fieldsOf({ ...control, 'Installed-Size': String(kilobytes) }));
  write('md5sums', sums.join(''));
  if (conffiles.length > 0) write('conffiles', `${conffiles.join('\n')}\n`);
  for (const [name, text] of Object.entries(scripts)) {
    write(name, text);
    chmodSync(join(folder, name), 0o755);
  }
  settle(root, date);
  for (const [path, mode] of Object.entries(modes)) chmodSync(join(root, path), mode);
  const { Package: name, Version: version, Architecture: arch } = control;
  const file = join(to, `${name}_${version}_${arch}.deb`);
  // One thread: how many there are decides where xz cuts.
  const args = ['--root-owner-group', `-Z${compression}`, '--threads-max=1', '--build', root, file];
  run('dpkg-deb', args, { env: { SOURCE_DATE_EPOCH: String(date) }, package: 'dpkg' });
  return file;
}

// What dpkg --verify reads.
const md5 = (file: string) => createHash('md5').update(readFileSync(file)).digest('hex');

/** A line that begins with a space goes on with the field before it; one that is empty is a dot there. */
function fieldsOf(fields: Readonly<Record<string, string>>): string {
  return Object.entries(fields)
    .map(([name, text]) => `${name}: ${text.replace(/\n(?=\n|$)/g, '\n.').replace(/\n/g, '\n ')}\n`)
    .join('');
}
