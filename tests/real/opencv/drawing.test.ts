import { execFileSync } from 'node:child_process';
import { chromium } from 'playwright-core';
import { describe, expect, it } from 'vitest';
import { MatDrawing } from '../../../sdk/opencv/mat-drawing.ts';
import { loadOpenCv } from '../../../sdk/opencv-bindings/load.ts';
import type { Mat } from '../../../sdk/opencv-bindings/types.ts';
import { drawBoxes, drawLabels, drawZones, Traces } from '../../../sdk/vision/annotate/annotators.ts';
import { type CanvasContext, CanvasDrawing } from '../../../sdk/vision/annotate/canvas-drawing.ts';
import type { Drawing } from '../../../sdk/vision/annotate/drawing.ts';
import { hasProgram } from '../../support/needs.ts';
import { hasOpenCv } from '../../support/prepared.ts';

const width = 320;
const height = 240;

/** Something of each kind. */
function drawAll(drawing: Drawing): void {
  const track = (id: number, x: number) => ({ id, box: [x, 60, x + 80, 200] as const, label: 'cat', score: 0.75 });
  drawZones(drawing, {
    porch: {
      polygon: [
        [0.1, 0.6],
        [0.9, 0.5],
        [0.8, 0.95],
        [0.2, 0.9],
      ],
    },
  });
  drawBoxes(drawing, [track(1, 40), { ...track(2, 200), label: 'person' }]);
  drawLabels(drawing, [track(1, 40), { ...track(2, 200), label: 'person' }]);
  const traces = new Traces();
  for (let x = 40; x < 90; x += 10) traces.draw(drawing, [track(1, x)]);
  drawing.polygon(
    [
      [10, 220],
      [30, 220],
      [20, 236],
    ],
    [255, 255, 255],
    'filled',
  );
  drawing.rectangle([280, 210, 310, 230], [255, 0, 0], 'filled');
  drawing.line([250, 220], [270, 220], [0, 0, 255], 3);
}

/** Red, green, blue of each pixel. */
function pixelsOf(mat: Mat): number[][] {
  const rows = (mat as Mat & { getDataAsArray(): number[][][] }).getDataAsArray();
  return rows.flat().map(([blue, green, red]) => [red!, green!, blue!]);
}

const isDrawn = ([red, green, blue]: number[]) => red! + green! + blue! > 60;

describe.skipIf(!(await hasOpenCv()))('MatDrawing (needs npm run opencv)', () => {
  it('draws in the colour and at the place it is told', () => {
    const cv = loadOpenCv();
    const mat = new cv.Mat(height, width, cv.CV_8UC3!, [0, 0, 0]);
    const drawing = new MatDrawing(mat);
    expect([drawing.width, drawing.height]).toEqual([width, height]);
    drawAll(drawing);
    const at = (x: number, y: number) => pixelsOf(mat)[y * width + x];
    expect(at(290, 220)).toEqual([255, 0, 0]);
    expect(at(260, 220)).toEqual([0, 0, 255]);
    expect(at(20, 225)).toEqual([255, 255, 255]);
    expect(at(5, 5)).toEqual([0, 0, 0]);
    mat.release();
  });

  it('draws on grey pictures, and other letters than ASCII as question marks', () => {
    const cv = loadOpenCv();
    const mat = new cv.Mat(height, width, cv.CV_8UC1!, 0);
    const drawing = new MatDrawing(mat);
    drawing.rectangle([10, 10, 20, 20], [255, 255, 255], 'filled');
    expect(mat.at(15, 15)).toBe(255);
    expect(drawing.measure('Käse', 20)).toBe(drawing.measure('K?se', 20));
    expect(drawing.measure('aa', 20)).toBeGreaterThan(drawing.measure('a', 20));
    mat.release();
  });
});

describe.skipIf(!(await hasOpenCv()) || !hasProgram('chromium'))(
  'MatDrawing and CanvasDrawing (need npm run opencv and chromium)',
  () => {
    it('draw alike: nine tenths of what one draws the other draws too, to two pixels', async () => {
      // What is done to the context here is done to a real canvas there.
      const calls: [string, unknown[]][] = [];
      const context = new Proxy({ canvas: { width, height } } as unknown as CanvasContext, {
        get: (target, name: string) =>
          name === 'canvas'
            ? target.canvas
            : (...values: unknown[]) => {
                calls.push([name, values]);
                return { width: String(values[0]).length * 6 };
              },
        set: (_, name: string, value) => {
          calls.push([`=${name}`, [value]]);
          return true;
        },
      });
      drawAll(new CanvasDrawing(context));
      const executablePath = execFileSync('sh', ['-c', 'command -v chromium'], { encoding: 'utf8' }).trim();
      const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
      const page = await browser.newPage();
      const painted = (await page.evaluate(
        `(() => {
          const canvas = Object.assign(document.createElement('canvas'), { width: ${width}, height: ${height} });
          const context = canvas.getContext('2d');
          context.fillRect(0, 0, ${width}, ${height});
          for (const [name, values] of ${JSON.stringify(calls)}) {
            if (name[0] === '=') context[name.slice(1)] = values[0];
            else context[name](...values);
          }
          return [...context.getImageData(0, 0, ${width}, ${height}).data];
        })()`,
      )) as number[];
      await browser.close();
      const canvas = Array.from({ length: width * height }, (_, i) => painted.slice(i * 4, i * 4 + 3));

      const cv = loadOpenCv();
      const mat = new cv.Mat(height, width, cv.CV_8UC3!, [0, 0, 0]);
      drawAll(new MatDrawing(mat));
      const shares = [
        [canvas, pixelsOf(mat)],
        [pixelsOf(mat), canvas],
      ].map(([one, other]) => {
        const drawn = one!.flatMap((pixel, i) => (isDrawn(pixel) ? [i] : []));
        const isNear = (i: number) =>
          [-2, -1, 0, 1, 2].some((dy) =>
            [-2, -1, 0, 1, 2].some((dx) => isDrawn(other![i + dy * width + dx] ?? [0, 0, 0])),
          );
        return drawn.filter(isNear).length / drawn.length;
      });
      mat.release();
      console.log('drawn by the other too:', shares.map((share) => share.toFixed(3)).join(', '));
      expect(Math.min(...shares)).toBeGreaterThan(0.9);
    });
  },
);
