import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { benchPage, paretoFront, ticks } from '../../../tools/cli/bench/page.ts';
import { recommend } from '../../../tools/cli/bench/recommend.ts';
import { report, result } from './results.ts';

describe('the Pareto front', () => {
  const point = (at: number, x: number, y: number) => ({ at, x: { median: x, low: x, high: x }, y });

  it('has those that nothing beats, from the least on', () => {
    const points = [point(1, 30, 0.34), point(2, 10, 0.28), point(3, 40, 0.33), point(4, 90, 0.36), point(5, 30, 0.3)];
    expect(paretoFront(points).map(({ at }) => at)).toEqual([2, 1, 4]);
  });

  it('leaves none out that is not beaten, and has none that is', () => {
    const figure = fc.integer({ min: 1, max: 9 });
    fc.assert(
      fc.property(fc.array(fc.tuple(figure, figure), { minLength: 1, maxLength: 12 }), (pairs) => {
        const points = pairs.map(([x, y], i) => point(i, x, y));
        const front = new Set(paretoFront(points));
        expect(front.size).toBeGreaterThan(0);
        for (const one of points) {
          const isBeaten = points.some(
            ({ x, y }) => (y > one.y && x.median <= one.x.median) || (y >= one.y && x.median < one.x.median),
          );
          expect(front.has(one)).toBe(!isBeaten);
        }
      }),
    );
  });
});

it('ticks are round numbers around a range', () => {
  expect(ticks(0, 93).at).toEqual([0, 50, 100]);
  expect(ticks(0.28, 0.36)).toMatchObject({ from: 0.28, to: expect.closeTo(0.36, 9) });
  for (const [least, most] of [
    [0.3, 0.3],
    [0, 0],
    [1e-9, 2e-9],
    [-0.1, 0.9],
  ] as const) {
    // biome-ignore format: a line
    const { from, to, at } = ticks(least, most);
    expect(from).toBeLessThanOrEqual(least + 1e-12);
    expect(to).toBeGreaterThanOrEqual(most - 1e-12);
    expect(at.length).toBeGreaterThan(1);
    expect(at.length).toBeLessThan(9);
  }
});

describe('the page', () => {
  it('escapes what comes from outside, and loads nothing', async () => {
    const evil = '<script>alert("x")</script>\'&';
    const results = [
      result({ model: evil, file: `/models/${evil}`, engineVersion: evil, ap: 0.3 }),
      result({ ms: 40, ap: 0.35 }),
    ];
    const told = report(results, {
      pictures: { folder: evil, count: 2 },
      failed: [{ model: evil, engine: null, threads: null, why: evil }],
      warnings: [evil],
    });
    const html = benchPage(
      { ...told, machine: { ...told.machine, model: evil } },
      await recommend('best latency', [result()]),
    );
    expect(html).not.toContain('<script');
    expect(html.match(/&lt;script&gt;alert\(&quot;x&quot;\)&lt;\/script&gt;&#39;&amp;/g)!.length).toBeGreaterThan(7);
    expect(html.replace('href="data:,"', '')).not.toMatch(/\b(src|href|url)\s*[=(]/i);
    expect(html).toContain(`default-src 'none'`);
  });

  it('plots accuracy against what is known, and marks the front', () => {
    const results = [
      result({ ms: 10, ap: 0.28, mb: 40 }),
      result({ ms: 40, ap: 0.27, mb: 30 }),
      result({ ms: 50, ap: 0.35, mb: 90 }),
    ];
    const html = benchPage(report(results));
    expect(html.match(/<svg /g)).toHaveLength(2);
    expect(html).toContain('AP against latency, ms; on the Pareto front: ');
    expect(html.match(/<g class="native best">/g)).toHaveLength(2 + 3);
    const energy = benchPage(report([...results, result({ ap: 0.3, joules: 0.2 })]));
    expect(energy).toContain('AP against energy, J a picture');
    expect(benchPage(report([result()]))).toContain('--on FOLDER measures it');
    expect(benchPage(report([]))).not.toContain('<table');
  });
});
