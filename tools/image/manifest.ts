import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Static, Type } from '@sinclair/typebox';
import { validate } from '../../sdk/config/validate.ts';

/**
 * What Raspberry Pi Imager knows: an entry with another value is left out of its list, and nothing is said of that.
 * As of Imager 2.0.11; doc/json-schema/os-list-schema.json and src/oslistmodel.cpp in
 * https://github.com/raspberrypi/rpi-imager.
 */
export const initFormats = ['none', 'systemd', 'cloudinit', 'cloudinit-rpi', 'rpi-preseed'] as const;
export type InitFormat = (typeof initFormats)[number];

/** Of 64 bits. Imager shows an image for a board when one of the image's tags is one of the board's. */
export const boardTags = ['pi3-64bit', 'pi4-64bit', 'pi5-64bit'] as const;
export type BoardTag = (typeof boardTags)[number];

const Text = Type.String({ minLength: 1 });
const Bytes = Type.Integer({ minimum: 1 });

/** One system in Imager's list: the fields that its schema requires, and those that make it offer settings. */
export const ImagerEntry = Type.Object(
  {
    name: Text,
    description: Text,
    icon: Text,
    url: Type.String({ pattern: '^(https?|file)://.' }),
    website: Type.Optional(Type.String({ pattern: '^https?://.' })),
    release_date: Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}$' }),
    extract_size: Bytes,
    extract_sha256: Type.String({ pattern: '^[0-9a-f]{64}$' }),
    image_download_size: Bytes,
    init_format: Type.Union(initFormats.map((name) => Type.Literal(name))),
    devices: Type.Array(Type.Union(boardTags.map((name) => Type.Literal(name))), { minItems: 1 }),
    architecture: Type.Literal('armv8'),
  },
  { additionalProperties: false },
);
export type ImagerEntry = Static<typeof ImagerEntry>;

const Board = Type.Object(
  {
    name: Text,
    description: Text,
    tags: Type.Array(Type.Union(boardTags.map((name) => Type.Literal(name))), { minItems: 1 }),
    matching_type: Type.Literal('exclusive'),
    architecture: Type.Literal('armv8'),
  },
  { additionalProperties: false },
);

/**
 * A file `….rpi-imager-manifest`. It stands for the whole of Imager's own list, boards included: without them Imager
 * has nothing to choose from in its first step.
 */
export const ImagerManifest = Type.Object(
  {
    imager: Type.Object({ devices: Type.Array(Board, { minItems: 1 }) }, { additionalProperties: false }),
    os_list: Type.Array(ImagerEntry, { minItems: 1 }),
  },
  { additionalProperties: false },
);

const boards: Readonly<Record<BoardTag, { name: string; description: string }>> = {
  'pi3-64bit': { name: 'Raspberry Pi 3 or Zero 2 W', description: 'Models 3A+, 3B, 3B+, Zero 2 W, Compute Module 3' },
  'pi4-64bit': { name: 'Raspberry Pi 4', description: 'Models 4B, 400, Compute Module 4' },
  'pi5-64bit': { name: 'Raspberry Pi 5', description: 'Models 5, 500, Compute Module 5' },
};

/** How Imager recognises the file. */
export const manifestExtension = '.rpi-imager-manifest';
/** One that comes with Imager: it needs no network. */
const ownIcon = 'icons/use_custom.png';

export interface ManifestOptions {
  /** The image, not compressed. */
  readonly image: string;
  /** The image as it is given away, `.xz`, `.gz` or `.zip`. Default: `image` itself. */
  readonly download?: string;
  /** Where Imager finds it. Default: this machine's file. */
  readonly url?: string;
  readonly name: string;
  readonly description: string;
  readonly initFormat: InitFormat;
  readonly devices: readonly BoardTag[];
  /** In seconds since 1970. */
  readonly date: number;
  readonly icon?: string;
  readonly website?: string;
}

/**
 * Returns the text of a manifest for Raspberry Pi Imager: only through one does it offer user, Wi-Fi and SSH for an
 * image that is not in its own list.
 *
 * @throws InputError when a field is one that Imager would not take.
 * @example
 * await manifestText({ image: 'ocellus.img', name: 'Ocellus', description: 'Cameras become detections', initFormat: 'rpi-preseed', devices: ['pi4-64bit'], date: 0 });
 */
export async function manifestText(options: ManifestOptions): Promise<string> {
  const { image, download = image, url, name, description, icon = ownIcon, website } = options;
  const entry = {
    ...{ name, description, icon },
    url: url ?? pathToFileURL(resolve(download)).href,
    ...(website !== undefined && { website }),
    release_date: new Date(options.date * 1000).toISOString().slice(0, 10),
    extract_size: (await stat(image)).size,
    extract_sha256: await sha256Of(image),
    image_download_size: (await stat(download)).size,
    init_format: options.initFormat,
    devices: [...options.devices],
    architecture: 'armv8',
  };
  const devices = options.devices.map((tag) => ({
    ...boards[tag],
    ...{ tags: [tag], matching_type: 'exclusive', architecture: 'armv8' },
  }));
  const all = { imager: { devices }, os_list: [entry] };
  const manifest = validate(ImagerManifest, all, 'the manifest for Raspberry Pi Imager');
  return `${JSON.stringify(manifest, undefined, 2)}\n`;
}

async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 })) hash.update(chunk as Buffer);
  return hash.digest('hex');
}
