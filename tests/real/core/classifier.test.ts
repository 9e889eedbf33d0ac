import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Classifier, loadClassifier, readPicture } from '../../../sdk/index.ts';
import { sharedData } from '../../support/needs.ts';

const clothing = sharedData('clothing');

interface Example {
  readonly label: string;
  /** Of length 1. */
  readonly direction: Float64Array;
}

describe.skipIf(!clothing)('few examples of clothing (needs ../shared/data)', () => {
  it('teach the ten classes: 0.77 or more are right by the nearest mean of 20', async () => {
    const classifier = await loadClassifier();
    try {
      const [train, test] = [await read(classifier, 'train'), await read(classifier, 'test')];
      const labels = [...new Set(train.map(({ label }) => label))];
      expect([labels.length, test.length]).toEqual([10, 80]);
      const means = new Map(
        labels.map((label) => [label, meanOf(train.filter((one) => one.label === label).slice(0, 20))]),
      );
      const right = test.filter(({ label, direction }) => {
        const scores = labels.map((one) => ({ one, score: dot(means.get(one)!, direction) }));
        return scores.toSorted((a, b) => b.score - a.score)[0]!.one === label;
      });
      console.log(`nearest mean of 20 examples a class: ${right.length} of ${test.length} right`);
      expect(right.length / test.length).toBeGreaterThanOrEqual(0.77);
    } finally {
      await classifier.close();
    }
  });
});

async function read(classifier: Classifier, part: string): Promise<Example[]> {
  const examples: Example[] = [];
  for (const label of readdirSync(join(clothing!, part)).sort()) {
    for (const name of readdirSync(join(clothing!, part, label)).sort()) {
      const picture = await readPicture(join(clothing!, part, label, name));
      const [embedding] = await classifier.embed(picture);
      picture.release();
      examples.push({ label, direction: unit(Float64Array.from(embedding!.values)) });
    }
  }
  return examples;
}

const dot = (a: Float64Array, b: Float64Array) => a.reduce((sum, value, i) => sum + value * b[i]!, 0);

function unit(vector: Float64Array): Float64Array {
  const length = Math.sqrt(dot(vector, vector));
  return vector.map((value) => value / length);
}

function meanOf(examples: readonly Example[]): Float64Array {
  return unit(
    examples.reduce(
      (sum, { direction }) => sum.map((value, i) => value + direction[i]!),
      examples[0]!.direction.map(() => 0),
    ),
  );
}
