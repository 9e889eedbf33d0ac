import { describe, expect, it } from 'vitest';
import { random } from '../../sdk/base/random.ts';
import { Frame } from '../../sdk/frame/frame.ts';
import { Detections } from '../../sdk/vision/detections.ts';
import type { Box } from '../../sdk/vision/geometry.ts';
import { alike, blended, signatureOf } from '../../sdk/vision/signature.ts';
import { Tracker } from '../../sdk/vision/tracker.ts';

type Yuv = readonly [y: number, u: number, v: number];
interface Clothes {
  readonly top: Yuv;
  readonly legs: Yuv;
}
const size = { width: 640, height: 360 };
const red: Clothes = { top: [90, 110, 190], legs: [60, 130, 128] };
const blue: Clothes = { top: [80, 175, 110], legs: [110, 128, 135] };

/** A room with people in it, the nearest last. */
function room(people: readonly { box: Box; clothes: Clothes }[], light = 1, next = random(1)): Frame {
  const { width, height } = size;
  const y = new Uint8Array(width * height);
  const u = new Uint8Array((width * height) / 4).fill(128);
  const v = new Uint8Array((width * height) / 4).fill(128);
  for (let i = 0; i < y.length; i++) y[i] = 100 + 30 * next();
  for (const { box, clothes } of people) {
    const [x1, y1, x2, y2] = box.map(Math.round) as unknown as Box;
    for (let row = Math.max(0, y1); row < Math.min(height, y2); row++) {
      const colour = row < (y1 + y2) / 2 ? clothes.top : clothes.legs;
      for (let column = Math.max(0, x1 + 4); column < Math.min(width, x2 - 4); column++) {
        y[row * width + column] = Math.min(255, colour[0] * light + 10 * next());
        const at = (row >> 1) * (width >> 1) + (column >> 1);
        u[at] = colour[1];
        v[at] = colour[2];
      }
    }
  }
  return new Frame({
    format: 'I420',
    ...size,
    planes: [
      { data: y, stride: width },
      { data: u, stride: width / 2 },
      { data: v, stride: width / 2 },
    ],
    sequence: 0,
    captureTimeNs: 0,
    wallTimeMs: 0,
  });
}

/** The same picture in another format, by BT.601 of full range. */
function as(format: 'NV12' | 'RGB24' | 'BGR24', frame: Frame): Frame {
  const { width, height } = frame;
  const [luma, blueness, redness] = frame.planes.map(({ data }) => data) as [Uint8Array, Uint8Array, Uint8Array];
  const colourAt = (x: number, y: number) => (y >> 1) * (width >> 1) + (x >> 1);
  if (format === 'NV12') {
    const uv = new Uint8Array(blueness.length * 2);
    blueness.forEach((value, i) => {
      uv[i * 2] = value;
      uv[i * 2 + 1] = redness[i]!;
    });
    const planes = [
      { data: luma, stride: width },
      { data: uv, stride: width },
    ];
    return new Frame({ ...info, format, width, height, planes });
  }
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const l = luma[y * width + x]!;
      const b = l + (blueness[colourAt(x, y)]! - 128) / 0.564;
      const r = l + (redness[colourAt(x, y)]! - 128) / 0.713;
      const g = (l - 0.299 * r - 0.114 * b) / 0.587;
      const at = (y * width + x) * 3;
      for (const [i, value] of (format === 'RGB24' ? [r, g, b] : [b, g, r]).entries()) {
        data[at + i] = Math.max(0, Math.min(255, Math.round(value)));
      }
    }
  }
  return new Frame({ ...info, format, width, height, planes: [{ data, stride: width * 3 }] });
}
const info = { sequence: 0, captureTimeNs: 0, wallTimeMs: 0 };

const here: Box = [100, 100, 150, 250];
const there: Box = [400, 120, 460, 300];

describe('a signature', () => {
  const frame = room([
    { box: here, clothes: red },
    { box: there, clothes: blue },
  ]);

  it('is alike for the same person elsewhere, larger and in other light, and not for another', () => {
    const known = signatureOf(frame, here);
    expect(alike(known, known)).toBeCloseTo(1, 5);
    const later = room([{ box: there, clothes: red }], 1.15);
    expect(alike(known, signatureOf(later, there))).toBeGreaterThan(0.9);
    expect(alike(known, signatureOf(frame, there))).toBeLessThan(0.75);
  });

  it('knows trousers from a shirt', () => {
    const turned = room([{ box: here, clothes: { top: red.legs, legs: red.top } }]);
    expect(alike(signatureOf(frame, here), signatureOf(turned, here))).toBeLessThan(0.8);
  });

  it.each(['NV12', 'RGB24', 'BGR24'] as const)('is about the same in %s', (format) => {
    expect(alike(signatureOf(frame, here), signatureOf(as(format, frame), here))).toBeGreaterThan(0.97);
  });

  it('is of brightness alone where there is no colour', () => {
    const { width, height } = size;
    const grey = new Frame({ ...info, format: 'GRAY8', width, height, planes: [frame.planes[0]!] });
    expect(alike(signatureOf(grey, here), signatureOf(grey, here))).toBeCloseTo(1, 5);
  });

  it.each<[string, Box]>([
    ['beyond the picture', [-500, -500, -400, -300]],
    ['over its edge', [600, 300, 900, 500]],
    ['without size', [50, 50, 50, 50]],
  ])('of a box %s is still one', (_, box) => {
    expect(alike(signatureOf(frame, box), signatureOf(frame, box))).toBeCloseTo(1, 5);
  });

  it('follows what changes', () => {
    const [from, to] = [signatureOf(frame, here), signatureOf(frame, there)];
    const half = blended(from, to, 0.5);
    expect(alike(half, half)).toBeCloseTo(1, 5);
    expect(alike(half, from)).toBeGreaterThan(alike(from, to));
    expect(alike(blended(from, to, 0.9), to)).toBeGreaterThan(alike(half, to));
  });
});

describe('Tracker: looks', () => {
  const labels = ['person'];
  const options = { confirm: 3, lostSeconds: 2, stationarySeconds: 5, threshold: () => 0.6 };

  /** Two who walk up to each other, meet and turn back. @returns Of so many meetings, those with numbers exchanged after. */
  function meetings(runs: number, fps: number, usesLooks: boolean, colours: readonly [Clothes, Clothes]): number {
    let wrong = 0;
    for (let seed = 1; seed <= runs; seed++) {
      const next = random(seed);
      const [speed, off] = [70 + next() * 40, next()];
      const tracker = new Tracker(options);
      const first: number[] = [];
      let last: number[] = [];
      for (let i = 0; i < 5 * fps; i++) {
        const second = (i + off) / fps;
        const away = 20 + speed * Math.abs(second - 2.5);
        const boxes = [320 - away, 320 + away].map((x): Box => {
          const tremble = () => (next() - 0.5) * 5;
          return [x - 24 + tremble(), 180 + tremble(), x + 24 + tremble(), 310 + tremble()];
        });
        const people = boxes.map((box, k) => ({ box, clothes: colours[k]! }));
        const frame = room(people, 1 + 0.1 * Math.sin(second), next);
        const rows = boxes.map((box) => ({ box, score: 0.7 + 0.25 * next(), classId: 0 }));
        const tracks = tracker.update(Detections.from(rows, labels), Math.round(second * 1e9), undefined, {
          ...size,
          ...(usesLooks && { signature: (box: Box) => signatureOf(frame, box) }),
        });
        const idAt = (box: Box) =>
          tracks.find((track) => track.visible && Math.abs(track.box[0] - box[0]) < 30)?.id ?? 0;
        last = boxes.map(idAt);
        if (i === 1) first.push(...last);
      }
      if (last.some((id, k) => id !== first[k])) wrong++;
    }
    return wrong;
  }

  it('tell two who meet and turn back at two inferences a second, where places tell the contrary', () => {
    expect(meetings(20, 2, false, [red, blue])).toBeGreaterThan(9);
    expect(meetings(20, 2, true, [red, blue])).toBeLessThan(4);
  });

  it('change nothing for two who look the same', () => {
    expect(meetings(20, 5, true, [red, red])).toBe(meetings(20, 5, false, [red, red]));
  });

  it('are not asked for while nobody is near another, and seldom in a crowd', () => {
    const asked = (people: number, apart: number) => {
      const tracker = new Tracker(options);
      const frame = room([]);
      let asked = 0;
      let most = 0;
      for (let i = 0; i < 50; i++) {
        const rows = Array.from({ length: people }, (_, k) => {
          const x = 40 + (k % 10) * apart + (i % 5);
          const y = 40 + Math.floor(k / 10) * apart;
          return { box: [x, y, x + 20, y + 50], score: 0.9, classId: 0 };
        });
        const before = asked;
        tracker.update(Detections.from(rows, labels), i * 1e8, undefined, {
          width: 10_000,
          height: 10_000,
          signature: (box) => {
            asked++;
            return signatureOf(frame, box);
          },
        });
        most = Math.max(most, asked - before);
      }
      return { asked, most };
    };
    expect(asked(1, 0).asked).toBe(0);
    expect(asked(30, 300).asked).toBe(0);
    expect(asked(100, 25).most).toBeLessThanOrEqual(24);
  });
});
