import { kernels } from '../kernels/kernels.ts';
import { linearMargins, linearTensors } from './linear.ts';
import type { HeadTrainer, TrainedModel } from './trainer.ts';
import type { TrainingSet } from './training-set.ts';

/** The mean of each class, at length 1; the nearest one by its cosine wins. Works from the first example on. */
export class PrototypeTrainer implements HeadTrainer {
  readonly kind = 'prototypes';
  readonly restore = linearMargins;

  train(set: TrainingSet): TrainedModel | undefined {
    if (set.classes === 0) return undefined;
    const weights = Array.from({ length: set.classes }, (_, c) => {
      const mean = set.weightedSum(Float64Array.from(set.targets, (target) => (target === c ? 1 : 0)));
      const length = kernels.dot.normF32(mean);
      return mean.map((value) => value / length);
    });
    const tensors = linearTensors(weights, new Float64Array(set.classes));
    return { margins: linearMargins(tensors, set.classes), leftOut: leftOutCosines(set), tensors };
  }
}

/**
 * The cosine of each example with each class's prototype, with its own class's as it is without it: examples x classes;
 * -1 where nothing is left.
 */
export function leftOutCosines({ cosines, targets, classes, counts }: TrainingSet): Float64Array {
  const n = targets.length;
  // With each class's sum of examples at length 1.
  const sums = new Float64Array(n * classes);
  for (let i = 0; i < n; i++) {
    const row = cosines[i]!;
    const own = targets[i]!;
    for (let j = 0; j < i; j++) {
      const cosine = row[j]!;
      sums[i * classes + targets[j]!]! += cosine;
      sums[j * classes + own]! += cosine;
    }
    sums[i * classes + own]! += 1;
  }
  const squares = new Float64Array(classes);
  for (let i = 0; i < n; i++) squares[targets[i]!]! += sums[i * classes + targets[i]!]!;
  const result = new Float64Array(n * classes);
  for (let i = 0; i < n; i++) {
    for (let c = 0; c < classes; c++) {
      const sum = sums[i * classes + c]!;
      if (c !== targets[i]) result[i * classes + c] = sum / Math.sqrt(squares[c]!);
      else result[i * classes + c] = counts[c] === 1 ? -1 : (sum - 1) / Math.sqrt(squares[c]! - 2 * sum + 1);
    }
  }
  return result;
}
