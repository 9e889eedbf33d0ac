import { assertKind, assertShape } from '../../base/arguments.ts';
import type { Embedding } from '../../core/embedding.ts';
import type { Tensor } from '../ledger/safetensors.ts';
import type { Features } from './features.ts';
import { finish, type Steps } from './steps.ts';
import type { TrainingSet } from './training-set.ts';

/**
 * A method to separate classes. The built-in ones are `SvmTrainer`, `PrototypeTrainer` and `NearestTrainer`; your own
 * function over the embedding, or OpenCV's `ml.SVM`, are others.
 *
 * @example
 * const mine: HeadTrainer = {
 *   kind: 'mine',
 *   train: (set) => {
 *     const make = (part: TrainingSet) => learn(part); // returns (features, embedding) => one number per class
 *     return { margins: make(set), leftOut: crossValidate(set, make), tensors: {} };
 *   },
 *   restore: (tensors) => learned(tensors),
 * };
 */
export interface HeadTrainer {
  /** Its name in a head's version. */
  readonly kind: string;
  /**
   * Trains from the set alone: the same set has to give the same result, whatever was trained before.
   *
   * @returns Undefined when there is too little to learn from.
   */
  train(set: TrainingSet): TrainedModel | undefined;
  /** `train` in steps, for a slow trainer: a node handles frames and commands in between. Default: in one step. */
  trainInSteps?(set: TrainingSet): Steps<TrainedModel | undefined>;
  /** Restores the result of `train` from its tensors. */
  restore(tensors: Readonly<Record<string, Tensor>>, classes: number): Margins;
}

/** One number per class, the largest for the predicted class. */
export type Margins = (features: Features, embedding: Embedding) => Float64Array;

/** What a trainer made of examples. */
export interface TrainedModel {
  readonly margins: Margins;
  /** For each example, the margins of a model trained without it: examples x classes. */
  readonly leftOut: Float64Array;
  /** What `restore` needs. */
  readonly tensors: Readonly<Record<string, Tensor>>;
}

const folds = 5;

/**
 * Margins of left-out examples, for a trainer without a better way: trains five times on four fifths of the examples.
 * Example i is in fold i mod 5.
 */
export function crossValidate(set: TrainingSet, train: (part: TrainingSet) => Margins): Float64Array {
  assertKind('crossValidate: train', train, 'function');
  return finish(
    // biome-ignore lint/correctness/useYield: it is one step.
    crossValidateInSteps(set, function* (part) {
      return train(part);
    }),
  );
}

/** The same in steps, at least one for each fold. */
export function* crossValidateInSteps(
  set: TrainingSet,
  train: (part: TrainingSet) => Steps<Margins>,
): Steps<Float64Array> {
  assertShape(
    'crossValidate: set',
    set,
    { examples: 'list', labels: 'list', subset: 'function' },
    'a TrainingSet, as TrainingData gives it',
  );
  assertKind('crossValidate: train', train, 'function');
  const leftOut = new Float64Array(set.examples.length * set.classes).fill(Number.NEGATIVE_INFINITY);
  for (let fold = 0; fold < folds; fold++) {
    const indices = set.examples.map((_, i) => i);
    const part = set.subset(indices.filter((i) => i % folds !== fold));
    if (part.examples.length === 0) continue;
    yield;
    const margins = yield* train(part);
    // A class without examples in the part has no margin there.
    const classes = [...part.labels.map((label) => set.labels.indexOf(label)), set.labels.length];
    for (const i of indices.filter((one) => one % folds === fold)) {
      const found = margins(set.features[i]!, set.examples[i]!.embedding);
      for (let c = 0; c < part.classes; c++) leftOut[i * set.classes + classes[c]!] = found[c]!;
    }
  }
  return leftOut;
}
