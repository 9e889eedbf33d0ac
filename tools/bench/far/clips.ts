import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { asset } from '../../../sdk/base/assets.ts';
import type { Box } from '../../../sdk/vision/geometry.ts';

/** The clip of visits, shown small on a still picture. */
export interface Shown {
  readonly width: number;
  readonly height: number;
  readonly x: number;
  readonly y: number;
  /** Seconds by which it begins later. */
  readonly late?: number;
}

export interface Canvas {
  readonly name: string;
  /** None: the clip as it is. */
  readonly shown: readonly Shown[];
}

/** When somebody is in view in the clip, seconds: from before the first part of him is seen until after the last. */
export const visits: readonly (readonly [from: number, until: number])[] = [
  [5, 21],
  [21.5, 46],
  [49, 71],
  [73, 88],
  [91, 121],
  [122, 140],
];

const [width, height] = [1920, 1080];

/** Where it was shown while the gaze was made, and where it was not. @param name `chosen` or `other`. */
export const canvases: readonly (Canvas & { readonly set: 'chosen' | 'other' })[] = [
  { set: 'chosen', name: 'plain, 768x432', shown: [] },
  ...[
    [384, 216],
    [256, 144],
    [192, 108],
    [128, 72],
    [96, 54],
  ].map(([w, h]) => ({
    set: 'chosen' as const,
    name: `${w}x${h}`,
    shown: [{ width: w!, height: h!, x: 1100, y: 500 }],
  })),
  { set: 'other', name: '160x90 at 210,130', shown: [{ width: 160, height: 90, x: 210, y: 130 }] },
  { set: 'other', name: '112x63 at 1733,951', shown: [{ width: 112, height: 63, x: 1733, y: 951 }] },
  { set: 'other', name: '320x180 at 37,780', shown: [{ width: 320, height: 180, x: 37, y: 780 }] },
  {
    set: 'other',
    name: 'two: 768x432 and 160x90',
    shown: [
      { width: 768, height: 432, x: 100, y: 560 },
      { width: 160, height: 90, x: 1600, y: 120, late: 7 },
    ],
  },
];

/** Makes the clip once. @returns Its file. */
export function clipOf({ shown }: Canvas, clip: string, folder: string): string {
  if (shown.length === 0) return clip;
  const file = join(folder, `${shown.map((one) => Object.values(one).join('-')).join('_')}.mp4`);
  if (existsSync(file)) return file;
  mkdirSync(folder, { recursive: true });
  const wall = asset('devices', 'scene', 'photos', 'wall.jpg');
  const parts = shown.flatMap(({ width: w, height: h, x, y, late = 0 }, i) => [
    `[${i + 1}:v]setpts=PTS+${late}/TB,scale=${w}:${h}[c${i}]`,
    `[b${i}][c${i}]overlay=${x}:${y}:${i === 0 ? 'shortest=1' : 'eof_action=pass'}[b${i + 1}]`,
  ]);
  // Square pixels: the wall's photograph has another shape.
  const graph = [`[0:v]scale=${width}:${height},setsar=1,format=yuv420p[b0]`, ...parts].join(';');
  const inputs = shown.flatMap(() => ['-i', clip]);
  const wanted = ['-map', `[b${shown.length}]`, '-preset', 'veryfast', '-r', '10'];
  const made = `${file}.making.mp4`;
  const all = ['-v', 'error', '-y', '-framerate', '10', '-loop', '1', '-i', wall, ...inputs];
  execFileSync('ffmpeg', [...all, '-filter_complex', graph, ...wanted, made], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  renameSync(made, file);
  return file;
}

/** An event of a run: a label, from when to when, and where it was last, pixels. */
export interface Told {
  readonly label: string;
  readonly start: number;
  readonly end: number;
  readonly box: Box;
}

export interface Score {
  /** Visits with an event of a person. */
  readonly found: number;
  readonly visits: number;
  /** Events that are not a person's in a visit. */
  readonly wrong: number;
  /** Further events of a visit. */
  readonly more: number;
}

/** Compares the events of a run with the visits. */
export function scoreOf({ shown }: Canvas, events: readonly Told[]): Score {
  const places = shown.length > 0 ? shown : [{ x: 0, y: 0, width: 768, height: 432, late: 0 }];
  const found = new Map<string, number>();
  let wrong = 0;
  for (const { label, start, end, box } of events) {
    const [x, y] = [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2];
    const place = places.findIndex(
      (one) => x >= one.x && x < one.x + one.width && y >= one.y && y < one.y + one.height,
    );
    const late = places[place]?.late ?? 0;
    const visit = visits.findIndex(([from, until]) => start >= from + late && end <= until + late);
    if (label !== 'person' || place < 0 || visit < 0) wrong++;
    else found.set(`${place} ${visit}`, (found.get(`${place} ${visit}`) ?? 0) + 1);
  }
  const more = [...found.values()].reduce((sum, count) => sum + count - 1, 0);
  // The one that begins later is cut short by the end of the other.
  return { found: found.size, visits: places.length * visits.length, wrong, more };
}
