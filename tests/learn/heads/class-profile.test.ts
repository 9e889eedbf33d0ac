import { describe, expect, it } from 'vitest';
import { random } from '../../../sdk/base/random.ts';
import type { ClassLayer } from '../../../sdk/core/cards/class-layer.ts';
import { ProfileSums, profileOf, separationOf } from '../../../sdk/learn/heads/class-profile.ts';

const next = random(3);
const [classes, dimension] = [7, 16];
const layer: ClassLayer = {
  classes,
  dimension,
  weights: Int8Array.from({ length: classes * dimension }, () => Math.round(254 * next() - 127)),
  scales: Float64Array.from({ length: classes }, () => 0.001 + 0.002 * next()),
  biases: Float64Array.from({ length: classes }, () => next() - 0.5),
};
const embedding = () => ({
  values: Int8Array.from({ length: dimension }, () => Math.round(127 * next())),
  scale: 0.02,
});

describe('profileOf', () => {
  it('is the square root of the softmax, in 8 bits', () => {
    for (let i = 0; i < 20; i++) {
      const one = embedding();
      const logits = Array.from({ length: classes }, (_, c) => {
        let dot = 0;
        for (let d = 0; d < dimension; d++) dot += layer.weights[c * dimension + d]! * one.values[d]!;
        return dot * layer.scales[c]! * one.scale + layer.biases[c]!;
      });
      const shares = logits.map((logit) => Math.exp(logit - Math.max(...logits)));
      const sum = shares.reduce((all, share) => all + share, 0);
      const { values, length } = profileOf(layer, one);
      for (const [c, share] of shares.entries()) {
        expect(Math.abs(values[c]! - 127 * Math.sqrt(share / sum))).toBeLessThanOrEqual(0.51);
      }
      expect(length).toBeCloseTo(127, -1);
    }
  });

  it('is flatter at a higher temperature, as if the logits were smaller', () => {
    const one = embedding();
    const halved = { ...layer, scales: layer.scales.map((s) => s / 2), biases: layer.biases.map((b) => b / 2) };
    expect(profileOf(layer, one, 2)).toEqual(profileOf(halved, one));
    expect(Math.max(...profileOf(layer, one, 2).values)).toBeLessThan(Math.max(...profileOf(layer, one).values));
  });

  it('is finite where logits are far apart', () => {
    const { values } = profileOf({ ...layer, scales: layer.scales.map(() => 1e6) }, embedding());
    expect(Math.max(...values)).toBe(127);
    expect(values.filter((value) => value === 0)).toHaveLength(classes - 1);
  });
});

describe('ProfileSums', () => {
  const profiles = Array.from({ length: 12 }, () => profileOf(layer, embedding()));
  const targets = profiles.map((_, i) => i % 3);
  const cosine = (a: ArrayLike<number>, b: ArrayLike<number>) => {
    const dot = (x: ArrayLike<number>, y: ArrayLike<number>) => Array.from(x).reduce((sum, v, i) => sum + v * y[i]!, 0);
    return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
  };
  const meanOf = (chosen: readonly number[]) =>
    Array.from({ length: classes }, (_, c) => chosen.reduce((sum, i) => sum + profiles[i]!.values[c]!, 0));

  it('gives the cosine with the mean of a label, with and without the profile itself', () => {
    // The third is that of negatives: no label of its own.
    const sums = ProfileSums.of(profiles, targets, 2);
    for (const [i, profile] of profiles.entries()) {
      for (const label of [0, 1]) {
        const members = [...profiles.keys()].filter((j) => targets[j] === label);
        expect(sums.cosine(profile, label)).toBeCloseTo(cosine(profile.values, meanOf(members)), 12);
        if (targets[i] !== label) continue;
        const others = members.filter((j) => j !== i);
        expect(sums.cosine(profile, label, true)).toBeCloseTo(cosine(profile.values, meanOf(others)), 12);
      }
    }
  });

  it('of one that is alone nothing is left without it', () => {
    expect(ProfileSums.of([profiles[0]!], [0], 1).cosine(profiles[0]!, 0, true)).toBe(-1);
  });

  const weights = Float64Array.from({ length: classes }, () => 0.2 + 3 * next());
  const weighted = (v: ArrayLike<number>) => Array.from(v, (value, c) => Math.sqrt(weights[c]!) * value);

  it('counts each class by its weight', () => {
    const sums = ProfileSums.of(profiles, targets, 3, weights);
    for (const [i, profile] of profiles.entries()) {
      const others = [...profiles.keys()].filter((j) => j !== i && targets[j] === targets[i]);
      const expected = cosine(weighted(profile.values), weighted(meanOf(others)));
      expect(sums.cosine(profile, targets[i]!, true)).toBeCloseTo(expected, 12);
    }
  });

  it('centred, is the cosine after a part of the mean of all labels was subtracted from both', () => {
    const sums = ProfileSums.of(profiles, targets, 3, weights);
    const unit = (v: readonly number[]) => v.map((value) => value / Math.sqrt(v.reduce((sum, x) => sum + x * x, 0)));
    for (const [i, profile] of profiles.entries()) {
      // Its own label's mean is without it, whether or not that is the label that is asked about.
      for (const own of [undefined, targets[i]!]) {
        const means = [0, 1, 2].map((label) =>
          unit(
            weighted(meanOf([...profiles.keys()].filter((j) => targets[j] === label && !(own === label && j === i)))),
          ),
        );
        const full = [0, 1, 2].map((label) =>
          unit(weighted(meanOf([...profiles.keys()].filter((j) => targets[j] === label)))),
        );
        const one = unit(weighted(profile.values));
        const common = full[0]!.map((_, c) => full.reduce((sum, mean) => sum + mean[c]! / 3, 0));
        const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, v, c) => sum + v * b[c]!, 0);
        const share = (0.6 * 2) / 3;
        const centred = sums.centred(profile, 0.6, own);
        for (const label of [0, 1, 2]) {
          const withMean = means.reduce((sum, mean) => sum + dot(one, mean) / 3, 0);
          const rest = share * share * dot(common, common);
          const ownWithMean = dot(full[label]!, common);
          const product = dot(one, means[label]!) - share * (withMean + ownWithMean) + rest;
          const lengths = (1 - 2 * share * withMean + rest) * (1 - 2 * share * ownWithMean + rest);
          expect(centred(label)).toBeCloseTo(product / Math.sqrt(lengths), 9);
        }
        if (own !== undefined) continue;
        // Nothing is left out: then it is exactly the cosine of the two differences.
        const less = (v: readonly number[]) => v.map((value, c) => value - share * common[c]!);
        expect(centred(1)).toBeCloseTo(cosine(less(one), less(full[1]!)), 9);
      }
    }
  });
});

describe('separationOf', () => {
  const profile = (values: readonly number[]) => ({ values: Int8Array.from(values), length: 1 });
  // The first class tells the labels apart, the second differs within them, the third says nothing.
  const seen = [
    [100, 10, 50],
    [96, 60, 50],
    [20, 12, 50],
    [16, 62, 50],
    [90, 127, 90],
  ].map(profile);
  // The last one is a negative.
  const targets = [0, 0, 1, 1, 2];

  it('weighs a class by the variance between labels over the one within them, each beside the mean of all', () => {
    const between = [40 * 40, 1, 0];
    // Two labels of two: two degrees of freedom.
    const within = [8, 1250, 0];
    const mean = (all: readonly number[]) => all.reduce((sum, one) => sum + one, 0) / 3;
    const expected = between.map((one, c) => Math.sqrt((one + mean(between)) / (within[c]! + mean(within))));
    const weights = separationOf(seen, targets, 2);
    for (const [c, weight] of expected.entries()) expect(weights[c]!).toBeCloseTo(weight, 12);
    expect(weights[0]!).toBeGreaterThan(2 * weights[1]!);
  });

  it('weighs all the same where nothing can be said: of one label, of one example each, of equal ones', () => {
    expect([...separationOf(seen.slice(0, 2), [0, 0], 1)]).toEqual([1, 1, 1]);
    expect([...separationOf([seen[0]!, seen[2]!], [0, 1], 2)]).toEqual([1, 1, 1]);
    expect([...separationOf([seen[0]!, seen[0]!, seen[2]!, seen[2]!], [0, 0, 1, 1], 2)]).toEqual([1, 1, 1]);
  });
});
