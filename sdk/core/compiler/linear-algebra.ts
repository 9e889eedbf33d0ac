/**
 * The lower triangle L of a symmetric positive definite matrix A = L Lᵀ, row by row.
 *
 * @returns Undefined where the matrix is none.
 */
export function cholesky(matrix: Float64Array, size: number): Float64Array | undefined {
  const lower = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = matrix[i * size + j]!;
      for (let k = 0; k < j; k++) sum -= lower[i * size + k]! * lower[j * size + k]!;
      if (i !== j) lower[i * size + j] = sum / lower[j * size + j]!;
      else if (sum > 0) lower[i * size + i] = Math.sqrt(sum);
      else return undefined;
    }
  }
  return lower;
}

/**
 * The upper triangle U with A⁻¹ = Uᵀ U, of a symmetric positive definite matrix A: row i says how an error in i is made up for by
 * those behind it.
 */
export function inverseUpper(matrix: Float64Array, size: number): Float64Array | undefined {
  // With the order turned round, A = L Lᵀ gives A⁻¹ = L⁻ᵀ L⁻¹, and L⁻¹ turned back is the upper triangle.
  const turned = new Float64Array(size * size);
  for (let i = 0; i < size * size; i++) turned[i] = matrix[size * size - 1 - i]!;
  const lower = cholesky(turned, size);
  if (!lower) return undefined;
  const inverse = new Float64Array(size * size);
  for (let i = 0; i < size; i++) {
    inverse[i * size + i] = 1 / lower[i * size + i]!;
    for (let k = 0; k < i; k++) {
      const factor = lower[i * size + k]! * inverse[i * size + i]!;
      for (let j = 0; j <= k; j++) inverse[i * size + j]! -= factor * inverse[k * size + j]!;
    }
  }
  return inverse.reverse();
}
