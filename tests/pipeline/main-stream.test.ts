import sharp from 'sharp';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Pipeline, type PipelineOptions } from '../../sdk/pipeline/pipeline.ts';
import { MjpegServer } from '../devices/mjpeg-server.ts';
import { hasProgram } from '../support/needs.ts';
import { recorder } from '../support/recorder.ts';
import { boxAt } from '../vision/fakes.ts';
import { FakeModel } from './fakes.ts';

/** A camera whose substream is the scene, 960x540, started. */
async function started(options: PipelineOptions): Promise<{ pipeline: Pipeline; fake: FakeModel; lines: string[] }> {
  const fake = new FakeModel();
  const logger = recorder();
  const motion = { enabled: false };
  const pipeline = new Pipeline({ source: 'scene:', model: fake.model, motion, logger, ...options });
  onTestFinished(() => pipeline.stop());
  await pipeline.start();
  return { pipeline, fake, lines: logger.lines };
}

async function served(options: Parameters<typeof MjpegServer.start>[0]): Promise<MjpegServer> {
  const server = await MjpegServer.start(options);
  onTestFinished(() => server.kill());
  return server;
}

const widthOf = async (jpeg: Buffer) => (await sharp(jpeg).metadata()).width;
const width = (pipeline: Pipeline) => expect.poll(async () => widthOf(await pipeline.snapshot()));

describe.skipIf(!hasProgram('ffmpeg'))('Pipeline: snapshots of the main stream (need ffmpeg)', () => {
  const main = { width: 1920, height: 1080, grey: 255 };

  it('shows the main stream, the box in its place, and the substream while that fails', async () => {
    const server = await served(main);
    const { pipeline, fake, lines } = await started({ snapshots: { source: server.url(), height: 1080 } });
    await width(pipeline).toBe(1920);
    const jpegs: Buffer[] = [];
    pipeline.on('snapshot', ({ jpeg }) => jpegs.push(jpeg));
    fake.see = () => [[boxAt(480, 270, 200, 100)]];
    await expect.poll(() => jpegs.length).toBeGreaterThan(0);
    const { data, info } = await sharp(jpegs[0]).raw().toBuffer({ resolveWithObject: true });
    expect([info.width, info.height]).toEqual([1920, 1080]);
    // The left side of the box, a line on white, is where it was in the small picture, twice as far.
    const at = (x: number, y: number) => [...data.subarray((y * info.width + x) * 3, (y * info.width + x) * 3 + 3)];
    expect(Math.min(...at(760, 540))).toBeLessThan(150);
    expect(Math.min(...at(700, 540))).toBeGreaterThan(240);

    // As long as the buffers of the device last several times: none is kept for ever.
    const read = pipeline.stats.frames.in;
    await expect.poll(() => pipeline.stats.frames.in).toBeGreaterThan(read + 60);
    await width(pipeline).toBe(1920);

    const { inferred } = pipeline.stats.frames;
    await server.kill();
    await width(pipeline).toBe(960);
    expect(pipeline.status).toBe('online');
    expect(pipeline.stats.device).toMatchObject({ restarts: 0, stalls: 0 });
    await expect.poll(() => pipeline.stats.frames.inferred).toBeGreaterThan(inferred);
    await expect.poll(() => lines.join('\n')).toMatch(/snapshots: .*no more frames/);

    await server.listen();
    await width(pipeline).toBe(1920);
  });

  it('goes on where the main stream never comes, and says why once, without its password', async () => {
    const source = 'http://me:hunter2@127.0.0.1:9/main';
    const { pipeline, fake, lines } = await started({ snapshots: { source } });
    const jpegs: Buffer[] = [];
    pipeline.on('snapshot', ({ jpeg }) => jpegs.push(jpeg));
    fake.see = () => [[boxAt(480, 270, 200, 100)]];
    await expect.poll(() => jpegs.length).toBeGreaterThan(0);
    await expect.poll(() => lines.join('\n')).toMatch(/snapshots: .*does not answer/);
    expect(lines.join('\n')).not.toContain('hunter2');
  });

  it('is begun, replaced and ended while the camera runs, which is not opened again', async () => {
    const server = await served(main);
    const other = await served({ width: 640, height: 360 });
    const { pipeline } = await started({});
    const { device } = pipeline;
    await width(pipeline).toBe(960);
    await pipeline.change({ snapshots: { source: server.url() } });
    await width(pipeline).toBe(1920);
    await pipeline.change({ snapshots: { source: other.url() } });
    await width(pipeline).toBe(640);
    await pipeline.change({ snapshots: { enabled: false } });
    await width(pipeline).toBe(960);
    await pipeline.change({ snapshots: { enabled: true } });
    await width(pipeline).toBe(640);
    await pipeline.change({ snapshots: { source: '' } });
    await width(pipeline).toBe(960);
    expect(pipeline.device).toBe(device);
    await pipeline.change({ snapshots: { source: server.url() } });
    await width(pipeline).toBe(1920);
    await pipeline.change({ enabled: false });
    await expect.poll(() => server.clients).toBe(0);
  });

  it('shows nothing that the stages of a program were not shown', async () => {
    const stage = { process: <T>(value: T) => value };
    for (const stages of [{ before: [stage] }, { after: [stage] }]) {
      expect(() => new Pipeline({ snapshots: { source: 'scene:' }, ...stages })).toThrow(
        /snapshots\.source: expected none, since stages make the pictures/,
      );
    }
    const { pipeline } = await started({ after: [stage] });
    await expect(pipeline.change({ snapshots: { source: 'scene:' } })).rejects.toThrow(
      /snapshots\.source: expected none/,
    );
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is what the settings call a reference.
    const secret = pipeline.change({ snapshots: { source: 'rtsp://me:${PASSWORD}@door/1' } });
    await expect(secret).rejects.toThrow(/^snapshots\.source: a reference to a secret/);
  });
});
