import { describe, expect, it } from 'vitest';
import { random } from '../../sdk/base/random.ts';
import { CameraSettings } from '../../sdk/config/schema.ts';
import { validate } from '../../sdk/config/validate.ts';
import { Watch } from '../../sdk/pipeline/frame-way.ts';
import { Detections } from '../../sdk/vision/detections.ts';
import type { Box } from '../../sdk/vision/geometry.ts';
import { Tracker, type TrackerOptions } from '../../sdk/vision/tracker.ts';
import { boxAt, greyFrame } from './fakes.ts';

// One object is one track and one event: at any rate, through gaps, misses, turns and other names.

const labels = ['person', 'car', 'truck'];
const defaults: TrackerOptions = { confirm: 3, lostSeconds: 2, stationarySeconds: 5, threshold: () => 0.6 };

interface Row {
  box: Box;
  score: number;
  classId: number;
}
const found = (rows: readonly Row[]) => Detections.from(rows, labels);

/** About normal, with a standard deviation of 1. */
const normal = (next: () => number) => (next() + next() + next() + next() - 2) * Math.sqrt(3);

function trembling([x1, y1, x2, y2]: Box, share: number, next: () => number): Box {
  const width = (x2 - x1) * (1 + share * normal(next));
  const height = (y2 - y1) * (1 + share * normal(next));
  return boxAt(
    (x1 + x2) / 2 + share * (x2 - x1) * normal(next),
    (y1 + y2) / 2 + share * (y2 - y1) * normal(next),
    width,
    height,
  );
}

/** Shows a tracker frames at these times. */
function watch(
  times: Iterable<number>,
  rowsAt: (second: number) => readonly Row[],
  disturbed?: (second: number) => boolean,
) {
  const tracker = new Tracker(defaults);
  const ids = new Set<number>();
  const labelsTold = new Set<string>();
  let most = 0;
  let heldUntil = 0;
  for (const second of times) {
    const tracks = tracker.update(
      found(rowsAt(second)),
      Math.round(second * 1e9),
      disturbed && (() => disturbed(second)),
    );
    const told = [...tracks, ...tracker.takeEnded()].filter(({ confirmed }) => confirmed);
    for (const { id, label } of told) {
      ids.add(id);
      labelsTold.add(label);
    }
    const now = tracks.filter(({ confirmed }) => confirmed).length;
    most = Math.max(most, now);
    if (now > 1) heldUntil = second;
  }
  return { count: ids.size, most, labels: [...labelsTold], heldUntil };
}

function* at(fps: number, from: number, to: number): Generator<number> {
  for (let i = 0; from + i / fps < to; i++) yield from + i / fps;
}

const car: Box = [200, 200, 360, 280];

describe('a parked car is one event for an hour, through the gate', () => {
  const place: Box = [60, 40, 130, 80];

  it.each([0.5, 1, 2, 5, 10].flatMap((keepalive) => [0, 0.4].map((missed) => [keepalive, missed] as const)))(
    'looked at every %d s, missed in a share of %d',
    (keepalive, missed) => {
      const next = random(keepalive * 10 + missed);
      const settings = validate(CameraSettings, { motion: { keepalive } }, 'test');
      const { watch, fps } = { watch: new Watch({ camera: 'door', labels, settings }), fps: 5 };
      let events = 0;
      let most = 0;
      for (let i = 0; i < 3600 * fps; i++) {
        const seconds = i / fps;
        const frame = greyFrame(seconds, {
          width: 160,
          height: 96,
          noise: 0,
          draw: (canvas) => canvas.rectangle(place, 40),
        });
        const gated = watch.gate(frame);
        if (!gated.isWanted) {
          watch.follow(gated, undefined);
          continue;
        }
        const isSeen = seconds < 8 || next() >= missed;
        const rows = isSeen ? [{ box: trembling(place, 0.03, next), score: 0.6 + 0.3 * next(), classId: 1 }] : [];
        events += watch.follow(gated, found(rows)).messages.filter(({ type }) => type === 'new').length;
        most = Math.max(most, watch.now.counts.find(({ label }) => label === 'car')!.count);
      }
      expect([events, most]).toEqual([1, 1]);
    },
  );
});

describe('what rests', () => {
  const parked = (next: () => number): Row[] => [{ box: trembling(car, 0.05, next), score: 0.8, classId: 1 }];

  it.each([3, 10, 30, 300])('is the same after %d s without frames', (gap) => {
    for (let seed = 1; seed <= 30; seed++) {
      const next = random(seed);
      const rest = 12 + (seed % 10) / 5;
      const times = [...at(5, 0, rest), ...at(5, rest + gap, rest + gap + 3)];
      expect(
        watch(
          times,
          () => parked(next),
          () => false,
        ).count,
        `seed ${seed}`,
      ).toBe(1);
    }
  });

  it('is the same when it was not found for a while in which its place stirred', () => {
    for (let seed = 1; seed <= 40; seed++) {
      const next = random(seed);
      const from = 15 + seed * 0.37;
      const isAway = (second: number) => second > from && second < from + 2 + (seed % 4) * 0.4;
      const { count } = watch(at(10, 0, 60), (second) => (isAway(second) ? [] : parked(next)), isAway);
      expect(count, `seed ${seed}`).toBe(1);
    }
  });

  it('is gone soon when it left while its place stirred', () => {
    const next = random(1);
    const bystander: Row = { box: boxAt(600, 200), score: 0.8, classId: 0 };
    const { heldUntil } = watch(
      at(10, 0, 60),
      (second) => [bystander, ...(second < 20 ? parked(next) : [])],
      (second) => second > 19.5 && second < 22,
    );
    expect(heldUntil).toBeLessThan(24.5);
  });

  it.each([
    [0.12, 6],
    [0.25, 20],
  ])('is no ghost for a minute behind somebody who covers a share of %d', (share, most) => {
    // Who stood there left while somebody else stands before a part of the place.
    const [width, left] = [100, 200];
    const bystander = (second: number): Box => {
      const x = Math.min(left - width * (1 - share), -100 + (second - 15) * 80);
      return [x, 190, x + width, 420];
    };
    const { heldUntil } = watch(
      at(5, 0, 100),
      (second) => [
        ...(second < 30 ? [{ box: [left, 200, left + width, 400] as Box, score: 0.8, classId: 0 }] : []),
        ...(second > 15 ? [{ box: bystander(second), score: 0.8, classId: 0 }] : []),
      ],
      (second) => second > 15 && second < 32,
    );
    expect(heldUntil).toBeGreaterThan(29);
    expect(heldUntil).toBeLessThan(30 + most);
  });
});

describe('who comes after a gap', () => {
  it('is not the one who was there before', () => {
    for (let seed = 1; seed <= 30; seed++) {
      const next = random(seed);
      const x = 175 + (next() - 0.5) * 20;
      const { count } = watch([...at(5, 0, 3), ...at(5, 6, 9)], (second) => {
        const centre = second < 3 ? 100 + second * 25 : x - (second - 6) * 25;
        return [{ box: trembling(boxAt(centre, 150, 40, 100), 0.03, next), score: 0.8, classId: 0 }];
      });
      expect(count, `seed ${seed}`).toBe(2);
    }
  });

  it('is, where looks are always as rare as that', () => {
    const { count } = watch(at(0.2, 0, 120), (second) => [
      { box: boxAt(100 + second, 150, 60, 150), score: 0.9, classId: 0 },
    ]);
    expect(count).toBe(1);
  });
});

describe('who turns', () => {
  /** Walks about in the picture, turning any way every few seconds; `speed` in heights a second. */
  function wanderer(next: () => number, speed: number, turns: number): (second: number) => Box {
    const [width, height, step] = [80, 200, 0.02];
    let [x, y, angle, time, turnsAt] = [640, 360, next() * 7, 0, 0];
    return (second) => {
      for (; time < second - 1e-9; time += step) {
        if (time >= turnsAt) {
          turnsAt = time + turns * (0.5 + next());
          angle += (next() - 0.5) * 2 * Math.PI;
        }
        x += Math.cos(angle) * speed * height * step;
        y += Math.sin(angle) * speed * height * step * 0.3;
        if (x < 60 || x > 1220) angle = Math.PI - angle;
        if (y < 110 || y > 610) angle = -angle;
        x = Math.max(60, Math.min(1220, x));
        y = Math.max(110, Math.min(610, y));
      }
      return boxAt(x, y, width, height);
    };
  }

  it.each([
    ['a walker', 0.8, 2, 2],
    ['a walker', 0.8, 2, 5],
    ['a walker', 0.8, 2, 25],
    ['a runner', 2.5, 1.5, 5],
    ['a runner', 2.5, 1.5, 10],
  ])('%s for ten minutes is one (%d heights a second, %d s, %d inferences a second)', (_, speed, turns, fps) => {
    for (const seed of [11, 12, 13]) {
      const next = random(seed);
      const placeAt = wanderer(next, speed, turns);
      const { count, most } = watch(at(fps, 0, 600), (second) => {
        const box = placeAt(second);
        return next() < 0.05 ? [] : [{ box: trembling(box, 0.04, next), score: 0.65 + 0.3 * next(), classId: 0 }];
      });
      expect([count, most], `seed ${seed}`).toEqual([1, 1]);
    }
  });
});

describe('what is fast, or rarely seen', () => {
  /** Shares of visits told, and told more than once, of who crosses the view. */
  function visits(fps: number, widths: number, missed: number): [told: number, twice: number] {
    const size = { width: 60, height: 150, view: 1280 };
    let told = 0;
    let twice = 0;
    const runs = 60;
    for (let seed = 1; seed <= runs; seed++) {
      const next = random(seed);
      const off = next();
      const frames = Math.ceil(size.view / (widths * size.width)) + 8 * fps;
      const { count } = watch(at(fps, 0, frames / fps), (second) => {
        const x = (Math.round(second * fps) - 3 + off) * widths * size.width;
        if (x < 0 || x > size.view || next() < missed) return [];
        return [
          {
            box: trembling(boxAt(x, 300, size.width, size.height), 0.04, next),
            score: 0.65 + 0.3 * next(),
            classId: 0,
          },
        ];
      });
      if (count > 0) told++;
      if (count > 1) twice++;
    }
    return [told / runs, twice / runs];
  }

  it.each([
    [2, 1.5],
    [2, 3],
    [5, 2],
    [10, 2],
    [10, 3],
  ])('is told once at %d inferences a second when it crosses %d widths between two of them', (fps, widths) => {
    expect(visits(fps, widths, 0)).toEqual([1, 0]);
  });

  it.each([
    [0.5, 2],
    [1, 1],
    [1, 3],
  ])('is told at %d inferences a second when it crosses %d widths and is missed in a share of 0.3', (fps, widths) => {
    expect(visits(fps, widths, 0.3)[0]).toBeGreaterThan(0.95);
  });

  it('is not told for what the network makes up now and then', () => {
    for (const fps of [0.5, 1, 2, 5]) {
      const next = random(7);
      const { count } = watch(at(fps, 0, 3600), () => {
        if (next() >= 0.05) return [];
        const box = boxAt(100 + next() * 1000, 100 + next() * 500, 60, 150);
        return [{ box, score: 0.3 + 0.5 * next() ** 1.5, classId: 0 }];
      });
      expect(count, `${fps} a second`).toBe(0);
    }
  });
});

describe('what has two names', () => {
  it.each(['in turns', 'by chance', 'both at once', 'five seconds each'] as const)(
    'is one object (a van is a car and a truck %s)',
    (how) => {
      for (const fps of [2, 10]) {
        for (let seed = 1; seed <= 10; seed++) {
          const next = random(seed);
          const { count, most, labels } = watch(at(fps, 0, 60), (second) => {
            const x = 200 + 15 * Math.min(second, 40);
            const box = trembling(boxAt(x, 260, 200, 120), 0.03, next);
            const score = 0.65 + next() * 0.25;
            const isCar = {
              'in turns': Math.round(second * fps) % 2 === 0,
              'by chance': next() < 0.5,
              'both at once': next() < 0.5,
              'five seconds each': Math.floor(second / 5) % 2 === 0,
            }[how];
            const rows: Row[] = [{ box, score, classId: isCar ? 1 : 2 }];
            if (how === 'both at once') {
              rows.push({ box: trembling(box, 0.02, next), score: score - 0.2 * next(), classId: isCar ? 2 : 1 });
            }
            return rows;
          });
          expect([count, most, labels.length], `seed ${seed}, ${fps} a second`).toEqual([1, 1, 1]);
        }
      }
    },
  );

  it('is told anew once the first name turns out to be wrong', () => {
    const { count, most, labels } = watch(at(10, 0, 8), (second) => [
      { box: boxAt(300 + second * 10, 260), score: second < 0.6 ? 0.7 : 0.9, classId: second < 0.6 ? 1 : 0 },
    ]);
    expect([count, most, labels.sort()]).toEqual([2, 1, ['car', 'person']]);
  });
});

describe('pairs', () => {
  it('are not broken up for more of them: who stands still keeps his number when a row moves up behind him', () => {
    const tracker = new Tracker(defaults);
    const row = [0, 1, 2, 3].map((i) => boxAt(200 + 26 * i, 200, 40, 100));
    const show = (boxes: readonly Box[], second: number) =>
      tracker.update(found(boxes.map((box) => ({ box, score: 0.8, classId: 0 }))), second * 1e9);
    for (let i = 0; i < 10; i++) show(row, i / 10);
    const ids = tracker.tracks.map(({ id }) => id);
    // The first is not found, and somebody appears at the other end: each could be taken for his neighbour.
    const after = show([...row.slice(1), boxAt(200 + 26 * 4, 200, 40, 100)], 1);
    expect(
      after
        .filter(({ id, visible }) => ids.slice(1).includes(id) && visible)
        .map(({ box }) => Math.round((box[0] + box[2]) / 2)),
    ).toEqual([226, 252, 278]);
    expect(after.find(({ id }) => id === ids[0])!.visible).toBe(false);
  });

  it('are those of before when the camera is knocked', () => {
    const tracker = new Tracker(defaults);
    const next = random(3);
    const places = Array.from({ length: 8 }, (_, i) => boxAt(100 + 130 * i, 200 + 40 * (i % 3), 40, 100));
    const show = (dx: number, second: number) =>
      tracker.update(
        found(
          places.map(([x1, y1, x2, y2]) => ({
            box: trembling([x1 + dx, y1 + 8, x2 + dx, y2 + 8], 0.02, next),
            score: 0.8,
            classId: 0,
          })),
        ),
        second * 1e9,
      );
    for (let i = 0; i < 10; i++) show(0, i / 10);
    const ids = tracker.tracks.map(({ id }) => id);
    for (let i = 10; i < 20; i++) show(45, i / 10);
    expect(tracker.tracks.map(({ id }) => id)).toEqual(ids);
  });
});

describe('who left the picture', () => {
  it('is gone, and who comes in there is another one', () => {
    const tracker = new Tracker(defaults);
    const view = { width: 640, height: 360 };
    const ids = new Set<number>();
    for (let i = 0; i < 60; i++) {
      const x = i < 30 ? 400 + 10 * i : 640 - 10 * (i - 34);
      const [x1, y1, x2, y2] = boxAt(x, 200, 40, 100);
      const rows = x1 < 635 ? [{ box: [x1, y1, Math.min(640, x2), y2] as Box, score: 0.8, classId: 0 }] : [];
      for (const { id, confirmed, box } of tracker.update(found(rows), i * 1e8, undefined, view)) {
        if (confirmed) ids.add(id);
        expect(box[2]).toBeLessThanOrEqual(view.width);
      }
    }
    expect(ids.size).toBe(2);
  });
});
