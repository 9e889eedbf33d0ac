import { describe, expect, it } from 'vitest';
import { InputError } from '../../../sdk/base/errors.ts';
import { featuresOf } from '../../../sdk/learn/heads/features.ts';
import { NearestTrainer } from '../../../sdk/learn/heads/nearest.ts';
import { PrototypeTrainer } from '../../../sdk/learn/heads/prototypes.ts';
import { SvmTrainer } from '../../../sdk/learn/heads/svm.ts';
import { crossValidate, type HeadTrainer, type Margins } from '../../../sdk/learn/heads/trainer.ts';
import { TrainingData, type TrainingSet } from '../../../sdk/learn/heads/training-set.ts';
import { example, examplesOf } from '../examples.ts';
import { embeddings } from '../fakes.ts';

const labels = ['a', 'b', 'c', 'd'];
const sample = embeddings(5);
const examples = examplesOf(labels, 6, (label) => sample(label, 2));
const set = new TrainingData().update(examples);

/** The margins that are found by training without the example, one training each. */
function slowly(make: () => HeadTrainer, { examples: all, features, classes }: TrainingSet): Float64Array {
  const leftOut = new Float64Array(all.length * classes);
  for (const [i, { embedding }] of all.entries()) {
    const without = new TrainingData().update(all.filter((_, j) => j !== i));
    leftOut.set(make().train(without)!.margins(features[i]!, embedding), i * classes);
  }
  return leftOut;
}

describe.each([
  ['prototypes', () => new PrototypeTrainer()],
  ['nearest', () => new NearestTrainer()],
  ['svm', () => new SvmTrainer()],
])('%s', (kind, make: () => HeadTrainer) => {
  const model = make().train(set)!;

  it('leaves each example out, as if it had never been taught', () => {
    const expected = slowly(make, set);
    expect(model.leftOut).toHaveLength(expected.length);
    for (const [i, value] of model.leftOut.entries()) expect(value).toBeCloseTo(expected[i]!, 4);
  });

  it('names new ones', () => {
    const right = Array.from({ length: 200 }, (_, i) => {
      const embedding = sample(i % 4, 2);
      const margins = model.margins(featuresOf(embedding), embedding);
      return margins.indexOf(Math.max(...margins)) === i % 4;
    });
    expect(right.filter(Boolean).length).toBeGreaterThan(140);
  });

  it('is the same after it was stored', () => {
    expect(make().kind).toBe(kind);
    const restored = make().restore(model.tensors, set.classes);
    for (let label = 0; label < 5; label++) {
      const embedding = sample(label, 2);
      const features = featuresOf(embedding);
      expect(restored(features, embedding)).toEqual(model.margins(features, embedding));
    }
    expect(() => make().restore({}, 4)).toThrow(InputError);
  });
});

describe('SvmTrainer', () => {
  it('is five prototypes and a machine that solves the least-squares problem with a bias', () => {
    // f(x_i) = sum alpha_j k_ij + b, with y_i - f(x_i) = ridge alpha_i and sum alpha = 0.
    const both = new SvmTrainer().train(set)!;
    const prototypes = new PrototypeTrainer().train(set)!;
    const classes = [0, 1, 2, 3];
    const alphas = set.examples.map(({ embedding }, i) => {
      const features = set.features[i]!;
      const [sum, cosines] = [both.margins(features, embedding), prototypes.margins(features, embedding)];
      return classes.map((c) => ((set.targets[i] === c ? 1 : -1) - (sum[c]! - 5 * cosines[c]!)) / 0.3);
    });
    const kernel = (i: number, j: number) => (i === j ? 1 : set.cosines[Math.max(i, j)]![Math.min(i, j)]!);
    for (const c of classes) {
      expect(alphas.reduce((sum, row) => sum + row[c]!, 0)).toBeCloseTo(0, 3);
      const biases = alphas.map((row, i) => {
        const inner = alphas.reduce((sum, other, j) => sum + other[c]! * kernel(i, j), 0);
        return (set.targets[i] === c ? 1 : -1) - 0.3 * row[c]! - inner;
      });
      for (const bias of biases) expect(bias).toBeCloseTo(biases[0]!, 3);
    }
  });

  it('needs something to tell apart: two labels, or a label and negatives', () => {
    const one = [example('a', sample(0)), example('a', sample(0))];
    expect(new SvmTrainer().train(new TrainingData().update(one))).toBeUndefined();
    const negative = example('a', sample(1), { negative: true });
    expect(new SvmTrainer().train(new TrainingData().update([...one, negative]))).toBeDefined();
  });
});

describe('crossValidate', () => {
  it('never asks about an example that was trained on, nor about a class that was not', () => {
    const few = new TrainingData().update([...examples.slice(0, 9), example('z', sample(4))]);
    const seen: string[][] = [];
    const train = (part: TrainingSet): Margins => {
      const ids = part.examples.map(({ id }) => id);
      seen.push(ids);
      return (_, embedding) => {
        const asked = few.examples.find((one) => one.embedding === embedding)!;
        expect(ids).not.toContain(asked.id);
        return new Float64Array(part.classes).fill(part.examples.length);
      };
    };
    const leftOut = crossValidate(few, train);
    expect(seen.map((ids) => ids.length)).toEqual([8, 8, 8, 8, 8]);
    const z = few.labels.indexOf('z');
    // Its only example was in the last fold.
    expect(leftOut[9 * few.classes + z]).toBe(Number.NEGATIVE_INFINITY);
    expect(leftOut[0 * few.classes + z]).toBe(8);
  });
});
