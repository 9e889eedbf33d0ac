import { kernels } from '../../kernels/kernels.ts';
import { asTaught, type Example } from './example.ts';

/**
 * Selects the most dispensable examples: of the two most similar the one that was taught first, repeatedly, until no
 * more than `most` are left. The rest is diverse, and the same on each node.
 *
 * Each pair is compared once, so the time grows with the square of their number.
 *
 * @returns Their ids, in the order of removal.
 */
export function leastMissed(examples: readonly Example[], most: number): string[] {
  if (examples.length <= most) return [];
  const sorted = asTaught(examples);
  const rows = cosinesOf(sorted);
  const nearest = rows.map((row) => nearestIn(row));
  const gone: string[] = [];
  while (sorted.length - gone.length > most) {
    let best = -1;
    for (const [i, one] of nearest.entries()) {
      if (one.cosine > (nearest[best]?.cosine ?? Number.NEGATIVE_INFINITY)) best = i;
    }
    // The last remaining one has nothing to resemble.
    const older = best < 0 ? nearest.findIndex(({ isGone }) => !isGone) : nearest[best]!.at;
    gone.push(sorted[older]!.id);
    nearest[older] = { at: -1, cosine: Number.NEGATIVE_INFINITY, isGone: true };
    for (let i = older + 1; i < rows.length; i++) {
      rows[i]![older] = Number.NEGATIVE_INFINITY;
      if (nearest[i]!.at === older && !nearest[i]!.isGone) nearest[i] = nearestIn(rows[i]!);
    }
  }
  return gone;
}

/** The cosines of each example with those before it. */
function cosinesOf(examples: readonly Example[]): Float64Array[] {
  const dimension = examples[0]!.embedding.values.length;
  const matrix = new Int8Array(examples.length * dimension);
  const norms = new Float64Array(examples.length);
  return examples.map(({ embedding: { values } }, i) => {
    matrix.set(values, i * dimension);
    norms[i] = Math.sqrt(kernels.dot.dotI8(values, values));
    const dots = new Int32Array(i);
    if (i > 0) kernels.dot.matVecI8(matrix.subarray(0, i * dimension), values, dots);
    return Float64Array.from(dots, (dot, j) => dot / (norms[i]! * norms[j]!));
  });
}

/** The most similar one; of equals the first. */
function nearestIn(row: Float64Array): { at: number; cosine: number; isGone: boolean } {
  let [at, cosine] = [-1, Number.NEGATIVE_INFINITY];
  for (let j = 0; j < row.length; j++) {
    if (row[j]! > cosine) [at, cosine] = [j, row[j]!];
  }
  return { at, cosine, isGone: false };
}
