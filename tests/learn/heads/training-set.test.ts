import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { featuresOf } from '../../../sdk/learn/heads/features.ts';
import { defaultTrainers, trainHead } from '../../../sdk/learn/heads/head.ts';
import { mostTrained, TrainingData } from '../../../sdk/learn/heads/training-set.ts';
import type { Example } from '../../../sdk/learn/ledger/example.ts';
import { example, examplesOf } from '../examples.ts';
import { anyEmbedding, embeddings } from '../fakes.ts';

const set = (all: Parameters<TrainingData['update']>[0]) => new TrainingData().update(all);

describe('features', () => {
  it('are the values to the power of 3/4, with their signs', () => {
    const { values, length } = featuresOf({ values: Int8Array.of(0, 1, 32, 127, -127, -32), scale: 3 });
    expect([...values]).toEqual([0, 3, 45, 127, -127, -45]);
    expect(length).toBe(Math.sqrt(3 ** 2 + 2 * 45 ** 2 + 2 * 127 ** 2));
    for (let value = -128; value < 128; value++) {
      const expected = Math.sign(value) * 127 * Math.abs(value / 127) ** 0.75;
      const [power] = featuresOf({ values: Int8Array.of(value), scale: 1 }).values;
      expect(Math.abs(power! - expected)).toBeLessThanOrEqual(value === -128 ? 1 : 0.5);
    }
  });
});

describe('TrainingData', () => {
  const sample = embeddings(3);

  it('has classes in the order of their names, and negatives last', () => {
    const one = set([
      example('dog', sample(0)),
      example('cat', sample(1)),
      example('fox', sample(2), { negative: true }),
    ]);
    expect(one.labels).toEqual(['cat', 'dog']);
    expect(one.classes).toBe(3);
    expect([...one.targets]).toEqual([1, 0, 2]);
    expect([...one.counts]).toEqual([1, 1, 1]);
  });

  it('has the cosines of the features', () => {
    const one = set(examplesOf(['a', 'b'], 3, sample));
    for (let i = 0; i < 6; i++) {
      for (let j = 0; j < i; j++) {
        const [a, b] = [one.features[i]!, one.features[j]!];
        const dot = a.values.reduce((sum, value, d) => sum + value * b.values[d]!, 0);
        expect(one.cosines[i]![j]).toBe(dot / (a.length * b.length));
      }
    }
  });

  it('sums features at length 1', () => {
    const one = set(examplesOf(['a', 'b'], 20, sample));
    const weights = Float64Array.from(one.targets, (_, i) => i - 7);
    const exact = new Float64Array(64);
    for (const [i, { values, length }] of one.features.entries()) {
      for (let d = 0; d < 64; d++) exact[d]! += (weights[i]! * values[d]!) / length;
    }
    for (const [d, value] of one.weightedSum(weights).entries()) expect(value).toBeCloseTo(exact[d]!, 3);
  });

  it('has the cosines with prototypes that an example is not part of', () => {
    const one = set([...examplesOf(['a', 'b'], 4, sample), example('c', sample(2))]);
    for (const [i, features] of one.features.entries()) {
      for (let c = 0; c < 3; c++) {
        const mean = new Float64Array(64);
        let count = 0;
        for (const [j, other] of one.features.entries()) {
          if (one.targets[j] !== c || j === i) continue;
          count++;
          for (let d = 0; d < 64; d++) mean[d]! += other.values[d]! / other.length;
        }
        const length = Math.sqrt(mean.reduce((sum, value) => sum + value * value, 0));
        const dot = features.values.reduce((sum, value, d) => sum + value * mean[d]!, 0);
        const expected = count === 0 ? -1 : dot / (length * features.length);
        expect(one.prototypeCosines[i * 3 + c]).toBeCloseTo(expected, 10);
      }
    }
  });

  it('a subset is what would be made from its examples', () => {
    const all = examplesOf(['a', 'b', 'c'], 4, sample);
    const indices = [1, 2, 5, 6, 7, 10];
    const part = set(all).subset(indices);
    const fresh = set(indices.map((i) => all[i]!));
    expect(part.labels).toEqual(fresh.labels);
    expect(part.targets).toEqual(fresh.targets);
    expect(part.cosines).toEqual(fresh.cosines);
    expect(part.prototypeCosines).toEqual(fresh.prototypeCosines);
    // Its float sums run in another order.
    const expected = fresh.weightedSum(new Float64Array(6).fill(1));
    for (const [d, sum] of part.weightedSum(new Float64Array(6).fill(1)).entries())
      expect(sum).toBeCloseTo(expected[d]!, 4);
  });

  it('of too many examples keeps diverse ones of each label, the rare ones whole', () => {
    const many = embeddings(2, 16);
    const all = [
      ...Array.from({ length: mostTrained }, () => example('often', many(0, 0.3))),
      ...Array.from({ length: 5 }, () => example('often', many(1, 0.3), { camera: 'odd' })),
      ...Array.from({ length: 10 }, () => example('rare', many(1))),
      ...Array.from({ length: 300 }, () => example('rare', many(1), { negative: true })),
    ];
    const one = set(all.sort((a, b) => a.timeMs - b.timeMs));
    expect(one.examples).toHaveLength(mostTrained);
    expect([...one.counts]).toEqual([mostTrained - 310, 10, 300]);
    expect(one.examples.filter(({ camera }) => camera === 'odd')).toHaveLength(5);
    expect(one.hash).not.toBe(set(one.examples).hash);
  });

  it('is the same from nothing where a faulty node gave an id twice', () => {
    const [first, second, third] = examplesOf(['a', 'b', 'c'], 1, sample) as [Example, Example, Example];
    const twice = [first, { ...second, id: first.id }];
    const data = new TrainingData();
    data.update(twice);
    expect(data.update(twice).hash).toBe(set(twice).hash);
    expect(data.update([...twice, third]).hash).toBe(set([...twice, third]).hash);
  });

  it('whatever was trained before, the same examples give the same bytes', () => {
    const labels = fc.constantFrom('a', 'b', 'c');
    const pool = fc.array(fc.record({ label: labels, negative: fc.boolean(), embedding: anyEmbedding(24) }), {
      minLength: 4,
      maxLength: 30,
    });
    const histories = fc.array(fc.array(fc.boolean(), { minLength: 30, maxLength: 30 }), { maxLength: 5 });
    fc.assert(
      fc.property(pool, histories, (drafts, history) => {
        const all = drafts.map(({ label, negative, embedding }) => example(label, embedding, { negative }));
        const data = new TrainingData();
        const trainers = defaultTrainers();
        for (const kept of history) trainHead('h', data.update(all.filter((_, i) => kept[i])), trainers);
        // Growing by one, as teaching does.
        for (let n = 1; n < all.length; n++) trainHead('h', data.update(all.slice(0, n)), trainers);
        const grown = data.update(all);
        const fresh = set(all);
        for (const [i, trainer] of trainers.entries()) {
          const [a, b] = [trainer.train(grown), defaultTrainers()[i]!.train(fresh)];
          expect(a?.leftOut).toEqual(b?.leftOut);
          expect(a?.tensors).toEqual(b?.tensors);
        }
        const [a, b] = [trainHead('h', grown, trainers), trainHead('h', fresh, defaultTrainers())];
        expect(a?.serialise()).toEqual(b?.serialise());
      }),
      { numRuns: 60 },
    );
  });
});
