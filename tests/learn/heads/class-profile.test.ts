import { describe, expect, it } from 'vitest';
import { random } from '../../../sdk/base/random.ts';
import type { ClassLayer } from '../../../sdk/core/cards/class-layer.ts';
import { ProfileSums, profileOf } from '../../../sdk/learn/heads/class-profile.ts';

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
});
