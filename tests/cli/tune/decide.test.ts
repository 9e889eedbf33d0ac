import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Measured, TunedRun } from '../../../tools/cli/tune/candidate.ts';
import { type Aim, aims, chooseRate, chooseWay, figureOf, keepsUp } from '../../../tools/cli/tune/decide.ts';

const run = (change: Partial<TunedRun> = {}): TunedRun => ({
  engine: 'onnxruntime',
  kernels: 'native neon',
  frames: 25,
  missed: 0,
  latencyMs: { median: 40, p95: 50 },
  cpuMs: 60,
  joules: 0.4,
  ...change,
});
const latency = (...medians: number[]) => medians.map((median) => run({ latencyMs: { median, p95: median } }));
const way = (threads: number, rounds: readonly TunedRun[]): Measured => ({
  candidate: { engine: 'onnxruntime', threads, kernels: '', rate: 5 },
  rounds,
});

describe('chooseWay', () => {
  it.each([
    ['the least', [way(1, latency(90, 92, 91)), way(2, latency(50, 52, 51)), way(4, latency(40, 41, 42))], 4],
    [
      'fewer threads within 5 %',
      [way(1, latency(90, 92, 91)), way(2, latency(41, 41, 41)), way(4, latency(40, 40, 40))],
      2,
    ],
    ['fewer threads where the spreads overlap', [way(1, latency(90, 41, 91)), way(2, latency(40, 42, 41))], 1],
    ['the one there is', [way(3, latency(40))], 3],
  ])('takes %s', (_, measured, threads) => expect(chooseWay(measured, 'latency')?.threads).toBe(threads));

  it('goes by what is to be least', () => {
    const fast = way(4, [run({ latencyMs: { median: 20, p95: 21 }, cpuMs: 70, joules: 0.3 })]);
    const frugal = way(1, [run({ latencyMs: { median: 60, p95: 61 }, cpuMs: 55, joules: 0.5 })]);
    const chosen = aims.map((aim) => chooseWay([fast, frugal], aim)?.threads);
    expect(chosen).toEqual([4, 1, 4]);
  });

  it('chooses nothing by a figure that is not known in each round', () => {
    const partly = way(1, [run(), run({ joules: null })]);
    expect(figureOf(partly, 'energy')).toBeUndefined();
    expect(chooseWay([partly], 'energy')).toBeUndefined();
    expect(chooseWay([partly, way(2, [run()])], 'energy')?.threads).toBe(2);
    expect(chooseWay([], 'latency')).toBeUndefined();
  });

  it('never takes one that is clearly worse than another with no more threads', () => {
    const figures = fc.array(fc.double({ min: 1, max: 1000, noNaN: true }), { minLength: 1, maxLength: 5 });
    const many = fc.array(fc.tuple(fc.integer({ min: 1, max: 4 }), figures), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(many, fc.constantFrom<Aim>('latency', 'cpu', 'energy'), (list, aim) => {
        const measured = list.map(([threads, all]) =>
          way(
            threads,
            all.map((x) => run({ latencyMs: { median: x, p95: x }, cpuMs: x, joules: x })),
          ),
        );
        const chosen = measured.find(({ candidate }) => candidate === chooseWay(measured, aim))!;
        const mine = figureOf(chosen, aim)!;
        for (const other of measured) {
          const its = figureOf(other, aim)!;
          const isClearlyBetter = its.median * 1.05 < mine.median && its.high < mine.low;
          if (isClearlyBetter) expect(other.candidate.threads).toBeGreaterThan(chosen.candidate.threads);
        }
      }),
    );
  });
});

describe('chooseRate', () => {
  const at = (rate: number, ...rounds: TunedRun[]): Measured => ({
    candidate: { engine: 'onnxruntime', threads: 2, kernels: '', rate },
    rounds,
  });
  const quick = run({ latencyMs: { median: 40, p95: 45 } });

  it.each([
    ['busy for half of the time', at(10, run({ latencyMs: { median: 40, p95: 50 } })), true],
    ['busy for longer', at(10, run({ latencyMs: { median: 40, p95: 51 } })), false],
    ['one frame missed in one of three rounds', at(1, quick, run({ missed: 1 }), quick), true],
    ['one frame missed in two of three', at(1, run({ missed: 2 }), run({ missed: 1 }), quick), false],
    ['one frame missed in one of two', at(1, quick, run({ missed: 1 })), false],
  ])('keeps up or not: %s', (_, measured, answer) => expect(keepsUp(measured)).toBe(answer));

  it('is the highest that is kept up with, of each camera', () => {
    const slow = run({ latencyMs: { median: 100, p95: 120 }, missed: 3 });
    expect(chooseRate([at(1, quick), at(5, quick), at(10, slow)], 1)).toBe(5);
    expect(chooseRate([at(2, quick), at(4, quick), at(10, quick)], 2)).toBe(5);
    expect(chooseRate([at(1, slow)], 1)).toBeUndefined();
  });
});
