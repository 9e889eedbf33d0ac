import { createHash } from 'node:crypto';
import { assertKind, assertShape } from '../../base/arguments.ts';
import { InputError, messageOf } from '../../base/errors.ts';
import { type Cut, compareIds, type Example, shown } from './example.ts';
import { type Identity, isSignedBy } from './identity.ts';
import { assertPart, checkPart, isExamplePart, mostItems, type Part, partKey } from './part.ts';
import { readSafeTensors, type SafeTensors, writeSafeTensors } from './safetensors.ts';

/** Parts of a ledger for exchange: one retained message, or one file. */
export interface Bundle {
  readonly space: string;
  readonly dimension: number;
  /** The node that wrote it. The parts name their owners themselves. */
  readonly node: string;
  /** SHA-256 of the bundle that this one replaces. */
  readonly parent?: string;
  readonly parts: readonly Part[];
}

/** What a reader expects. */
export interface BundleCheck {
  readonly space: string;
  readonly dimension: number;
  /** Public keys (`Identity.publicKey`). If given, only what one of them signed is accepted. */
  readonly trusted?: readonly string[];
}

const format = 'ocellus-learn-2';
/** Of earlier versions: the same, with `timeMs` instead of `time_ms`. Brokers and files still hold what they wrote. */
const oldFormat = 'ocellus-learn-1';

/**
 * Writes parts as a safetensors file: `embeddings` (I8, N x dimension), `scales` (F64, N), and metadata. Equal content
 * yields equal bytes, also when signed (Ed25519 is deterministic).
 *
 * @example
 * writeBundle({ space, dimension: 1280, node: 'porch', parts: ledger.parts() }, identity);
 */
export function writeBundle(bundle: Bundle, identity?: Identity): Buffer {
  assertShape('writeBundle', bundle, { space: 'text', dimension: 'number', node: 'text', parts: 'list' }, 'a bundle');
  for (const part of bundle.parts) assertPart('writeBundle: a part', part);
  if (identity) assertShape('writeBundle: identity', identity, { publicKey: 'text', sign: 'function' }, 'an Identity');
  const unsigned = { ...toTensors(bundle) };
  if (!identity) return writeSafeTensors(unsigned);
  const metadata = { ...unsigned.metadata, key: identity.publicKey };
  const signature = identity.sign(writeSafeTensors({ ...unsigned, metadata }));
  return writeSafeTensors({ ...unsigned, metadata: { ...metadata, signature } });
}

/**
 * Reads what another node wrote. A signature, if present, must be valid.
 *
 * @returns The bundle, and the public key that signed it.
 * @throws InputError when it is not a bundle, is of another space or dimension, damaged, or not signed by a trusted key.
 */
export function readBundle(bytes: Uint8Array, check: BundleCheck): Bundle & { readonly key?: string } {
  assertKind('readBundle', bytes, 'bytes');
  assertShape('readBundle: check', check, { space: 'text', dimension: 'number' });
  const file = readSafeTensors(bytes);
  const { signature, ...metadata } = file.metadata;
  if (metadata.format !== format && metadata.format !== oldFormat) {
    throw wrong(`format ${format} or ${oldFormat}`, shown(metadata.format));
  }
  if (metadata.space !== check.space) throw wrong(`space ${check.space}`, shown(metadata.space));
  const key = signerOf({ ...file, metadata }, signature, check.trusted);
  const { node, parent } = metadata;
  const parts = toParts({ ...file, metadata }, check.dimension);
  if (node === undefined) throw wrong('the node that wrote it', 'none');
  checkPart({ node, seen: new Map(), items: new Map<string, Cut>() }, check.dimension);
  return {
    space: check.space,
    dimension: check.dimension,
    node,
    parts,
    ...(parent && { parent }),
    ...(key && { key }),
  };
}

/** The space that a bundle says it is of, unchecked. @throws InputError when it is no safetensors file. */
export function spaceOfBundle(bytes: Uint8Array): string | undefined {
  return readSafeTensors(bytes).metadata.space;
}

/** What a bundle's successor names as its parent. */
export function bundleHash(bytes: Uint8Array): string {
  assertKind('bundleHash', bytes, 'bytes');
  return createHash('sha256').update(bytes).digest('hex');
}

/** @returns The key that signed it; undefined if none did, whatever it claims. */
function signerOf(file: SafeTensors, signature: string | undefined, trusted?: readonly string[]): string | undefined {
  const { key } = file.metadata;
  if (signature === undefined && !trusted) return undefined;
  if (signature === undefined || key === undefined) throw wrong('a signature by a trusted key', 'none');
  if (trusted && !trusted.includes(key)) throw wrong('a signature by a trusted key', `one by ${shown(key)}`);
  if (!isSignedBy(key, writeSafeTensors(file), signature)) throw wrong('the signature of its content', 'another one');
  return key;
}

interface PlainPart {
  node: string;
  head?: string;
  label?: string;
  seen: [string, number][];
  items: Record<string, unknown>[];
}

function toTensors({ space, dimension, node, parent, parts }: Bundle): SafeTensors {
  const sorted = [...parts].sort((a, b) => (partKey(a) < partKey(b) ? -1 : 1));
  const examples: Example[] = [];
  const plain = sorted.map((part): PlainPart => {
    const seen = [...part.seen].sort(([a], [b]) => (a < b ? -1 : 1));
    if (!isExamplePart(part)) return { node: part.node, seen, items: inOrder<Cut>(part.items).map(plainCut) };
    const own = inOrder<Example>(part.items);
    examples.push(...own);
    return { node: part.node, head: part.head, label: part.label, seen, items: own.map(plainExample) };
  });
  const embeddings = new Int8Array(examples.length * dimension);
  for (const [i, { embedding }] of examples.entries()) embeddings.set(embedding.values, i * dimension);
  const scales = Float64Array.from(examples, ({ embedding }) => embedding.scale);
  return {
    metadata: { format, space, node, ...(parent && { parent }), parts: JSON.stringify(plain) },
    tensors: {
      embeddings: { shape: [examples.length, dimension], data: embeddings },
      scales: { shape: [examples.length], data: scales },
    },
  };
}

function toParts({ metadata, tensors }: SafeTensors, dimension: number): Part[] {
  const { embeddings, scales, ...others } = tensors;
  const count = scales?.data.length ?? 0;
  if (!(scales?.data instanceof Float64Array) || scales.shape.length !== 1) throw wrong('scales, F64 of N', 'none');
  if (!(embeddings?.data instanceof Int8Array) || String(embeddings.shape) !== `${count},${dimension}`) {
    throw wrong(`embeddings, I8 of ${count} x ${dimension}`, shown(embeddings?.shape));
  }
  if (Object.keys(others).length > 0) throw wrong('embeddings and scales only', shown(Object.keys(others)));
  const { data } = embeddings;
  let next = 0;
  const parts = parseParts(metadata).map((plain): Part => {
    const seen = new Map(plain.seen);
    const { node, head, label } = plain;
    const ids = plain.items.map(({ id }) => id as string);
    if (new Set(ids).size !== ids.length || seen.size !== plain.seen.length) {
      throw wrong('each id once in a part', `${ids.length} of ${new Set(ids).size} different ones`);
    }
    let part: Part;
    if (head === undefined || label === undefined) {
      part = {
        node,
        seen,
        items: new Map(plain.items.map((item) => [item.id as string, { ...fieldsOfItem(item), node } as Cut])),
      };
    } else {
      const examples = plain.items.map((item): [string, Example] => {
        const at = next++;
        const values = data.slice(at * dimension, (at + 1) * dimension);
        const embedding = { values, scale: scales.data[at] ?? Number.NaN };
        return [item.id as string, { ...fieldsOfItem(item), node, head, label, embedding } as Example];
      });
      part = { node, head, label, seen, items: new Map(examples) };
    }
    if (next > count) throw wrong(`the embeddings of all examples`, `${count}`);
    checkPart(part, dimension);
    return part;
  });
  if (next !== count) throw wrong(`${next} embeddings, one for each example`, `${count}`);
  if (new Set(parts.map(partKey)).size !== parts.length) throw wrong('each part once', 'one twice');
  return parts;
}

const fieldsOf = {
  examples: ['id', 'negative', 'camera', 'time_ms', 'kind', 'from'],
  cuts: ['id', 'target', 'reason', 'time_ms', 'seen', 'order'],
};

/** Checks only the shape; the fields are checked with the part. Names of the earlier format are converted. */
function parseParts({ format: written, parts: text }: SafeTensors['metadata']): PlainPart[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text ?? '');
  } catch (error) {
    throw wrong('parts in JSON', messageOf(error));
  }
  if (!Array.isArray(parsed)) throw wrong('a list of parts', shown(parsed));
  for (const part of parsed) {
    if (written === oldFormat) renameTimes(part);
    const known = 'label' in Object(part) ? fieldsOf.examples : fieldsOf.cuts;
    const fits =
      isRecord(part) &&
      typeof part.node === 'string' &&
      Array.isArray(part.seen) &&
      part.seen.every((entry) => Array.isArray(entry) && entry.length === 2) &&
      Array.isArray(part.items) &&
      part.items.length <= mostItems &&
      part.items.every((item) => isRecord(item) && Object.keys(item).every((field) => known.includes(field)));
    if (!fits) throw wrong(`parts with node, seen and items (at most ${mostItems})`, shown(part));
  }
  return parsed as PlainPart[];
}

/** Anything of another shape is left unchanged, to be refused. */
function renameTimes(part: unknown): void {
  if (!isRecord(part) || !Array.isArray(part.items)) return;
  part.items = part.items.map((item) => {
    if (!isRecord(item) || !('timeMs' in item)) return item;
    const { timeMs, ...others } = item;
    return { ...others, time_ms: timeMs };
  });
}

/** An example or a cut, with the ledger's field names. */
function fieldsOfItem({ time_ms, ...others }: Record<string, unknown>): Record<string, unknown> {
  return { ...others, timeMs: time_ms };
}

function inOrder<T extends { id: string }>(items: ReadonlyMap<string, T>): T[] {
  return [...items.values()].sort((a, b) => compareIds(a.id, b.id));
}

function plainExample({ id, negative, camera, timeMs, kind, from }: Example): Record<string, unknown> {
  return { id, negative, camera, time_ms: timeMs, kind, from };
}

function plainCut({ id, target, reason, timeMs, seen, order }: Cut): Record<string, unknown> {
  return { id, target: Object.fromEntries(Object.entries(target).sort()), reason, time_ms: timeMs, seen, order };
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function wrong(expected: string, got: string): InputError {
  return new InputError(`learned examples: expected ${expected}, got ${got}`);
}
