import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { loadModel, type Model } from '../../../sdk/core/model.ts';
import { Pipeline } from '../../../sdk/pipeline/pipeline.ts';
import { hasProgram, sharedData } from '../../support/needs.ts';
import { freePort } from '../../support/ports.ts';
import { recorder } from '../../support/recorder.ts';
import { hasRtspServer, kill, serve } from '../../support/rtsp-server.ts';

const clip = sharedData('video', 'one-by-one-person-detection.mp4');
const name = 'a camera with two streams (needs ffmpeg, ../shared, and what the RTSP server of the tests needs)';

describe.skipIf(!clip || !hasProgram('ffmpeg') || !hasRtspServer())(name, { timeout: 180_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'ocellus-test-streams-'));
  const [main, sub] = [join(folder, 'main.mp4'), join(folder, 'sub.mp4')];
  let model: Model;
  beforeAll(async () => {
    model = await loadModel();
    // Somebody comes in after a second and a half, in a corner of a large view.
    const large = 'pad=1920:1080:100:560:gray,setsar=1,split[a][b];[b]scale=640:360[c]';
    const coding = ['-c:v', 'libx264', '-preset', 'ultrafast', '-g', '5', '-bf', '0'];
    execFileSync('ffmpeg', [
      ...['-v', 'error', '-ss', '5', '-t', '12', '-i', clip!, '-filter_complex', large],
      ...['-map', '[a]', ...coding, main, '-map', '[c]', ...coding, sub],
    ]);
  });
  afterAll(async () => {
    await model?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it.each([
    ['auto', 'source', 1920],
    ['off', 'substream', 640],
  ] as const)('sees the visit with detect.far: %s in its %s, and says why it reads that', async (far, uses, width) => {
    const port = await freePort();
    const server = await serve(port, main, sub);
    const logger = recorder();
    const address = (file: string) => `rtsp://127.0.0.1:${port}/${file}.mp4`;
    const streams = { source: address('main'), substream: address('sub') };
    const pipeline = new Pipeline({ ...streams, model, detect: { far }, snapshots: { enabled: false }, logger });
    onTestFinished(async () => {
      await pipeline.stop();
      await kill(server);
    });
    const labels: string[] = [];
    pipeline.on('event', ({ after }) => labels.push(after.label));
    await pipeline.start();
    expect(pipeline.device!.properties.width).toBe(width);
    expect(pipeline.stats.stream).toEqual({ uses, why: expect.stringContaining(`detect.far is ${far}: `) });
    expect(logger.lines.join('\n')).toContain(`: detect.far is ${far}: `);
    await expect.poll(() => labels, { timeout: 60_000 }).toContain('person');
  });
});
