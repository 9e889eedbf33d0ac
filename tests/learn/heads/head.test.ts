import { describe, expect, it } from 'vitest';
import { InputError } from '../../../sdk/base/errors.ts';
import { random } from '../../../sdk/base/random.ts';
import type { ClassLayer } from '../../../sdk/core/cards/class-layer.ts';
import { defaultTrainers, Head, trainHead } from '../../../sdk/learn/heads/head.ts';
import { PrototypeTrainer } from '../../../sdk/learn/heads/prototypes.ts';
import { accuracies, confusions, mostDoubtful, uncertainty } from '../../../sdk/learn/heads/review.ts';
import { SvmTrainer } from '../../../sdk/learn/heads/svm.ts';
import { crossValidate, type HeadTrainer } from '../../../sdk/learn/heads/trainer.ts';
import { TrainingData, type TrainingSet } from '../../../sdk/learn/heads/training-set.ts';
import type { Example } from '../../../sdk/learn/ledger/example.ts';
import { readSafeTensors, writeSafeTensors } from '../../../sdk/learn/ledger/safetensors.ts';
import { example, examplesOf } from '../examples.ts';
import { embeddings, quantised } from '../fakes.ts';

const sample = embeddings(8, 128);
const train = (examples: readonly Example[], trainers = defaultTrainers()) =>
  trainHead('object', new TrainingData().update(examples), trainers)!;

describe('a head', () => {
  it('of one example names what is like it and nothing else', () => {
    // Two kinds of thing that have little in common, with some noise.
    const look = (kind: number) => {
      const noise = sample(7, 2);
      return quantised([...noise.values].map((v, i) => 0.1 * v * noise.scale + (i % 2 === kind ? 1 : 0)));
    };
    const head = train([example('cat', look(0))]);
    expect(head.info).toMatchObject({ kind: 'prototypes', labels: ['cat'], examples: 1, negatives: 0, accuracy: 0 });
    expect(head.predict(look(0))).toMatchObject({ label: 'cat', nearest: 'cat' });
    expect(head.predict(look(1))).toMatchObject({ label: 'unknown', nearest: 'cat' });
  });

  it('needs a label: without any, or with negatives only, there is none', () => {
    expect(train([])).toBeUndefined();
    expect(train([example('cat', sample(0), { negative: true })])).toBeUndefined();
  });

  it('says unknown of what is none of its labels; of what it names rightly it lets few go', () => {
    const head = train(examplesOf(['a', 'b', 'c'], 20, (label) => sample(label, 1)));
    const share = (classes: readonly number[]) => {
      const named = Array.from({ length: 300 }, (_, i) => head.predict(sample(classes[i % classes.length]!, 1)));
      return named.filter(({ label }) => label === 'unknown').length / 300;
    };
    expect(share([0, 1, 2])).toBeLessThan(0.12);
    expect(share([3, 4, 5, 6])).toBeGreaterThan(0.8);
    expect(head.info.falseReject).toBe(0.05);
    expect(head.info.falseAccept).toBeUndefined();
  });

  it('negatives count: what is like them is unknown', () => {
    // Two cats that are much alike.
    const mine = sample(0, 0);
    const mixed = (share: number) => {
      const other = sample(1, 0.8);
      return quantised(
        [...mine.values].map((v, i) => v * mine.scale * (1 - share) + other.values[i]! * other.scale * share),
      );
    };
    const mineExamples = Array.from({ length: 8 }, () => example('my cat', mixed(0.3)));
    const others = Array.from({ length: 8 }, () => example('my cat', mixed(0.6), { negative: true }));
    const tests = Array.from({ length: 50 }, () => mixed(0.6));
    const unknowns = (head: Head) => tests.filter((one) => head.predict(one).label === 'unknown').length;
    const without = train(mineExamples);
    const head = train([...mineExamples, ...others]);
    expect(unknowns(head)).toBeGreaterThan(45);
    expect(unknowns(head)).toBeGreaterThan(unknowns(without));
    expect(head.predict(mixed(0.3)).label).toBe('my cat');
    expect(head.info).toMatchObject({ examples: 8, negatives: 8 });
    expect(head.info.falseAccept).toBeLessThan(0.2);
  });

  it('takes the first kind unless another is clearly better when examples are left out', () => {
    const easy = train(examplesOf(['a', 'b'], 5, (label) => sample(label, 0.1)));
    expect(easy.info.accuracies).toEqual({ prototypes: 1, nearest: 1, svm: 1 });
    expect(easy.info.kind).toBe('svm');
    // Each label has two looks, which lie across each other: no line tells them apart.
    const [w, x, y, z] = [0, 1, 2, 3].map((c) => sample(c, 0));
    const both = (p = w!, q = x!) => {
      const noise = sample(4, 1);
      return quantised(
        [...p.values].map((v, i) => v * p.scale + q.values[i]! * q.scale + noise.values[i]! * noise.scale * 0.6),
      );
    };
    const crossed = Array.from({ length: 40 }, (_, i) => {
      const [label, embedding] = [
        ['a', both(w, x)],
        ['a', both(y, z)],
        ['b', both(w, z)],
        ['b', both(y, x)],
      ][i % 4] as [string, ReturnType<typeof both>];
      return example(label, embedding);
    });
    const head = train(crossed);
    expect(head.info.accuracy).toBe(Math.max(...Object.values(head.info.accuracies)));
    expect(head.info.accuracies.nearest).toBeGreaterThan(head.info.accuracies.svm! + 0.2);
    expect(head.info.kind).toBe('nearest');
  });

  it('gives chances that are borne out', () => {
    const noisy = (label: number) => sample(label, 5);
    const head = train(examplesOf(['a', 'b', 'c', 'd', 'e'], 12, noisy));
    const tests = Array.from({ length: 1000 }, (_, i) => ({ ...head.predict(noisy(i % 5)), is: 'abcde'[i % 5]! }));
    const right = tests.filter(({ nearest, is }) => nearest === is).length / 1000;
    expect(right).toBeGreaterThan(0.4);
    expect(right).toBeLessThan(0.97);
    const told = tests.reduce((sum, { score }) => sum + score, 0) / 1000;
    expect(Math.abs(told - right)).toBeLessThan(0.12);
    const sorted = [...tests].sort((a, b) => b.score - a.score);
    const rightOf = (some: typeof tests) => some.filter(({ nearest, is }) => nearest === is).length / some.length;
    expect(rightOf(sorted.slice(0, 300))).toBeGreaterThan(rightOf(sorted.slice(-300)) + 0.1);
  });

  it('is the same after it was stored', () => {
    for (const trainer of defaultTrainers()) {
      const head = train(
        examplesOf(['a', 'b', 'c'], 6, (label) => sample(label, 2)),
        [trainer],
      );
      const copy = Head.parse(head.serialise());
      expect(copy.info).toEqual(head.info);
      expect(copy.verdicts).toEqual(head.verdicts);
      expect(copy.serialise().equals(head.serialise())).toBe(true);
      expect(copy.hash()).toBe(head.hash());
      for (let i = 0; i < 20; i++) {
        const embedding = sample(i % 8, 2);
        expect(copy.predict(embedding)).toEqual(head.predict(embedding));
      }
    }
  });

  it('with the network’s own classes is the same after it was stored, and is refused without them', () => {
    const next = random(5);
    const classes = 20;
    const layerOf = (dimension: number): ClassLayer => ({
      ...{ classes, dimension, biases: new Float64Array(classes), scales: new Float64Array(classes).fill(0.002) },
      weights: Int8Array.from({ length: classes * dimension }, () => Math.round(254 * next() - 127)),
    });
    const classLayer = layerOf(128);
    const examples = examplesOf(['a', 'b', 'c'], 6, (label) => sample(label, 1));
    const head = trainHead('object', new TrainingData(classLayer).update(examples), defaultTrainers())!;
    const copy = Head.parse(head.serialise(), defaultTrainers(), classLayer);
    expect(copy.serialise().equals(head.serialise())).toBe(true);
    const plain = train(examples);
    for (let i = 0; i < 20; i++) {
      const embedding = sample(i % 8, 1);
      expect(copy.predict(embedding)).toEqual(head.predict(embedding));
      expect(head.predict(embedding).nearness).not.toBeCloseTo(plain.predict(embedding).nearness, 3);
    }
    expect(() => Head.parse(head.serialise())).toThrow(/class layer of the network it was trained with, got none/);
    const { metadata, tensors } = readSafeTensors(head.serialise());
    const { profile_weights: weights, ...others } = tensors;
    const short = { shape: [3], data: (weights!.data as Float64Array).slice(0, 3) };
    for (const left of [others, { ...others, profile_weights: short }]) {
      const bytes = writeSafeTensors({ metadata, tensors: left });
      expect(() => Head.parse(bytes, defaultTrainers(), classLayer)).toThrow(InputError);
    }
  });

  it('refuses other dimensions, and bytes that are no head', () => {
    const head = train(examplesOf(['a', 'b'], 3, sample));
    expect(() => head.predict(quantised([1, 2, 3]))).toThrow(/Int8Array of 128 values, got 3/);
    expect(() => Head.parse(new Uint8Array(20))).toThrow(InputError);
    expect(() => Head.parse(head.serialise(), [])).toThrow(/one of the kinds/);
    const bytes = head.serialise();
    for (let i = 0; i < 400; i++) {
      const damaged = Buffer.from(bytes);
      damaged[(i * 37) % 1500] = i % 256;
      try {
        Head.parse(damaged);
      } catch (error) {
        expect(error).toBeInstanceOf(InputError);
      }
    }
  });

  it('takes a trainer of one’s own', () => {
    // Of the embedding's largest value: good enough for labels that differ in it.
    const place = (values: Int8Array) => values.indexOf(Math.max(...values));
    const learn = (set: TrainingSet) => {
      const places = set.labels.map(
        (label) =>
          new Set(set.examples.filter((one) => one.label === label).map(({ embedding }) => place(embedding.values))),
      );
      return (_: unknown, { values }: { values: Int8Array }) =>
        Float64Array.from(places, (known) => (known.has(place(values)) ? 1 : 0));
    };
    const mine: HeadTrainer = {
      kind: 'mine',
      train: (set) => ({ margins: learn(set), leftOut: crossValidate(set, learn), tensors: {} }),
      restore: () => () => new Float64Array(2),
    };
    const flat = (at: number) => quantised(Array.from({ length: 16 }, (_, i) => (i === at ? 1.05 : 1)));
    const all = Array.from({ length: 48 }, (_, i) => example(i % 2 ? 'odd' : 'even', flat(i % 16)));
    const head = train(all, [new PrototypeTrainer(), mine, new SvmTrainer()]);
    expect(head.info.accuracies.mine).toBe(1);
    const alone = train(all, [mine]);
    expect(Head.parse(alone.serialise(), [mine]).info).toEqual(alone.info);
  });
});

describe('review', () => {
  const odd = example('a', sample(1, 0.2));
  const head = train([...examplesOf(['a', 'b'], 6, (label) => sample(label, 0.2)), odd, example('c', sample(2, 0.2))]);

  it('says what is taken for what', () => {
    expect(confusions(head)).toContainEqual({ label: 'a', named: 'b', count: 1, ids: [odd.id] });
  });

  it('does not say what a label with one example is taken for: without it nothing is known of it', () => {
    expect(head.verdicts.find(({ label }) => label === 'c')!.named).not.toBe('c');
    expect(confusions(head).map(({ label }) => label)).not.toContain('c');
  });

  it('says how well each label is known', () => {
    const known = accuracies(head);
    expect(known.map(({ label, examples }) => [label, examples])).toEqual([
      ['a', 7],
      ['b', 6],
      ['c', 1],
    ]);
    expect(known[2]!.accuracy).toBe(0);
  });

  it('puts first what is surely wrong, then what is least sure', () => {
    const doubtful = mostDoubtful(head);
    expect(doubtful).toHaveLength(14);
    const wrong = doubtful.filter(({ label, nearest }) => label !== nearest).length;
    expect(doubtful.slice(0, wrong).map(({ id }) => id)).toContain(odd.id);
    const rest = doubtful.slice(wrong).map(({ score }) => score);
    expect(rest).toEqual([...rest].sort((a, b) => a - b));
    expect([0, 0.5, 0.75, 1].map((score) => uncertainty({ score, nearness: 1 }))).toEqual([0, 1, 0.5, 0]);
    const nearnesses = [0, -0.05, 0.2, Number.NEGATIVE_INFINITY];
    expect(nearnesses.map((nearness) => uncertainty({ score: 0.9, nearness }))).toEqual([1, 0.5, 1 - 0.8, 1 - 0.8]);
  });
});
