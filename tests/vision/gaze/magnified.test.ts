import { expect, it } from 'vitest';
import { withoutMagnification } from '../../../sdk/vision/gaze/magnified.ts';
import { seen } from '../fakes.ts';

it('takes something from scores of magnified pixels only, the more the further they were magnified', () => {
  const found = seen([[100, 100, 120, 150], 'person', 0.8]);
  const scored = (...sides: number[]) => {
    const regions = sides.map((side) => ({ x: 50, y: 50, width: side, height: side }));
    return withoutMagnification(found, regions, 416).score[0];
  };
  expect(scored(416)).toBeCloseTo(0.8);
  expect(scored(900)).toBeCloseTo(0.8);
  expect(scored(208)).toBeCloseTo((0.8 * 5) / 6);
  expect(scored(300)).toBeGreaterThan(scored(250)!);
  // Also where the whole view was looked at besides.
  expect(scored(1920, 208)).toBeCloseTo((0.8 * 5) / 6);
  expect(withoutMagnification(seen(), [], 416)).toHaveLength(0);
});
