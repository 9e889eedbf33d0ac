import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CameraChange, CameraSettings } from '../../../sdk/config/schema.ts';
import { validate } from '../../../sdk/config/validate.ts';
import {
  changeWith,
  changeWithout,
  type Draft,
  draftOf,
  newDraft,
  problemOf,
  renumbered,
  withAllMoved,
  withoutPoint,
  withPoint,
  withPointAfter,
  withPointMoved,
} from '../../../tools/console/web/src/zones/draft.ts';

type Corner = [number, number];
const square: Corner[] = [
  [0.1, 0.1],
  [0.3, 0.1],
  [0.3, 0.3],
  [0.1, 0.3],
];
const settings = validate(
  CameraSettings,
  {
    zones: { mat: { polygon: square, labels: ['cat'] }, 'zone-2': { polygon: square } },
    lines: { gate: { from: [0, 0], to: [1, 1] } },
    masks: [square],
  },
  'test',
);
const saved = (change: CameraChange) => validate(CameraSettings, { ...settings, ...change }, 'test');
const drawn = (draft: Draft, points: [number, number][]) => points.reduce(withPoint, draft);

describe('a draft', () => {
  it('becomes a zone that the settings schema takes', () => {
    const draft = drawn(newDraft('zone', settings), square);
    expect(problemOf(draft, settings)).toBeUndefined();
    const { zones } = saved(changeWith({ ...draft, name: 'bench', labels: ['person'] }, settings));
    expect(Object.keys(zones)).toEqual(['mat', 'zone-2', 'bench']);
    expect(zones.bench).toEqual({ polygon: square, labels: ['person'], inertia_seconds: 0.2 });
  });

  it('has a free name from the start', () => {
    expect(newDraft('zone', settings).name).toBe('zone-3');
    expect(newDraft('line', settings).name).toBe('line-2');
  });

  it('gets another free name when others take the one it was given, and keeps one that somebody chose', () => {
    const draft = drawn(newDraft('zone', settings), square);
    const taken = saved(changeWith(draft, settings));
    expect(renumbered(draft, settings)).toBe(draft);
    expect(renumbered(draft, taken)).toEqual({ ...draft, name: 'zone-4' });
    const chosen = { ...draft, name: 'bench' };
    const both = saved(changeWith(chosen, settings));
    expect(renumbered(chosen, both)).toBe(chosen);
    expect(problemOf(chosen, both)).toMatch('of that name already');
  });

  it.each(['zone', 'line', 'mask'] as const)('of a saved %s, saved again, changes nothing', (kind) => {
    const name = { zone: 'mat', line: 'gate', mask: '1' }[kind];
    expect(saved(changeWith(draftOf(kind, name, settings)!, settings))).toEqual(settings);
  });

  it('keeps the place of a zone that gets another name', () => {
    const { zones } = saved(changeWith({ ...draftOf('zone', 'mat', settings)!, name: 'rug' }, settings));
    expect(Object.keys(zones)).toEqual(['rug', 'zone-2']);
  });

  it('deletes what it was made from, and nothing else', () => {
    expect(Object.keys(saved(changeWithout(draftOf('zone', 'mat', settings)!, settings)).zones)).toEqual(['zone-2']);
    expect(saved(changeWithout(draftOf('line', 'gate', settings)!, settings)).lines).toEqual({});
    expect(saved(changeWithout(draftOf('mask', '1', settings)!, settings)).masks).toEqual([]);
  });

  it('of a line is finished by its second end', () => {
    const draft = drawn(newDraft('line', settings), [
      [0, 0],
      [1, 0],
      [1, 1],
    ] as [number, number][]);
    expect(draft).toMatchObject({
      drawing: false,
      points: [
        [0, 0],
        [1, 0],
      ],
    });
  });

  it.each([
    ['', 'lower-case letters'],
    ['Ü', 'lower-case letters'],
    ['mat', 'already'],
  ])('named %j cannot be saved', (name, problem) => {
    expect(problemOf({ ...drawn(newDraft('zone', settings), square), name }, settings)).toContain(problem);
  });

  it('needs three corners', () => {
    const draft = drawn(newDraft('zone', settings), square.slice(0, 2));
    expect(problemOf(draft, settings)).toContain('three corners');
  });

  it('needs sides that do not cross, and ends that lie apart, for masks too', () => {
    const [a, b, c, d] = square as [Corner, Corner, Corner, Corner];
    for (const kind of ['zone', 'mask'] as const) {
      expect(problemOf(drawn(newDraft(kind, settings), [a, c, b, d]), settings)).toContain('sides cross');
      expect(problemOf(drawn(newDraft(kind, settings), [a, a, b]), settings)).toContain('no area');
      expect(problemOf(drawn(newDraft(kind, settings), square), settings)).toBeUndefined();
    }
    expect(problemOf(drawn(newDraft('line', settings), [a, a]), settings)).toContain('one place');
  });

  it('keeps the corners that a shape needs', () => {
    const triangle = { ...draftOf('zone', 'mat', settings)!, points: square.slice(0, 3) };
    expect(withoutPoint(triangle, 0).points).toHaveLength(3);
    expect(withoutPoint({ ...triangle, points: square }, 1).points).toEqual([square[0], square[2], square[3]]);
  });

  it('gets a corner in the middle of a side, the last one too', () => {
    const draft = draftOf('zone', 'mat', settings)!;
    expect(withPointAfter(draft, 3).points.at(-1)).toEqual([0.1, 0.2]);
  });

  it('stays in the picture, and in shape, however it is moved', () => {
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    const far = fc.double({ min: -3, max: 3, noNaN: true });
    fc.assert(
      fc.property(fc.array(fc.tuple(share, share), { minLength: 3, maxLength: 8 }), far, far, (points, x, y) => {
        const draft = { ...newDraft('zone', settings), points };
        const moved = withAllMoved(draft, [x, y]);
        const corner = withPointMoved(draft, 0, [x, y]);
        for (const value of [...moved.points, ...corner.points].flat()) {
          expect(value).toBeGreaterThanOrEqual(-1e-12);
          expect(value).toBeLessThanOrEqual(1 + 1e-12);
        }
        const dx = moved.points[0]![0] - points[0]![0];
        for (const [index, point] of moved.points.entries()) expect(point[0] - points[index]![0]).toBeCloseTo(dx, 9);
      }),
    );
  });
});
