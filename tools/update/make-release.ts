import { createHash, type Hash, type KeyObject } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { type FileHandle, open, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { brotliCompress, constants } from 'node:zlib';
import { InputError, messageOf } from '../../sdk/base/errors.ts';
import {
  type PartImage,
  type PartImages,
  type Payload,
  parseRelease,
  type ReleaseManifest,
} from '../../sdk/update/manifest.ts';
import { payloadMagic } from '../../sdk/update/payload.ts';
import { blockBytes, frameBlocks, type Program, StepList } from '../../sdk/update/program.ts';
import { bundleEnding, bundleHeader, releaseFile, releasePurpose, signatureEnding } from '../../sdk/update/release.ts';
import { type Part, partitions, partNames } from '../../sdk/update/slots.ts';
import { signatureOf } from '../../sdk/zoo/signature.ts';
import { sectorSize } from '../image/layout.ts';
import { readPartitionTable } from '../image/partition-table.ts';
import { Drafts } from './drafts.ts';

const deflate = promisify(brotliCompress);
const zeros = Buffer.alloc(blockBytes);
/** A boot file system is held whole, to find what differs between the slots. */
const largestBoot = 1024 * 1024 * 1024;
const rootOfA = /PARTUUID=[0-9a-f]{8}-05/g;

export interface ReleaseOptions {
  /** An image of a card, with the system in slot a. */
  readonly image: string;
  readonly version: string;
  /** Images of earlier releases, for those of which only what changed is sent. */
  readonly bases: readonly { readonly version: string; readonly image: string }[];
  readonly title: string;
  readonly releaseUrl?: string | undefined;
  readonly architecture: string;
  readonly boards: readonly string[];
  /** A folder. */
  readonly out: string;
  readonly key: KeyObject;
  /** Also writes each payload with the manifest as one file. */
  readonly bundles?: boolean;
}

/** What a release consists of; paths of files that were written. */
export interface MadeRelease {
  readonly manifest: ReleaseManifest;
  readonly files: readonly string[];
}

/**
 * Makes a signed release of an image of a card: `update.json`, its signature, and a payload for each base and for none.
 * Equal images give equal payloads. Files get their names once all are whole, `update.json` last: boards may be looking at the
 * folder, and one that was there before stays where this fails.
 *
 * @throws InputError when an image is none, or its boot partition does not name the root of slot a.
 */
export async function makeRelease(options: ReleaseOptions): Promise<MadeRelease> {
  const drafts = await Drafts.in(options.out);
  try {
    return await draftRelease(options, drafts);
  } finally {
    await drafts.discard();
  }
}

async function draftRelease(options: ReleaseOptions, drafts: Drafts): Promise<MadeRelease> {
  const { image, version, bases, out, key } = options;
  const { parts, payloads } = await draftPayloads(image, version, bases, drafts);
  const manifest = {
    format: 1,
    version,
    title: options.title,
    ...(options.releaseUrl !== undefined && { release_url: options.releaseUrl }),
    architecture: options.architecture,
    boards: [...options.boards],
    parts,
    payloads,
  };
  const bytes = Buffer.from(`${JSON.stringify(manifest, null, 2)}\n`);
  const parsed = parseRelease(bytes, releaseFile);
  const signature = Buffer.from(`${signatureOf(bytes, key, releasePurpose)}\n`);
  for (const [index, { file }] of payloads.entries()) {
    if (!options.bundles) continue;
    const bundle = drafts.path(file.replace(/\.payload$/, bundleEnding));
    await writeFile(bundle, bundleHeader(bytes, signature, index));
    await pipeline(createReadStream(drafts.path(file)), createWriteStream(bundle, { flags: 'a' }));
  }
  await writeFile(drafts.path(`${releaseFile}${signatureEnding}`), signature);
  await writeFile(drafts.path(releaseFile), bytes);
  const names = await drafts.publish();
  return { manifest: parsed, files: names.toReversed().map((name) => join(out, name)) };
}

async function draftPayloads(
  image: string,
  version: string,
  bases: ReleaseOptions['bases'],
  drafts: Drafts,
): Promise<{ parts: PartImages; payloads: Payload[] }> {
  const next = await SlotImages.open(image);
  const payloads: Payload[] = [];
  try {
    const whole = await writePayload(drafts, `ocellus-${version}.payload`, next, undefined);
    payloads.push({ ...whole, base: null });
    for (const base of bases) {
      const before = await SlotImages.open(base.image);
      try {
        const name = `ocellus-${base.version}-to-${version}.payload`;
        const changed = await writePayload(drafts, name, next, before);
        payloads.push({ ...changed, base: { version: base.version, parts: before.parts } });
      } finally {
        await before.close();
      }
    }
  } finally {
    await next.close();
  }
  return { parts: next.parts, payloads };
}

/** The images of both slots, made of slot a in the image of a card. */
class SlotImages {
  readonly parts: PartImages;
  readonly #file: FileHandle;
  readonly #rootAt: number;
  readonly #boot: { readonly a: Buffer; readonly b: Buffer };

  private constructor(file: FileHandle, rootAt: number, boot: { a: Buffer; b: Buffer }, parts: PartImages) {
    this.#file = file;
    this.#rootAt = rootAt;
    this.#boot = boot;
    this.parts = parts;
  }

  static async open(path: string): Promise<SlotImages> {
    const file = await open(path, 'r').catch((error: Error) => {
      throw new InputError(`${path} cannot be read: ${error.message}`);
    });
    try {
      const table = await readPartitionTable(file).catch((error: unknown) => {
        throw new InputError(`${path}: ${messageOf(error)}`);
      });
      const partition = (part: Part) => {
        const found = table.partitions.find(({ number }) => number === partitions.a[part]);
        if (!found) throw new InputError(`${path}: expected partition ${partitions.a[part]} (${part} of slot a)`);
        return { offset: found.start * sectorSize, bytes: found.sectors * sectorSize };
      };
      const [bootAt, rootAt] = [partition('boot'), partition('root')];
      if (bootAt.bytes > largestBoot) throw new InputError(`${path}: its boot partition is larger than 1 GiB`);
      const a = Buffer.alloc(bootAt.bytes);
      await file.read(a, 0, a.length, bootAt.offset);
      const boot = { a, b: slotB(a, path) };
      const bootBytes = Math.max(usedBytes(boot.a), blockBytes);
      const root = await rootImage(file, rootAt.offset, rootAt.bytes);
      const sum = (bytes: Buffer) => createHash('sha256').update(bytes.subarray(0, bootBytes)).digest('hex');
      const parts = { boot: { bytes: bootBytes, sha256: { a: sum(boot.a), b: sum(boot.b) } }, root };
      return new SlotImages(file, rootAt.offset, boot, parts);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /** The blocks of a part for either slot, in their order; where both slots have the same one it is the same object. */
  async *blocks(part: Part): AsyncGenerator<{ a: Buffer; b: Buffer }> {
    const { bytes } = this.parts[part];
    if (part === 'boot') {
      for (let at = 0; at < bytes; at += blockBytes) {
        const a = this.#boot.a.subarray(at, at + blockBytes);
        const b = this.#boot.b.subarray(at, at + blockBytes);
        yield { a, b: a.equals(b) ? a : b };
      }
      return;
    }
    for await (const a of blocksOf(this.#file, this.#rootAt, bytes)) yield { a, b: a };
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}

/** What differs in slot b is of equal length: the partition of its root, and its label. */
function slotB(boot: Buffer, path: string): Buffer {
  const text = boot.toString('latin1');
  if (text.search(rootOfA) < 0) {
    throw new InputError(
      `${path}: expected root=PARTUUID=…-05 in cmdline.txt of slot a, so that slot b can have its own`,
    );
  }
  return Buffer.from(
    text.replaceAll(rootOfA, (found) => `${found.slice(0, -1)}6`).replaceAll('OCELLUS-A  ', 'OCELLUS-B  '),
    'latin1',
  );
}

/** Up to the last block that is not zero. */
function usedBytes(bytes: Buffer): number {
  let end = bytes.length - (bytes.length % blockBytes);
  while (end > 0 && bytes.subarray(end - blockBytes, end).equals(zeros)) end -= blockBytes;
  return end;
}

async function rootImage(file: FileHandle, offset: number, bytes: number): Promise<PartImage> {
  let hash = createHash('sha256');
  let atLastUsed: Hash = hash.copy();
  let [at, used] = [0, 0];
  for await (const block of blocksOf(file, offset, bytes - (bytes % blockBytes))) {
    hash.update(block);
    at += blockBytes;
    if (block.equals(zeros)) continue;
    used = at;
    atLastUsed = hash.copy();
  }
  if (used === 0) atLastUsed = hash = createHash('sha256').update(zeros);
  const sum = atLastUsed.digest('hex');
  return { bytes: Math.max(used, blockBytes), sha256: { a: sum, b: sum } };
}

async function* blocksOf(file: FileHandle, offset: number, bytes: number): AsyncGenerator<Buffer> {
  const step = frameBlocks * blockBytes;
  for (let at = 0; at < bytes; at += step) {
    const chunk = Buffer.alloc(Math.min(step, bytes - at));
    // What lies behind the end of a file that was cut off after its last byte that is not zero is zero.
    await file.read(chunk, 0, chunk.length, offset + at);
    for (let i = 0; i < chunk.length; i += blockBytes) yield chunk.subarray(i, i + blockBytes);
  }
}

const digest = (block: Buffer) => createHash('sha256').update(block).digest('base64').slice(0, 24);

/** Where each block is that both slots of a base have at the same place. */
async function indexOf(images: SlotImages, part: Part): Promise<ReadonlyMap<string, number>> {
  const found = new Map<string, number>();
  let index = 0;
  for await (const { a, b } of images.blocks(part)) {
    if (a === b) {
      const key = digest(a);
      if (!found.has(key)) found.set(key, index);
    }
    index++;
  }
  return found;
}

async function writePayload(
  drafts: Drafts,
  name: string,
  images: SlotImages,
  base: SlotImages | undefined,
): Promise<Omit<Payload, 'base'>> {
  const path = drafts.path(name);
  const framesPath = drafts.scratch(`${name}.frames`);
  const frames = await open(framesPath, 'w');
  const program: Record<string, Record<'a' | 'b', StepList>> = {};
  let pending: Buffer[] = [];
  let count = 0;
  const flush = async () => {
    if (pending.length === 0) return;
    const packed = await compressed(Buffer.concat(pending));
    await frames.write(Buffer.concat([uint32(packed.length), packed]));
    pending = [];
  };
  const fresh = async (block: Buffer) => {
    pending.push(Buffer.from(block));
    if (pending.length === frameBlocks) await flush();
    return count++;
  };
  try {
    for (const part of partNames) {
      const index = base && (await indexOf(base, part));
      const steps = (program[part] = { a: new StepList(), b: new StepList() });
      for await (const { a, b } of images.blocks(part)) {
        let shared: number | undefined;
        for (const slot of ['a', 'b'] as const) {
          const block = slot === 'a' ? a : b;
          const from = index?.get(digest(block));
          if (block.equals(zeros)) steps[slot].add('zero');
          else if (from !== undefined) steps[slot].add('copy', from);
          else {
            const at = slot === 'b' && b === a && shared !== undefined ? shared : await fresh(block);
            if (slot === 'a') shared = at;
            steps[slot].add('fresh', at);
          }
        }
      }
    }
    await flush();
  } finally {
    await frames.close();
  }
  const plain = Object.fromEntries(
    partNames.map((part) => [part, { a: program[part]!.a.steps, b: program[part]!.b.steps }]),
  ) as unknown as Program;
  const packed = await compressed(Buffer.from(JSON.stringify(plain)));
  await writeFile(path, Buffer.concat([payloadMagic, uint32(packed.length), packed]));
  await pipeline(createReadStream(framesPath), createWriteStream(path, { flags: 'a' }));
  await rm(framesPath);
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  return { file: name, bytes: (await stat(path)).size, sha256: hash.digest('hex') };
}

const compressed = (bytes: Buffer) =>
  deflate(bytes, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: 6,
      [constants.BROTLI_PARAM_LGWIN]: 22,
      [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
    },
  });

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
