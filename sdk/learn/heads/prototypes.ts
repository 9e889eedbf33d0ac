import { linearMargins, linearTensors } from './linear.ts';
import type { HeadTrainer, TrainedModel } from './trainer.ts';
import type { TrainingSet } from './training-set.ts';

/** The mean of each class, at length 1; the one with the largest cosine wins. Works from the first example on. */
export class PrototypeTrainer implements HeadTrainer {
  readonly kind = 'prototypes';
  readonly restore = linearMargins;

  train(set: TrainingSet): TrainedModel | undefined {
    if (set.classes === 0) return undefined;
    const tensors = linearTensors(set.prototypes, new Float64Array(set.classes));
    return { margins: linearMargins(tensors, set.classes), leftOut: set.prototypeCosines, tensors };
  }
}
