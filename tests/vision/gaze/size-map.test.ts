import { describe, expect, it } from 'vitest';
import { SizeMap } from '../../../sdk/vision/gaze/size-map.ts';
import { ViewMemory } from '../../../sdk/vision/gaze/view-memory.ts';
import { isSameView, printOf } from '../../../sdk/vision/gaze/view-print.ts';
import type { Box } from '../../../sdk/vision/geometry.ts';
import { type Canvas, greyFrame, track } from '../fakes.ts';

const frame = { width: 1920, height: 1080 };
const far: Box = [900, 300, 920, 350];
const near: Box = [300, 400, 500, 1000];

function learnt(): SizeMap {
  const sizes = new SizeMap();
  for (let i = 0; i < 20; i++) {
    sizes.learn([far[0], far[1] - (i % 3), far[2], far[3]], 'person', frame);
    sizes.learn(near, 'person', frame);
  }
  return sizes;
}

describe('SizeMap', () => {
  it('knows what is small where it stands, and large elsewhere', () => {
    const sizes = learnt();
    expect(sizes.expected([895, 330, 905, 348], frame)).toBeGreaterThan(48);
    expect(sizes.expected([895, 330, 905, 348], frame)).toBeLessThan(54);
    expect(sizes.expected([320, 900, 420, 990], frame)).toBeCloseTo(600, -1);
    expect(sizes.expected([1700, 900, 1800, 990], frame)).toBeUndefined();
  });

  it('is in fractions of the view, so that another resolution changes nothing', () => {
    const [half] = [learnt().expected([447, 165, 452, 174], { width: 960, height: 540 })];
    expect(half).toBeCloseTo(25, 0);
  });

  it('learns from confirmed objects that were detected in this very frame, once a second, and not from cut ones', () => {
    const sizes = new SizeMap();
    const at = (seconds: number) => ({ width: 100, height: 100, captureTimeNs: seconds * 1e9 });
    const count = () => sizes.seen.reduce((sum, one) => sum + one.count, 0);
    for (let i = 0; i < 30; i++) sizes.follow([track()], at(i / 10));
    expect(count()).toBe(3);
    sizes.follow([track({ id: 2, confirmed: false }), track({ id: 3, visible: false })], at(4));
    sizes.follow([track({ id: 4, stale: true }), track({ id: 5, box: [0, 20, 10, 50] })], at(5));
    expect(count()).toBe(3);
  });

  it('is kept in a few kB, comes back as it was, and survives nonsense', () => {
    const sizes = learnt();
    const again = new SizeMap();
    again.take(JSON.parse(JSON.stringify(sizes.kept)));
    expect(again.seen).toEqual(sizes.seen);
    for (let i = 0; i < 3000; i++) {
      sizes.learn(
        [(i * 37) % 1900, (i * 17) % 1000, ((i * 37) % 1900) + 10, ((i * 17) % 1000) + 30],
        `thing ${i % 9}`,
        frame,
      );
    }
    expect(JSON.stringify(sizes.kept).length).toBeLessThan(20_000);
    for (const nonsense of [
      undefined,
      null,
      7,
      {},
      { version: 2, sizes: [] },
      { version: 1, sizes: [[1], 'x', [99, 0, 'a', 0, 0, 1], [0, 0, 'a', 'b', 0, 1]] },
    ]) {
      again.take(nonsense);
      expect(again.seen).toEqual([]);
    }
  });
});

const view =
  (move: number, brightness = 1) =>
  (canvas: Canvas) => {
    for (let i = 0; i < 40; i++) {
      const [x, y] = [((i * 53 + move) % 340) - 20, ((i * 29 + 3 * move) % 200) - 20];
      canvas.rectangle(
        [x, y, x + 30 + (i % 5) * 9, y + 20 + (i % 7) * 6],
        Math.round((30 + ((i * 47) % 180)) * brightness),
      );
    }
  };

describe('a view', () => {
  it('is known again in another light, and another one is not taken for it', () => {
    const print = printOf(greyFrame(0, { draw: view(0) }));
    expect(isSameView(print, printOf(greyFrame(1, { draw: view(0) })))).toBe(true);
    expect(isSameView(print, printOf(greyFrame(1, { draw: view(0, 0.4), grey: 50 })))).toBe(true);
    expect(isSameView(print, printOf(greyFrame(1, { draw: view(97) })))).toBe(false);
    // A wall says nothing.
    expect(isSameView(print, printOf(greyFrame(1)))).toBe(true);
  });

  it('is forgotten when the camera was moved, also while it was off, and not for a lamp', () => {
    const memory = new ViewMemory();
    const play = (from: number, move: number, brightness = 1) => {
      let forgot = false;
      for (let i = 0; i < 40; i++) {
        const shown = greyFrame(from + i / 10, { draw: view(move, brightness) });
        if (memory.watch(shown, i === 0, i < 7)) forgot = true;
      }
      return forgot;
    };
    play(0, 0);
    memory.learn([track({ box: [100, 50, 120, 100] })], greyFrame(4));
    expect(memory.seen).toHaveLength(1);
    expect(play(10, 0, 0.5)).toBe(false);
    expect(memory.seen).toHaveLength(1);
    const kept = JSON.parse(JSON.stringify(memory.kept));
    expect(JSON.stringify(kept).length).toBeLessThan(2000);
    expect(play(20, 97)).toBe(true);
    expect(memory.seen).toEqual([]);

    const next = new ViewMemory();
    next.take(kept);
    expect(next.seen).toHaveLength(1);
    for (let i = 0; i < 40; i++) next.watch(greyFrame(i / 10, { draw: view(0) }), i === 0, false);
    expect(next.seen).toHaveLength(1);
    next.take(kept);
    for (let i = 0; i < 40; i++) next.watch(greyFrame(50 + i / 10, { draw: view(97) }), i === 0, false);
    expect(next.seen).toEqual([]);
  });
});
