import { fromHalf, toHalf } from '../onnx/half.ts';

/**
 * Types of a picture's input that no card names: half floats, and whole numbers other than bytes, as networks of TensorFlow
 * and TensorFlow Lite take them. Whoever fills the input writes float32, and the engine makes these of them.
 */
export type NarrowedType = 'float16' | 'int8' | 'int32' | 'int64';

/** float16 as its bits. */
export type NarrowedArray = Uint16Array | Int8Array | Int32Array | BigInt64Array;

const kinds = {
  float16: { array: Uint16Array, write: (from: Float32Array, to: NarrowedArray) => toHalf(from, to as Uint16Array) },
  int8: { array: Int8Array, write: wholeWriter(-128, 127) },
  int32: { array: Int32Array, write: wholeWriter(-0x80000000, 0x7fffffff) },
  int64: {
    array: BigInt64Array,
    write(from: Float32Array, to: NarrowedArray) {
      const whole = to as BigInt64Array;
      // Pixels are far from the limits of 64 bits; what is no number becomes 0, as in the others.
      for (let i = 0; i < from.length; i++) whole[i] = BigInt(Math.round(Number.isFinite(from[i]!) ? from[i]! : 0));
    },
  },
} as const;

export const isNarrowed = (type: string | undefined): type is NarrowedType =>
  type !== undefined && Object.hasOwn(kinds, type);

export const isWholeNumber = (type: string): boolean => isNarrowed(type) && type !== 'float16';

/** @param length Its numbers. */
export const narrowedArray = (type: NarrowedType, length: number): NarrowedArray => new kinds[type].array(length);

/**
 * Rounds to what the type has, to the nearest; what is beyond its range becomes the nearest it has.
 *
 * @param to As many numbers as `from`.
 */
export function narrow(type: NarrowedType, from: Float32Array, to: NarrowedArray): void {
  kinds[type].write(from, to);
}

/**
 * How a pixel becomes a number of this type where nobody says otherwise, as `(pixel - mean) / std`: the pixel itself, and in
 * the signed bytes of TensorFlow Lite 128 less.
 */
export const usualMean = (type: string): number => (type === 'int8' ? 128 : 0);

function wholeWriter(least: number, most: number) {
  return (from: Float32Array, to: NarrowedArray) => {
    const whole = to as Int32Array;
    for (let i = 0; i < from.length; i++) whole[i] = Math.min(most, Math.max(least, Math.round(from[i]!)));
  };
}

/** The bits of a float16 tensor's numbers. */
export function halfBits(data: unknown): Uint16Array {
  const { buffer, byteOffset, byteLength } = data as Uint16Array;
  return new Uint16Array(buffer, byteOffset, byteLength / 2);
}

/** The numbers of a float16 tensor. */
export function halfFloats(data: unknown): Float32Array {
  const bits = halfBits(data);
  const floats = new Float32Array(bits.length);
  fromHalf(bits, floats);
  return floats;
}
