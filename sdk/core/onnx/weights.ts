import { PbfReader } from 'pbf';

/** A constant of an ONNX file with its numbers. */
export interface OnnxWeights {
  readonly shape: readonly number[];
  readonly data: Int8Array | Uint8Array | Int32Array | Float32Array;
}

interface TensorRead {
  name: string;
  type: number;
  readonly shape: number[];
  raw: Uint8Array | undefined;
  readonly floats: number[];
  readonly integers: number[];
  isOutside: boolean;
}

/**
 * Reads initializers of the main graph of an ONNX file (TensorProto of onnx.proto): of the types float32, int8, uint8
 * and int32, with their numbers in the file itself. The numbers are copied; others are passed over.
 *
 * @param names Of those that are wanted.
 * @throws Error when the bytes are no protocol buffer.
 */
export function readOnnxWeights(bytes: Uint8Array, names: ReadonlySet<string>): Map<string, OnnxWeights> {
  const found = new Map<string, OnnxWeights>();
  const readGraph = (field: number, _: undefined, reader: PbfReader) => {
    if (field !== 5) return;
    const read: TensorRead = {
      name: '',
      type: 0,
      shape: [],
      raw: undefined,
      floats: [],
      integers: [],
      isOutside: false,
    };
    reader.readMessage(readTensor, read);
    const data = names.has(read.name) && !read.isOutside ? numbersOf(read) : undefined;
    if (data) found.set(read.name, { shape: read.shape, data });
  };
  new PbfReader(bytes).readFields((field, _, reader) => {
    if (field === 7) reader.readMessage(readGraph, undefined);
  }, undefined);
  return found;
}

function readTensor(field: number, tensor: TensorRead, reader: PbfReader): void {
  if (field === 1) reader.readPackedVarint(tensor.shape);
  else if (field === 2) tensor.type = reader.readVarint();
  else if (field === 4) reader.readPackedFloat(tensor.floats);
  else if (field === 5) reader.readPackedVarint(tensor.integers, true);
  else if (field === 8) tensor.name = reader.readString();
  else if (field === 9) tensor.raw = reader.readBytes();
  else if (field === 14) tensor.isOutside = reader.readVarint() === 1;
}

function numbersOf({ type, shape, raw, floats, integers }: TensorRead): OnnxWeights['data'] | undefined {
  const count = shape.reduce((product, side) => product * side, 1);
  const make = makers[type];
  if (!make) return undefined;
  // A copy, for the raw bytes need not be aligned; a Buffer’s own slice is none.
  const data = raw ? make(Uint8Array.from(raw).buffer) : make(type === 1 ? floats : integers);
  return data.length === count ? data : undefined;
}

const makers: Readonly<Record<number, (from: ArrayBuffer | readonly number[]) => OnnxWeights['data']>> = {
  1: (from) =>
    from instanceof ArrayBuffer ? new Float32Array(from.slice(0, from.byteLength & ~3)) : Float32Array.from(from),
  2: (from) => (from instanceof ArrayBuffer ? new Uint8Array(from) : Uint8Array.from(from)),
  3: (from) => (from instanceof ArrayBuffer ? new Int8Array(from) : Int8Array.from(from)),
  6: (from) =>
    from instanceof ArrayBuffer ? new Int32Array(from.slice(0, from.byteLength & ~3)) : Int32Array.from(from),
};
