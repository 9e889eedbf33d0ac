import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LineSettings } from '../../sdk/config/schema.ts';
import { type Crossing, Lines } from '../../sdk/vision/lines.ts';
import type { Track } from '../../sdk/vision/track.ts';
import { track } from './fakes.ts';

const size = { width: 100, height: 100 };
/** Across the picture from left to right: below it is its right side. */
const across: LineSettings = { from: [0.1, 0.5], to: [0.9, 0.5] };

/** A track that stands at this point, in shares of the picture. */
function standing(x: number, y: number, over: Partial<Track> = {}): Track {
  return track({ box: [x * 100 - 5, y * 100 - 30, x * 100 + 5, y * 100], ...over });
}

function walk(line: LineSettings, way: readonly Track[]): Crossing[] {
  const lines = new Lines();
  lines.configure({ line });
  return way.flatMap((one) => lines.update([one], size));
}

const ys = (...all: number[]) => all.map((y) => standing(0.5, y));

describe('Lines', () => {
  it('counts by direction: left to right is in', () => {
    expect(walk(across, ys(0.3, 0.4, 0.6, 0.7))).toEqual([
      { line: 'line', label: 'person', direction: 'in', total: 1, trackId: 1 },
    ]);
    expect(walk(across, ys(0.7, 0.6, 0.4, 0.3)).map(({ direction }) => direction)).toEqual(['out']);
  });

  it('counts each crossing, each direction on its own', () => {
    const crossings = walk(across, ys(0.3, 0.7, 0.3, 0.7));
    expect(crossings.map(({ direction, total }) => `${direction} ${total}`)).toEqual(['in 1', 'out 1', 'in 2']);
  });

  it('counts who trembles on the line once, and who turns back on it not at all', () => {
    expect(walk(across, ys(0.4, 0.497, 0.503, 0.498, 0.502, 0.6)).length).toBe(1);
    expect(walk(across, ys(0.4, 0.497, 0.503, 0.498, 0.4)).length).toBe(0);
  });

  it('counts a fast one that was never seen near the line', () => {
    expect(walk(across, ys(0.05, 0.95)).length).toBe(1);
  });

  it('does not count who goes round its end', () => {
    const way = [standing(0.95, 0.4), standing(0.98, 0.45), standing(0.97, 0.6)];
    expect(walk(across, way)).toEqual([]);
  });

  it('does not count what is not confirmed, of another label, or only guessed while out of sight', () => {
    const notSure = ys(0.4, 0.6).map((one) => ({ ...one, confirmed: false }));
    expect(walk(across, notSure)).toEqual([]);
    expect(walk({ ...across, labels: ['car'] }, ys(0.4, 0.6))).toEqual([]);
    expect(walk({ ...across, labels: ['person'] }, ys(0.4, 0.6)).length).toBe(1);
    expect(walk(across, [standing(0.5, 0.4), standing(0.5, 0.6, { visible: false })])).toEqual([]);
    // Once it is seen again, on the other side, it did cross.
    const behind = [standing(0.5, 0.4), standing(0.5, 0.55, { visible: false }), standing(0.5, 0.6)];
    expect(walk(across, behind).length).toBe(1);
  });

  it('tells several tracks and lines apart, and goes on counting when lines change', () => {
    const lines = new Lines();
    lines.configure({ line: across, down: { from: [0.5, 0], to: [0.5, 1] } });
    lines.update([standing(0.4, 0.4), standing(0.7, 0.7, { id: 2 })], size);
    const crossings = lines.update([standing(0.6, 0.6), standing(0.7, 0.3, { id: 2 })], size);
    expect(crossings.map(({ line, trackId, direction }) => `${line} ${trackId} ${direction}`)).toEqual([
      'line 1 in',
      'down 1 out',
      'line 2 out',
    ]);
    lines.configure({ line: across });
    lines.update([standing(0.5, 0.4)], size);
    expect(lines.update([standing(0.5, 0.6)], size)[0]!.total).toBe(2);
  });

  it('does nothing at a line without length', () => {
    expect(walk({ from: [0.5, 0.5], to: [0.5, 0.5] }, ys(0.3, 0.7))).toEqual([]);
  });

  const share = fc.integer({ min: 0, max: 100 }).map((value) => value / 100);
  const point: fc.Arbitrary<[number, number]> = fc.tuple(share, share);
  const way = fc.array(point, { minLength: 2, maxLength: 12 }).map((points) => points.map(([x, y]) => standing(x, y)));

  it('calls in what the line the other way round calls out', () => {
    const other = { in: 'out', out: 'in' };
    fc.assert(
      fc.property(point, point, way, (from, to, steps) => {
        const there = walk({ from, to }, steps);
        const back = walk({ from: to, to: from }, steps);
        expect(back.map(({ direction }) => other[direction])).toEqual(there.map(({ direction }) => direction));
      }),
    );
  });

  it('counts every change of side once, ins and outs in turn, on a line that nobody can go round', () => {
    fc.assert(
      fc.property(way, (steps) => {
        const crossings = walk({ from: [-5, 0.5], to: [5, 0.5] }, steps);
        const sides = steps.map(({ box }) => box[3] / 100 - 0.5).filter((y) => Math.abs(y) >= 0.01);
        const changes = sides.filter((y, i) => i > 0 && y > 0 !== sides[i - 1]! > 0);
        expect(crossings.map(({ direction }) => direction)).toEqual(changes.map((y) => (y > 0 ? 'in' : 'out')));
      }),
    );
  });
});
