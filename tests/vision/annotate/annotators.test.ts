import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { drawBoxes, drawLabels, drawZones, Traces } from '../../../sdk/vision/annotate/annotators.ts';
import { colourOf, type Drawing, inkOn } from '../../../sdk/vision/annotate/drawing.ts';
import type { Box, Point } from '../../../sdk/vision/geometry.ts';

/** Writes down what is drawn. A letter is as wide as half its height. */
class Recorder implements Drawing {
  readonly width: number;
  readonly height: number;
  readonly boxes: Box[] = [];
  readonly filled: Box[] = [];
  readonly lines: [Point, Point][] = [];
  readonly polygons: (readonly Point[])[] = [];
  readonly texts: { text: string; at: Point; height: number }[] = [];

  constructor(width = 640, height = 480) {
    this.width = width;
    this.height = height;
  }

  rectangle(box: Box, _colour: unknown, thickness: number | 'filled'): void {
    (thickness === 'filled' ? this.filled : this.boxes).push(box);
  }
  line(from: Point, to: Point): void {
    this.lines.push([from, to]);
  }
  polygon(corners: readonly Point[]): void {
    this.polygons.push(corners);
  }
  text(text: string, at: Point, _colour: unknown, height: number): void {
    this.texts.push({ text, at, height });
  }
  measure(text: string, height: number): number {
    return (text.length * height) / 2;
  }
}

const cat = { id: 1, box: [100, 200, 200, 300] as const, label: 'cat', score: 0.876 };

describe('annotators', () => {
  it('draw a box around each object', () => {
    const drawing = new Recorder();
    drawBoxes(drawing, [cat, { ...cat, box: [0, 0, 5, 5] }]);
    expect(drawing.boxes).toEqual([cat.box, [0, 0, 5, 5]]);
  });

  it('write name and score above the box; what learning calls it, where it does', () => {
    const drawing = new Recorder();
    drawLabels(drawing, [cat, { ...cat, subLabel: { label: 'tom', score: 1 } }]);
    expect(drawing.texts.map(({ text }) => text)).toEqual(['cat 88 %', 'tom 88 %']);
    expect(drawing.filled[0]![3]).toBeLessThanOrEqual(cat.box[1]);
  });

  it('keep each label inside of a picture that is large enough for it', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 639 }), fc.integer({ min: 0, max: 440 }), (x, y) => {
        const drawing = new Recorder();
        drawLabels(drawing, [{ ...cat, box: [x, y, x + 20, y + 20] }]);
        const [x1, y1, x2, y2] = drawing.filled[0]!;
        const { at, height, text } = drawing.texts[0]!;
        expect(Math.min(x1, y1)).toBeGreaterThanOrEqual(0);
        expect(x2).toBeLessThanOrEqual(640);
        expect(y2).toBeLessThanOrEqual(480);
        expect(at[0]).toBeGreaterThanOrEqual(x1);
        expect(at[0] + drawing.measure(text, height)).toBeLessThanOrEqual(x2);
        expect(at[1] - height).toBeGreaterThanOrEqual(y1);
        expect(at[1]).toBeLessThanOrEqual(y2);
      }),
    );
  });

  it('draw zones, which are in shares, in pixels, with their names', () => {
    const drawing = new Recorder(200, 100);
    drawZones(drawing, {
      porch: {
        polygon: [
          [0, 0.5],
          [1, 0.5],
          [1, 1],
        ],
      },
    });
    expect(drawing.polygons).toEqual([
      [
        [0, 50],
        [200, 50],
        [200, 100],
      ],
    ]);
    expect(drawing.texts[0]!.text).toBe('porch');
  });

  it('draw the way of each track, of the last places only, and forget who left', () => {
    const traces = new Traces(3);
    const at = (x: number) => ({ ...cat, box: [x, 0, x + 10, 20] as const });
    const drawn = (...tracks: (typeof cat)[]) => {
      const drawing = new Recorder();
      traces.draw(drawing, tracks);
      return drawing.lines;
    };
    expect(drawn(at(0) as never)).toEqual([]);
    expect(drawn(at(10) as never)).toEqual([
      [
        [5, 20],
        [15, 20],
      ],
    ]);
    drawn(at(20) as never);
    expect(drawn(at(30) as never)).toEqual([
      [
        [15, 20],
        [25, 20],
      ],
      [
        [25, 20],
        [35, 20],
      ],
    ]);
    drawn();
    expect(drawn(at(40) as never)).toEqual([]);
    expect(() => new Traces(1)).toThrow('expected a whole number of at least 2, got 1');
  });
});

it('a name has always the same colour, and ink that is read on it', () => {
  expect(colourOf('cat')).toEqual(colourOf('cat'));
  expect(
    new Set(['cat', 'dog', 'person', 'car', 'bus', 'cup'].map((name) => colourOf(name).join())).size,
  ).toBeGreaterThan(3);
  expect(inkOn([250, 250, 200])).toEqual([0, 0, 0]);
  expect(inkOn([0, 0, 80])).toEqual([255, 255, 255]);
});
