import { describe, expect, it } from 'vitest';
import { type CameraChange, CameraSettings } from '../../sdk/config/schema.ts';
import { validate } from '../../sdk/config/validate.ts';
import type { Region } from '../../sdk/frame/letterbox.ts';
import { Watch } from '../../sdk/pipeline/frame-way.ts';
import { Detections } from '../../sdk/vision/detections.ts';
import type { Box } from '../../sdk/vision/geometry.ts';
import { isCut, mergeRegions } from '../../sdk/vision/merge-regions.ts';
import { boxAt, type Canvas, greyFrame, labels } from '../vision/fakes.ts';

// A large view and a network that sees a small picture of it, as a camera of 1920 pixels and a network of 416.
const frame = { width: 768, height: 432 };
const input = { width: 160, height: 160 };
/** The network finds what is at least so large in its input, pixels. */
const findable = 20;

type World = (seconds: number) => readonly Box[];
type Show = (canvas: Canvas, seconds: number) => void;

/** What a network would find: what is large enough in the region, and as much of it as the region shows. */
function detect(regions: readonly Region[], things: readonly Box[]): { found: Detections; cut: readonly boolean[] } {
  const parts = regions.map((region) => {
    const { x, y, width, height } = region;
    const rows = things.flatMap(([x1, y1, x2, y2]) => {
      const box: Box = [Math.max(x, x1), Math.max(y, y1), Math.min(x + width, x2), Math.min(y + height, y2)];
      const scale = input.width / Math.max(width, height);
      const isSeen = box[2] > box[0] && box[3] > box[1] && (y2 - y1) * scale >= findable;
      return isSeen ? [{ box, score: 0.8, classId: 0 }] : [];
    });
    return { region, detections: Detections.from(rows, labels) };
  });
  if (parts.length === 1) {
    const [{ region, detections }] = parts as [(typeof parts)[0]];
    return { found: detections, cut: Array.from(detections, ({ box }) => isCut(box, region, frame)) };
  }
  const { detections, cut } = mergeRegions(parts, frame);
  return { found: detections, cut };
}

class Camera {
  readonly watch: Watch;
  readonly told: string[] = [];
  /** Of each look: when, and where. */
  readonly looks: { seconds: number; regions: readonly Region[] }[] = [];
  waited = 0;
  #frames = 0;

  constructor(change: CameraChange = {}) {
    const settings = validate(CameraSettings, change, 'test');
    this.watch = new Watch({ camera: 'yard', labels, settings, input });
  }

  play(seconds: number, world: World, show: Show = () => {}): this {
    const until = this.#frames + Math.round(seconds * 10);
    for (; this.#frames < until; this.#frames++) {
      const now = this.#frames / 10;
      const things = world(now);
      const shown = greyFrame(now, {
        ...frame,
        noise: 0,
        draw: (canvas) => {
          for (const box of things) canvas.rectangle(box, 40);
          show(canvas, now);
        },
      });
      const gated = this.watch.gate(shown);
      this.waited += gated.look?.waiting ?? 0;
      const regions = gated.look?.regions ?? [{ x: 0, y: 0, ...frame }];
      if (gated.isWanted) this.looks.push({ seconds: now, regions });
      const { found, cut } = detect(regions, things);
      const { messages } = this.watch.follow(gated, gated.isWanted ? found : undefined, cut);
      for (const { type, after } of messages) if (type !== 'update') this.told.push(`${type} ${after.label}`);
    }
    return this;
  }

  /** Looks a frame in these seconds, each region counted. */
  rate(from: number, until: number): number {
    const some = this.looks.filter(({ seconds }) => seconds >= from && seconds < until);
    return some.reduce((sum, { regions }) => sum + regions.length, 0) / ((until - from) * 10);
  }
}

const nothing: World = () => [];
/** Somebody of 40 pixels, of which the whole view makes 8. */
const walker =
  (y = 200, from = 2): World =>
  (seconds) =>
    seconds < from ? [] : [boxAt(40 + (seconds - from) * 40, y, 16, 40)];

describe('looking closer', () => {
  it('finds somebody who is too small for the whole view, as one event', () => {
    expect(new Camera({ detect: { far: 'off' } }).play(12, walker()).told).toEqual([]);
    const camera = new Camera().play(12, walker());
    expect(camera.told).toEqual(['new person']);
    expect(camera.watch.parts.view.seen[0]).toMatchObject({ label: 'person' });
    expect(camera.play(14, nothing).told).toEqual(['new person', 'end person']);
  });

  it('looks at the same regions each time the same frames come', () => {
    const two: World = (seconds) => [...walker(120)(seconds), ...walker(330, 3)(seconds)];
    const [one, other] = [new Camera(), new Camera()].map((camera) => camera.play(8, two));
    expect(other!.looks).toEqual(one!.looks);
    expect(one!.told).toEqual(['new person', 'new person']);
  });

  it('costs nothing more while nothing moves: one look a second', () => {
    const camera = new Camera().play(30, nothing);
    expect(camera.rate(5, 30)).toBeLessThanOrEqual(0.1);
    expect(camera.rate(5, 30)).toBeGreaterThan(0.08);
  });

  it('does not lose what rests and is too small for the whole view, and looks no more often', () => {
    const standing: World = (seconds) =>
      seconds < 2 ? [] : [boxAt(Math.min(300, 40 + (seconds - 2) * 60), 200, 16, 40)];
    const camera = new Camera().play(90, standing);
    expect(camera.told).toEqual(['new person']);
    expect(camera.watch.now.tracks.some(({ stationary }) => stationary)).toBe(true);
    expect(camera.rate(40, 90)).toBeLessThanOrEqual(0.11);
    // Both are looked at in turn.
    const late = camera.looks.filter(({ seconds }) => seconds >= 40).flatMap(({ regions }) => regions);
    expect(late.some(({ width }) => width === frame.width)).toBe(true);
    expect(late.some(({ width }) => width < frame.width / 2)).toBe(true);
    // Once it has gone, that is seen.
    expect(camera.play(20, nothing).told).toEqual(['new person', 'end person']);
  });

  it('sees who is near and who is far at once, each once', () => {
    const both: World = (seconds) => [
      ...walker(120)(seconds),
      ...(seconds < 3 ? [] : [boxAt(100 + (seconds - 3) * 60, 290, 90, 240)]),
    ];
    const camera = new Camera().play(9, both);
    expect(camera.told).toEqual(['new person', 'new person']);
  });

  it('looks at one region a frame if it may not more; who waits is counted, and has his turn', () => {
    const four: World = (seconds) =>
      [60, 160, 260, 360].flatMap((y, i) =>
        walker(
          y,
          2 + i * 2.5,
        )(seconds).map(
          ([x1, y1, x2, y2]): Box => (i % 2 ? [x1, y1, x2, y2] : [frame.width - x2, y1, frame.width - x1, y2]),
        ),
      );
    const camera = new Camera({ detect: { regions: 1 } }).play(16, four);
    expect(camera.looks.every(({ regions }) => regions.length === 1)).toBe(true);
    expect(camera.waited).toBeGreaterThan(10);
    expect(camera.told.filter((line) => line === 'new person')).toHaveLength(4);
  });

  it('falls back to the whole view when everything moves', () => {
    const storm: Show = (canvas, seconds) => {
      for (let i = 0; i < 60; i++) {
        const [x, y] = [((i * 131 + seconds * 90) % 820) - 50, (i * 67) % 440];
        canvas.rectangle([x, y, x + 40, y + 34], 30 + ((i * 37) % 200));
      }
    };
    const camera = new Camera().play(12, nothing, storm);
    expect(camera.rate(3, 12)).toBeLessThanOrEqual(1);
    const closer = camera.looks.filter(
      ({ seconds, regions }) => seconds >= 3 && regions.some(({ width }) => width < frame.width),
    );
    expect(closer).toEqual([]);
  });

  it('looks at the whole view first, and again after the view changed at once', () => {
    const camera = new Camera()
      .play(5, nothing)
      .play(0.1, nothing, (canvas) => canvas.rectangle([0, 0, 768, 432], 220));
    expect(camera.looks[0]!.regions).toEqual([{ x: 0, y: 0, ...frame }]);
    expect(camera.looks.at(-1)).toEqual({ seconds: 5, regions: [{ x: 0, y: 0, ...frame }] });
  });

  it('looks rarely where it moves for long and nothing is found', () => {
    const branch: Show = (canvas, seconds) => {
      const x = 300 + 8 * Math.round(2 * Math.sin(seconds * 5));
      canvas.rectangle([x, 100, x + 16, 116], 40);
    };
    const camera = new Camera().play(40, nothing, branch);
    expect(camera.rate(20, 40)).toBeLessThan(0.3);
  });

  it('can be switched on and off while it runs', () => {
    const camera = new Camera({ detect: { far: 'off' } }).play(4, walker());
    expect(camera.told).toEqual([]);
    camera.watch.configure(validate(CameraSettings, { detect: { far: 'on' } }, 'test'));
    expect(camera.play(3, walker()).told).toEqual(['new person']);
    camera.watch.configure(validate(CameraSettings, { detect: { far: 'off' } }, 'test'));
    const before = camera.looks.length;
    camera.play(3, walker());
    expect(camera.looks.slice(before).every(({ regions }) => regions[0]!.width === frame.width)).toBe(true);
  });

  it('is off for a small picture, and for a detector that takes no regions, unless it is asked for', () => {
    const wide = { ...frame, captureTimeNs: 0 };
    const of = (far: 'auto' | 'on' | 'off', size: typeof input | undefined) =>
      new Watch({
        camera: 'a',
        labels,
        settings: validate(CameraSettings, { detect: { far } }, 'test'),
        input: size,
      }).parts.gazeOn(wide);
    expect(of('auto', input)).toBeDefined();
    expect(of('auto', { width: 416, height: 416 })).toBeUndefined();
    expect(of('on', { width: 416, height: 416 })).toBeDefined();
    expect(of('off', input)).toBeUndefined();
    expect(of('on', undefined)).toBeUndefined();
  });
});
