import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { asset, packageVersion } from '../../../sdk/base/assets.ts';
import { InputError } from '../../../sdk/base/errors.ts';
import { firstBootTemplate } from '../../../sdk/config/first-boot.ts';
import { appTree } from '../../pack/app-tree.ts';
import type { Architecture } from '../../pack/platform.ts';
import { sourceDate } from '../../pack/source-date.ts';
import { type Partition, partitionTypes, sectorSize } from '../layout.ts';
import { type InitFormat, manifestExtension, manifestText } from '../manifest.ts';
import { readPartitionTable } from '../partition-table.ts';
import { bytesOf, Ext4, run } from './ext4.ts';
import { fetchNode } from './node.ts';

export interface CustomiseOptions {
  /** An image of Raspberry Pi OS or one like it, also compressed by xz. It stays as it is. */
  readonly image: string;
  /** The image that is made; there may be none yet. */
  readonly to: string;
  /** What becomes `/usr/lib/ocellus`; made of the checkout where it is not given. */
  readonly app?: string;
  /** The program Node for that image; fetched by npm where it is not given. */
  readonly node?: string;
  /** Where the image will be downloaded. Default: this machine's file. */
  readonly url?: string;
  /** Bytes that stay free in the root, for the first start: keys, logs, lists of packages. Default: 256 MiB. */
  readonly spare?: number;
  /** A step begins. */
  readonly onStep?: (name: string) => void;
}

/** What was made. Sizes in bytes. */
export interface CustomisedImage {
  readonly file: string;
  /** For Raspberry Pi Imager; none for a machine that is no Raspberry Pi. */
  readonly manifest?: string;
  /** What the image calls itself, such as `Debian GNU/Linux 13 (trixie)`. */
  readonly system: string;
  readonly architecture: Architecture;
  /** How Raspberry Pi Imager hands it user, network and so on. */
  readonly initFormat: InitFormat;
  readonly addedBytes: number;
  /** By how much it was made larger. */
  readonly grownBytes: number;
}

const defaultSpare = 256 * 1024 * 1024;
/** The first one whose FAT partition is at /boot/firmware. */
const oldestDebian = 12;
const nodeFolder = '/usr/lib/ocellus-node';
const unitFolder = '/usr/lib/systemd/system';
const firstUnit = 'ocellus-first-boot.service';

/**
 * Puts Ocellus, and Node for it, into a copy of a stock image: Raspberry Pi OS with all that it has, for boards such as
 * the Pi 5 that Debian's own kernel does not run. File systems are changed as files, without root's rights and without a
 * loop device.
 *
 * @throws InputError when the image is none that this works for, a program is missing, or `to` is there already.
 * @example
 * await customiseImage({ image: '2026-06-18-raspios-trixie-arm64-lite.img.xz', to: 'ocellus-raspios.img' });
 */
export async function customiseImage(options: CustomiseOptions): Promise<CustomisedImage> {
  const { image, to } = options;
  if (!existsSync(image)) throw new InputError(`there is no ${image}`);
  if (existsSync(to)) throw new InputError(`${to} is there already: delete it, or choose another name`);
  const scratch = await mkdtemp(join(tmpdir(), 'ocellus-customise-'));
  const partial = join(dirname(to), `.${basename(to)}.partial`);
  try {
    const made = await customiseCopy(partial, scratch, options);
    renameSync(partial, to);
    if (made.architecture !== 'arm64') return { file: to, ...made };
    const manifest = `${to.replace(/\.img$/, '')}${manifestExtension}`;
    await writeFile(manifest, await manifestFor(made, options));
    return { file: to, manifest, ...made };
  } finally {
    rmSync(partial, { force: true });
    await rm(scratch, { recursive: true, force: true });
  }
}

type Made = Omit<CustomisedImage, 'file' | 'manifest'>;

async function customiseCopy(copy: string, scratch: string, options: CustomiseOptions): Promise<Made> {
  const { image, spare = defaultSpare, onStep = () => {} } = options;
  const date = sourceDate();
  onStep('copying the image');
  copyImage(image, copy);
  const [boot, root] = await partitionsOf(copy);
  const rootFile = join(scratch, 'root.ext4');
  extract(copy, root, rootFile);
  const ext4 = new Ext4(rootFile);
  const found = examine(ext4);
  onStep(`${found.system}: putting Ocellus ${packageVersion()} together for ${found.architecture}`);
  const tree = makeTree(join(scratch, 'tree'), found.architecture, options);
  const { free, block } = ext4.space;
  const addedBytes = bytesOf(tree, block);
  const missing = addedBytes + spare - free;
  const present = root.sectors * sectorSize;
  let size = present;
  if (missing > 0) {
    onStep(`making the root file system larger by ${Math.ceil(missing / 1e6)} MB`);
    size = ext4.grow(missing, present);
  }
  onStep('writing the files');
  ext4.put(
    parts.map((path) => ({ from: join(tree, path), to: `/${path}` })),
    date,
  );
  ext4.verify();
  putBack(rootFile, copy, root, size);
  if (size !== present) await setSectors(copy, root, size / sectorSize);
  putSettings(copy, boot, scratch);
  return { ...found, addedBytes, grownBytes: size - present };
}

function copyImage(image: string, copy: string): void {
  if (image.endsWith('.xz')) run('sh', ['-c', 'xz --decompress --stdout -- "$1" > "$2"', 'sh', image, copy]);
  else run('cp', ['--sparse=always', '--reflink=auto', '--', image, copy]);
}

/** @throws InputError when it is not what a stock image of Raspberry Pi OS is: FAT, then ext4 to the end. */
async function partitionsOf(file: string): Promise<readonly [boot: Partition, root: Partition]> {
  const handle = await open(file);
  const { partitions } = await readPartitionTable(handle).finally(() => handle.close());
  const [boot, root] = partitions;
  const isStock =
    partitions.length === 2 &&
    [partitionTypes.fat32, 0x0b, 0x0e].includes(boot!.type) &&
    root!.type === partitionTypes.linux &&
    root!.start > boot!.start;
  if (!isStock) {
    throw new InputError(
      `expected an image of Raspberry Pi OS, with a FAT partition and one of Linux after it, got ${partitions.length} partitions of the types ${partitions.map(({ type }) => `0x${type.toString(16)}`).join(', ')}`,
    );
  }
  return [boot!, root!];
}

function extract(image: string, { start, sectors }: Partition, to: string): void {
  const [skip, count] = [start * sectorSize, sectors * sectorSize];
  run('dd', [
    ...[`if=${image}`, `of=${to}`, 'bs=4M', 'iflag=skip_bytes,count_bytes', `skip=${skip}`, `count=${count}`],
    ...['conv=sparse', 'status=none'],
  ]);
}

function putBack(from: string, image: string, { start }: Partition, size: number): void {
  // Holes have to be written as well: the copy has what was there before.
  run('dd', [
    `if=${from}`,
    `of=${image}`,
    'bs=4M',
    'oflag=seek_bytes',
    `seek=${start * sectorSize}`,
    'conv=notrunc',
    'status=none',
  ]);
  const whole = start * sectorSize + size;
  run('truncate', ['--size', `${Math.max(whole, statSync(image).size)}`, image]);
  // Not every file system has holes.
  run('fallocate', ['--dig-holes', image], { codes: [0, 1] });
}

/** Changes how long a primary partition is. Linux counts by sectors alone, so the cylinders stay. */
async function setSectors(image: string, { number }: Partition, sectors: number): Promise<void> {
  const field = Buffer.alloc(4);
  field.writeUInt32LE(sectors);
  const handle = await open(image, 'r+');
  await handle.write(field, 0, field.length, 446 + 16 * (number - 1) + 12).finally(() => handle.close());
}

function examine(root: Ext4): Pick<Made, 'system' | 'architecture' | 'initFormat'> {
  const release = root.read('/etc/os-release') ?? root.read('/usr/lib/os-release') ?? '';
  const field = (name: string) => new RegExp(`^${name}="?([^"\n]*)"?$`, 'm').exec(release)?.[1];
  const system = field('PRETTY_NAME') ?? 'an unknown system';
  const isDebian = ['debian', 'raspbian'].some((id) => `${field('ID')} ${field('ID_LIKE')}`.includes(id));
  if (!isDebian || !(Number(field('VERSION_ID')) >= oldestDebian)) {
    throw new InputError(
      `expected Raspberry Pi OS or Debian of version ${oldestDebian} or newer in the image, got ${system}`,
    );
  }
  const architecture = root.has('/usr/lib/aarch64-linux-gnu')
    ? 'arm64'
    : root.has('/usr/lib/x86_64-linux-gnu')
      ? 'amd64'
      : undefined;
  if (!architecture) {
    throw new InputError(`expected a system of 64 bits in the image; ${system} in it is none: take the image "64-bit"`);
  }
  if (root.has('/usr/lib/ocellus')) throw new InputError('there is Ocellus in the image already: take the stock image');
  return { system, architecture, initFormat: initFormatOf(root) };
}

/** By what the system has: Imager must not be told another one. */
function initFormatOf(root: Ext4): InitFormat {
  if (root.has('/usr/bin/rpi-preseed')) return 'rpi-preseed';
  if (root.has('/usr/bin/cloud-init')) return 'cloudinit-rpi';
  return root.has('/usr/lib/raspberrypi-sys-mods') ? 'systemd' : 'none';
}

/** What is put into the root. */
function makeTree(tree: string, arch: Architecture, { app, node }: CustomiseOptions): string {
  const at = (path: string) => {
    const file = join(tree, path);
    mkdirSync(dirname(file), { recursive: true });
    return file;
  };
  const appFolder = at('/usr/lib/ocellus');
  if (app === undefined) appTree({ arch, to: appFolder });
  else cpSync(app, appFolder, { recursive: true, verbatimSymlinks: true });
  const program = at(join(nodeFolder, 'bin', 'node'));
  if (node === undefined) fetchNode(arch, join(tree, nodeFolder));
  else copyFileSync(node, program);
  // Its own Node, whatever else is installed later.
  const start = `#!/bin/sh\nPATH=${nodeFolder}/bin:$PATH exec /usr/lib/ocellus/bin/ocellus.js "$@"\n`;
  writeFileSync(at('/usr/bin/ocellus'), start);
  for (const path of ['/usr/bin/ocellus', join(nodeFolder, 'bin', 'node')]) chmodSync(join(tree, path), 0o755);
  const units = asset('tools', 'systemd');
  for (const unit of ['ocellus.service', firstUnit, 'ocellus.service.d/first-boot.conf']) {
    copyFileSync(join(units, unit), at(join(unitFolder, unit)));
  }
  for (const unit of ['ocellus.service', firstUnit]) {
    symlinkSync(`${unitFolder}/${unit}`, at(`/etc/systemd/system/multi-user.target.wants/${unit}`));
  }
  return tree;
}

/** Each part that is new, so that what is there already is not made again. */
const parts: readonly string[] = [
  'usr/lib/ocellus',
  nodeFolder.slice(1),
  'usr/bin/ocellus',
  ...['ocellus.service', firstUnit, 'ocellus.service.d'].map((unit) => `${unitFolder.slice(1)}/${unit}`),
  ...['ocellus.service', firstUnit].map((unit) => `etc/systemd/system/multi-user.target.wants/${unit}`),
];

function putSettings(image: string, { start }: Partition, scratch: string): void {
  const template = join(scratch, 'ocellus.toml');
  writeFileSync(template, firstBootTemplate);
  run('mcopy', ['-o', '-i', `${image}@@${start * sectorSize}`, template, '::ocellus.toml']);
}

function manifestFor({ system, initFormat }: Made, { to, url }: CustomiseOptions): Promise<string> {
  return manifestText({
    ...{ image: to, name: `Ocellus ${packageVersion()} on ${system}`, initFormat, date: sourceDate() },
    description: 'Cameras become detections on MQTT and on a live page',
    devices: ['pi3-64bit', 'pi4-64bit', 'pi5-64bit'],
    ...(url !== undefined && { url }),
  });
}
