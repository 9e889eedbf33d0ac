import { describe, expect, it } from 'vitest';
import { random } from '../../../sdk/base/random.ts';
import { fewShot, type LabelledEmbedding, type Split, unknowns } from '../../../sdk/learn/heads/few-shot.ts';
import { embeddings } from '../fakes.ts';

const sample = embeddings(4, 64);
const labels = ['a', 'b', 'c', 'd'];
/** So many of each label; the higher the spread the harder they are to tell. */
function pictures(each: number, spread: number, split?: (i: number) => 'train' | 'test'): LabelledEmbedding[] {
  return labels.flatMap((label, at) =>
    Array.from({ length: each }, (_, i) => ({
      ...{ label, embedding: sample(at, spread) },
      ...(split && { split: split(i) }),
    })),
  );
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

describe('fewShot', () => {
  it('names what is easy rightly, what says nothing by chance, and counts what is taken for what', async () => {
    const easy = await fewShot(pictures(12, 0.2), { examples: 5, seeds: 3 });
    expect(Object.keys(easy.shares)).toEqual(['chosen', 'svm', 'prototypes', 'nearest']);
    for (const shares of Object.values(easy.shares)) expect(shares).toEqual([1, 1, 1]);
    expect(easy.kinds).toEqual({ svm: 3 });
    expect(easy.confusions).toEqual([]);

    const noise = pictures(30, 0.2).map((picture, i) => ({ ...picture, label: labels[i % 4]! }));
    const hard = await fewShot(noise, { examples: 5, seeds: 8 });
    expect(mean(hard.shares.chosen!)).toBeGreaterThan(0.1);
    expect(mean(hard.shares.chosen!)).toBeLessThan(0.4);
    const wrong = hard.confusions.reduce((sum, { count }) => sum + count, 0);
    // Of 100 that are named by each seed.
    expect(wrong).toBe(Math.round(800 * (1 - mean(hard.shares.chosen!))));
    const counts = hard.confusions.map(({ count }) => count);
    expect(counts).toEqual(counts.toSorted((a, b) => b - a));
    expect(hard.confusions.every(({ label, named }) => label !== named)).toBe(true);
  });

  it('draws the same for the same seed and other ones for another, and never names what it learned from', async () => {
    const all = pictures(12, 1);
    const seen: Split[] = [];
    const peers = async (split: Split) => {
      seen.push(split);
      return { mine: split.test.map((place) => all[place]!.label) };
    };
    const first = await fewShot(all, { examples: 5, seeds: 3 }, peers);
    expect(first.shares.mine).toEqual([1, 1, 1]);
    for (const { train, test } of seen) {
      expect([...train, ...test].toSorted((a, b) => a - b)).toEqual(all.map((_, place) => place));
      for (const label of labels) expect(train.filter((place) => all[place]!.label === label)).toHaveLength(5);
    }
    expect(seen[0]!.train).not.toEqual(seen[1]!.train);
    const again = await fewShot(all, { examples: 5, seeds: 3 }, peers);
    expect(again).toEqual(first);
    expect(seen.slice(3)).toEqual(seen.slice(0, 3));
  });

  it('keeps to the split of a data set that has one', async () => {
    const all = pictures(12, 1, (i) => (i < 4 ? 'test' : 'train'));
    await fewShot(all, { examples: 5, seeds: 2 }, async ({ train, test }) => {
      expect(train.every((place) => all[place]!.split === 'train')).toBe(true);
      expect(train).toHaveLength(20);
      expect(test).toEqual([...all.keys()].filter((place) => all[place]!.split === 'test'));
      return {};
    });
    expect.assertions(6);
  });
});

describe('unknowns', () => {
  it('an unknown that is like nothing known is let go, one that is like something is not', () => {
    const easy = unknowns(pictures(24, 0.2), { examples: 12, seeds: 2 });
    expect(easy.falseAccepts.chosen!.ofRight).toBeLessThan(0.05);
    expect(easy.learned.falseAccept).toBeLessThan(0.2);
    expect(easy.learned.falseReject).toBeLessThan(0.25);
    // Two names for one thing: each is taken for the other when it is left out.
    const twins = [0, 0, 1].flatMap((of, at) =>
      Array.from({ length: 24 }, () => ({ label: labels[at]!, embedding: sample(of, 0.2) })),
    );
    const hard = unknowns(twins, { examples: 12, seeds: 2 });
    expect(hard.learned.falseAccept).toBeGreaterThan(0.5);
    expect(hard.learned.falseAccept).toBeLessThan(0.75);
  });

  it('rates peers at thresholds that let go 5 % of what they know', () => {
    const all = pictures(24, 0.2);
    const knows = new Map(all.map(({ embedding }, place) => [embedding, place]));
    const { falseAccepts } = unknowns(all, { examples: 4, seeds: 1 }, (train) => {
      const taught = new Set(train.map((place) => all[place]!.label));
      return {
        seer: ({ label }) => ({ label, nearness: taught.has(label) ? 1 : 0 }),
        fool: ({ embedding }) => ({ label: 'a', nearness: knows.get(embedding)! % 20 }),
        blind: ({ label }) => ({ label, nearness: 0 }),
      };
    });
    expect(falseAccepts.seer).toEqual({ ofRight: 0, ofAll: 0 });
    expect(falseAccepts.blind).toEqual({ ofRight: 1, ofAll: 1 });
    expect(falseAccepts.fool!.ofAll).toBeGreaterThan(0.85);
    expect(falseAccepts.fool!.ofAll).toBeLessThan(1);
  });
});

it('random numbers are the same for the same seed, and even', () => {
  const next = random(7);
  const numbers = Array.from({ length: 2000 }, next);
  const again = random(7);
  expect(numbers.map(() => again())).toEqual(numbers);
  expect(mean(numbers)).toBeCloseTo(0.5, 1);
  expect(numbers.every((value) => value >= 0 && value < 1)).toBe(true);
});
