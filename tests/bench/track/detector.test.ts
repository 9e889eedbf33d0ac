import { describe, expect, it } from 'vitest';
import { iou } from '../../../sdk/vision/geometry.ts';
import { detect, labels, levels, type Noise } from '../../../tools/bench/track/detector.ts';
import { scene } from '../../../tools/bench/track/scenes.ts';
import { picture, type Truth } from '../../../tools/bench/track/world.ts';

const truth = scene('crowd-10', 1, 20, 10);
const perfect: Noise = { jitter: 0, missed: 0, lapses: 0, spread: 0, unsure: 0, doubled: 0, invented: 0, renamed: 0 };
const thing = (over: Partial<Truth> = {}): Truth => ({
  id: 1,
  label: 'car',
  box: [100, 100, 200, 200],
  coverage: 0,
  ...over,
});
const always = (one: Truth, frames = 600): Truth[][] => Array.from({ length: frames }, () => [one]);

describe('detect', () => {
  it('errs in the same way each time, and in another with another seed', () => {
    expect(detect(truth, levels[3]!, 10, 'a')).toEqual(detect(truth, levels[3]!, 10, 'a'));
    expect(detect(truth, levels[3]!, 10, 'b')).not.toEqual(detect(truth, levels[3]!, 10, 'a'));
  });

  it('finds what is there when it does not err', () => {
    const found = detect(always(thing(), 20), perfect, 10, 'a');
    for (const [one, ...more] of found) {
      expect(more).toEqual([]);
      expect(one).toMatchObject({ box: [100, 100, 200, 200], label: 'car', truthId: 1 });
      expect(one!.score).toBeGreaterThan(0.6);
    }
  });

  it('misses the more the more is hidden', () => {
    const seen = (coverage: number) => detect(always(thing({ coverage })), perfect, 10, 'a').flat().length;
    expect(seen(0.3)).toBe(600);
    expect(seen(0.6)).toBeLessThan(500);
    expect(seen(0.75)).toBeLessThan(seen(0.6));
    expect(seen(0.95)).toBe(0);
  });

  it('gives what a tracker takes: boxes in the picture, scores and names in their range', () => {
    for (const noise of levels) {
      for (const { box, score, label } of detect(truth, noise, 10, 'a').flat()) {
        const [x1, y1, x2, y2] = box;
        expect(x1 >= 0 && y1 >= 0 && x2 <= picture.width && y2 <= picture.height && x2 > x1 && y2 > y1).toBe(true);
        expect(score > 0 && score < 1).toBe(true);
        expect(labels).toContain(label);
      }
    }
  });

  it('gets worse from level to level', () => {
    const things = truth.flat().length;
    const measured = levels.map((noise) => {
      const found = detect(truth, noise, 10, 'a');
      const real = found.flatMap((frame, i) =>
        frame.flatMap((one) => {
          const there = truth[i]!.find(({ id }) => id === one.truthId);
          return there ? [iou(there.box, one.box)] : [];
        }),
      );
      return {
        found: real.length / things,
        fit: real.reduce((sum, one) => sum + one, 0) / real.length,
        wrong: (found.flat().length - real.length) / found.length,
      };
    });
    for (let level = 1; level < levels.length; level++) {
      expect(measured[level]!.found).toBeLessThan(measured[level - 1]!.found);
      expect(measured[level]!.fit).toBeLessThan(measured[level - 1]!.fit);
      expect(measured[level]!.wrong).toBeGreaterThan(measured[level - 1]!.wrong);
    }
  });

  it('lapses and wavers between names for seconds, at each rate alike', () => {
    const lapsing = { ...perfect, lapses: 6 };
    const wavering = { ...perfect, renamed: 6 };
    for (const rate of [5, 25]) {
      const frames = 600 * rate;
      const missed = 1 - detect(always(thing(), frames), lapsing, rate, 'a').flat().length / frames;
      // Six times a minute for 0.75 s.
      expect(missed).toBeGreaterThan(0.05);
      expect(missed).toBeLessThan(0.1);
      const named = detect(always(thing(), frames), wavering, rate, 'a').flat();
      const trucks = named.filter(({ label }) => label === 'truck').length / frames;
      expect(trucks).toBeGreaterThan(0.05);
      expect(trucks).toBeLessThan(0.12);
    }
  });
});
