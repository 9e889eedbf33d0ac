import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type Kind, kinds, lone, passersBy, scene } from '../../../tools/bench/track/scenes.ts';
import { picture, type Truth } from '../../../tools/bench/track/world.ts';

const all = Object.keys(kinds) as Kind[];
const idsOf = (frames: readonly (readonly Truth[])[]) => new Set(frames.flat().map(({ id }) => id));

/** To a tenth of a pixel: what the last digits of a sine are is up to the engine. */
function hash(frames: readonly (readonly Truth[])[]): string {
  const rounded = frames.map((frame) => frame.map(({ id, label, box }) => [id, label, box.map((v) => v.toFixed(1))]));
  return createHash('sha256').update(JSON.stringify(rounded)).digest('hex').slice(0, 16);
}

describe('scenes', () => {
  it('are the same for the same seed, and others for another', () => {
    for (const kind of all) {
      const once = scene(kind, 1, 4, 10);
      expect(scene(kind, 1, 4, 10), kind).toEqual(once);
      expect(hash(scene(kind, 2, 4, 10)), kind).not.toBe(hash(once));
    }
  });

  it('stay what the published figures were measured on', () => {
    const hashes = Object.fromEntries(all.map((kind) => [kind, hash(scene(kind, 201, 6, 5))]));
    expect(hashes).toMatchInlineSnapshot(`
      {
        "crowd-10": "ecbd9f8a722106e8",
        "crowd-20": "af89c8759e4521b6",
        "crowd-5": "ea4f35a66fba3c08",
        "edges": "5f46a66459c9edd8",
        "group": "bec5efad2aff82e6",
        "park": "e9221acb6386284f",
        "run": "eb746dec468fe446",
        "shake": "520927ac003a1565",
        "street": "31d19f80fb5366a8",
        "turn": "a5abcb4542f984f7",
      }
    `);
  });

  it('are the same world at each rate', () => {
    for (const kind of all) {
      const fast = scene(kind, 3, 6, 10);
      expect(scene(kind, 3, 6, 2), kind).toEqual(fast.filter((_, i) => i % 5 === 0));
    }
    expect(scene('shake', 3, 4, 25).filter((_, i) => i % 5 === 0)).toEqual(scene('shake', 3, 4, 5));
    expect(() => scene('turn', 3, 4, 3)).toThrow(/expected a divisor of 50 frames a second, got 3/);
  });

  it('have boxes within the picture, each number once a frame, and one name each', () => {
    for (const kind of all) {
      const names = new Map<number, string>();
      for (const frame of scene(kind, 4, 20, 5)) {
        expect(new Set(frame.map(({ id }) => id)).size, kind).toBe(frame.length);
        for (const { id, label, box, coverage } of frame) {
          const [x1, y1, x2, y2] = box;
          const isIn = x1 >= 0 && y1 >= 0 && x2 <= picture.width && y2 <= picture.height && x2 > x1 && y2 > y1;
          expect(isIn, `${kind}: ${box.join(' ')}`).toBe(true);
          expect(coverage >= 0 && coverage <= 1, kind).toBe(true);
          expect(names.get(id) ?? label, kind).toBe(label);
          names.set(id, label);
        }
      }
    }
  });

  it('are as full as they say, and people hide each other there', () => {
    for (const [kind, least, most] of [
      ['crowd-5', 3, 5],
      ['crowd-10', 7, 10],
      ['crowd-20', 14, 20],
    ] as const) {
      const frames = scene(kind, 5, 30, 2);
      const mean = frames.flat().length / frames.length;
      expect(mean, kind).toBeGreaterThan(least);
      expect(mean, kind).toBeLessThanOrEqual(most);
    }
    const hidden = (kind: Kind) =>
      scene(kind, 5, 30, 2)
        .flat()
        .filter(({ coverage }) => coverage > 0.6).length;
    expect(hidden('crowd-20')).toBeGreaterThan(hidden('crowd-5'));
    expect(hidden('crowd-20')).toBeGreaterThan(20);
  });

  it('have cars that stand, people who come and go, and a camera that shakes', () => {
    const cars = scene('park', 6, 40, 2).map((frame) => frame.filter(({ label }) => label === 'car'));
    const still = cars
      .slice(1)
      .flatMap((frame, i) =>
        frame.filter(({ id, box }) => cars[i]!.some((one) => one.id === id && one.box.every((v, k) => v === box[k]))),
      );
    expect(still.length).toBeGreaterThan(80);
    expect(idsOf(cars).size).toBeGreaterThan(4);
    expect(idsOf(scene('edges', 6, 30, 2)).size).toBeGreaterThan(20);
    // What all do together from frame to frame is the camera's doing.
    const together = (kind: Kind) => {
      const frames = scene(kind, 6, 20, 25);
      const steps = frames.slice(1).map((frame, i) => {
        const moved = frame.flatMap(({ id, box }) => {
          const before = frames[i]!.find((one) => one.id === id);
          return before ? [box[3] - before.box[3]] : [];
        });
        return Math.abs(moved.reduce((sum, one) => sum + one, 0) / moved.length);
      });
      return steps.sort((a, b) => a - b)[steps.length >> 1]!;
    };
    expect(together('shake')).toBeGreaterThan(4 * together('crowd-10'));
  });

  it('have one who never leaves, and passers-by who are counted once', () => {
    for (const kind of ['turn', 'run'] as const) {
      const frames = lone(kind, 60, 5);
      expect(idsOf(frames).size, kind).toBe(1);
      expect(
        frames.every((frame) => frame.length === 1),
        kind,
      ).toBe(true);
    }
    const walkers = passersBy('walk');
    expect(walkers.crossed).toBeGreaterThan(20);
    expect(walkers.crossed).toBeLessThanOrEqual(idsOf(walkers.frames(5)).size);
    expect(passersBy('run').crossed).toBeGreaterThan(walkers.crossed);
  });
});
