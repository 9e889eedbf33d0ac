import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { defaultTrainers, trainHead, trainHeadInSteps } from '../../../sdk/learn/heads/head.ts';
import { finish, inSlices, type Steps } from '../../../sdk/learn/heads/steps.ts';
import { TrainingData } from '../../../sdk/learn/heads/training-set.ts';
import { examplesOf } from '../examples.ts';
import { embeddings } from '../fakes.ts';

afterEach(() => void vi.restoreAllMocks());

function* count(to: number, done: number[]): Steps<string> {
  for (let i = 0; i < to; i++) {
    done.push(i);
    yield;
  }
  return 'all';
}

/** Each step takes so long. */
function steps(ms: number): void {
  let now = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => (now += ms));
}

describe('steps', () => {
  it('are done in one piece, or in slices between which others are let in', async () => {
    expect(finish(count(3, []))).toBe('all');
    steps(2);
    const done: number[] = [];
    const work = inSlices(count(9, done), () => false);
    // Two steps in the first 5 ms, and the third one ends them.
    expect(done).toEqual([0, 1, 2]);
    await turn();
    expect(done.length).toBeLessThan(9);
    expect(await work).toBe('all');
    expect(done).toHaveLength(9);
  });

  it('are left when they are stopped, and give back what they hold', async () => {
    steps(10);
    const done: number[] = [];
    let held = true;
    const work = function* (): Steps<string> {
      try {
        return yield* count(9, done);
      } finally {
        held = false;
      }
    };
    expect(await inSlices(work(), () => done.length === 4)).toBeUndefined();
    expect(done).toHaveLength(4);
    expect(held).toBe(false);
  });

  it('throw what is thrown in them', async () => {
    // biome-ignore lint/correctness/useYield: it comes to none.
    const faulty = function* (): Steps<void> {
      throw new Error('no memory');
    };
    await expect(inSlices(faulty(), () => false)).rejects.toThrow('no memory');
  });
});

describe('training in steps', () => {
  const sample = embeddings(12, 32);
  const labels = Array.from('abcdefghijkl');
  const examples = examplesOf(labels, 40, (label) => sample(label, 1));

  it('gives the same bytes, also after one that was left in the middle', () => {
    const whole = trainHead('h', new TrainingData().update(examples), defaultTrainers())!;
    const data = new TrainingData();
    const trainers = defaultTrainers();
    const all = function* (these: typeof examples) {
      return yield* trainHeadInSteps('h', yield* data.updateInSteps(these), trainers);
    };
    // Left after each so many steps, of these examples and of others.
    for (let left = 1; left < 3000; left = Math.ceil(left * 1.7)) {
      const [few, others] = [all(examples.slice(0, 300)), all(examples.slice(left % 7))];
      for (let i = 0; i < left; i++) few.next();
      for (let i = 0; i < left; i++) others.next();
    }
    expect(finish(all(examples))!.hash()).toBe(whole.hash());
  });

  it('stops often: after each example, and within the long rows of the factor', () => {
    const count = (many: typeof examples) => {
      const set = new TrainingData().update(many);
      const work = trainHeadInSteps('h', set, defaultTrainers());
      for (let steps = 1; ; steps++) if (work.next().done) return steps;
    };
    // A step for each 128 of the rows above, of each example.
    expect(count(examples)).toBeGreaterThan(examples.length * 3.5);
    const data = new TrainingData().updateInSteps(examples);
    let steps = 1;
    for (; !data.next().done; steps++);
    expect(steps).toBeGreaterThan(3 * examples.length);
  });
});
