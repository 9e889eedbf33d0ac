import { InputError } from '../../base/errors.ts';
import { kernels } from '../../kernels/kernels.ts';
import type { Tensor } from '../ledger/safetensors.ts';
import { finish, type Steps } from './steps.ts';
import type { HeadTrainer, Margins, TrainedModel } from './trainer.ts';
import type { TrainingSet } from './training-set.ts';

const neighbours = 5;

/** The five nearest examples vote, each with its cosine. */
export class NearestTrainer implements HeadTrainer {
  readonly kind = 'nearest';
  readonly #neighbours = new Neighbours();

  train(set: TrainingSet): TrainedModel | undefined {
    return finish(this.trainInSteps(set));
  }

  *trainInSteps(set: TrainingSet): Steps<TrainedModel | undefined> {
    const { classes } = set;
    if (classes === 0) return undefined;
    // A copy of all examples, made only on request: for the chosen model, before the set grows.
    let made: Record<string, Tensor> | undefined;
    const tensors = () => (made ??= tensorsOf(set));
    const restore = () => this.restore(tensors(), classes);
    const leftOut = yield* this.#neighbours.leftOut(set);
    return {
      leftOut,
      get tensors() {
        return tensors();
      },
      get margins() {
        return restore();
      },
    };
  }

  /** @throws InputError when the tensors are not such examples. */
  restore(tensors: Readonly<Record<string, Tensor>>, classes: number): Margins {
    const [examples, lengths, targets] = [tensors.examples?.data, tensors.lengths?.data, tensors.targets?.data];
    const fits = examples instanceof Int8Array && lengths instanceof Float64Array && targets instanceof Int32Array;
    if (!fits || targets.length !== lengths.length || targets.some((target) => target < 0 || target >= classes)) {
      throw new InputError('head: expected examples (I8), lengths (F64) and targets (I32), got other tensors');
    }
    const dots = new Int32Array(targets.length);
    return ({ values, length }) => {
      kernels.dot.matVecI8(examples, values, dots);
      const best = new Nearest();
      for (let i = 0; i < dots.length; i++) best.add(dots[i]! / (length * lengths[i]!), i);
      const votes = new Float64Array(classes);
      best.vote(targets, votes);
      return votes;
    };
  }
}

function tensorsOf({ features, targets }: TrainingSet): Record<string, Tensor> {
  const dimension = features[0]!.values.length;
  const examples = new Int8Array(features.length * dimension);
  for (const [i, { values }] of features.entries()) examples.set(values, i * dimension);
  const lengths = Float64Array.from(features, ({ length }) => length);
  return {
    examples: { shape: [features.length, dimension], data: examples },
    lengths: { shape: [features.length], data: lengths },
    targets: { shape: [features.length], data: targets },
  };
}

/** The nearest others of each example. Grows with the examples. */
class Neighbours {
  #cosines: readonly Float64Array[] = [];
  #best: Nearest[] = [];

  /** @returns The votes of each example's neighbours: examples x classes. */
  *leftOut({ cosines, targets, classes }: TrainingSet): Steps<Float64Array> {
    const isGrown = this.#cosines.every((row, i) => row === cosines[i]);
    if (!isGrown) this.#best = [];
    // Before they are found, so that stopping in between leaves a consistent state.
    this.#cosines = cosines;
    for (let i = this.#best.length; i < cosines.length; i++) {
      const row = cosines[i]!;
      const own = new Nearest();
      for (let j = 0; j < i; j++) {
        own.add(row[j]!, j);
        this.#best[j]!.add(row[j]!, i);
      }
      this.#best.push(own);
      yield;
    }
    const result = new Float64Array(cosines.length * classes);
    for (const [i, one] of this.#best.entries()) one.vote(targets, result.subarray(i * classes, (i + 1) * classes));
    return result;
  }
}

/** The nearest examples so far; of two equally near, the earlier one comes first. */
class Nearest {
  readonly #cosines = new Float64Array(neighbours).fill(-2);
  readonly #examples = new Int32Array(neighbours);

  add(cosine: number, example: number): void {
    const cosines = this.#cosines;
    if (cosine <= cosines[neighbours - 1]!) return;
    let at = neighbours - 1;
    for (; at > 0 && cosines[at - 1]! < cosine; at--) {
      cosines[at] = cosines[at - 1]!;
      this.#examples[at] = this.#examples[at - 1]!;
    }
    cosines[at] = cosine;
    this.#examples[at] = example;
  }

  /** @param votes One per class, added to. */
  vote(targets: Int32Array, votes: Float64Array): void {
    for (let i = 0; i < neighbours; i++) {
      if (this.#cosines[i]! > -2) votes[targets[this.#examples[i]!]!]! += this.#cosines[i]! / neighbours;
    }
  }
}
