import { describe, expect, it } from 'vitest';
import { measureInTurns } from '../../../tools/cli/bench/turns.ts';
import type { Candidate, TunedRun } from '../../../tools/cli/tune/candidate.ts';

const candidate = (engine: Candidate['engine'], threads: number): Candidate => ({
  engine,
  threads,
  kernels: '',
  rate: 5,
});
const result = (frames: number): TunedRun => ({
  engine: 'onnxruntime',
  kernels: 'native neon',
  frames,
  missed: 0,
  latencyMs: { median: 1, p95: 1 },
  cpuMs: 1,
  joules: null,
});

describe('measureInTurns', () => {
  it('goes through all, then all the other way round', async () => {
    const order: number[] = [];
    const all = [1, 2, 3].map((threads) => candidate('onnxruntime', threads));
    const { measured } = await measureInTurns(all, {
      rounds: 3,
      run: async ({ threads }) => {
        order.push(threads);
        return result(order.length);
      },
    });
    expect(order).toEqual([1, 2, 3, 3, 2, 1, 1, 2, 3]);
    expect(measured.map(({ rounds }) => rounds.map(({ frames }) => frames))).toEqual([
      [1, 6, 7],
      [2, 5, 8],
      [3, 4, 9],
    ]);
  });

  it('leaves out an engine that cannot be run, says why, and does not try it again', async () => {
    let tries = 0;
    const all = [candidate('onnxruntime', 1), candidate('opencv', 1), candidate('opencv', 2)];
    const { measured, failed } = await measureInTurns(all, {
      rounds: 2,
      kindOf: ({ engine }) => engine,
      run: async ({ engine }) => {
        if (engine === 'onnxruntime') return result(1);
        tries++;
        throw new Error('env … ended with 2:\n(a warning)\nthe bindings are not built\n');
      },
    });
    expect(tries).toBe(1);
    expect(measured.map(({ candidate }) => candidate)).toEqual([all[0]]);
    expect(failed).toEqual([{ candidate: all[1], why: 'the bindings are not built' }]);
  });

  it('has no figures of one that fails later', async () => {
    let runs = 0;
    const { measured } = await measureInTurns([candidate('onnxruntime', 1)], {
      rounds: 2,
      run: async () => {
        if (++runs === 2) throw new Error('out of memory');
        return result(1);
      },
    });
    expect(measured).toEqual([]);
  });
});
