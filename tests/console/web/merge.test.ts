import { describe, expect, it } from 'vitest';
import { type CameraChange, CameraSettings, ownedMaps } from '../../../sdk/config/schema.ts';
import { validate } from '../../../sdk/config/validate.ts';
import { applied, differences, merge, wholeMaps } from '../../../tools/console/web/src/save/merge.ts';
import {
  changeWith,
  changeWithout,
  draftOf,
  fateOf,
  renumbered,
  seenWith,
  withAllMoved,
} from '../../../tools/console/web/src/zones/draft.ts';
import { isChanged } from '../../../tools/console/web/src/zones/kept-drafts.ts';

type Points = [number, number][];
const square: Points = [
  [0.1, 0.1],
  [0.3, 0.1],
  [0.3, 0.3],
];
const other: Points = [
  [0.5, 0.5],
  [0.9, 0.5],
  [0.9, 0.9],
];
const third: Points = [
  [0.2, 0.5],
  [0.4, 0.5],
  [0.4, 0.9],
];
const zone = (polygon: Points) => ({ polygon, inertia_seconds: 0.2 });
const settings = (change: CameraChange) => validate(CameraSettings, change, 'test');
const base = settings({
  detect: { threshold: 0.6, thresholds: { cat: 0.7 }, labels: ['person', 'cat'] },
  zones: { mat: zone(square) },
  masks: [square, other],
});
const withChange = (change: CameraChange) => settings(applied(base, change));

describe('a change that was chosen before others changed something', () => {
  it.each<[what: string, theirs: CameraChange, mine: CameraChange, merged: CameraChange]>([
    ['another setting', { motion: { enabled: false } }, { detect: { threshold: 0.7 } }, { detect: { threshold: 0.7 } }],
    ['it to the same', { detect: { threshold: 0.7 } }, { detect: { threshold: 0.7 } }, { detect: { threshold: 0.7 } }],
    [
      'another zone',
      { zones: { mat: zone(square), sofa: zone(other) } },
      { zones: { mat: zone(other) } },
      { zones: { mat: zone(other), sofa: zone(other) } },
    ],
    [
      'another threshold',
      { detect: { thresholds: { cat: 0.7, dog: 0.5 } } },
      { detect: { thresholds: {} } },
      { detect: { thresholds: { dog: 0.5 } } },
    ],
    [
      'another watched label',
      { detect: { labels: ['person', 'cat', 'dog'] } },
      { detect: { labels: ['person'] } },
      { detect: { labels: ['person', 'dog'] } },
    ],
    ['another mask', { masks: [other] }, { masks: [square, third] }, { masks: [third] }],
  ])('is merged with theirs where they changed %s', (_, theirs, mine, merged) => {
    const { change, clashes } = merge(mine, base, withChange(theirs));
    expect(clashes).toEqual([]);
    expect(change).toEqual(merged);
  });

  it.each<[what: string, theirs: CameraChange, mine: CameraChange, path: string, there: unknown]>([
    ['the same setting', { detect: { threshold: 0.8 } }, { detect: { threshold: 0.7 } }, 'detect.threshold', 0.8],
    ['the same zone', { zones: { mat: zone(other) } }, { zones: {} }, 'zones.mat', zone(other)],
    ['what is deleted', { zones: {} }, { zones: { mat: zone(other) } }, 'zones.mat', undefined],
    ['the name of what is deleted', { zones: {} }, { zones: { rug: zone(square) } }, 'zones.rug', undefined],
    [
      'to a new zone of that name',
      { zones: { mat: zone(square), rug: zone(square) } },
      { zones: { mat: zone(square), rug: zone(other) } },
      'zones.rug',
      zone(square),
    ],
    ['the same mask', { masks: [square] }, { masks: [square, third] }, 'masks', [square]],
    ['from all labels', { detect: { labels: [] } }, { detect: { labels: ['cat'] } }, 'detect.labels', []],
  ])('is asked about where both changed %s', (_, theirs, mine, path, there) => {
    const { change, clashes } = merge(mine, base, withChange(theirs));
    expect(clashes.map((one) => [one.path.join('.'), one.there])).toEqual([[path, there]]);
    // As it is meant here, if that is the answer.
    expect(change).toEqual(mine);
  });

  it('takes the maps for whole that the settings do', () => {
    expect([...wholeMaps].sort()).toEqual([...ownedMaps].sort());
  });

  it('is told by its settings, a zone as one', () => {
    const changed = withChange({ detect: { threshold: 0.7, thresholds: {} }, zones: { mat: zone(other) }, masks: [] });
    expect(differences(base, changed).map((path) => path.join('.'))).toEqual([
      'detect.threshold',
      'detect.thresholds.cat',
      'zones.mat',
      'masks',
    ]);
  });
});

describe('a draft of what others changed meanwhile', () => {
  const mat = draftOf('zone', 'mat', base)!;
  const moved = withAllMoved(mat, [0.1, 0.1]);

  it('knows what became of it', () => {
    expect(fateOf(moved, withChange({ detect: { threshold: 0.7 } }))).toBe('same');
    expect(fateOf(moved, withChange({ zones: { mat: zone(other) } }))).toBe('changed');
    expect(fateOf(moved, withChange({ zones: {} }))).toBe('deleted');
    expect(fateOf(draftOf('mask', '2', base)!, withChange({ masks: [other] }))).toBe('same');
    expect(fateOf(draftOf('mask', '1', base)!, withChange({ masks: [other] }))).toBe('deleted');
  });

  it('is what was changed here, not there', () => {
    for (const now of [base, withChange({ zones: { mat: zone(other) } }), withChange({ zones: {} })]) {
      expect([isChanged(mat, now), isChanged(moved, now)]).toEqual([false, true]);
    }
  });

  it('does not bring a deleted zone back, and does not delete a changed one, without being asked', () => {
    for (const [now, edit] of [
      [withChange({ zones: {} }), changeWith],
      [withChange({ zones: { mat: zone(other) } }), changeWith],
      [withChange({ zones: { mat: zone(other) } }), changeWithout],
    ] as const) {
      const seen = seenWith(moved, now);
      expect(merge(edit(moved, seen), seen, now).clashes).toHaveLength(1);
    }
  });

  it('is of the mask that it was made from, whatever its number is now', () => {
    const second = withAllMoved(draftOf('mask', '2', base)!, [-0.1, 0]);
    const now = withChange({ masks: [other, square] });
    const seen = seenWith(second, now);
    const { change, clashes } = merge(changeWith(second, seen), seen, now);
    expect(clashes).toEqual([]);
    expect(change.masks).toEqual([second.points, square]);
    expect(renumbered(second, now)).toMatchObject({ original: '1', name: '1' });
    const without = withChange({ masks: [square] });
    const lost = seenWith(second, without);
    expect(merge(changeWith(second, lost), lost, without).clashes).toHaveLength(1);
  });
});
