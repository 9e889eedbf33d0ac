import { type ChildProcess, spawn } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { open, readFile, stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { InputError, messageOf } from '../../sdk/base/errors.ts';
import { type BlockMap, largestMap, parseBmap } from './bmap.ts';

type Packing = 'none' | 'gzip' | 'xz' | 'zstd';
const magics: readonly [Packing | 'zip', number[]][] = [
  ['gzip', [0x1f, 0x8b]],
  ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]],
  ['zstd', [0x28, 0xb5, 0x2f, 0xfd]],
  ['zip', [0x50, 0x4b, 0x03, 0x04]],
];
const packages = { xz: 'xz-utils', zstd: 'zstd' } as const;

/** An image as a file, compressed or not. */
export interface ImageFile {
  readonly path: string;
  /** Bytes of the image itself; undefined while that is not known. */
  readonly size: number | undefined;
  /** What of it matters, where a map lies beside it. */
  readonly map: BlockMap | undefined;
  /** All of it, from its beginning. @param report Told a number from 0 to 1: how much of the file was read. */
  read(report: (part: number) => void): AsyncGenerator<Buffer>;
}

/**
 * Opens an image: raw, or compressed with gzip, xz or zstd, known by its first bytes. `X.bmap` or `X.img.bmap` beside
 * `X.img.xz` is its map.
 *
 * @throws InputError when it cannot be read, or its map is none.
 */
export async function openImage(path: string): Promise<ImageFile> {
  const what = await stat(path).catch((error: unknown) => {
    throw new InputError(`${path} cannot be read: ${messageOf(error)}`);
  });
  if (!what.isFile() || what.size === 0) throw new InputError(`${path}: expected the file of an image`);
  const packing = await packingOf(path);
  const map = await mapBeside(path);
  const size = packing === 'none' ? what.size : (map?.size ?? (await unpackedSize(path, packing)));
  if (map && size !== undefined && map.size !== size)
    throw new InputError(`${path} has ${size} bytes, and its map is of an image of ${map.size}: it is another one's`);
  return { path, size, map, read: (report) => read(path, what.size, packing, report) };
}

async function packingOf(path: string): Promise<Packing> {
  const file = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(8), 0, 8, 0);
    const found = magics.find(([, magic]) => magic.length <= bytesRead && magic.every((byte, i) => buffer[i] === byte));
    if (found?.[0] === 'zip') throw new InputError(`${path} is a zip archive: unpack it first`);
    return found?.[0] ?? 'none';
  } finally {
    await file.close();
  }
}

async function mapBeside(path: string): Promise<BlockMap | undefined> {
  const bare = path.replace(/\.(gz|xz|zst)$/, '');
  for (const name of [`${path}.bmap`, `${bare}.bmap`, bare.replace(/\.[^./]+$/, '.bmap')]) {
    if (name === path) continue;
    const what = await stat(name).catch(() => undefined);
    if (!what?.isFile()) continue;
    if (what.size > largestMap) throw new InputError(`${name} is too large for a block map`);
    return parseBmap(await readFile(name, 'utf8'), name);
  }
  return undefined;
}

/** What the file itself says, where it does: a card that is too small is known before anything is written. */
async function unpackedSize(path: string, packing: Packing): Promise<number | undefined> {
  if (packing !== 'xz') return undefined;
  const child = start('xz', ['--robot', '--list', '--', path], 'ignore');
  let text = '';
  child.stdout!.setEncoding('utf8').on('data', (piece: string) => (text += piece));
  await ending(child, 'xz');
  const bytes = Number(/^totals\t\d+\t\d+\t\d+\t(\d+)\t/m.exec(text)?.[1]);
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

async function* read(
  path: string,
  bytes: number,
  packing: Packing,
  report: (part: number) => void,
): AsyncGenerator<Buffer> {
  const file = createReadStream(path, { highWaterMark: 1024 * 1024 });
  let done = 0;
  file.on('data', (chunk) => {
    done += chunk.length;
    report(done / bytes);
  });
  // Who listens to its data lets it flow: it is to wait for its reader.
  file.pause();
  if (packing === 'none') {
    for await (const chunk of file) yield chunk as Buffer;
    return;
  }
  if (packing === 'gzip') {
    const gunzip = createGunzip();
    const fed = pipeline(file, gunzip);
    fed.catch(() => {});
    try {
      for await (const chunk of gunzip) yield chunk as Buffer;
      await fed;
    } catch (error) {
      throw new InputError(`${path} is damaged: ${messageOf(error)}; fetch it again`);
    }
    return;
  }
  const child = start(packing, ['-d', '-c', '-q'], 'pipe');
  const fed = pipeline(file, child.stdin!);
  // It ends before its input does where that is damaged; its exit status says so.
  fed.catch(() => {});
  try {
    for await (const chunk of child.stdout!) yield chunk as Buffer;
    await ending(child, packing, path);
  } finally {
    file.destroy();
    if (child.exitCode === null) child.kill();
  }
}

function start(program: 'xz' | 'zstd', args: readonly string[], stdin: 'pipe' | 'ignore'): ChildProcess {
  const child = spawn(program, args, { stdio: [stdin, 'pipe', 'pipe'] });
  errors.set(child, '');
  child
    .stderr!.setEncoding('utf8')
    .on('data', (text: string) => errors.set(child, (errors.get(child)! + text).slice(-500)));
  ends.set(child, new Promise((resolve, reject) => child.once('error', reject).once('close', resolve)));
  ends.get(child)!.catch(() => {});
  return child;
}

/** Their ends are awaited later than they may come. */
const ends = new WeakMap<ChildProcess, Promise<number | null>>();
const errors = new WeakMap<ChildProcess, string>();

async function ending(child: ChildProcess, program: 'xz' | 'zstd', path?: string): Promise<void> {
  let code: number | null;
  try {
    code = await ends.get(child)!;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new InputError(`${program} is missing: sudo apt install ${packages[program]}`);
  }
  if (code === 0) return;
  throw new InputError(
    `${path ?? program} is damaged: ${errors.get(child)!.trim() || `${program} ended with ${code}`}`,
  );
}
