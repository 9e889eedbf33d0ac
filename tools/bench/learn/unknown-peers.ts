import type { Guess } from '../../../sdk/learn/heads/few-shot.ts';
import type { EmbeddedPicture } from './embeddings.ts';
import { atLengthOne, plainNearest, plainPrototypes } from './peers.ts';

/**
 * Other ways to tell what is unknown, made from the same examples: the cosine with the nearest mean and with the nearest
 * examples, the Mahalanobis distance (Lee et al. 2018), and the relative one (Ren et al. 2021).
 */
export function unknownPeers(pictures: readonly EmbeddedPicture[]) {
  const vectors = pictures.map(({ embedding }) => atLengthOne(embedding));
  const placeOf = new Map(pictures.map((picture, place) => [picture.embedding, place]));
  return (train: readonly number[]): Record<string, Guess> => {
    const known = train.map((place) => pictures[place]!);
    const mean = plainPrototypes(known);
    const neighbours = plainNearest(known, 5);
    const labels = known.map(({ label }) => label);
    const rows = train.map((place) => vectors[place]!);
    const own = new Mahalanobis(rows, labels);
    const all = new Mahalanobis(
      rows,
      labels.map(() => 'all'),
    );
    const vectorOf = ({ embedding }: Parameters<Guess>[0]) => vectors[placeOf.get(embedding)!]!;
    return {
      'nearest mean, cosine': ({ embedding }) => guessOf(mean(embedding)),
      '5 nearest, cosine': ({ embedding }) => guessOf(neighbours(embedding)),
      Mahalanobis: (picture) => own.nearest(vectorOf(picture)),
      'relative Mahalanobis': (picture) => {
        const { label, nearness } = own.nearest(vectorOf(picture));
        return { label, nearness: nearness - all.nearest(vectorOf(picture)).nearness };
      },
    };
  };
}

const guessOf = ({ label, cosine }: { label: string; cosine: number }) => ({ label, nearness: cosine });

/** Half of the covariance is taken for the same in all directions: there are fewer examples than those. */
const shrinkage = 0.5;

/** Distances from class means under one covariance. Worked out by the examples, which are fewer than the dimensions. */
class Mahalanobis {
  readonly #classes: string[];
  readonly #means: Float64Array[];
  readonly #residuals: Float64Array[];
  /** `residuals · mean`, for each class. */
  readonly #ofMeans: Float64Array[];
  /** Lower triangular: L L' = residuals residuals' + weight. */
  readonly #factor: Float64Array[];

  constructor(rows: readonly Float64Array[], labels: readonly string[]) {
    this.#classes = [...new Set(labels)];
    this.#means = this.#classes.map((label) => meanOf(rows.filter((_, i) => labels[i] === label)));
    this.#residuals = rows.map((row, i) => minus(row, this.#means[this.#classes.indexOf(labels[i]!)]!));
    this.#ofMeans = this.#means.map((mean) => this.#project(mean));
    const trace = this.#residuals.reduce((sum, row) => sum + dot(row, row), 0);
    // (1 - s) R'R + s trace / d, without a factor that all distances share.
    const weight = (shrinkage * trace) / ((1 - shrinkage) * rows[0]!.length) + 1e-9;
    this.#factor = cholesky(this.#residuals, weight);
  }

  nearest(vector: Float64Array): { label: string; nearness: number } {
    const projected = this.#project(vector);
    const distances = this.#means.map((mean, c) => {
      const way = minus(vector, mean);
      const solved = forward(this.#factor, minus(projected, this.#ofMeans[c]!));
      return dot(way, way) - dot(solved, solved);
    });
    const nearest = distances.indexOf(Math.min(...distances));
    return { label: this.#classes[nearest]!, nearness: -distances[nearest]! };
  }

  #project(vector: Float64Array): Float64Array {
    return Float64Array.from(this.#residuals, (row) => dot(row, vector));
  }
}

function cholesky(rows: readonly Float64Array[], weight: number): Float64Array[] {
  const factor: Float64Array[] = [];
  for (const [i, row] of rows.entries()) {
    const line = new Float64Array(i + 1);
    for (let j = 0; j <= i; j++) {
      let sum = dot(row, rows[j]!) + (i === j ? weight : 0);
      const other = j === i ? line : factor[j]!;
      for (let k = 0; k < j; k++) sum -= line[k]! * other[k]!;
      line[j] = i === j ? Math.sqrt(sum) : sum / other[j]!;
    }
    factor.push(line);
  }
  return factor;
}

function forward(factor: readonly Float64Array[], right: Float64Array): Float64Array {
  const solved = new Float64Array(right.length);
  for (const [i, line] of factor.entries()) {
    let sum = right[i]!;
    for (let k = 0; k < i; k++) sum -= line[k]! * solved[k]!;
    solved[i] = sum / line[i]!;
  }
  return solved;
}

function meanOf(rows: readonly Float64Array[]): Float64Array {
  const mean = new Float64Array(rows[0]!.length);
  for (const row of rows) for (const [d, value] of row.entries()) mean[d]! += value / rows.length;
  return mean;
}

const minus = (a: Float64Array, b: Float64Array) => a.map((value, d) => value - b[d]!);

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let d = 0; d < a.length; d++) sum += a[d]! * b[d]!;
  return sum;
}
