import { InputError } from '../errors.ts';
import { kernels } from '../kernels/kernels.ts';
import type { Tensor } from './safetensors.ts';
import type { HeadTrainer, Margins, TrainedModel } from './trainer.ts';
import type { TrainingSet } from './training-set.ts';

const neighbours = 5;

/** The five nearest examples vote, each with its cosine. */
export class NearestTrainer implements HeadTrainer {
  readonly kind = 'nearest';

  train(set: TrainingSet): TrainedModel | undefined {
    const { classes, targets, features } = set;
    if (classes === 0) return undefined;
    const dimension = features[0]!.values.length;
    const examples = new Int8Array(features.length * dimension);
    for (const [i, { values }] of features.entries()) examples.set(values, i * dimension);
    const lengths = Float64Array.from(features, ({ length }) => length);
    const tensors: Record<string, Tensor> = {
      examples: { shape: [features.length, dimension], data: examples },
      lengths: { shape: [features.length], data: lengths },
      targets: { shape: [features.length], data: targets },
    };
    return { margins: this.restore(tensors, classes), leftOut: leftOut(set), tensors };
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
      for (let i = 0; i < dots.length; i++) best.add(dots[i]! / (length * lengths[i]!), targets[i]!);
      return best.votes(classes);
    };
  }
}

function leftOut({ cosines, targets, classes }: TrainingSet): Float64Array {
  const best = cosines.map(() => new Nearest());
  for (let i = 0; i < cosines.length; i++) {
    const row = cosines[i]!;
    for (let j = 0; j < i; j++) {
      best[i]!.add(row[j]!, targets[j]!);
      best[j]!.add(row[j]!, targets[i]!);
    }
  }
  const result = new Float64Array(cosines.length * classes);
  for (const [i, one] of best.entries()) result.set(one.votes(classes), i * classes);
  return result;
}

/** The nearest examples so far; of two alike the earlier one is nearer. */
class Nearest {
  readonly #cosines = new Float64Array(neighbours).fill(-2);
  readonly #targets = new Int32Array(neighbours);

  add(cosine: number, target: number): void {
    const cosines = this.#cosines;
    if (cosine <= cosines[neighbours - 1]!) return;
    let at = neighbours - 1;
    for (; at > 0 && cosines[at - 1]! < cosine; at--) {
      cosines[at] = cosines[at - 1]!;
      this.#targets[at] = this.#targets[at - 1]!;
    }
    cosines[at] = cosine;
    this.#targets[at] = target;
  }

  votes(classes: number): Float64Array {
    const votes = new Float64Array(classes);
    for (let i = 0; i < neighbours; i++) {
      if (this.#cosines[i]! > -2) votes[this.#targets[i]!]! += this.#cosines[i]! / neighbours;
    }
    return votes;
  }
}
