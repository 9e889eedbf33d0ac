import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readWish, recommend } from '../../../tools/cli/bench/recommend.ts';
import { result } from './results.ts';

describe('readWish', () => {
  it('reads limits and what is to be the best', () => {
    expect(readWish('at most 50 ms, at most 1.5 J,at least 0.3 AP , best  memory, Best latency')).toEqual({
      limits: [
        { figure: 'latency', bound: 50, words: 'at most 50 ms' },
        { figure: 'energy', bound: 1.5, words: 'at most 1.5 J' },
        { figure: 'ap', bound: 0.3, words: 'at least 0.3 AP' },
      ],
      best: ['memory', 'latency'],
    });
    expect(readWish('at most 80ms p99, at most 100 mb, at least 5 per second, best AP').limits).toMatchObject([
      { figure: 'p99', bound: 80 },
      { figure: 'memory', bound: 100 },
      { figure: 'throughput', bound: 5 },
    ]);
  });

  it.each([
    ['', '"": expected "at most", "at least" or "best"'],
    ['fastest', '"fastest": expected "at most", "at least" or "best"'],
    ['bestest AP', '"bestest AP": expected "at most"'],
    ['best', '"best": expected what is to be the best'],
    ['best colour', '"colour" is no figure'],
    ['best toString', '"toString" is no figure'],
    ['at most ms, best AP', '"at most ms": expected a number'],
    ['at most -5 ms, best AP', '"at most -5 ms": expected a number'],
    ['at most 50, best AP', 'expected a unit after the number'],
    ['at most 50 furlongs, best AP', '"furlongs" is no unit'],
    ['at most 50 constructor, best AP', '"constructor" is no unit'],
    ['at least 50 ms, best AP', 'of ms, less is better: say "at most"'],
    ['at most 0.3 AP, best latency', 'of AP, more is better: say "at least"'],
    ['at least 30 AP, best latency', 'expected AP from 0 to 1'],
    ['at most 50 ms', 'expected what is to be the best, as in "best AP"'],
    ['at most 50 ms,, best AP', '"": expected "at most"'],
  ])('says of "%s" what is not understood, and what is', (text, why) => {
    expect(() => readWish(text)).toThrow(why);
    expect(() => readWish(text)).toThrow('understood are "at most N ms"');
  });

  it('reads anything or refuses it with an error for a person', () => {
    const words = fc.constantFrom(
      'at',
      'most',
      'least',
      'best',
      '50',
      'ms',
      'J',
      'AP',
      ',',
      ' ',
      'p99',
      'NaN',
      '1e9',
      'é',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(words).map((all) => all.join(' ')),
        ),
        (text) => {
          try {
            const { limits, best } = readWish(text);
            expect(best.length).toBeGreaterThan(0);
            for (const { bound } of limits) expect(bound).toBeGreaterThanOrEqual(0);
          } catch (error) {
            expect((error as Error).name).toBe('InputError');
          }
        },
      ),
    );
  });
});

const fast = result({ model: 'nanodet-g-416-int8', ms: 10, ap: 0.28, joules: 0.05, mb: 40 });
const right = result({ ms: 30, ap: 0.34, joules: 0.15, mb: 60 });
const large = result({ ms: 90, ap: 0.36, joules: 0.5, mb: 200, engine: 'onnxruntime', precision: 'fp32' });
const all = [fast, right, large];

describe('recommend', () => {
  it('takes the best that keeps to the limits, and says which limit ruled out the others', async () => {
    const { choice, reasons, ruledOut, settings, nearest } = await recommend('at most 50 ms, best AP', all);
    expect(choice).toEqual({ model: 'yolox-nano-416-int8', engine: 'native', precision: 'int8', threads: 1 });
    expect(reasons).toEqual([
      'at most 50 ms: 30.0 ms',
      'best AP: 0.340 AP; the next, nanodet-g-416-int8 by native (int8, 1 thread), has 0.280',
    ]);
    expect(ruledOut).toMatchObject([{ engine: 'onnxruntime', by: 'at most 50 ms', why: '90.0 ms' }]);
    expect([settings, nearest]).toEqual([
      { core: { model: 'yolox-nano-416-int8', engine: expect.stringMatching(/^(auto|native)$/), threads: 1 } },
      null,
    ]);
  });

  it.each([
    ['best latency', 10],
    ['best energy', 10],
    ['best memory', 10],
    ['best throughput', 10],
    ['best AP', 90],
    ['at least 0.3 AP, best latency', 30],
    ['at most 0.2 J, best AP', 30],
    ['at most 45 MB, best AP', 10],
    ['at least 20 per second, best AP', 30],
    ['at most 70 ms p99, best AP', 30],
  ])('%s', async (wish, ms) => {
    const { choice } = await recommend(wish, all);
    const chosen = all.find(({ latencyMs }) => latencyMs.p50.median === ms)!;
    expect(choice).toMatchObject({ model: chosen.model, engine: chosen.engine });
  });

  it('takes fewer threads where the spreads overlap, and the next wish decides among those', async () => {
    const one = result({ threads: 1, ms: [40, 42, 50], joules: 0.3 });
    const two = result({ threads: 2, ms: [38, 39, 41], joules: 0.2 });
    expect((await recommend('best latency', [two, one])).choice?.threads).toBe(1);
    const { choice, reasons } = await recommend('best latency, best energy', [two, one]);
    expect(choice?.threads).toBe(2);
    expect(reasons[0]).toContain('as good as 1 other');
  });

  it('says what comes closest where nothing fits', async () => {
    const { choice, nearest, ruledOut, reasons } = await recommend('at most 25 ms, at least 0.33 AP, best energy', all);
    expect([choice, reasons]).toEqual([null, ['none of 3 keeps to all limits']]);
    // 20 % over the one limit; the other is 18 % below the second.
    expect(nearest).toMatchObject({ model: fast.model, why: 'at least 0.33 AP: 0.280 AP' });
    expect(ruledOut.map(({ by }) => by)).toEqual(['at least 0.33 AP', 'at most 25 ms', 'at most 25 ms']);
  });

  it('says what to do where a figure is not known', async () => {
    const unknown = result();
    const limited = await recommend('at most 1 J, best latency', [unknown]);
    expect(limited.ruledOut[0]).toMatchObject({ by: 'at most 1 J', why: expect.stringContaining('--meter') });
    const { choice, reasons, nearest } = await recommend('best AP', [unknown]);
    expect([choice, nearest, reasons]).toEqual([null, null, [expect.stringContaining('--on FOLDER')]]);
    expect((await recommend('best latency', [])).choice).toBeNull();
  });

  it('compares engines that ocellus run does not have, and does not choose them', async () => {
    const ncnn = result({ engine: 'ncnn', precision: 'fp16', ms: 5 });
    const { choice, reasons, ruledOut } = await recommend('best latency', [ncnn, fast]);
    expect(choice?.engine).toBe('native');
    expect(reasons.at(-1)).toContain('by ncnn (fp16, 1 thread) would be better: 5.0 ms');
    expect(ruledOut).toMatchObject([{ engine: 'ncnn', by: 'engine' }]);
  });

  it('has no setting for what is no detector', async () => {
    const classifier = result({ model: 'efficientnet-lite0-int8', task: 'classify' });
    const { choice, settings } = await recommend('best latency', [classifier]);
    expect([choice?.model, settings]).toEqual(['efficientnet-lite0-int8', null]);
  });
});
