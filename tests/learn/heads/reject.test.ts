import { describe, expect, it } from 'vitest';
import { defaultTrainers, trainHead } from '../../../sdk/learn/heads/head.ts';
import { learnReject, strengthFactor, typicality } from '../../../sdk/learn/heads/reject.ts';
import { finish } from '../../../sdk/learn/heads/steps.ts';
import { TrainingData } from '../../../sdk/learn/heads/training-set.ts';
import { examplesOf } from '../examples.ts';
import { embeddings } from '../fakes.ts';

const centres = Float64Array.of(0.5, 1);

describe('typicality', () => {
  const familiar = (of: readonly number[]) => (label: number) => of[label]!;

  it('is what is familiar beyond the usual, and a part of the chance', () => {
    expect(typicality({ centres }, 0, undefined, familiar([0.7]), 0)).toBeCloseTo(0.2);
    expect(typicality({ centres }, 0, undefined, familiar([0.7]), 1)).toBeCloseTo(0.3);
  });

  it('is half of the way higher where the second label is more typical, and no lower where it is less', () => {
    const reject = { centres };
    expect(typicality(reject, 0, 1, familiar([0.3, 1.1]), 0)).toBeCloseTo((-0.2 + 0.1) / 2);
    expect(typicality(reject, 0, 1, familiar([0.7, 0.1]), 0)).toBeCloseTo(0.2);
  });
});

describe('learnReject', () => {
  const leftOut = (target: number, own: number) => ({
    ...{ target, named: target, second: undefined, chance: 1 },
    familiar: () => own,
  });
  const learn = (own: readonly (readonly number[])[]) =>
    finish(
      learnReject(
        own.flatMap((all, label) => all.map((one) => leftOut(label, one))),
        own.length,
        1,
        false,
      ),
    );

  it('lets a label with few examples be as all are, and one with many as it is', () => {
    const usual = Array.from({ length: 100 }, () => 0.5);
    const few = learn([usual, [0.1, 0.1]]).centres;
    const many = learn([usual, Array.from({ length: 100 }, () => 0.1)]).centres;
    expect(few[1]!).toBeGreaterThan(0.4);
    expect(many[1]!).toBeLessThan(0.15);
    expect(few[0]!).toBeCloseTo(0.5, 1);
  });

  it('lets 5 % of many go', () => {
    const spreadOut = Array.from({ length: 200 }, (_, i) => i / 200);
    const reject = learn([spreadOut]);
    const let5 = spreadOut.filter((one) => typicality(reject, 0, undefined, () => one, 1) < reject.threshold);
    expect(let5).toHaveLength(10);
  });
});

describe('the strength of an embedding', () => {
  it('counts by its square root', () => {
    expect(strengthFactor(4, 1)).toBe(2);
    expect(strengthFactor(1, 4)).toBe(0.5);
    // Examples in which nothing was seen.
    expect(strengthFactor(0, 0)).toBe(1);
  });

  it('makes a thing nearer that is as like its label but seen more strongly, whatever the scale of the 8 bits', () => {
    const sample = embeddings(8, 128);
    const examples = examplesOf(['a', 'b', 'c'], 10, (label) => sample(label, 1));
    const head = trainHead('object', new TrainingData().update(examples), defaultTrainers())!;
    const { values, scale } = sample(1, 0.5);
    const near = (by: number) => head.predict({ values, scale: scale * by }).nearness;
    expect(near(2)).toBeGreaterThan(near(1) + 0.05);
    expect(near(0.5)).toBeLessThan(near(1) - 0.05);
    // The same numbers by half of the values and twice the scale, up to their rounding.
    const halved = { values: values.map((value) => Math.round(value / 2)), scale: 2 * scale };
    expect(head.predict(halved).nearness).toBeCloseTo(near(1), 1);
  });
});
