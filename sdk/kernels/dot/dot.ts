/**
 * Dot products and distances of vectors. All implementations give the same bits: float sums run in sixteen lanes (value i
 * in lane i mod 16), which are then added in halves.
 */
export interface VectorKernels {
  /** Sum of `a[i] * b[i]`; exact up to 131,071 values. @throws TypeError when the lengths differ. */
  dotI8(a: Int8Array, b: Int8Array): number;
  /** @throws TypeError when the lengths differ. */
  dotF32(a: Float32Array, b: Float32Array): number;
  /** Sum of `(a[i] - b[i])^2`. @throws TypeError when the lengths differ. */
  squaredDistanceF32(a: Float32Array, b: Float32Array): number;
  /** Length of the vector (L2). */
  normF32(a: Float32Array): number;
  /** `out[row]` = row of the matrix times the vector. @throws TypeError when the sizes do not fit. */
  matVecI8(matrix: Int8Array, vector: Int8Array, out: Int32Array): void;
  /** @throws TypeError when the sizes do not fit. */
  matVecF32(matrix: Float32Array, vector: Float32Array, out: Float32Array): void;
}
