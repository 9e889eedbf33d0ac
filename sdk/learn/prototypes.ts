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
    return { margins: linearMargins(tensors, set.classes), leftOut: set.prototypeCosines, tensors };
  }
}
