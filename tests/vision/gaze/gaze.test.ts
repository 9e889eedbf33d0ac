import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Region } from '../../../sdk/frame/letterbox.ts';
import { Gaze, type Look, type Scene } from '../../../sdk/vision/gaze/gaze.ts';
import { SizeMap } from '../../../sdk/vision/gaze/size-map.ts';
import { type Box, covered } from '../../../sdk/vision/geometry.ts';
import { seen, track } from '../fakes.ts';

const frame = { width: 1920, height: 1080 };
const input = { width: 416, height: 416 };
const rules = { most: 2, keepalive: 1, always: false };
const boxOf = ({ x, y, width, height }: Region): Box => [x, y, x + width, y + height];

function scene(seconds: number, over: Partial<Scene> = {}): Scene {
  return {
    ...frame,
    timeNs: seconds * 1e9,
    moving: false,
    isNew: seconds === 0,
    regions: [],
    tracks: [],
    isOpen: () => false,
    ...over,
  };
}

/** Somewhere in the view, some cells large. */
const someMotion: fc.Arbitrary<Box> = fc
  .tuple(fc.nat(220), fc.nat(120), fc.integer({ min: 1, max: 18 }), fc.integer({ min: 1, max: 14 }))
  .map(([x, y, w, h]) => [x * 8, y * 8, (x + w) * 8, (y + h) * 8]);
const someFrames = fc.array(fc.array(someMotion, { maxLength: 12 }), { minLength: 1, maxLength: 25 });

function play(frames: readonly (readonly Box[])[], most: number): (Look | undefined)[] {
  const gaze = new Gaze(input, new SizeMap());
  return frames.map((regions, i) => {
    const now = scene(i / 10, { regions, moving: regions.length > 0 });
    const look = gaze.plan(now, { ...rules, most });
    if (look) gaze.took(look, now, seen(), []);
    return look;
  });
}

describe('Gaze', () => {
  it('looks at no more regions than it may, all inside the frame, and the same for the same frames', () => {
    fc.assert(
      fc.property(someFrames, fc.integer({ min: 1, max: 4 }), (frames, most) => {
        const looks = play(frames, most);
        expect(play(frames, most)).toEqual(looks);
        expect(looks[0]).toMatchObject({ isWhole: true });
        for (const look of looks) {
          if (!look) continue;
          expect(look.regions.length).toBeGreaterThan(0);
          expect(look.regions.length).toBeLessThanOrEqual(most);
          expect(look.waiting).toBeGreaterThanOrEqual(0);
          for (const region of look.regions) {
            expect(covered(boxOf(region), [0, 0, frame.width, frame.height])).toBe(1);
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  it('shows everything that keeps moving before long, however little it may look at', () => {
    fc.assert(
      fc.property(fc.array(someMotion, { minLength: 1, maxLength: 10 }), (boxes) => {
        const looks = play(new Array(30).fill(boxes), 1);
        const regions = looks.flatMap((look) => look?.regions ?? []);
        for (const box of boxes) expect(regions.some((region) => covered(box, boxOf(region)) === 1)).toBe(true);
        expect(looks.some((look, i) => i > 5 && look?.isWhole)).toBe(true);
      }),
      { numRuns: 40 },
    );
  });

  it('looks around a track, and says what a look says of it', () => {
    const gaze = new Gaze(input, new SizeMap());
    const person = track({ box: [1100, 500, 1130, 575] });
    const first = scene(0, { tracks: [person] });
    const whole = gaze.plan(first, { ...rules, most: 1 })!;
    gaze.took(whole, { ...first, tracks: [{ ...person, stale: true }] }, seen(), []);
    expect(gaze.shows({ regions: [{ x: 0, y: 0, ...frame }] }, person.box)).toBe(false);
    expect(gaze.shows({ regions: [{ x: 0, y: 0, ...frame }] }, [300, 200, 500, 700])).toBe(true);
    const look = gaze.plan(scene(0.1, { tracks: [person] }), rules)!;
    expect(look.isWhole).toBe(false);
    expect(gaze.shows(look, person.box)).toBe(true);
    expect(gaze.shows(look, [100, 500, 130, 575])).toBe(false);
    // A prediction that has grown is still of somebody small.
    expect(gaze.shows({ regions: [{ x: 0, y: 0, ...frame }] }, [1000, 300, 1200, 800], person.box)).toBe(false);
  });

  it('knows from the sizes learnt there how large a square a fragment needs', () => {
    const sizes = new SizeMap();
    for (let i = 0; i < 9; i++) sizes.learn([1000, 400, 1060, 600], 'person', frame);
    const shown = (learnt: SizeMap) => {
      const gaze = new Gaze(input, learnt);
      const first = scene(0);
      gaze.took(gaze.plan(first, rules)!, first, seen(), []);
      return gaze.plan(scene(0.1, { regions: [[1024, 560, 1048, 600]], moving: true }), rules)!.regions[0]!.width;
    };
    expect(shown(sizes)).toBeGreaterThan(3 * shown(new SizeMap()));
  });

  it('takes a larger square after an edge cut something', () => {
    const gaze = new Gaze(input, new SizeMap());
    const first = scene(0);
    gaze.took(gaze.plan(first, rules)!, first, seen(), []);
    const next = scene(0.1, { regions: [[1000, 500, 1016, 540]], moving: true });
    const look = gaze.plan(next, rules)!;
    const region = look.regions[0]!;
    const piece: Box = [region.x, 480, 1040, 700];
    gaze.took(look, next, seen(), [{ box: piece, score: 0.7 }]);
    const [larger] = gaze.plan(scene(0.2), rules)!.regions.toSorted((a, b) => b.width - a.width);
    expect(larger!.width).toBeGreaterThan(2 * region.width);
    expect(covered(piece, boxOf(larger!))).toBe(1);
  });

  it('looks in each frame at who rests while something moves there: he may be leaving', () => {
    const person = track({ box: [1096, 496, 1128, 576], stationary: true });
    const looked = (moving: (i: number) => Box) => {
      const gaze = new Gaze(input, new SizeMap());
      return Array.from({ length: 10 }, (_, i) => {
        const now = scene(i / 10, { tracks: [person], regions: i > 0 ? [moving(i)] : [], moving: i > 0 });
        const look = gaze.plan(now, rules);
        if (look)
          gaze.took(look, { ...now, tracks: [{ ...person, stale: !gaze.shows(look, person.box) }] }, seen(), []);
        return Number(look !== undefined && !look.isWhole);
      }).join('');
    };
    expect(looked(() => [1096, 512, 1128, 560])).toBe('0111111111');
    expect(looked(() => [1096, 512, 1160, 560])).toBe('0111111111');
  });

  it('looks at what stopped moving again, and not in each frame', () => {
    const gaze = new Gaze(input, new SizeMap());
    const looks = Array.from({ length: 8 }, (_, i) => {
      const isFirst = i === 1;
      const now = scene(i / 10, { regions: isFirst ? [[1000, 500, 1016, 540]] : [], moving: true });
      const look = gaze.plan(now, rules);
      if (look) gaze.took(look, now, seen(), []);
      return Number(look !== undefined);
    });
    expect(looks.join('')).toBe('11001001');
  });
});
