import { execFileSync } from 'node:child_process';
import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder, tree } from '../../support/folders.ts';
import { hasProgram } from '../../support/needs.ts';

const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin`, MTOOLS_SKIP_CHECK: '1' };
const needed = ['mke2fs', 'debugfs', 'e2fsck', 'resize2fs', 'mkfs.vfat', 'mcopy', 'sfdisk'];
export const lacking: string = needed.filter((name) => !hasProgram(name)).join(', ');

const sector = 512;
const [bootStart, bootSectors, rootMegabytes] = [8192, 16_384, 24];
/** Of the root, in sectors. */
export const rootStart: number = bootStart + bootSectors;

export const program = (name: string, args: readonly string[], input?: string): string =>
  execFileSync(name, args, { env, encoding: 'utf8', input, stdio: ['pipe', 'pipe', 'pipe'] });

export const trixie = 'PRETTY_NAME="Debian GNU/Linux 13 (trixie)"\nVERSION_ID="13"\nID=debian\n';

/** An image like those of Raspberry Pi OS: an MBR, a FAT partition, and ext4 with these files. */
export function stockImage(files: Readonly<Record<string, string>>): string {
  const folder = temporaryFolder();
  const image = join(folder, 'stock.img');
  const root = join(folder, 'root.ext4');
  writeFileSync(root, '');
  truncateSync(root, rootMegabytes * 1024 * 1024);
  program('mke2fs', ['-q', '-t', 'ext4', '-E', 'root_owner=0:0', '-d', tree(files), root]);
  writeFileSync(image, '');
  truncateSync(image, rootStart * sector + rootMegabytes * 1024 * 1024);
  const table = `label: dos\nlabel-id: 0x12345678\n${bootStart},${bootSectors},e\n${rootStart},${rootMegabytes * 2048},83\n`;
  program('sfdisk', ['--quiet', '--no-reread', '--no-tell-kernel', image], table);
  program('mkfs.vfat', ['--offset', `${bootStart}`, '-n', 'bootfs', image, `${(bootSectors * sector) / 1024}`]);
  program('dd', [
    `if=${root}`,
    `of=${image}`,
    'bs=1M',
    `oflag=seek_bytes`,
    `seek=${rootStart * sector}`,
    'conv=notrunc',
  ]);
  return image;
}

/** The root of an image, in a file of its own. */
export function rootOf(image: string): string {
  const root = join(temporaryFolder(), 'root.ext4');
  program('dd', [
    `if=${image}`,
    `of=${root}`,
    'bs=1M',
    'iflag=skip_bytes',
    `skip=${rootStart * sector}`,
    'conv=sparse',
  ]);
  return root;
}

export const onRoot = (root: string, command: string): string => program('debugfs', ['-R', command, root]);

export const onBoot = (image: string, name: string): string =>
  program('mtype', ['-i', `${image}@@${bootStart * sector}`, `::${name}`]);
