import type { KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { assertShape } from '../base/arguments.ts';
import { asset } from '../base/assets.ts';
import { InputError } from '../base/errors.ts';
import { makeFolder } from '../base/make-folder.ts';
import { replaceFile } from '../base/replace-file.ts';
import { modelsFolder } from '../config/data-folder.ts';
import { zooKeys } from './keys.ts';
import { type Manifest, parseManifest } from './manifest.ts';
import { type Mirror, openMirror } from './mirror.ts';
import { assertSigned } from './signature.ts';

export const manifestFile = 'zoo.json';
export const signatureFile = 'zoo.json.sig';
const largestManifest = 16 * 2 ** 20;
const largestSignature = 64 * 1024;
/** Which version of whose manifest was seen last. */
const seenFile = '.seen.json';

/** A manifest that was verified, and where its files are. */
export interface Catalogue {
  readonly manifest: Manifest;
  /** For people: `this version of Ocellus`, a folder, a URL. */
  readonly where: string;
  /** Undefined: each file is at its own sources. */
  readonly mirror: Mirror | undefined;
}

/** Which catalogue of models is read, and whose signature it needs. */
export interface CatalogueOptions {
  /** A mirror's URL, or a folder of the same layout. Default: what ships with Ocellus. */
  readonly from?: string;
  /** Public keys that are trusted, in place of those of Ocellus. */
  readonly keys?: readonly KeyObject[];
  /** Of the models. Default: that of this user. */
  readonly folder?: string;
  /** Default: today. */
  readonly now?: Date;
}

/**
 * Opens a zoo: verifies its manifest's signature, that it has not expired, and that no newer one was seen before, by
 * which somebody could withhold a correction. The one that ships with Ocellus is as old as that, so it does not expire; it serves
 * a mirror that has files and no manifest, too.
 *
 * @throws InputError when there is none, or it may not be used.
 *
 * @example
 * const { manifest, where } = await openCatalogue({ from: 'https://zoo.example.org' });
 * console.log(where, manifest.models.map(({ name }) => name));
 */
export async function openCatalogue(options: CatalogueOptions = {}): Promise<Catalogue> {
  assertShape('openCatalogue: options', options, { from: 'text?', keys: 'list?', folder: 'text?' });
  const { from, keys = zooKeys(), folder = modelsFolder(), now = new Date() } = options;
  const shipped = () => readShipped(keys);
  if (from === undefined)
    return { manifest: (await shipped()).manifest, where: 'this version of Ocellus', mirror: undefined };
  const mirror = await openMirror(from);
  const bytes = await mirror.read(manifestFile, largestManifest);
  if (!bytes) {
    if (options.keys)
      throw new InputError(`${mirror.where} has no ${manifestFile}: expected one that is signed with the key given`);
    return { manifest: (await shipped()).manifest, where: mirror.where, mirror };
  }
  const what = `the manifest of ${mirror.where}`;
  const signatures = await mirror.read(signatureFile, largestSignature);
  if (!signatures) throw new InputError(`${what} has no signature: expected ${signatureFile} beside ${manifestFile}`);
  const key = assertSigned(bytes, signatures.toString('utf8'), keys, what);
  const manifest = parseManifest(bytes, what);
  const today = now.toISOString().slice(0, 10);
  if (manifest.expires < today) {
    throw new InputError(
      `${what} has expired on ${manifest.expires} (today is ${today}): fetch a newer one to the mirror, or leave out --from; if today is another day, set the clock`,
    );
  }
  await assertNotOlder(
    manifest,
    key,
    await newestSeen(folder, key, options.keys ? undefined : await shipped()),
    folder,
    what,
  );
  return { manifest, where: mirror.where, mirror };
}

async function readShipped(keys: readonly KeyObject[]): Promise<{ manifest: Manifest; key: string }> {
  const what = 'the manifest of this version of Ocellus';
  const [bytes, signatures] = await Promise.all([
    readFile(asset('sdk', 'models', manifestFile)),
    readFile(asset('sdk', 'models', signatureFile), 'utf8'),
  ]);
  const key = assertSigned(bytes, signatures, keys, what);
  return { manifest: parseManifest(bytes, what), key };
}

async function newestSeen(
  folder: string,
  key: string,
  shipped: { manifest: Manifest; key: string } | undefined,
): Promise<number> {
  const ours = shipped?.key === key ? shipped.manifest.version : 0;
  return Math.max(ours, (await readSeen(folder))[key] ?? 0);
}

async function assertNotOlder(
  { version }: Manifest,
  key: string,
  newest: number,
  folder: string,
  what: string,
): Promise<void> {
  if (version < newest) {
    throw new InputError(
      `${what} is version ${version}, and version ${newest} was seen before: an older one is not used, since it may lack a correction; fetch the newest one to the mirror`,
    );
  }
  if (version === newest) return;
  await makeFolder(folder);
  await replaceFile(join(folder, seenFile), JSON.stringify({ ...(await readSeen(folder)), [key]: version }), 0o644);
}

async function readSeen(folder: string): Promise<Record<string, number>> {
  try {
    const value: unknown = JSON.parse(await readFile(join(folder, seenFile), 'utf8'));
    return typeof value === 'object' && value !== null ? (value as Record<string, number>) : {};
  } catch {
    return {};
  }
}
