import { linearMargins, linearTensors } from '../learn/heads/linear.ts';
import { finish, type Steps } from '../learn/heads/steps.ts';
import { crossValidateInSteps, type HeadTrainer, type TrainedModel } from '../learn/heads/trainer.ts';
import type { TrainingSet } from '../learn/heads/training-set.ts';
import type { Tensor } from '../learn/ledger/safetensors.ts';
import { loadOpenCv } from '../opencv-bindings/load.ts';
import type { Mat } from '../opencv-bindings/types.ts';

/** ml::SVM::LINEAR and ml::ROW_SAMPLE; the bindings have no names for them. */
const linear = 0;
const rowSample = 0;

/**
 * OpenCV's `ml::SVM` as a head: linear, hinge loss, one against the rest. What it learnt is weights and biases, so a head
 * that was trained with it is read, and names things, on boards without OpenCV. Training needs OpenCV, takes longer
 * than the built-in trainer, and its last digits are OpenCV's: they may be others on another processor.
 *
 * @example
 * const head = trainHead('object', set, [...defaultTrainers(), new OpenCvSvmTrainer()]);
 */
export class OpenCvSvmTrainer implements HeadTrainer {
  readonly kind = 'opencv-svm';
  readonly restore = linearMargins;
  readonly #c: number;

  /** @param c What an example on the wrong side costs. */
  constructor(c = 1) {
    if (!(c > 0 && c < Infinity)) throw new RangeError(`c: expected a number above 0, got ${c}`);
    this.#c = c;
  }

  train(set: TrainingSet): TrainedModel | undefined {
    return finish(this.trainInSteps(set));
  }

  *trainInSteps(set: TrainingSet): Steps<TrainedModel | undefined> {
    if (set.classes < 2) return undefined;
    const tensors = yield* this.#tensors(set);
    const tensorsOf = (part: TrainingSet) => this.#tensors(part);
    const leftOut = yield* crossValidateInSteps(set, function* (part) {
      return linearMargins(yield* tensorsOf(part), part.classes);
    });
    return { margins: linearMargins(tensors, set.classes), leftOut, tensors };
  }

  *#tensors({ features, targets, classes }: TrainingSet): Steps<Record<string, Tensor>> {
    const cv = loadOpenCv();
    const dimension = features[0]!.values.length;
    const samples = new Float32Array(features.length * dimension);
    for (const [i, { values, length }] of features.entries()) {
      for (let d = 0; d < dimension; d++) samples[i * dimension + d] = values[d]! / (length || 1);
    }
    const rows = new cv.Mat(features.length, dimension, cv.CV_32F!, new Uint8Array(samples.buffer));
    const biases = new Float64Array(classes);
    const weights = Array.from({ length: classes }, () => new Float32Array(dimension));
    try {
      for (let c = 0; c < classes; c++) {
        const sides = Int32Array.from(targets, (target) => (target === c ? 1 : -1));
        // Nothing to tell apart.
        if (sides.every((side) => side === sides[0])) continue;
        yield;
        const { row, bias } = this.#separate(rows, sides, dimension);
        [weights[c], biases[c]] = [row, bias];
      }
    } finally {
      // Also when it is stopped in between.
      rows.release();
    }
    return linearTensors(weights, biases);
  }

  #separate(rows: Mat, sides: Int32Array, dimension: number) {
    const cv = loadOpenCv();
    const responses = new cv.Mat(sides.length, 1, cv.CV_32S!, new Uint8Array(sides.buffer));
    const svm = new cv.SVM({ c: this.#c, kernelType: linear });
    svm.train(rows, rowSample, responses);
    responses.release();
    // Those of a linear machine come as one: their sum. It is positive on the side of the smaller response.
    const vector = svm.getSupportVectors();
    const { rho, alpha, svidx } = svm.getDecisionFunction(0);
    const row = new Float32Array(dimension);
    const target = new cv.Mat(1, dimension, cv.CV_32F!, new Uint8Array(row.buffer));
    for (const mat of [vector.copyTo(target), target, vector, alpha, svidx]) mat.release();
    return { row: row.map((value) => -value), bias: rho };
  }
}
