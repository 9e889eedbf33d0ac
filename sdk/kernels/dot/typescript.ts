import type { VectorKernels } from './dot.ts';

const lanes = 16;

/** The TypeScript twin: the same bits as the native kernels, whose float sums run in sixteen lanes of 32-bit floats. */
export const vectorKernels: VectorKernels = {
  dotI8(a, b) {
    assertSameLength(a.length, b.length);
    return dotI8(a, 0, b);
  },
  dotF32(a, b) {
    assertSameLength(a.length, b.length);
    return dotF32(a, 0, b);
  },
  squaredDistanceF32(a, b) {
    assertSameLength(a.length, b.length);
    const sums = new Float32Array(lanes);
    for (let i = 0; i < a.length; i++) {
      const difference = Math.fround(a[i]! - b[i]!);
      sums[i % lanes]! += Math.fround(difference * difference);
    }
    return sumOfLanes(sums);
  },
  normF32: (a) => Math.fround(Math.sqrt(dotF32(a, 0, a))),
  matVecI8(matrix, vector, out) {
    assertMatrix(matrix.length, vector.length, out.length);
    for (let row = 0; row < out.length; row++) out[row] = dotI8(matrix, row * vector.length, vector);
  },
  matVecF32(matrix, vector, out) {
    assertMatrix(matrix.length, vector.length, out.length);
    for (let row = 0; row < out.length; row++) out[row] = dotF32(matrix, row * vector.length, vector);
  },
};

function dotI8(a: Int8Array, at: number, b: Int8Array): number {
  const n = b.length;
  let sum = 0;
  for (let i = 0; i < n; i++) sum = (sum + Math.imul(a[at + i]!, b[i]!)) | 0;
  return sum;
}

function dotF32(a: Float32Array, at: number, b: Float32Array): number {
  const sums = new Float32Array(lanes);
  for (let i = 0; i < b.length; i++) sums[i % lanes]! += Math.fround(a[at + i]! * b[i]!);
  return sumOfLanes(sums);
}

function sumOfLanes(sums: Float32Array): number {
  for (let half = lanes / 2; half >= 1; half /= 2) {
    for (let i = 0; i < half; i++) sums[i]! += sums[i + half]!;
  }
  return sums[0]!;
}

function assertSameLength(a: number, b: number): void {
  if (a !== b) throw new TypeError(`b: expected ${a} values as a has, got ${b}`);
}

function assertMatrix(size: number, columns: number, rows: number): void {
  if (size === rows * columns) return;
  throw new TypeError(`matrix: expected ${rows} rows (length of out) of ${columns} values, got ${size} values`);
}
