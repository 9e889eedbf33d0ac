import { type Static, Type } from '@sinclair/typebox';
import { Value } from '@sinclair/typebox/value';
import { validate } from '../config/validate.ts';
import { readSignedJson } from '../zoo/signed-json.ts';
import { blockBytes } from './program.ts';

/** Of versions, as npm writes them: `1.2.0`, `1.2.0-beta.1`, `1.2.0+deb13`. */
const version = Type.String({
  pattern: '^\\d{1,6}\\.\\d{1,6}\\.\\d{1,6}(-[0-9A-Za-z.-]{1,40})?(\\+[0-9A-Za-z.-]{1,40})?$',
});
const sha256 = Type.String({ pattern: '^[0-9a-f]{64}$' });
const Sums = Type.Object({ a: sha256, b: sha256 }, { additionalProperties: false });
/** A part of a slot as it is on the card: its first `bytes`, and the SHA-256 of them for either slot. */
const PartImage = Type.Object(
  { bytes: Type.Integer({ minimum: blockBytes, maximum: 2 ** 36, multipleOf: blockBytes }), sha256: Sums },
  { additionalProperties: false },
);
export type PartImage = Static<typeof PartImage>;
const PartImages = Type.Object({ boot: PartImage, root: PartImage }, { additionalProperties: false });
export type PartImages = Static<typeof PartImages>;

const Payload = Type.Object(
  {
    file: Type.String({ pattern: '^[A-Za-z0-9][A-Za-z0-9._+-]{0,127}$', description: 'Beside the manifest.' }),
    bytes: Type.Integer({ minimum: 1, maximum: 2 ** 34 }),
    sha256,
    base: Type.Union([Type.Null(), Type.Object({ version, parts: PartImages }, { additionalProperties: false })], {
      description: 'What has to run where only changed blocks are sent; null: all is sent.',
    }),
  },
  { additionalProperties: false },
);
export type Payload = Static<typeof Payload>;

/** What a release is: a small signed file; its payloads are named by their SHA-256. */
export const ReleaseManifest = Type.Object(
  {
    format: Type.Literal(1),
    version,
    title: Type.String({ minLength: 1, maxLength: 100 }),
    release_url: Type.Optional(Type.String({ pattern: '^https?://', maxLength: 500, description: 'What is new.' })),
    architecture: Type.String({ pattern: '^[a-z0-9_]{1,20}$', description: 'As Debian names it: `arm64`.' }),
    boards: Type.Array(Type.String({ maxLength: 60 }), {
      minItems: 1,
      maxItems: 32,
      description: 'Entries of the device tree’s `compatible` of which a board needs one: `brcm,bcm2711`.',
    }),
    parts: PartImages,
    payloads: Type.Array(Payload, { minItems: 1, maxItems: 16 }),
  },
  { additionalProperties: false },
);
export type ReleaseManifest = Static<typeof ReleaseManifest>;

/**
 * Reads a manifest whose signature was checked.
 *
 * @throws InputError when it is none, or of a later format.
 */
export function parseRelease(bytes: Uint8Array, what: string): ReleaseManifest {
  const advice = 'install an update between the two first, or flash the card anew';
  return validate(ReleaseManifest, readSignedJson(bytes, what, advice), what);
}

/** Is it a version that a release can have? */
export const isVersion = (text: string): boolean => Value.Check(version, text);

/**
 * Orders versions as semver does: negative when `a` is the older one. What stands behind `+` counts for nothing.
 *
 * @example
 * compareVersions('1.10.0', '1.9.3'); // 1
 * compareVersions('1.0.0-beta.1', '1.0.0'); // -1
 */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [partsOf(a), partsOf(b)];
  for (let i = 0; i < 3; i++) {
    const order = left.numbers[i]! - right.numbers[i]!;
    if (order !== 0) return Math.sign(order);
  }
  if (left.before.length === 0 || right.before.length === 0)
    return Math.sign(right.before.length - left.before.length) || 0;
  for (let i = 0; i < Math.max(left.before.length, right.before.length); i++) {
    const order = compareIdentifiers(left.before[i], right.before[i]);
    if (order !== 0) return order;
  }
  return 0;
}

function partsOf(text: string): { numbers: number[]; before: string[] } {
  const [core, ...rest] = text.split('+')[0]!.split('-');
  const before = rest.join('-');
  const numbers = core!.split('.').map(Number);
  return { numbers: [0, 1, 2].map((i) => numbers[i] || 0), before: before === '' ? [] : before.split('.') };
}

function compareIdentifiers(a: string | undefined, b: string | undefined): number {
  if (a === undefined || b === undefined) return a === b ? 0 : a === undefined ? -1 : 1;
  const isNumber = (text: string) => /^\d+$/.test(text);
  if (isNumber(a) && isNumber(b)) return Math.sign(Number(a) - Number(b));
  if (isNumber(a) !== isNumber(b)) return isNumber(a) ? -1 : 1;
  return a === b ? 0 : a < b ? -1 : 1;
}
