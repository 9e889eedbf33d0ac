import { createHash, type KeyObject } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, readFile, rm, stat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { maskCredentials } from '../base/credentials.ts';
import { InputError, messageOf } from '../base/errors.ts';
import { makeFolder } from '../base/make-folder.ts';
import { fetchSmall, type Patience } from '../zoo/download.ts';
import { fetchFile } from '../zoo/origin.ts';
import { assertSigned, type Purpose } from '../zoo/signature.ts';
import { type Payload, parseRelease, type ReleaseManifest } from './manifest.ts';
import { PayloadReader } from './payload.ts';

/** What a release is signed for: no signature of a zoo's manifest is one of a release. */
export const releasePurpose: Purpose = {
  text: 'ocellus release 1\n',
  ownKey: 'For releases of your own, put the public key into /etc/ocellus/update-keys/NAME.pem',
};
/** The manifest of a release, which is what is named; its signature is beside it. */
export const releaseFile = 'update.json';
export const signatureEnding = '.sig';
/** One file with all of it. */
export const bundleEnding = '.ocu';

const largestManifest = 1024 * 1024;
const bundleHead = /^ocellus update 1 (\d{1,7}) (\d{1,5}) (\d{1,2})\n/;
const longestHead = 64;
/** What the data partition has to have left beside a payload, bytes: cameras go on meanwhile. */
const reserveBytes = 32 * 1024 * 1024;

export interface FetchOptions {
  /** Where a payload from a URL lies. */
  readonly folder: string;
  /** Told a number from 0 to 1. */
  readonly report?: (part: number) => void;
  readonly patience?: Patience;
}

/** A release whose signature was checked. */
export interface Release {
  readonly manifest: ReleaseManifest;
  /** Those that can be had from where it is. */
  readonly payloads: readonly Payload[];
  /** Opens a payload once its sum was checked, fetched before where it is elsewhere. `close` removes what was fetched. */
  open(payload: Payload, options: FetchOptions): Promise<{ reader: PayloadReader; close(): Promise<void> }>;
}

/**
 * Reads a release and checks its signature.
 *
 * @param source `https://…/update.json`, the path of an `update.json` or of the folder that has one, or of a file `….ocu`.
 * @param keys Of which one has to have signed it.
 * @throws InputError when it cannot be read, or is not signed by one of them.
 */
export async function openRelease(
  source: string,
  keys: readonly KeyObject[],
  how: { patience?: Patience } = {},
): Promise<Release> {
  if (/^https?:\/\//i.test(source)) return fromUrl(source, keys, how.patience);
  const what = await stat(source).catch((error: unknown) => {
    throw new InputError(`${source} cannot be read: ${messageOf(error)}`);
  });
  if (what.isDirectory()) return fromFolder(join(source, releaseFile), keys);
  return source.endsWith('.json') ? fromFolder(source, keys) : fromBundle(source, keys);
}

async function fromUrl(url: string, keys: readonly KeyObject[], patience: Patience | undefined): Promise<Release> {
  const shown = maskCredentials(url);
  const { pathname } = new URL(url);
  if (!pathname.endsWith('.json'))
    throw new InputError(`${shown}: expected the address of a manifest, …/${releaseFile}`);
  const get = async (address: string, most: number) => {
    const bytes = await fetchSmall(address, most, patience);
    if (!bytes) throw new InputError(`${maskCredentials(address)}: it is not there`);
    return bytes;
  };
  const sibling = (name: string) => {
    const address = new URL(url);
    address.pathname = `${pathname.slice(0, pathname.lastIndexOf('/') + 1)}${encodeURIComponent(name)}`;
    return address.href;
  };
  const bytes = await get(url, largestManifest);
  const signature = await get(sibling(`${pathname.slice(pathname.lastIndexOf('/') + 1)}${signatureEnding}`), 16384);
  const manifest = checked(bytes, signature, keys, shown);
  return {
    manifest,
    payloads: manifest.payloads,
    open: async (payload, { folder, report, patience: own = patience }) => {
      await assertRoom(folder, payload);
      const { file } = await fetchFile(
        { ...payload, most: payload.bytes, origins: [{ kind: 'url', url: sibling(payload.file) }] },
        {
          folder,
          report: (_, done) => report?.(done / payload.bytes),
          ...(own && { patience: own }),
        },
      );
      const path = join(folder, 'payload');
      try {
        await file.moveTo(path);
      } finally {
        await file.close();
      }
      return opened(path, 0, () => rm(path, { force: true }));
    },
  };
}

async function fromFolder(path: string, keys: readonly KeyObject[]): Promise<Release> {
  const read = (name: string) =>
    readFile(name).catch((error: unknown) => {
      throw new InputError(`${name} cannot be read: ${messageOf(error)}`);
    });
  const manifest = checked(await read(path), await read(`${path}${signatureEnding}`), keys, path);
  const at = (payload: Payload) => join(dirname(path), payload.file);
  const there = await Promise.all(
    manifest.payloads.map((payload) =>
      stat(at(payload)).then(
        () => true,
        () => false,
      ),
    ),
  );
  return {
    manifest,
    payloads: manifest.payloads.filter((_, i) => there[i]),
    open: (payload, { report }) => openChecked(at(payload), 0, payload, report),
  };
}

async function fromBundle(path: string, keys: readonly KeyObject[]): Promise<Release> {
  const file = await open(path, 'r');
  try {
    const head = await take(file.read(Buffer.alloc(longestHead), 0, longestHead, 0));
    const [line, manifestBytes, signatureBytes, index] = bundleHead.exec(head.toString('latin1')) ?? [];
    if (line === undefined)
      throw new InputError(`${path}: expected an update of Ocellus (a name with ${bundleEnding}, or ${releaseFile})`);
    const [length, signed] = [Number(manifestBytes), Number(signatureBytes)];
    if (length > largestManifest) throw new InputError(`${path}: its manifest is larger than ${largestManifest} bytes`);
    const rest = await take(file.read(Buffer.alloc(length + signed), 0, length + signed, line.length));
    if (rest.length < length + signed) throw new InputError(`${path} is cut off; copy it again`);
    const manifest = checked(rest.subarray(0, length), rest.subarray(length), keys, path);
    const payload = manifest.payloads[Number(index)];
    if (!payload) throw new InputError(`${path}: its payload ${index} is not in its manifest`);
    const start = line.length + length + signed;
    return {
      manifest,
      payloads: [payload],
      open: (one, { report }) => openChecked(path, start, one, report),
    };
  } finally {
    await file.close();
  }
}

/** The head of a file with all of a release but the payload, which follows. @param index Of the payload in the manifest. */
export function bundleHeader(manifest: Uint8Array, signature: Uint8Array, index: number): Buffer {
  return Buffer.concat([
    Buffer.from(`ocellus update 1 ${manifest.length} ${signature.length} ${index}\n`),
    manifest,
    signature,
  ]);
}

const take = async (reading: Promise<{ buffer: Buffer; bytesRead: number }>) => {
  const { buffer, bytesRead } = await reading;
  return buffer.subarray(0, bytesRead);
};

function checked(bytes: Buffer, signature: Buffer, keys: readonly KeyObject[], what: string): ReleaseManifest {
  assertSigned(bytes, signature.toString('utf8'), keys, what, releasePurpose);
  return parseRelease(bytes, what);
}

async function openChecked(
  path: string,
  offset: number,
  payload: Payload,
  report: FetchOptions['report'],
): Promise<{ reader: PayloadReader; close(): Promise<void> }> {
  const hash = createHash('sha256');
  let size = 0;
  for await (const chunk of createReadStream(path, { start: offset, highWaterMark: 1024 * 1024 })) {
    hash.update(chunk as Buffer);
    size += (chunk as Buffer).length;
    report?.(Math.min(1, size / payload.bytes));
  }
  if (size < payload.bytes)
    throw new InputError(`${path} is cut off: its payload has ${size} of ${payload.bytes} bytes; copy it again`);
  if (size !== payload.bytes || hash.digest('hex') !== payload.sha256)
    throw new InputError(`${path} is damaged: its payload is not what its manifest says; copy it again`);
  return opened(path, offset, async () => {});
}

async function opened(path: string, offset: number, after: () => Promise<void>) {
  const reader = await PayloadReader.open(path, offset);
  const close = async () => {
    await reader.close();
    await after();
  };
  return { reader, close };
}

async function assertRoom(folder: string, { bytes, sha256 }: Payload): Promise<void> {
  await makeFolder(folder, 0o700);
  const had = await stat(join(folder, sha256)).then(
    ({ size }) => size,
    () => 0,
  );
  const { bavail, bsize } = await statfs(folder);
  const room = bavail * bsize;
  const needs = bytes - Math.min(had, bytes) + reserveBytes;
  if (room >= needs) return;
  const mega = (count: number) => `${Math.ceil(count / 1e6)} MB`;
  throw new InputError(
    `${folder} has ${mega(room)} left: expected ${mega(needs)} for this update. Remove recordings, or install it from a file on a USB stick`,
  );
}
