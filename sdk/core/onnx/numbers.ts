import { fromHalf } from './half.ts';

/** The numbers of a constant. */
export type OnnxNumbers =
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Float32Array
  | Float64Array
  | BigInt64Array;

/** A constant as the file has it (TensorProto): its numbers as bytes, or in a list. */
export interface TensorInFile {
  name: string;
  type: number;
  readonly shape: number[];
  raw: Uint8Array | undefined;
  readonly floats: number[];
  readonly integers: number[];
  readonly doubles: number[];
  /** Location, offset and length of bytes in another file. */
  outside: Map<string, string> | undefined;
}

interface NumbersType {
  readonly bytes: number;
  from(source: ArrayBuffer | readonly number[]): OnnxNumbers;
}

/** By TensorProto.DataType. */
const types: Readonly<Record<number, NumbersType>> = {
  1: { bytes: 4, from: (source) => new Float32Array(source) },
  2: { bytes: 1, from: (source) => new Uint8Array(source) },
  3: { bytes: 1, from: (source) => new Int8Array(source) },
  4: { bytes: 2, from: (source) => new Uint16Array(source) },
  5: { bytes: 2, from: (source) => new Int16Array(source) },
  6: { bytes: 4, from: (source) => new Int32Array(source) },
  7: {
    bytes: 8,
    from: (source) =>
      source instanceof ArrayBuffer ? new BigInt64Array(source) : BigInt64Array.from(source.map(BigInt)),
  },
  9: { bytes: 1, from: (source) => new Uint8Array(source) },
  // As floats. A list holds the bits.
  10: {
    bytes: 2,
    from: (source) => {
      const bits = new Uint16Array(source);
      const floats = new Float32Array(bits.length);
      fromHalf(bits, floats);
      return floats;
    },
  },
  11: { bytes: 8, from: (source) => new Float64Array(source) },
};

/**
 * A copy of a constant's numbers.
 *
 * @param outside The bytes of one whose numbers are in another file.
 * @returns Undefined for other types, and where the numbers are not as many as the shape says, or not there.
 */
export function numbersOf(tensor: TensorInFile, outside?: Uint8Array): OnnxNumbers | undefined {
  const type = types[tensor.type];
  const raw = tensor.outside ? outside : tensor.raw;
  if (!type || (tensor.outside && !raw)) return undefined;
  const count = tensor.shape.reduce((product, side) => product * side, 1);
  const lists: Readonly<Record<number, readonly number[]>> = { 1: tensor.floats, 11: tensor.doubles };
  const list = lists[tensor.type] ?? tensor.integers;
  if ((raw ? raw.length / type.bytes : list.length) !== count) return undefined;
  // A copy, for the raw bytes need not be aligned; a Buffer’s own slice is none.
  return type.from(raw ? Uint8Array.from(raw).buffer : list);
}
