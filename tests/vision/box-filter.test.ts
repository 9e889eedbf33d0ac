import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { random } from '../../sdk/base/random.ts';
import { BoxFilter } from '../../sdk/vision/box-filter.ts';
import { type Box, iou } from '../../sdk/vision/geometry.ts';
import { boxAt } from './fakes.ts';

const step = fc.double({ min: 0.01, max: 2, noNaN: true });

describe('BoxFilter', () => {
  it('begins with the box it is given', () => {
    expect(new BoxFilter([10, 20, 30, 60]).box).toEqual([10, 20, 30, 60]);
  });

  it('learns a steady motion and goes on with it out of sight', () => {
    const at = (seconds: number) => boxAt(100 + 60 * seconds, 200 - 30 * seconds);
    const filter = new BoxFilter(at(0));
    for (let i = 1; i <= 20; i++) {
      filter.predict(0.1);
      filter.correct(at(i / 10));
    }
    filter.predict(1);
    expect(iou(filter.box, at(3))).toBeGreaterThan(0.9);
  });

  it('is calmer than what it measures', () => {
    const next = random(1);
    const filter = new BoxFilter(boxAt(100, 100));
    let measured = 0;
    let filtered = 0;
    for (let i = 0; i < 200; i++) {
      const x = 100 + (next() - 0.5) * 8;
      filter.predict(0.1);
      filter.correct(boxAt(x, 100));
      measured += (x - 100) ** 2;
      filtered += ((filter.box[0] + filter.box[2]) / 2 - 100) ** 2;
    }
    expect(filtered).toBeLessThan(measured * 0.8);
  });

  it('gets as far in two steps as in one', () => {
    fc.assert(
      fc.property(step, step, (a, b) => {
        const once = moving();
        const twice = moving();
        once.predict(a + b);
        twice.predict(a);
        twice.predict(b);
        once.box.forEach((value, i) => {
          expect(twice.box[i]).toBeCloseTo(value, 6);
        });
      }),
    );
  });

  it('does the same elsewhere in the picture and at another scale', () => {
    const shift = fc.integer({ min: -500, max: 500 });
    fc.assert(
      fc.property(shift, shift, fc.integer({ min: 1, max: 8 }), (dx, dy, scale) => {
        const place = ([x1, y1, x2, y2]: Box): Box => [
          x1 * scale + dx,
          y1 * scale + dy,
          x2 * scale + dx,
          y2 * scale + dy,
        ];
        const here = moving();
        const there = moving(place);
        place(here.box).forEach((value, i) => {
          expect(there.box[i]).toBeCloseTo(value, 6);
        });
      }),
    );
  });

  it('has no speed at rest, however it came there and however long the steps are', () => {
    const filter = moving();
    const { box } = filter;
    filter.rest();
    expect(filter.box).toEqual(box);
    expect(filter.speed).toBe(0);
    const next = random(1);
    for (let i = 0; i < 500; i++) {
      filter.correct(box.map((value) => value + (next() - 0.5) * 8) as unknown as Box);
      filter.rest();
      expect(iou(filter.box, box)).toBeGreaterThan(0.8);
    }
  });

  it('is as sure after many short steps as after one long one', () => {
    fc.assert(
      fc.property(fc.double({ min: 0.1, max: 20, noNaN: true }), fc.integer({ min: 2, max: 50 }), (seconds, steps) => {
        const once = moving();
        const often = moving();
        once.predict(seconds);
        for (let i = 0; i < steps; i++) often.predict(seconds / steps);
        // How much it believes a detection shows how sure it was.
        for (const filter of [once, often]) filter.correct(boxAt(500, 400));
        once.box.forEach((value, i) => {
          expect(often.box[i]).toBeCloseTo(value, 5);
        });
        expect(often.speed).toBeCloseTo(once.speed, 5);
      }),
    );
  });

  it.each([0.04, 0.1, 0.5, 1, 2, 5, 10])('does not swing about what stands still, seen every %d s', (seconds) => {
    const next = random(1);
    const filter = new BoxFilter(boxAt(100, 100));
    for (let i = 0; i < 500; i++) {
      filter.predict(seconds);
      // Even the prediction is never far off.
      if (seconds <= 1 && i > 10) expect(iou(filter.box, boxAt(100, 100))).toBeGreaterThan(0.6);
      filter.correct(boxAt(100 + (next() - 0.5) * 4, 100 + (next() - 0.5) * 4));
      expect(iou(filter.box, boxAt(100, 100))).toBeGreaterThan(0.8);
    }
  });

  it('never turns inside out', () => {
    const filter = new BoxFilter([0, 0, 100, 100]);
    filter.predict(0.1);
    filter.correct([40, 40, 60, 60]);
    filter.predict(10);
    const [x1, y1, x2, y2] = filter.box;
    expect(x2 - x1).toBeGreaterThanOrEqual(1);
    expect(y2 - y1).toBeGreaterThanOrEqual(1);
  });

  it('takes a box without height', () => {
    const filter = new BoxFilter([5, 5, 5, 5]);
    filter.predict(0.1);
    filter.correct([6, 5, 6, 5]);
    for (const value of filter.box) expect(value).toSatisfy(Number.isFinite);
  });
});

function moving(place: (box: Box) => Box = (box) => box): BoxFilter {
  const filter = new BoxFilter(place(boxAt(100, 100)));
  for (let i = 1; i <= 5; i++) {
    filter.predict(0.1);
    filter.correct(place(boxAt(100 + i * 7, 100 + i * 3)));
  }
  return filter;
}
