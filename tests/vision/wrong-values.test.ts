import { describe, expect, it } from 'vitest';
import { letterboxGeometry } from '../../sdk/frame/letterbox.ts';
import { averagePrecision } from '../../sdk/vision/average-precision.ts';
import { changedCounts, countTracks } from '../../sdk/vision/counts.ts';
import { Detections } from '../../sdk/vision/detections.ts';
import { EventCycle } from '../../sdk/vision/event-cycle.ts';
import { farRegions } from '../../sdk/vision/far-regions.ts';
import { Lines } from '../../sdk/vision/lines.ts';
import { isCut } from '../../sdk/vision/merge-regions.ts';
import { Tracker } from '../../sdk/vision/tracker.ts';
import { Zones } from '../../sdk/vision/zones.ts';

const row = { box: [1, 2, 3, 4] as [number, number, number, number], score: 0.5, classId: 0 };
const found = Detections.from([row], ['person']);
const size = { width: 640, height: 480 };
const input = { width: 416, height: 416 };
const layout = { ...input, resize: 'letterbox', align: 'center' } as const;
const none = undefined as never;
const wrong = (value: unknown) => value as never;
const tracker = () => new Tracker({ confirm: 1, lostSeconds: 1, stationarySeconds: 1, threshold: () => 0.3 });
const infinite = Number.POSITIVE_INFINITY;

describe('a value that no arithmetic comes to an end with, or to a number, is refused by name', () => {
  it.each([
    ['a side without end', () => farRegions({ width: infinite, height: 480 }, input), 'frame width: expected a whole'],
    ['no side', () => farRegions(size, { width: 0, height: 416 }), 'input width: expected a whole number of pixels'],
    ['any magnification', () => farRegions(size, input, { magnify: infinite }), 'magnify: expected a number above 0'],
    ['a frame of nothing', () => letterboxGeometry({ width: 0, height: 480 }, layout), 'frame width: expected a whole'],
    ['an input of a half', () => letterboxGeometry(size, { ...layout, height: 0.5 }), 'input height: expected a whole'],
    [
      'a region without end',
      () => isCut([0, 0, 1, 1], { x: 0, y: 0, width: infinite, height: 1 }, size),
      'isCut: region: width: expected a finite number there, got Infinity',
    ],
    ['no time', () => tracker().update(found, -infinite), 'captureTimeNs: expected a finite number, got -Infinity'],
    [
      'no moment',
      () => new EventCycle('door').update([], [], { captureTimeNs: infinite, wallTimeMs: 0 }),
      'captureTimeNs: expected a moment, with a finite number there, got Infinity',
    ],
    [
      'a frame of no time',
      () => new Lines().update([], { ...size, captureTimeNs: infinite, wallTimeMs: 0 }),
      'captureTimeNs: expected a frame, or its size and times, with a finite number there, got Infinity',
    ],
    [
      'a view without end',
      () => new Zones().update([], { width: infinite, height: 480 }),
      'width: expected the size of the frame, with a finite number there, got Infinity',
    ],
  ])('%s', (_, act, message) => {
    expect(act).toThrow(message);
  });

  it('and the smallest picture, magnified much, is looked at once a size', () => {
    expect(farRegions({ width: 1, height: 1 }, input, { magnify: 2000 })).toEqual(
      Array(3).fill({ x: 0, y: 0, width: 1, height: 1 }),
    );
  });
});

describe('what a program without types hands over is named, with what was expected', () => {
  const keypoints = new Float32Array(3);
  it.each([
    [
      () => new Detections({ ...found, keypoints, skeleton: wrong(5) }),
      'skeleton: expected the names of the keypoints',
    ],
    [() => Detections.from([{ ...row, keypoints: wrong([null]) }], ['a']), 'a keypoint: expected an object, got null'],
    [() => Detections.from([{ ...row, keypoints: wrong(5) }], ['a']), 'keypoints: expected a list there, got 5'],
    [
      () => averagePrecision([{ detections: found, truth: [none] }]),
      'a true object: expected an object, got undefined',
    ],
    [
      () => averagePrecision([{ detections: found, truth: [wrong({ classId: 0, box: [1, 2, 3] })] }]),
      'box: expected four finite numbers, got an array of 3',
    ],
    [() => countTracks([], ['a'], { door: none }), 'countTracks: zone door: expected an object, got undefined'],
    [() => changedCounts([none], []), 'changedCounts: before: expected counts, got undefined'],
    [() => new Zones().configure(none), 'Zones.configure: expected zones by name, got undefined'],
    [
      () => new Zones().configure({ door: wrong({ polygon: 5 }) }),
      'Zones.configure: door: polygon: expected a zone, with a list there, got 5',
    ],
    [() => new Lines().configure({ door: none }), 'Lines.configure: door: expected a line, got undefined'],
  ])('%#', (act, message) => {
    expect(act).toThrow(message);
  });
});
