import { describe, expect, it } from 'vitest';
import { featuresOf } from '../../../sdk/learn/heads/features.ts';
import { defaultTrainers, Head, trainHead } from '../../../sdk/learn/heads/head.ts';
import { SvmTrainer } from '../../../sdk/learn/heads/svm.ts';
import { TrainingData } from '../../../sdk/learn/heads/training-set.ts';
import { OpenCvSvmTrainer } from '../../../sdk/opencv/svm-trainer.ts';
import { example, examplesOf } from '../../learn/examples.ts';
import { embeddings } from '../../learn/fakes.ts';
import { hasOpenCv } from '../../support/prepared.ts';

const labels = ['a', 'b', 'c', 'd'];
const sample = embeddings(5);

describe.skipIf(!(await hasOpenCv()))('OpenCvSvmTrainer (needs npm run opencv)', () => {
  const set = new TrainingData().update(examplesOf(labels, 10, (label) => sample(label, 2)));

  /** Of 400 new ones, how many are named rightly. */
  function right(trainer: OpenCvSvmTrainer | SvmTrainer): number {
    const { margins } = trainer.train(set)!;
    return Array.from({ length: 400 }, (_, i) => {
      const embedding = sample(i % 4, 2);
      const found = margins(featuresOf(embedding), embedding);
      return found.indexOf(Math.max(...found)) === i % 4;
    }).filter(Boolean).length;
  }

  it('names new ones about as well as the built-in trainer', () => {
    const [theirs, ours] = [right(new OpenCvSvmTrainer()), right(new SvmTrainer())];
    console.log(`of 400: OpenCV ${theirs}, built in ${ours}`);
    expect(theirs).toBeGreaterThan(300);
    expect(Math.abs(theirs - ours)).toBeLessThan(40);
  });

  it('has its examples on the right side, each class against the rest', () => {
    const { margins } = new OpenCvSvmTrainer(100).train(set)!;
    for (const [i, { embedding }] of set.examples.entries()) {
      for (const [c, margin] of margins(set.features[i]!, embedding).entries()) {
        expect(Math.sign(margin)).toBe(set.targets[i] === c ? 1 : -1);
      }
    }
  });

  it('leaves examples out, and gives the same again', () => {
    const model = new OpenCvSvmTrainer().train(set)!;
    expect(model.leftOut).toHaveLength(160);
    expect(model.leftOut).not.toContain(Number.NEGATIVE_INFINITY);
    expect(new OpenCvSvmTrainer().train(set)!.tensors).toEqual(model.tensors);
  });

  it('is one more kind of head; a head of it is stored and read', () => {
    const head = trainHead('object', set, [new OpenCvSvmTrainer()])!;
    expect(head.info).toMatchObject({ kind: 'opencv-svm', labels });
    const read = Head.parse(head.serialise(), [new OpenCvSvmTrainer()]);
    const embedding = sample(2, 1);
    expect(read.predict(embedding)).toEqual(head.predict(embedding));
    expect(head.predict(embedding).nearest).toBe('c');
    const all = trainHead('object', set, [...defaultTrainers(), new OpenCvSvmTrainer()])!;
    expect(all.info.accuracies).toHaveProperty('opencv-svm');
  });

  it('needs two classes and a cost', () => {
    const one = new TrainingData().update([example('a', sample(0)), example('a', sample(0))]);
    expect(new OpenCvSvmTrainer().train(one)).toBeUndefined();
    const rare = new TrainingData().update([example('a', sample(0)), example('b', sample(1))]);
    expect(new OpenCvSvmTrainer().train(rare)!.leftOut).toHaveLength(4);
    expect(() => new OpenCvSvmTrainer(0)).toThrow('c: expected a number above 0, got 0');
  });
});
