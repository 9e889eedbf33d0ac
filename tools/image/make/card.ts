import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { InputError } from '../../../sdk/base/errors.ts';
import { walkFolder } from '../../../sdk/base/walk-folder.ts';
import { settingsConfigText } from '../firmware-files.ts';
import {
  autobootText,
  commandLine,
  layout,
  type Partition,
  partitionTypes,
  type SlotName,
  sectorSize,
  slots,
} from '../layout.ts';
import { needPrograms, outputOf } from './programs.ts';

/** What a card is made of. */
export interface CardContents {
  /** Files of the first partition, beside what the firmware needs there. */
  readonly settings: Readonly<Record<string, string | Buffer>>;
  /** A folder with what slot A boots: kernel, initramfs, device trees, firmware, `config.txt`. */
  readonly boot: string;
  /** A file system for the root of slot A: `makeRootImage`. */
  readonly root: string;
}

export interface CardOptions {
  /** Of all files, in seconds since 1970. */
  readonly epoch: number;
  /** A folder for what is needed in between. */
  readonly scratch: string;
}

/** The programs that this takes, with the Debian packages that have them. */
export const cardPrograms = {
  'mkfs.vfat': 'dosfstools',
  mcopy: 'mtools',
  'mkfs.ext4': 'e2fsprogs',
  'mkfs.erofs': 'erofs-utils',
  sfdisk: 'fdisk',
} as const;

/** Names of file systems for machines, which are random otherwise. */
const volumes = {
  [layout.labels.settings]: '0ce11001',
  [layout.labels.bootA]: '0ce11002',
  [layout.labels.bootB]: '0ce11003',
} as const;
const dataUuid = '0ce11005-0000-4000-8000-000000000007';
const rootUuid = '0ce11005-0000-4000-8000-000000000005';

/**
 * Writes an image of a whole card, without a loop device and without mounting anything. What is empty stays a hole in the file.
 * The same contents and epoch give the same bytes.
 */
export async function makeCard(file: string, contents: CardContents, { epoch, scratch }: CardOptions): Promise<void> {
  needPrograms(cardPrograms);
  await mkdir(scratch, { recursive: true });
  const { settings, bootA, bootB, rootA, data } = layout.partitions;

  const firstFiles = join(scratch, 'settings');
  await plant(firstFiles, {
    'autoboot.txt': autobootText('a'),
    'config.txt': settingsConfigText,
    ...contents.settings,
  });
  await rm(file, { force: true });
  await writeFile(file, '');
  await truncate(file, layout.size);
  outputOf('sfdisk', ['--quiet', '--no-reread', '--no-tell-kernel', file], { input: sfdiskScript() });

  const put = async (partition: Partition, name: string, make: (path: string) => Promise<void> | void) => {
    const path = join(scratch, name);
    await make(path);
    await copyInto(file, partition, path);
    await rm(path);
  };
  await put(settings, 'settings.fat', (path) => makeFat(path, settings, layout.labels.settings, firstFiles, epoch));
  await put(bootA, 'boot-a.fat', (path) => makeSlotImage(path, 'a', contents.boot, epoch));
  await put(bootB, 'boot-b.fat', (path) => makeFat(path, bootB, layout.labels.bootB, undefined, epoch));
  await copyInto(file, rootA, contents.root);
  await put(data, 'data.ext4', (path) => makeData(path, epoch));
  await rm(firstFiles, { recursive: true });
}

/** The FAT file system of a slot: what is in the folder, and the slot's own `cmdline.txt`. */
export async function makeSlotImage(path: string, slot: SlotName, boot: string, epoch: number): Promise<void> {
  await writeFile(join(boot, 'cmdline.txt'), commandLine(slot));
  await makeFat(path, slots[slot].boot, slots[slot].bootLabel, boot, epoch);
}

/**
 * The root's file system: EROFS, compressed, which nothing can write to.
 *
 * @param folder With the owners and modes that files are to have.
 */
export function makeRootImage(path: string, folder: string, epoch: number): void {
  needPrograms(cardPrograms);
  const options = ['-zlz4hc,9', `-T${epoch}`, `-U${rootUuid}`, '--quiet'];
  // With it, files that are older keep their times in spite of -T.
  outputOf('mkfs.erofs', [...options, path, folder], { env: { SOURCE_DATE_EPOCH: undefined } });
}

/** @throws InputError when the root has outgrown the partition, on every card that there is. */
async function copyInto(file: string, { start, sectors }: Partition, from: string): Promise<void> {
  const { size } = await stat(from);
  if (size > sectors * sectorSize) {
    throw new InputError(`expected at most ${sectors * sectorSize} bytes for a partition, got ${size} (${from})`);
  }
  const source = await open(from);
  const target = await open(file, 'r+');
  try {
    await copyData(source, target, start * sectorSize);
  } finally {
    await source.close();
    await target.close();
  }
}

const chunkBytes = 1 << 20;
const zeros = Buffer.alloc(chunkBytes);

/** Copies what is not zero. */
async function copyData(source: FileHandle, target: FileHandle, offset: number): Promise<void> {
  const chunk = Buffer.alloc(chunkBytes);
  for (let at = 0; ; at += chunkBytes) {
    const { bytesRead } = await source.read(chunk, 0, chunkBytes, at);
    if (bytesRead === 0) return;
    const bytes = chunk.subarray(0, bytesRead);
    if (!bytes.equals(zeros.subarray(0, bytesRead))) await target.write(bytes, 0, bytesRead, offset + at);
    if (bytesRead < chunkBytes) return;
  }
}

function sfdiskScript(): string {
  const lines = Object.values(layout.partitions)
    .sort((a, b) => a.number - b.number)
    .map(({ start, sectors, type }) => `start=${start}, size=${sectors}, type=${type.toString(16)}`);
  return ['label: dos', `label-id: 0x${layout.diskId.toString(16).padStart(8, '0')}`, ...lines, ''].join('\n');
}

async function makeFat(
  path: string,
  { start, sectors, type }: Partition,
  label: keyof typeof volumes,
  folder: string | undefined,
  epoch: number,
): Promise<void> {
  if (type !== partitionTypes.fat32) throw new InputError(`expected a partition for FAT32, got the type ${type}`);
  const env = { SOURCE_DATE_EPOCH: String(epoch), TZ: 'UTC', MTOOLS_SKIP_CHECK: '1' };
  const options = ['--invariant', '-F', '32', '-s', '1', '-h', String(start), '-n', label, '-i', volumes[label]];
  await rm(path, { force: true });
  outputOf('mkfs.vfat', [...options, '-C', path, String((sectors * sectorSize) / 1024)], { env });
  if (folder === undefined) return;
  const names = (await readdir(folder)).sort();
  await settleTimes(folder, epoch);
  outputOf('mcopy', ['-i', path, '-s', '-m', '-Q', ...names, '::/'], { env, cwd: folder });
}

/** A file system that holds nothing yet, and can grow to any card's size. */
function makeData(path: string, epoch: number): void {
  const kibibytes = (layout.partitions.data.sectors * sectorSize) / 1024;
  const options = ['-q', '-b', '4096', '-I', '256', '-i', '16384', '-m', '1', '-U', dataUuid, '-L', layout.labels.data];
  // Its structures are written at once: a first boot is not to do it.
  const extended = `hash_seed=${dataUuid},lazy_itable_init=0,lazy_journal_init=0,resize=${2 ** 28}`;
  outputOf('mkfs.ext4', [...options, '-E', extended, path, `${kibibytes}k`], {
    env: { E2FSPROGS_FAKE_TIME: String(epoch), SOURCE_DATE_EPOCH: String(epoch) },
  });
}

async function plant(folder: string, files: Readonly<Record<string, string | Buffer>>): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), content);
  }
}

async function settleTimes(folder: string, epoch: number): Promise<void> {
  for (const entry of await walkFolder(folder)) {
    await utimes(join(entry.parentPath, entry.name), epoch, epoch);
  }
}

/** The SHA-256 of a file, in hexadecimal. */
export async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
