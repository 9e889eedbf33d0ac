import fc from 'fast-check';
import { random } from '../../sdk/base/random.ts';
import { Frame } from '../../sdk/frame/frame.ts';
import { Detections } from '../../sdk/vision/detections.ts';
import type { ObjectState } from '../../sdk/vision/event.ts';
import type { WhyReport } from '../../sdk/vision/fates.ts';
import type { Box } from '../../sdk/vision/geometry.ts';
import type { Track } from '../../sdk/vision/track.ts';

export const labels = ['person', 'car', 'dog'];

/** Something the network saw: where, what (a label), how sure. */
export type Seen = readonly [box: Box, label?: string, score?: number];

export function seen(...all: Seen[]): Detections {
  return Detections.from(
    all.map(([box, label = 'person', score = 0.8]) => ({ box, score, classId: labels.indexOf(label) })),
    labels,
  );
}

/** A confirmed person in the middle of a picture of 100 x 100, but for what the test says. */
export function track(over: Partial<Track> = {}): Track {
  return {
    id: 1,
    classId: 0,
    label: 'person',
    box: [40, 20, 60, 50],
    score: 0.8,
    medianScore: 0.8,
    confirmed: true,
    visible: true,
    observations: 10,
    firstSeenNs: 0,
    lastSeenNs: 0,
    stationary: false,
    motionlessCount: 0,
    positionChanges: 0,
    tremble: [0.2, 0.3],
    currentZones: [],
    enteredZones: [],
    ...over,
  };
}

/** A cat whose scores were too low. */
export function whyReport(): WhyReport {
  return {
    seconds: 60,
    frames: { in: 600, inferred: 100, still: 490, busy: 10, off: 0 },
    objects: [
      {
        ...{ label: 'cat', fate: 'median_below', threshold: 0.6, score: 0.58, median: 0.45, toldUpTo: 0.45 },
        ...{ observations: 12, box: [0.1, 0.2, 0.3, 0.4], ago: 3, lasted: 2.5, zones: [] },
      },
    ],
  };
}

/** A confirmed person at the door, but for what the test says. */
export function objectState(over: Partial<ObjectState> = {}): ObjectState {
  return {
    id: '1-abcdef',
    camera: 'door',
    track_id: 1,
    label: 'person',
    sub_label: null,
    sub_label_score: null,
    score: 0.7,
    top_score: 0.8,
    box: [1, 2, 30, 40],
    area: 1102,
    ratio: 0.76,
    frame_time: 1,
    start_time: 1,
    end_time: null,
    current_zones: [],
    entered_zones: [],
    stationary: false,
    active: true,
    motionless_count: 0,
    position_changes: 0,
    has_snapshot: true,
    has_clip: false,
    crossed_lines: {},
    ...over,
  };
}

/** A box of this size around a point. */
export function boxAt(x: number, y: number, width = 40, height = 80): Box {
  return [x - width / 2, y - height / 2, x + width / 2, y + height / 2];
}

/** A grey picture at a media time in seconds, with a sensor's noise and whatever `draw` puts in. */
export function greyFrame(
  seconds: number,
  options: {
    width?: number;
    height?: number;
    grey?: number;
    noise?: number;
    wallTimeMs?: number;
    draw?: (canvas: Canvas) => void;
  } = {},
): Frame {
  const { width = 320, height = 180, grey = 120, noise = 2, wallTimeMs = seconds * 1e3, draw } = options;
  const data = new Uint8Array(width * height).fill(grey);
  const canvas: Canvas = {
    rectangle: ([x1, y1, x2, y2], value) => {
      for (let y = Math.max(0, Math.round(y1)); y < Math.min(height, y2); y++) {
        const right = Math.min(width, Math.round(x2));
        const left = Math.max(0, Math.round(x1));
        if (left < right) data.fill(value, y * width + left, y * width + right);
      }
    },
  };
  draw?.(canvas);
  const next = random(Math.round(seconds * 1000));
  // About normal: the sum of three even numbers has a standard deviation of a half.
  if (noise > 0) {
    for (let i = 0; i < data.length; i++) {
      data[i] = Math.max(0, Math.min(255, data[i]! + Math.round((next() + next() + next() - 1.5) * 2 * noise)));
    }
  }
  return new Frame({
    format: 'GRAY8',
    width,
    height,
    planes: [{ data, stride: width }],
    sequence: Math.round(seconds * 100),
    captureTimeNs: seconds * 1e9,
    wallTimeMs,
  });
}

export interface Canvas {
  rectangle(box: Box, grey: number): void;
}

/** Boxes with corners from 0 to 100, empty ones too. */
export const someBox: fc.Arbitrary<Box> = fc
  .tuple(coordinate(), coordinate(), coordinate(), coordinate())
  .map(([a, b, c, d]) => [Math.min(a, c), Math.min(b, d), Math.max(a, c), Math.max(b, d)]);

/** From 0 to 100 in sixteenths, so that sums and products are exact. */
export function coordinate(): fc.Arbitrary<number> {
  return fc.integer({ min: 0, max: 1600 }).map((value) => value / 16);
}
