import { linearMargins, linearTensors } from './linear.ts';
import { finish, type Steps } from './steps.ts';
import type { HeadTrainer, TrainedModel } from './trainer.ts';
import type { TrainingSet } from './training-set.ts';

/** What is added to the diagonal of the cosines. Measured; between 0.1 and 1 little changes. */
const ridge = 0.3;

/**
 * Weight of the prototypes' cosines relative to the machine's margins: with few examples the machine knows little and
 * the prototypes much. Measured.
 */
const prototypeWeight = 5;

/** Rows processed for a new one between two steps: with 1200 examples, 0.3 million multiplications. */
const rowsInStep = 128;

/**
 * The linear least-squares SVM, one against the rest (Suykens and Vandewalle 1999), plus the prototypes. It has two
 * advantages over the SVM with hinge loss: the margins of each example under the machine trained without it are exact
 * and cost nothing (Cawley and Talbot 2004), and it is solved directly. All classes share one factor of the matrix of
 * cosines, which grows by a row with each example, so that one more costs the square of their number, and its bytes are
 * those of a training from scratch.
 *
 * In doubles, + - * / and square roots in one order: the same bytes on each processor.
 */
export class SvmTrainer implements HeadTrainer {
  readonly kind = 'svm';
  readonly restore = linearMargins;
  readonly #factor = new InverseFactor();
  #sums = new Sums(0, new Int32Array());

  train(set: TrainingSet): TrainedModel | undefined {
    return finish(this.trainInSteps(set));
  }

  *trainInSteps(set: TrainingSet): Steps<TrainedModel | undefined> {
    if (set.classes < 2) return undefined;
    const same = yield* this.#factor.update(set.cosines);
    if (!this.#sums.canGrow(same, set)) this.#sums = new Sums(set.classes, set.targets);
    yield* this.#sums.grow(this.#factor.rows, set.targets);
    return yield* solve(this.#sums, set);
  }
}

/** M, the inverse of the Cholesky factor of `cosines + ridge`: lower triangular, row by row. */
class InverseFactor {
  readonly rows: Float64Array[] = [];
  #cosines: Float64Array[] = [];

  /** @returns How many rows stayed. */
  *update(cosines: readonly Float64Array[]): Steps<number> {
    let same = 0;
    while (same < this.rows.length && same < cosines.length && this.#cosines[same] === cosines[same]) same++;
    this.rows.length = same;
    // Before its rows are added, so that stopping in between leaves a consistent state.
    this.#cosines = [...cosines];
    for (let i = same; i < cosines.length; i++) this.rows.push(yield* this.#row(cosines[i]!));
    return same;
  }

  *#row(cosines: Float64Array): Steps<Float64Array> {
    const n = cosines.length;
    const row = new Float64Array(n + 1);
    let rest = 1 + ridge;
    for (let from = 0; from < n; from += rowsInStep) {
      rest = this.#eliminate(cosines, row, rest, from, Math.min(n, from + rowsInStep));
      yield;
    }
    const pivot = Math.sqrt(rest);
    for (let j = 0; j < n; j++) row[j]! /= pivot;
    row[n] = 1 / pivot;
    return row;
  }

  /** Processes the rows above it, `from` to `to`. @returns What is left of the diagonal. */
  #eliminate(cosines: Float64Array, row: Float64Array, diagonal: number, from: number, to: number): number {
    let rest = diagonal;
    for (let k = from; k < to; k++) {
      const above = this.rows[k]!;
      let l = 0;
      for (let j = 0; j <= k; j++) l += above[j]! * cosines[j]!;
      rest -= l * l;
      for (let j = 0; j <= k; j++) row[j]! -= l * above[j]!;
    }
    return rest;
  }
}

/** With H = cosines + ridge: the diagonal of its inverse, the inverse times 1, and times the classes' +1 and -1. */
class Sums {
  readonly classes: number;
  count = 0;
  diagonal = new Float64Array();
  ones = new Float64Array();
  /** Examples x classes. */
  alphas = new Float64Array();
  #targets: Int32Array;

  constructor(classes: number, targets: Int32Array) {
    this.classes = classes;
    this.#targets = targets;
  }

  canGrow(sameRows: number, { classes, targets }: TrainingSet): boolean {
    if (classes !== this.classes || this.count > sameRows || this.count > targets.length) return false;
    for (let i = 0; i < this.count; i++) if (targets[i] !== this.#targets[i]) return false;
    return true;
  }

  *grow(rows: readonly Float64Array[], targets: Int32Array): Steps<void> {
    const { classes } = this;
    this.#targets = targets;
    this.diagonal = grown(this.diagonal, rows.length);
    this.ones = grown(this.ones, rows.length);
    this.alphas = grown(this.alphas, rows.length * classes);
    const { diagonal, ones, alphas } = this;
    const z = new Float64Array(classes);
    while (this.count < rows.length) {
      addRow(rows[this.count]!, targets, z, { diagonal, ones, alphas });
      this.count++;
      yield;
    }
  }
}

/** @param z Scratch space, one number per class. */
function addRow(
  row: Float64Array,
  targets: Int32Array,
  z: Float64Array,
  { diagonal, ones, alphas }: Pick<Sums, 'diagonal' | 'ones' | 'alphas'>,
): void {
  const classes = z.length;
  z.fill(0);
  let sum = 0;
  for (let j = 0; j < row.length; j++) {
    sum += row[j]!;
    z[targets[j]!]! += row[j]!;
  }
  // +1 for the class, -1 for the rest.
  for (let c = 0; c < classes; c++) z[c] = 2 * z[c]! - sum;
  for (let j = 0; j < row.length; j++) {
    const m = row[j]!;
    diagonal[j]! += m * m;
    ones[j]! += m * sum;
    for (let c = 0, at = j * classes; c < classes; c++, at++) alphas[at]! += m * z[c]!;
  }
}

function* solve({ diagonal, ones, alphas }: Sums, set: TrainingSet): Steps<TrainedModel> {
  const { classes, targets } = set;
  const n = targets.length;
  let total = 0;
  const biases = new Float64Array(classes);
  for (let i = 0; i < n; i++) {
    total += ones[i]!;
    for (let c = 0; c < classes; c++) biases[c]! += targets[i] === c ? ones[i]! : -ones[i]!;
  }
  for (let c = 0; c < classes; c++) biases[c]! /= total;
  const leftOut = new Float64Array(n * classes);
  const perClass = Array.from({ length: classes }, () => new Float64Array(n));
  for (let i = 0; i < n; i++) {
    const share = diagonal[i]! - (ones[i]! * ones[i]!) / total;
    for (let c = 0; c < classes; c++) {
      const alpha = alphas[i * classes + c]! - ones[i]! * biases[c]!;
      perClass[c]![i] = alpha;
      const machine = (targets[i] === c ? 1 : -1) - alpha / share;
      leftOut[i * classes + c] = machine + prototypeWeight * set.prototypeCosines[i * classes + c]!;
    }
  }
  const weights: Float32Array[] = [];
  for (const [c, alpha] of perClass.entries()) {
    yield;
    // The sum of two linear functions is one.
    weights.push(set.weightedSum(alpha).map((weight, d) => weight + prototypeWeight * set.prototypes[c]![d]!));
  }
  const tensors = linearTensors(weights, biases);
  return { margins: linearMargins(tensors, classes), leftOut, tensors };
}

function grown(old: Float64Array<ArrayBuffer>, length: number): Float64Array<ArrayBuffer> {
  if (old.length >= length) return old;
  const array = new Float64Array(Math.ceil(length * 1.25));
  array.set(old);
  return array;
}
