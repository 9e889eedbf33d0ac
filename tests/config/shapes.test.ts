import { describe, expect, it } from 'vitest';
import { CameraChange, CameraSettings } from '../../sdk/config/schema.ts';
import { resolveSettings } from '../../sdk/config/settings.ts';
import { polygonProblem } from '../../sdk/config/shapes.ts';
import { validate } from '../../sdk/config/validate.ts';
import { Lines } from '../../sdk/vision/lines.ts';
import { Zones } from '../../sdk/vision/zones.ts';

type Corners = [number, number][];
const square: Corners = [
  [0.1, 0.1],
  [0.9, 0.1],
  [0.9, 0.9],
  [0.1, 0.9],
];
const bow: Corners = [
  [0.1, 0.1],
  [0.9, 0.9],
  [0.9, 0.1],
  [0.1, 0.9],
];
const crosses =
  'the side between corners 1-2 crosses the one between 3-4: list the corners in order around the area, or make two of it';
const flat = 'all corners lie on one line, which has no area: expected corners around one';
const point = 'from and to are the same point, which nothing can cross: expected two ends';

describe('a polygon', () => {
  it.each<[string, Corners, string | undefined]>([
    ['a square', square, undefined],
    ['a square, the other way round', square.toReversed(), undefined],
    ['a bow', bow, crosses],
    ['a corner set twice', [square[0]!, square[0]!, ...square.slice(1)], undefined],
    [
      'a notch whose tip touches the opposite side',
      [
        [0, 0],
        [0.5, 1],
        [1, 0],
        [1, 1],
        [0, 1],
      ],
      undefined,
    ],
    [
      'a hole, by a cut to it and back',
      [...square, square[0]!, [0.3, 0.3], [0.3, 0.6], [0.6, 0.6], [0.6, 0.3], [0.3, 0.3]],
      undefined,
    ],
    ['one point', [square[0]!, square[0]!, square[0]!], flat],
    [
      'a slanted line',
      [
        [0.1, 0.3],
        [0.2, 0.6],
        [0.3, 0.9],
      ],
      flat,
    ],
    [
      'a star drawn in one go',
      [
        [0.5, 0],
        [0.8, 1],
        [0, 0.4],
        [1, 0.4],
        [0.2, 1],
      ],
      'the side between corners 1-2 crosses the one between 3-4: list the corners in order around the area, or make two of it',
    ],
  ])('that is %s', (_, corners, problem) => {
    expect(polygonProblem(corners)).toBe(problem);
  });
});

describe('is checked', () => {
  const camera = (change: object) => ({ cameras: { door: { source: 'scene:', ...change } } });

  it('in the settings, each with its path', () => {
    const zones = { mat: { polygon: bow }, lawn: { polygon: square } };
    const lines = { gate: { from: [0.5, 0.5], to: [0.5, 0.5] } };
    expect(() =>
      resolveSettings(camera({ zones, lines, masks: [square, [bow[0], bow[0], bow[0]]] }), 'f.yaml'),
    ).toThrow(
      `f.yaml is not right:\n  cameras.door.zones.mat.polygon: ${crosses}\n  cameras.door.lines.gate: ${point}\n  cameras.door.masks.1: ${flat}`,
    );
    resolveSettings(camera({ zones: { lawn: { polygon: square } } }), 'f.yaml');
  });

  it('in a change, and where a program makes zones and lines', () => {
    expect(() => validate(CameraChange, { zones: { mat: { polygon: bow } } }, 'it')).toThrow(
      `zones.mat.polygon: ${crosses}`,
    );
    expect(() => new Zones({ mat: { polygon: bow } })).toThrow(`mat.polygon: ${crosses}`);
    expect(() => new Lines({ gate: { from: [0, 0], to: [0, 0] } })).toThrow(`gate: ${point}`);
    expect(validate(CameraSettings, {}, 'it').zones).toEqual({});
  });
});
