import { describe, expect, it, onTestFinished } from 'vitest';
import type { Frame } from '../../../sdk/frame/frame.ts';
import { BackgroundChanges } from '../../../sdk/opencv/background.ts';
import { MatDrawing } from '../../../sdk/opencv/mat-drawing.ts';
import { afterCore, beforeCore } from '../../../sdk/opencv/stages.ts';
import { loadOpenCv } from '../../../sdk/opencv-bindings/load.ts';
import type { Mat } from '../../../sdk/opencv-bindings/types.ts';
import type { FrameReport } from '../../../sdk/pipeline/events.ts';
import { Pipeline, type PipelineOptions } from '../../../sdk/pipeline/pipeline.ts';
import { drawBoxes } from '../../../sdk/vision/annotate/annotators.ts';
import { FakeModel } from '../../pipeline/fakes.ts';
import { hasOpenCv } from '../../support/prepared.ts';
import { recorder } from '../../support/recorder.ts';
import { until } from '../../support/until.ts';
import { boxAt } from '../../vision/fakes.ts';

function run(options: PipelineOptions) {
  const fake = new FakeModel();
  const logger = recorder();
  const pipeline = new Pipeline({ source: 'scene:', speed: 'max', model: fake.model, logger, ...options });
  onTestFinished(() => pipeline.stop());
  return { pipeline, fake, errors: () => logger.lines.filter((line) => line.startsWith('error')) };
}

/** What the report of the n-th frame shows. */
function frameAt(pipeline: Pipeline, n: number, see: (report: FrameReport) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    let count = 0;
    pipeline.on('frame', (report) => {
      if (++count !== n) return;
      try {
        see(report);
        resolve();
      } catch (error) {
        reject(error);
      }
    });
  });
}

describe.skipIf(!(await hasOpenCv()))('Mats as stages of a pipeline (need npm run opencv)', () => {
  it('crop before the core: the network sees, and the camera shows, the part', async () => {
    const cv = loadOpenCv();
    const crop = beforeCore((mat) => mat.getRegion(new cv.Rect(10, 20, 300, 200)));
    const { pipeline, fake } = run({ before: [crop] });
    const sizes = new Set<string>();
    fake.see = ({ width, height, format }) => {
      sizes.add(`${width}x${height} ${format}`);
      return [];
    };
    const told = frameAt(pipeline, 3, ({ frame }) => expect([frame.width, frame.height]).toEqual([300, 200]));
    await pipeline.start();
    await told;
    expect([...sizes]).toEqual(['300x200 BGR24']);
  });

  it('change brightness on the way, also asynchronously', async () => {
    const equalise = beforeCore(async (mat) => mat.equalizeHist(), { channels: 'GRAY' });
    const { pipeline } = run({ before: [equalise] });
    let range = [0, 0];
    const told = frameAt(pipeline, 2, ({ frame }) => {
      expect(frame.format).toBe('GRAY8');
      const { data } = frame.planes[0]!;
      range = [data.reduce((a, b) => Math.min(a, b)), data.reduce((a, b) => Math.max(a, b))];
    });
    await pipeline.start();
    await told;
    expect(range).toEqual([0, 255]);
  });

  it('draw and blur after the core: what is shown has it, what the network saw has not', async () => {
    const cv = loadOpenCv();
    const box = boxAt(60, 60, 40, 80);
    const paint = afterCore((mat, { tracks }) => {
      const drawing = new MatDrawing(mat);
      drawBoxes(drawing, tracks);
      drawing.rectangle([0, 0, 8, 8], [255, 0, 0], 'filled');
    });
    const blur = afterCore((mat) => mat.gaussianBlur(new cv.Size(5, 5), 2));
    const { pipeline, fake } = run({ after: [paint, blur], detect: { labels: ['person'] } });
    let unpainted = 0;
    const pixelOf = ({ planes: [plane] }: Frame) => [...plane!.data.subarray(4 * plane!.stride + 12).subarray(0, 3)];
    fake.see = (frame) => {
      if (frame.format !== 'BGR24') unpainted++;
      return [[box, 'person', 0.9]];
    };
    const told = frameAt(pipeline, 6, ({ frame, tracks }) => {
      expect(frame.format).toBe('BGR24');
      expect(pixelOf(frame)).toEqual([0, 0, 255]);
      expect(tracks.length).toBe(1);
    });
    await pipeline.start();
    await told;
    const frame = pipeline.latestFrame()!;
    expect(pixelOf(frame)).toEqual([0, 0, 255]);
    frame.release();
    expect(unpainted).toBe(fake.looks);
  });

  it('only look, where told so: the frame goes on as it came', async () => {
    const means: number[] = [];
    const measure = beforeCore<Mat & { mean(): { w: number } }>((mat) => void means.push(mat.mean().w), {
      readOnly: true,
      channels: 'GRAY',
    });
    const { pipeline } = run({ before: [measure] });
    const told = frameAt(pipeline, 2, ({ frame }) => expect(frame.format).toBe('I420'));
    await pipeline.start();
    await told;
    expect(means.length).toBeGreaterThanOrEqual(2);
    expect(means[0]).toBeGreaterThan(10);
  });

  it('release both Mats, also when the work fails', async () => {
    const mats: Mat[] = [];
    const failing = beforeCore((mat) => {
      mats.push(mat);
      if (mats.length === 1) throw new Error('no good');
      const other = mat.copy();
      mats.push(other);
      return other;
    });
    const { pipeline, errors } = run({ before: [failing] });
    const told = frameAt(pipeline, 2, () => {});
    await pipeline.start();
    await told;
    await pipeline.stop();
    expect(errors()).toEqual([expect.stringContaining('no good')]);
    expect(mats.length).toBeGreaterThan(3);
    expect(mats.every((mat) => mat.rows === 0)).toBe(true);
  });

  it('background subtraction as the motion gate of a pipeline: looks when something comes, rests in between', async () => {
    const { pipeline } = run({
      changes: new BackgroundChanges('MOG2'),
      motion: { keepalive: 3600 },
      detect: { fps: 5 },
    });
    const moving: boolean[] = [];
    pipeline.on('frame', (report) => moving.push(report.moving));
    await pipeline.start();
    // The scene's 40 s.
    await until(() => moving.length >= 200);
    const share = moving.filter(Boolean).length / moving.length;
    expect(share).toBeGreaterThan(0.1);
    expect(share).toBeLessThan(0.9);
    expect(pipeline.stats.frames.gated).toBeGreaterThan(20);
  });
});
