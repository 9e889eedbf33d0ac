import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { packageVersion } from '../../../sdk/base/assets.ts';
import { InputError } from '../../../sdk/base/errors.ts';
import { firstBootTemplate } from '../../../sdk/config/first-boot.ts';
import { isVersion } from '../../../sdk/update/manifest.ts';
import { installAppTree } from '../../pack/app-tree.ts';
import { sourceDate } from '../../pack/source-date.ts';
import { manifestExtension, manifestText } from '../manifest.ts';
import { cardPrograms, digestOf, makeCard, makeRootImage } from './card.ts';
import { makeDebian } from './debian.ts';
import { appFolder, bootcode, dressRoot } from './dress.ts';
import { needPrograms, outputOf, run } from './programs.ts';
import { billOfMaterials } from './sbom.ts';

export interface ImageOptions {
  /** The image. Beside it: its bill of materials, the compressed image. */
  readonly file: string;
  /** A root of Debian that an earlier build kept; made where it is not given. */
  readonly debian?: string;
  /** Where the root of Debian is kept that is made. */
  readonly keepDebian?: string;
  /** What is to be `/usr/lib/ocellus`; made of the checkout where it is not given. */
  readonly app?: string;
  /** Of the card's system, by which updates tell which is newer. Default: that of Ocellus. */
  readonly imageVersion?: string;
  /** Also write it compressed by xz, as it is given away. */
  readonly compress: boolean;
  /** With `compress`: where the compressed image will be found, for Raspberry Pi Imager. Default: its file here. */
  readonly url?: string;
  /** A step begins. */
  readonly onStep?: (name: string) => void;
  /** How far a long one is, 0 to 1. */
  readonly onProgress?: (what: string, fraction: number) => void;
}

/** What was made. Sizes in bytes. */
export interface MadeImage {
  readonly file: string;
  readonly version: string;
  readonly kernel: string;
  readonly imageBytes: number;
  readonly imageSha256: string;
  /** Of the root's file system, which is compressed itself. */
  readonly rootBytes: number;
  readonly bootBytes: number;
  readonly appBytes: number;
  readonly compressedFile?: string;
  readonly compressedBytes?: number;
  readonly compressedSha256?: string;
  /** For Raspberry Pi Imager. */
  readonly manifest?: string;
  readonly billOfMaterials: string;
  /** How long each step took. */
  readonly seconds: Readonly<Record<string, number>>;
}

/** Blocks of which several are compressed at a time, always in this many threads: both change the bytes. */
const xzOptions = ['--threads=2', '--block-size=64MiB', '-6'];

/**
 * Makes a card image: Debian 13 for arm64, Ocellus in it, nothing that boards would share. It needs root's rights, since files in
 * it belong to several users, but no loop device and no mount. The same Debian packages and sources give the same bytes.
 *
 * @throws InputError when a program or a right is missing, with what to do.
 * @example
 * const { imageSha256 } = await makeImage({ file: 'ocellus.img', compress: true });
 */
export async function makeImage(options: ImageOptions): Promise<MadeImage> {
  assertRights();
  needPrograms({ ...cardPrograms, tar: 'tar', depmod: 'kmod', xz: 'xz-utils', zstd: 'zstd' });
  const scratch = await mkdtemp(join(tmpdir(), 'ocellus-image-'));
  try {
    return await makeIn(scratch, options);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function makeIn(scratch: string, options: ImageOptions): Promise<MadeImage> {
  const { file, app, compress, onStep, onProgress = () => {} } = options;
  const epoch = sourceDate();
  const version = options.imageVersion ?? packageVersion();
  assertVersion(version);
  const seconds: Record<string, number> = {};
  const step = async <T>(name: string, work: () => T | Promise<T>): Promise<T> => {
    onStep?.(name);
    const from = performance.now();
    const result = await work();
    seconds[name.toLowerCase().replaceAll(' ', '_')] = Math.round((performance.now() - from) / 100) / 10;
    return result;
  };

  const debian = options.debian ?? options.keepDebian ?? join(scratch, 'debian.tar');
  if (options.debian === undefined) await step('Debian', () => makeDebian(debian, { epoch, onProgress }));
  else if (!existsSync(debian))
    throw new InputError(`--debian: expected a tar archive, got ${debian}, which is not there`);

  const root = join(scratch, 'root');
  await mkdir(root);
  await step('unpack', () =>
    outputOf('tar', ['--extract', '--numeric-owner', '--xattrs', '--file', debian, '-C', root]),
  );
  await step('Ocellus', () => installApp(root, app, epoch));
  const appBytes = bytesBelow(join(root, appFolder));

  const boot = join(scratch, 'boot');
  const settings = { 'bootcode.bin': bootcode(root), 'ocellus.toml': firstBootTemplate };
  const kernel = await step('initramfs and settings', () => dressRoot(root, boot, { version, epoch }));
  const bill = `${withoutEnding(file)}.cdx.json`;
  await mkdir(dirname(resolve(file)), { recursive: true });
  await writeFile(bill, billOfMaterials(root, appFolder, { version }));

  const rootImage = join(scratch, 'root.erofs');
  await step('root file system', () => makeRootImage(rootImage, root, epoch));
  const unfinished = `${file}.unfinished`;
  await step('card', () =>
    makeCard(unfinished, { settings, boot, root: rootImage }, { epoch, scratch: join(scratch, 'card') }),
  );
  await rename(unfinished, file);
  const made = {
    ...{ file, version, kernel },
    imageBytes: (await stat(file)).size,
    imageSha256: await step('checksum', () => digestOf(file)),
    rootBytes: (await stat(rootImage)).size,
    bootBytes: bytesBelow(boot),
    ...{ appBytes, billOfMaterials: bill },
  };
  if (!compress) return { ...made, seconds };
  const packed = await step('compress', () => compressed(file));
  const manifest = `${withoutEnding(file)}${manifestExtension}`;
  await writeFile(
    manifest,
    await manifestText({
      ...{ image: file, download: packed.compressedFile, url: options.url, name: `Ocellus ${version}` },
      description: 'Cameras become detections on MQTT, in Home Assistant and on a live page',
      initFormat: 'rpi-preseed',
      devices: ['pi3-64bit', 'pi4-64bit'],
      date: epoch,
    }),
  );
  return { ...made, ...packed, manifest, seconds };
}

async function installApp(root: string, app: string | undefined, epoch: number): Promise<void> {
  if (app === undefined) {
    installAppTree(root, { arch: 'arm64', date: epoch });
    return;
  }
  if (!existsSync(join(app, 'bin', 'ocellus.js'))) {
    throw new InputError(`--app: expected the installed tree of Ocellus, got ${app}, which has no bin/ocellus.js`);
  }
  await cp(app, join(root, appFolder), { recursive: true, verbatimSymlinks: true });
  await symlink('../lib/ocellus/bin/ocellus.js', join(root, 'usr', 'bin', 'ocellus'));
}

async function compressed(file: string) {
  const path = `${file}.xz`;
  await run('xz', [...xzOptions, '--keep', '--force', file]);
  return { compressedFile: path, compressedBytes: (await stat(path)).size, compressedSha256: await digestOf(path) };
}

function assertVersion(version: string): void {
  if (isVersion(version)) return;
  throw new InputError(`--image-version: expected three numbers, such as 1.2.0 or 1.2.0-beta.1, got ${version}`);
}

function assertRights(): void {
  if (process.getuid?.() === 0) return;
  throw new InputError(
    'expected root’s rights, for files that belong to several users: run it by sudo, or in a container',
  );
}

const withoutEnding = (file: string) => join(dirname(file), basename(file).replace(/\.img$/, ''));
const bytesBelow = (folder: string) => Number(outputOf('du', ['-sb', folder]).toString().split('\t')[0]);
