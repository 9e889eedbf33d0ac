import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LineSettings } from '../../sdk/config/schema.ts';
import { type Crossing, Lines } from '../../sdk/vision/lines.ts';
import type { Track } from '../../sdk/vision/track.ts';
import { track } from './fakes.ts';

/** At a time in seconds, by a clock that said 1000 when the capture time was 0. */
const frame = (seconds: number) => ({
  width: 100,
  height: 100,
  captureTimeNs: seconds * 1e9,
  wallTimeMs: 1e6 + seconds * 1e3,
});
/** Across the picture from left to right: below it is its right side. */
const across: LineSettings = { from: [0.1, 0.5], to: [0.9, 0.5] };

/** A track that stands at this point, in shares of the picture; 30 high, so that 4.5 from a line is beyond it. */
function standing(x: number, y: number, over: Partial<Track> = {}): Track {
  return track({ box: [x * 100 - 5, y * 100 - 30, x * 100 + 5, y * 100], ...over });
}

/** One look a second at each of these, in turn, and a last one at nothing. */
function walk(line: LineSettings, way: readonly Track[]): Crossing[] {
  const lines = new Lines();
  lines.configure({ line });
  const looks = way.map((one) => [one]);
  return [...looks, []].flatMap((tracks, second) =>
    lines.update(
      tracks.map((one) => ({ ...one, lastSeenNs: second * 1e9 })),
      frame(second),
    ),
  );
}

const ys = (...all: number[]) => all.map((y) => standing(0.5, y));
const directions = (crossings: readonly Crossing[]) => crossings.map(({ direction }) => direction);

describe('Lines', () => {
  it('counts by direction: left to right is in', () => {
    expect(walk(across, ys(0.3, 0.4, 0.6, 0.7))).toEqual([
      { line: 'line', label: 'person', direction: 'in', total: 1, trackId: 1, time: 1001.5 },
    ]);
    expect(directions(walk(across, ys(0.7, 0.6, 0.4, 0.3)))).toEqual(['out']);
  });

  it('counts each crossing, each direction on its own', () => {
    const crossings = walk(across, ys(0.3, 0.7, 0.3, 0.7));
    expect(crossings.map(({ direction, total }) => `${direction} ${total}`)).toEqual(['in 1', 'out 1', 'in 2']);
  });

  it('counts who trembles on the line once, and who turns back on it not at all', () => {
    expect(directions(walk(across, ys(0.4, 0.497, 0.503, 0.498, 0.502, 0.6)))).toEqual(['in']);
    expect(walk(across, ys(0.4, 0.497, 0.503, 0.498, 0.4))).toEqual([]);
    // A step is not beyond it, two are: there and back again.
    expect(walk(across, ys(0.4, 0.54, 0.4))).toEqual([]);
    expect(directions(walk(across, ys(0.4, 0.55, 0.4)))).toEqual(['in', 'out']);
  });

  it('takes for certain what is beyond the tremble of the box, and a step', () => {
    const trembling = (...all: number[]) => all.map((y) => standing(0.5, y, { tremble: [0, 2] }));
    expect(walk(across, trembling(0.3, 0.59, 0.41, 0.59, 0.41, 0.3))).toEqual([]);
    expect(walk(across, trembling(0.3, 0.6, 0.3))).toHaveLength(2);
    // To the side it does not matter here.
    const swaying = ys(0.3, 0.55, 0.3).map((one): Track => ({ ...one, tremble: [20, 0] }));
    expect(walk(across, swaying)).toHaveLength(2);
  });

  it('tells when it was on the line, though it is certain later', () => {
    expect(walk(across, ys(0.4, 0.49, 0.51, 0.52, 0.53, 0.54, 0.7))[0]!.time).toBe(1001.5);
  });

  it('counts a fast one that was never seen near the line', () => {
    expect(walk(across, ys(0.05, 0.95))).toHaveLength(1);
  });

  it('counts who is seen last just behind the line when he is gone, and who is seen first just before it', () => {
    expect(directions(walk(across, ys(0.4, 0.48, 0.51)))).toEqual(['in']);
    expect(directions(walk(across, ys(0.49, 0.52, 0.6)))).toEqual(['in']);
    expect(directions(walk(across, ys(0.4, 0.48, 0.505)))).toEqual(['in']);
    // Where that may be tremble it is not.
    expect(walk(across, ys(0.4, 0.498, 0.505))).toEqual([]);
    expect(walk(across, ys(0.4, 0.48, 0.5))).toEqual([]);
    expect(walk(across, ys(0.498, 0.503, 0.6))).toEqual([]);
    expect(walk(across, ys(0.498, 0.499, 0.52, 0.6))).toEqual([]);
    // Unless a step over it tells.
    expect(directions(walk(across, ys(0.498, 0.52, 0.6)))).toEqual(['in']);
    const lines = new Lines();
    lines.configure({ line: across });
    for (const one of ys(0.4, 0.48, 0.51)) expect(lines.update([one], frame(0))).toEqual([]);
    expect(directions(lines.finish())).toEqual(['in']);
    expect(lines.finish()).toEqual([]);
  });

  it('does not count who goes round its end', () => {
    const way = [standing(0.95, 0.4), standing(0.98, 0.45), standing(0.97, 0.6)];
    expect(walk(across, way)).toEqual([]);
    // He stood on the line, walked along it past its end and went on there.
    const along = [standing(0.5, 0.3), standing(0.5, 0.49), standing(0.7, 0.51), standing(0.8, 0.49)];
    expect(walk(across, [...along, standing(0.95, 0.49), standing(0.96, 0.52), standing(0.96, 0.7)])).toEqual([]);
    // The other way round it did go through.
    const back = [standing(0.95, 0.3), standing(0.95, 0.49), standing(0.8, 0.49), standing(0.8, 0.52)];
    expect(walk(across, [...back, standing(0.95, 0.52), standing(0.95, 0.7)])).toHaveLength(1);
  });

  it('counts what was not confirmed when it is, in order, and never if it is not', () => {
    const notSure = ys(0.4, 0.6, 0.4).map((one) => ({ ...one, confirmed: false }));
    expect(walk(across, notSure)).toEqual([]);
    const crossings = walk(across, [...notSure, ...ys(0.3)]);
    expect(crossings.map(({ direction, total, time }) => [direction, total, time])).toEqual([
      ['in', 1, 1000.5],
      ['out', 1, 1001.5],
    ]);
  });

  it('goes by the label that it has when it is counted', () => {
    expect(walk({ ...across, labels: ['car'] }, ys(0.4, 0.6))).toEqual([]);
    expect(walk({ ...across, labels: ['person'] }, ys(0.4, 0.6))).toHaveLength(1);
    const [before, after] = ys(0.4, 0.6) as [Track, Track];
    expect(walk({ ...across, labels: ['person'] }, [{ ...before, label: 'dog' }, after])).toHaveLength(1);
  });

  it('does not count what is only guessed while out of sight', () => {
    expect(walk(across, [standing(0.5, 0.4), standing(0.5, 0.6, { visible: false })])).toEqual([]);
    // Once it is seen again, on the other side, it did cross.
    const behind = [standing(0.5, 0.4), standing(0.5, 0.55, { visible: false }), standing(0.5, 0.6)];
    expect(walk(across, behind).map(({ time }) => time)).toEqual([1001]);
  });

  it('tells several tracks and lines apart, in the order they were crossed, and goes on counting when lines change', () => {
    const lines = new Lines();
    lines.configure({ low: { from: [0, 0.7], to: [1, 0.7] }, line: across, down: { from: [0.5, 0], to: [0.5, 1] } });
    lines.update([standing(0.4, 0.4), standing(0.7, 0.65, { id: 2 })], frame(0));
    const later = { lastSeenNs: 1e9 };
    const crossings = lines.update([standing(0.6, 0.8, later), standing(0.7, 0.3, { id: 2, ...later })], frame(1));
    expect(crossings.map(({ line, trackId, direction }) => `${line} ${trackId} ${direction}`)).toEqual([
      'line 1 in',
      'down 1 out',
      'low 1 in',
      'line 2 out',
    ]);
    lines.configure({ line: across });
    lines.update([standing(0.5, 0.4)], frame(2));
    expect(lines.update([standing(0.5, 0.6)], frame(3))[0]!.total).toBe(2);
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
        expect(directions(back).map((direction) => other[direction])).toEqual(directions(there));
      }),
    );
  });

  it('counts every change of side once, ins and outs in turn, on a line that nobody can go round', () => {
    fc.assert(
      fc.property(way, (steps) => {
        const distances = steps.map(({ box }) => box[3] - 50);
        // At the first look and at the last one less is believed than between them.
        const least = (i: number) => (i === 0 || i === distances.length - 1 ? 0.6 : 4.5);
        const sides = distances.filter((distance, i) => Math.abs(distance) >= least(i));
        const changes = sides.filter((distance, i) => i > 0 && distance > 0 !== sides[i - 1]! > 0);
        expect(directions(walk({ from: [-5, 0.5], to: [5, 0.5] }, steps))).toEqual(
          changes.map((distance) => (distance > 0 ? 'in' : 'out')),
        );
      }),
    );
  });
});
