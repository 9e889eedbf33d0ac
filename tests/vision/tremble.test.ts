import { describe, expect, it } from 'vitest';
import { random } from '../../sdk/base/random.ts';
import type { Box, Point } from '../../sdk/vision/geometry.ts';
import { Tremble } from '../../sdk/vision/tremble.ts';
import { gauss } from './walkers.ts';

const height = 200;
const box = ([x, y]: Point): Box => [x - 40, y - height, x + 40, y];

/** In heights, after so many seconds of a way that is seen with these errors, in heights, at a rate. */
function measured(
  error: Point,
  {
    rate = 10,
    seconds = 20,
    way = () => [0, 0] as Point,
  }: { rate?: number; seconds?: number; way?: (t: number) => Point },
): Point {
  const next = random(3);
  const tremble = new Tremble();
  for (let k = 0; k < seconds * rate; k++) {
    // Frames come early or late, and some not at all.
    const time = (k + 0.2 * (next() - 0.5)) / rate;
    const [x, y] = way(time);
    const at: Point = [x + error[0] * height * gauss(next), y + error[1] * height * gauss(next)];
    if (next() < 0.8) tremble.observe(box(at), time * 1e9);
  }
  const [x, y] = tremble.of(box([0, 0]));
  return [x / height, y / height];
}

describe('Tremble', () => {
  it.each([2, 5, 10, 25])('is the noise of who stands, at %i inferences a second', (rate) => {
    const [x, y] = measured([0.02, 0.04], { rate, seconds: 40 });
    expect(x).toBeGreaterThan(0.015);
    expect(x).toBeLessThan(0.025);
    expect(y).toBeGreaterThan(0.03);
    expect(y).toBeLessThan(0.05);
  });

  it.each([2, 5, 10, 25])('is not the speed, at %i inferences a second', (rate) => {
    const [x, y] = measured([0, 0], { rate, way: (time) => [time * 500, time * -100] });
    expect(x).toBeLessThan(0.011);
    expect(y).toBeLessThan(0.011);
  });

  it('is not blown up by a box that jumps once', () => {
    const jumps = measured([0, 0], { way: (time) => [0, Math.floor(time * 10) === 80 ? -0.5 * height : 0] });
    expect(jumps[1]).toBeLessThan(0.02);
  });

  it('is what detectors give before anything was measured, and what boxes are wrong by at least', () => {
    const tremble = new Tremble();
    expect(tremble.of(box([0, 0]))).toEqual([0.02 * height, 0.02 * height]);
    for (let k = 0; k < 100; k++) tremble.observe(box([0, 0]), k * 1e9);
    expect(tremble.of(box([0, 0]))).toEqual([0.01 * height, 0.01 * height]);
    // Two at one time tell nothing.
    tremble.observe(box([0, 100]), 99e9);
    expect(tremble.of(box([0, 0]))[1]).toBe(0.01 * height);
    expect(tremble.of([5, 5, 5, 5])).toEqual([0.01, 0.01]);
  });
});
