import { readFile } from 'node:fs/promises';
import { InputError, messageOf } from '../../../sdk/base/errors.ts';
import { writeResult } from '../write-result.ts';

/** A tensor that is compared. */
export interface PortTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

export interface TensorFile {
  readonly metadata: Readonly<Record<string, string>>;
  /** In the order of the file. */
  readonly tensors: ReadonlyMap<string, PortTensor>;
}

const mostHeaderBytes = 64 << 20;

/**
 * Writes tensors of float32 as a safetensors file, in the order given: what is exchanged with converters in Python, and what
 * a bundle consists of.
 */
export async function writeTensorFile(path: string, { metadata, tensors }: TensorFile): Promise<void> {
  const header: Record<string, unknown> = { __metadata__: metadata };
  let end = 0;
  for (const [name, { shape, data }] of tensors) {
    header[name] = { dtype: 'F32', shape, data_offsets: [end, (end += data.byteLength)] };
  }
  const json = Buffer.from(JSON.stringify(header));
  const text = Buffer.concat([json, Buffer.alloc((8 - (json.length % 8)) % 8, ' ')]);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  const bodies = [...tensors.values()].map(({ data }) => Buffer.from(data.buffer, data.byteOffset, data.byteLength));
  await writeResult(path, Buffer.concat([length, text, ...bodies]));
}

/**
 * Reads such a file. The numbers are copied.
 *
 * @throws InputError when it is none, is cut off, or has other numbers than float32.
 */
export async function readTensorFile(path: string): Promise<TensorFile> {
  const file = await readFile(path).catch((error) => {
    throw new InputError(`${path} cannot be read: ${messageOf(error)}`);
  });
  const wrong = (expected: string, got: string) => new InputError(`${path}: expected ${expected}, got ${got}`);
  if (file.length < 10) throw wrong('a safetensors file of at least 10 bytes', `${file.length}`);
  const length = file.readBigUInt64LE();
  if (length > BigInt(Math.min(mostHeaderBytes, file.length - 8))) {
    throw wrong(`a header within its ${file.length} bytes`, `one of ${length}`);
  }
  const header = parsed(file.subarray(8, 8 + Number(length)), wrong);
  const body = file.subarray(8 + Number(length));
  const { __metadata__: metadata = {}, ...entries } = header;
  if (!isRecord(metadata) || !Object.values(metadata).every((value) => typeof value === 'string')) {
    throw wrong('metadata of names and texts', JSON.stringify(metadata).slice(0, 80));
  }
  const tensors = new Map<string, PortTensor>();
  for (const [name, entry] of Object.entries(entries)) {
    const { dtype, shape, data_offsets: offsets } = isRecord(entry) ? entry : {};
    const what = `the tensor ${JSON.stringify(name.slice(0, 80))}`;
    if (dtype !== 'F32') throw wrong(`${what} to be F32`, JSON.stringify(dtype) ?? 'nothing');
    if (!isSizes(shape) || !isSizes(offsets) || offsets.length !== 2) {
      throw wrong(`a shape and two offsets of ${what}`, JSON.stringify(entry).slice(0, 80));
    }
    const [from, to] = offsets as [number, number];
    const size = shape.reduce((product, side) => product * side, 4);
    if (to - from !== size || to > body.length) {
      throw wrong(`${size} bytes of ${what} within ${body.length}`, `those from ${from} to ${to}`);
    }
    tensors.set(name, { shape, data: new Float32Array(new Uint8Array(body.subarray(from, to)).buffer) });
  }
  return { metadata: metadata as Record<string, string>, tensors };
}

function parsed(bytes: Buffer, wrong: (expected: string, got: string) => InputError): Record<string, unknown> {
  let header: unknown;
  try {
    header = JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    throw wrong('a header in JSON', messageOf(error));
  }
  if (!isRecord(header)) throw wrong('a header that is a JSON object', typeof header);
  return header;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isSizes = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((one) => Number.isSafeInteger(one) && one >= 0);
