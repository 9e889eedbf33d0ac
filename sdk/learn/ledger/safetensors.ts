import { InputError, messageOf } from '../../base/errors.ts';
import { shown } from './example.ts';

/** The number types used here; the format has more. */
const types = {
  I8: { bytes: 1, make: (b: ArrayBuffer) => new Int8Array(b) },
  I32: { bytes: 4, make: (b: ArrayBuffer) => new Int32Array(b) },
  F32: { bytes: 4, make: (b: ArrayBuffer) => new Float32Array(b) },
  F64: { bytes: 8, make: (b: ArrayBuffer) => new Float64Array(b) },
} as const;

/** The kinds of numbers that are written and read: I8, I32, F32 and F64 of safetensors. */
export type TensorData = Int8Array | Int32Array | Float32Array | Float64Array;

/** Numbers with a shape, as in a file of safetensors. */
export interface Tensor {
  /** Rows first. */
  readonly shape: readonly number[];
  readonly data: TensorData;
}

export interface SafeTensors {
  readonly metadata: Readonly<Record<string, string>>;
  readonly tensors: Readonly<Record<string, Tensor>>;
}

export const mostSafeTensorsBytes = 64 << 20;
const mostHeaderBytes = 16 << 20;
const mostTensors = 64;

/**
 * Writes a safetensors file: an 8-byte little-endian length, that many bytes of JSON, the tensors one after the other.
 * Equal content yields equal bytes: names are sorted, and wider number types come first so that each tensor is aligned.
 */
export function writeSafeTensors({ metadata, tensors }: SafeTensors): Buffer {
  const sorted = Object.entries(tensors)
    .map(([name, { shape, data }]) => ({ name, shape, data, type: typeOf(data) }))
    .sort((a, b) => types[b.type].bytes - types[a.type].bytes || (a.name < b.name ? -1 : 1));
  const header: Record<string, unknown> = {
    __metadata__: Object.fromEntries(Object.entries(metadata).sort(([a], [b]) => (a < b ? -1 : 1))),
  };
  let end = 0;
  for (const { name, shape, data, type } of sorted) {
    header[name] = { dtype: type, shape, data_offsets: [end, (end += data.byteLength)] };
  }
  const json = Buffer.from(JSON.stringify(header));
  // Spaces at the end, so that the data begins at a multiple of 8.
  const text = Buffer.concat([json, Buffer.alloc((8 - (json.length % 8)) % 8, ' ')]);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  const bodies = sorted.map(({ data }) => Buffer.from(data.buffer, data.byteOffset, data.byteLength));
  return Buffer.concat([length, text, ...bodies]);
}

/**
 * Reads a safetensors file whose tensors fill it without gaps or overlaps. The numbers are copied.
 *
 * @throws InputError when it is not such a file, is truncated, or is larger than 64 MB.
 */
export function readSafeTensors(bytes: Uint8Array): SafeTensors {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (file.length > mostSafeTensorsBytes) throw wrong(`at most ${mostSafeTensorsBytes} bytes`, `${file.length}`);
  if (file.length < 10) throw wrong('at least 10 bytes', `${file.length}`);
  const length = file.readBigUInt64LE();
  if (length > BigInt(Math.min(mostHeaderBytes, file.length - 8))) {
    throw wrong(`a header within its ${file.length} bytes`, `one of ${length}`);
  }
  const body = file.subarray(8 + Number(length));
  const { __metadata__: metadata = {}, ...entries } = parseHeader(file.subarray(8, 8 + Number(length)));
  if (!isRecord(metadata) || !Object.values(metadata).every((value) => typeof value === 'string')) {
    throw wrong('metadata of names and texts', shown(metadata));
  }
  if (Object.keys(entries).length > mostTensors) {
    throw wrong(`at most ${mostTensors} tensors`, `${Object.keys(entries).length}`);
  }
  const parsed = Object.entries(entries).map(([name, entry]) => parseEntry(name, entry));
  let end = 0;
  for (const { name, from, to } of [...parsed].sort((a, b) => a.from - b.from || a.to - b.to)) {
    if (from !== end) throw wrong(`tensor ${name} to begin at byte ${end}, where the one before it ends`, `${from}`);
    end = to;
  }
  if (end !== body.length) throw wrong(`${end} bytes of tensors as its header says`, `${body.length}`);
  const tensors: [string, Tensor][] = parsed.map(({ name, type, shape, from, to }) => {
    const copy = new Uint8Array(body.subarray(from, to)).buffer;
    return [name, { shape, data: types[type].make(copy) }];
  });
  return { metadata: metadata as Record<string, string>, tensors: Object.fromEntries(tensors) };
}

function parseHeader(bytes: Buffer): Record<string, unknown> {
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw wrong('a header in JSON', messageOf(error));
  }
  if (!isRecord(header)) throw wrong('a header that is a JSON object', shown(header));
  return header;
}

function parseEntry(name: string, entry: unknown) {
  const { dtype, shape, data_offsets: offsets } = isRecord(entry) ? entry : {};
  const isSize = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
  if (typeof dtype !== 'string' || !Object.hasOwn(types, dtype)) {
    throw wrong(`tensor ${name} to be one of ${Object.keys(types).join(', ')}`, shown(dtype));
  }
  if (!Array.isArray(shape) || shape.length > 4 || !shape.every(isSize)) {
    throw wrong(`tensor ${name} to have up to 4 sizes`, shown(shape));
  }
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isSize)) {
    throw wrong(`tensor ${name} to have two offsets`, shown(offsets));
  }
  const [from, to] = offsets as [number, number];
  const type = dtype as keyof typeof types;
  const size = shape.reduce((product: number, value: number) => product * value, types[type].bytes);
  if (to - from !== size) throw wrong(`tensor ${name} to have ${size} bytes as its shape says`, `${to - from}`);
  return { name, type, shape: shape as number[], from, to };
}

function typeOf(data: TensorData): keyof typeof types {
  if (data instanceof Int8Array) return 'I8';
  if (data instanceof Int32Array) return 'I32';
  return data instanceof Float32Array ? 'F32' : 'F64';
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function wrong(expected: string, got: string): InputError {
  return new InputError(`safetensors: expected ${expected}, got ${got}`);
}
