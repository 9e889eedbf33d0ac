import { describe, expect, it } from 'vitest';
import { InputError } from '../../sdk/base/errors.ts';
import { validate } from '../../sdk/config/validate.ts';
import { EventSchema } from '../../sdk/hub/contract/event.ts';
import { overlayOf } from '../../sdk/vision/annotate/annotated-jpeg.ts';
import { type DetectionRow, Detections } from '../../sdk/vision/detections.ts';
import { EventCycle } from '../../sdk/vision/event-cycle.ts';
import { mergeRegions } from '../../sdk/vision/merge-regions.ts';
import { assertSkeleton, maxKeypoints, maxMaskPoints, roundedShape } from '../../sdk/vision/shape.ts';
import { Tracker } from '../../sdk/vision/tracker.ts';

const skeleton = { names: ['head', 'tail'], edges: [[0, 1]] as [number, number][] };
const labels = ['cat', 'dog'];

/** A cat at x with a head at its left, a tail at its right, and a mask that fills it. */
function cat(x: number, change: Partial<DetectionRow> = {}): DetectionRow {
  return {
    box: [x, 10, x + 20, 30],
    score: 0.875,
    classId: 0,
    keypoints: [
      { name: 'head', x, y: 20, score: 0.75 },
      { name: 'tail', x: x + 20, y: 20, score: 0.25 },
    ],
    mask: [
      [
        [x, 10],
        [x + 20, 10],
        [x + 20, 30],
        [x, 30],
      ],
    ],
    ...change,
  };
}

const found = (...rows: DetectionRow[]) => Detections.from(rows, labels, skeleton);
const headOf = (detections: Detections, row: number) => detections.at(row).keypoints![0]!.x;

describe('Detections with keypoints and masks', () => {
  it('gives each row its own, whatever is done with them', () => {
    const all = found(cat(0), cat(100, { classId: 1 }), cat(200));
    const { keypoints, skeleton: edges, mask, label } = all.at(1);
    expect({ label, edges }).toEqual({ label: 'dog', edges: [[0, 1]] });
    expect(keypoints).toEqual(cat(100).keypoints);
    expect(mask).toEqual(cat(100).mask);
    const few = all.select([2, 1]);
    expect([headOf(few, 0), headOf(few, 1)]).toEqual([200, 100]);
    expect(few.at(0).mask).toEqual(cat(200).mask);
    expect(all.filter((one) => one.label === 'dog').at(0).mask).toEqual(cat(100).mask);
    expect(headOf(all.withTrackIds(Int32Array.of(1, 2, 3)), 2)).toBe(200);
    const merged = Detections.merge([few, Detections.empty(labels), found(cat(7))]);
    expect([0, 1, 2].map((row) => headOf(merged, row))).toEqual([200, 100, 7]);
    expect(merged.at(2).mask).toEqual(cat(7).mask);
  });

  it('says them in JSON, rounded, and nothing of them where there are none', () => {
    const third = cat(100 / 3);
    expect(JSON.parse(JSON.stringify(found(third)))).toEqual([
      {
        label: 'cat',
        score: 0.875,
        box: [33.3, 10, 53.3, 30],
        keypoints: [
          { name: 'head', x: 33.3, y: 20, score: 0.75 },
          { name: 'tail', x: 53.3, y: 20, score: 0.25 },
        ],
        skeleton: [[0, 1]],
        mask: [
          [
            [33.3, 10],
            [53.3, 10],
            [53.3, 30],
            [33.3, 30],
          ],
        ],
      },
    ]);
    const plain = Detections.from([{ box: [0, 0, 1, 1], score: 1, classId: 0 }], labels);
    expect(Object.keys(plain.at(0))).toEqual(['box', 'score', 'classId', 'label', 'trackId']);
    expect(JSON.stringify(plain)).toBe('[{"label":"cat","score":1,"box":[0,0,1,1]}]');
  });

  it.each<[string, () => unknown]>([
    ['expected head, tail in each row, or keypoints in none', () => found(cat(0), cat(9, { keypoints: undefined }))],
    ['expected one in each row, or in none', () => found(cat(0), cat(9, { mask: undefined }))],
    ['expected head, tail in each row', () => found(cat(0, { keypoints: [{ name: 'paw', x: 0, y: 0, score: 1 }] }))],
    [
      'score of a keypoint: expected 0..1, got 2',
      () => found(cat(0, { keypoints: skeleton.names.map((name) => ({ name, x: 0, y: 0, score: 2 })) })),
    ],
    [
      'keypoints: expected finite numbers',
      () => found(cat(0, { keypoints: skeleton.names.map((name) => ({ name, x: Number.NaN, y: 0, score: 1 })) })),
    ],
    ['masks of 1 detections: expected 1 values, got 0', () => new Detections({ ...found(cat(0)), masks: [] })],
    [
      'expected a skeleton with their names, got none',
      () => new Detections({ ...found(cat(0)), skeleton: undefined } as never),
    ],
  ])('refuses others: %s', (message, make) => expect(make).toThrow(message));
});

it('refuses lines to points that are not there, and names given twice', () => {
  expect(() => assertSkeleton('keypoints', { names: ['a', 'b'], edges: [[0, 2]] })).toThrow(InputError);
  expect(() => assertSkeleton('keypoints', { names: ['a', 'b'], edges: [[1, 1]] })).toThrow('got [1, 1]');
  expect(() => assertSkeleton('keypoints', { names: ['a', 'a'], edges: [] })).toThrow('got a twice');
});

describe('mergeRegions', () => {
  const frame = { width: 400, height: 200 };
  const left = { x: 0, y: 0, width: 200, height: 200 };
  const right = { x: 200, y: 0, width: 200, height: 200 };

  it('keeps the shape of the detection that is kept', () => {
    const middle = { x: 100, y: 0, width: 200, height: 200 };
    const parts = [
      { region: left, detections: found(cat(20), cat(181, { box: [181, 10, 200, 30], score: 0.9 })) },
      { region: middle, detections: found(cat(180)) },
    ];
    const { detections } = mergeRegions(parts, frame);
    const merged = Array.from(detections, ({ box, keypoints, mask }) => [box[0], keypoints![0]!.x, mask![0]![0]![0]]);
    expect(merged.sort()).toEqual([
      [180, 180, 180],
      [20, 20, 20],
    ]);
  });

  it('puts pieces together: the surer points, the masks of both', () => {
    const half = (x: number, scores: [number, number]): DetectionRow => ({
      ...cat(x, {
        box: [x, 0, x + 80, 100],
        mask: [
          [
            [x, 0],
            [x + 80, 0],
            [x + 80, 100],
            [x, 100],
          ],
        ],
      }),
      keypoints: skeleton.names.map((name, i) => ({ name, x, y: i, score: scores[i]! })),
    });
    const parts = [
      { region: left, detections: found(half(120, [0.75, 0.25])) },
      { region: right, detections: found(half(200, [0.5, 1])) },
    ];
    const { detections } = mergeRegions(parts, frame);
    const [{ box, keypoints, mask }] = [...detections] as [ReturnType<Detections['at']>];
    expect(box).toEqual([120, 0, 280, 100]);
    expect(keypoints!.map(({ x, score }) => [x, score])).toEqual([
      [120, 0.75],
      [200, 1],
    ]);
    expect(mask).toHaveLength(2);
  });
});

describe('a track', () => {
  const options = { confirm: 2, lostSeconds: 2, stationarySeconds: 60, threshold: () => 0.5 };

  it('has the shape of its detection, moved with the box that is reported, and none while it is out of sight', () => {
    const tracker = new Tracker(options);
    let jitter = 0;
    for (let i = 0; i < 20; i++) {
      jitter = i % 2 === 0 ? 3 : -3;
      const [track] = tracker.update(found(cat(50 + jitter)), i * 1e8);
      const [x1, y1, x2, y2] = track!.box;
      // The head is in the middle of the left side, the tail in that of the right one, whatever the filter did to the box.
      expect(track!.keypoints!.map(({ x, y }) => [x, y])).toEqual([
        [expect.closeTo(x1, 4), expect.closeTo((y1 + y2) / 2, 4)],
        [expect.closeTo(x2, 4), expect.closeTo((y1 + y2) / 2, 4)],
      ]);
      expect(track!.mask![0]![2]).toEqual([expect.closeTo(x2, 4), expect.closeTo(y2, 4)]);
      expect(track!.skeleton).toEqual([[0, 1]]);
    }
    const [steady] = tracker.tracks;
    expect(Math.abs(steady!.keypoints![0]!.x - 50)).toBeLessThan(2.5);
    const [hidden] = tracker.update(Detections.empty(labels), 20 * 1e8);
    expect([hidden!.visible, hidden!.keypoints, hidden!.mask]).toEqual([false, undefined, undefined]);
  });

  it('says it in its event, as the schema has it, and bounded', () => {
    const tracker = new Tracker(options);
    const events = new EventCycle('door');
    const messages = [0, 1, 2].flatMap((i) => {
      const moment = { captureTimeNs: i * 1e8, wallTimeMs: 1e12 };
      return events.update(tracker.update(found(cat(50.12)), i * 1e8), tracker.takeEnded(), moment);
    });
    const [message] = [...messages, ...events.finish()].map((one) => validate(EventSchema, one, 'the event'));
    expect(message!.after.keypoints![0]).toEqual({ name: 'head', x: 50.1, y: 20, score: 0.75 });
    expect(message!.after).toMatchObject({
      skeleton: [[0, 1]],
      mask: [
        [
          [50.1, 10],
          [70.1, 10],
          [70.1, 30],
          [50.1, 30],
        ],
      ],
    });
    const { keypoints: _, ...others } = message!.after;
    expect(validate(EventSchema, { ...message, after: others }, 'the event').after.keypoints).toBeUndefined();
    const tooMany = {
      ...message,
      after: { ...message!.after, keypoints: Array(maxKeypoints + 1).fill(message!.after.keypoints![0]) },
    };
    expect(() => validate(EventSchema, tooMany, 'the event')).toThrow('keypoints');
  });

  it('takes some kilobytes at most, however many points there are', () => {
    const names = Array.from({ length: maxKeypoints }, (_, i) => `point_${i}`);
    const most = {
      keypoints: names.map((name) => ({ name, x: 1919.9, y: 1079.9, score: 0.1234 })),
      skeleton: Array.from({ length: 2 * maxKeypoints }, () => [62, 63] as const),
      mask: [Array.from({ length: maxMaskPoints }, () => [1919.9, 1079.9] as const)],
    };
    expect(JSON.stringify(roundedShape(most)).length).toBeLessThan(7000);
  });
});

it('draws masks, the points that are sure enough, and the lines between them', () => {
  const picture = { width: 320, height: 240 };
  const shown = found(cat(100)).at(0);
  const sure = { ...shown, keypoints: shown.keypoints!.map((point) => ({ ...point, score: 0.9 })) };
  const svg = (object: typeof shown) => overlayOf(picture, [object], false);
  expect(svg(sure)).toContain('100,10 120,10 120,30 100,30');
  const count = (text: string, what: string) => text.split(what).length - 1;
  expect(count(svg(sure), '<line') - count(svg(shown), '<line')).toBe(1);
  expect(count(svg(sure), '<rect') - count(svg(shown), '<rect')).toBe(1);
  const { keypoints: _, mask: __, skeleton: ___, ...plain } = shown;
  expect(svg(plain)).not.toContain('polygon');
});
