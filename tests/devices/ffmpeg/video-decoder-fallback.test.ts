import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { DeviceOptions } from '../../../devices/device/device.ts';
import { createDevice, openDevice } from '../../../devices/index.ts';
import { Pipeline } from '../../../sdk/pipeline/pipeline.ts';
import { hasProgram } from '../../support/needs.ts';
import { fakeProgram } from '../../support/programs.ts';
import { clip } from '../clip.ts';
import { showing } from '../fake-ffmpeg.ts';

// A board whose decoder worked when it was tried.
vi.mock('../../../devices/ffmpeg/video-decoder-trial.ts', () => ({
  tryDecoders: async () => [
    { codec: 'hevc', name: 'drm', input: ['-hwaccel', 'drm'], problem: 'no device' },
    { codec: 'h264', name: 'h264_v4l2m2m', input: ['-c:v', 'h264_v4l2m2m'] },
  ],
}));

const usedHardware = (args: readonly string[]) => args.indexOf('h264_v4l2m2m') >= 0;

function logger() {
  const said: string[] = [];
  const note = (level: string) => (text: string) => said.push(`${level} ${text}`);
  return { said, log: { debug: note('debug'), info: note('info'), warn: note('warn'), error: note('error') } };
}

/** Frames for ever, or what a decoder does that is not there. */
const camera = (whenHardware: string, otherwise = 'frames();') => `
${showing}
const frames = () => {
  const write = show(16, 16);
  setInterval(() => write(), 20);
};
const fail = () => { console.error('Could not find a valid device'); process.exitCode = 1; };
if (process.argv.includes('h264_v4l2m2m')) { ${whenHardware} } else { ${otherwise} }
`;
const probe = (codec: string) => fakeProgram('ffprobe', `console.log('${codec}')`);

async function openCamera(options: DeviceOptions = {}) {
  const { said, log } = logger();
  const device = await openDevice('rtsp://127.0.0.1/door', { ...options, logger: log });
  const { health } = device;
  await device.close();
  return { said: said.map((text) => text.replace('rtsp://127.0.0.1/door: ', '')), health };
}

describe('a camera that could be decoded in hardware', () => {
  it('is, in front of its input, and says so', async () => {
    const { runs } = fakeProgram('ffmpeg', camera('frames();'));
    const ffprobe = probe('h264');
    const { said } = await openCamera();
    const [args, ...others] = runs();
    expect(others).toEqual([]);
    expect(args!.slice(args!.indexOf('-c:v'), args!.indexOf('-c:v') + 4)).toEqual([
      '-c:v',
      'h264_v4l2m2m',
      '-f',
      'rtsp',
    ]);
    expect(said).toEqual(['debug decodes with h264_v4l2m2m']);
    expect(ffprobe.runs()[0]!.slice(-2)).toEqual(['-i', 'rtsp://127.0.0.1/door']);
    expect(ffprobe.runs()[0]!.join(' ')).toContain('-protocol_whitelist rtp,srtp,tcp,tls,udp');
  });

  it.each([['hevc'], ['mjpeg'], ['']])('is not where the stream is "%s"', async (codec) => {
    const { runs } = fakeProgram('ffmpeg', camera('frames();'));
    probe(codec);
    const { said } = await openCamera();
    expect(runs().map(usedHardware)).toEqual([false]);
    expect(said).toEqual(['debug decodes in software']);
  });

  it('is not where software is asked for, and nothing is looked into', async () => {
    const { runs } = fakeProgram('ffmpeg', camera('frames();'));
    const ffprobe = probe('h264');
    await openCamera({ hardwareDecoding: false });
    expect(runs().map(usedHardware)).toEqual([false]);
    expect(ffprobe.runs()).toEqual([]);
  });

  it.each([true, false])('the main stream for snapshots as well, where the settings say %s', async (wanted) => {
    const { runs } = fakeProgram('ffmpeg', camera('frames();'));
    probe('h264');
    const snapshots = { source: 'rtsp://127.0.0.1/main' };
    const pipeline = new Pipeline({ source: 'scene:', model: null, hardware_decoding: wanted, snapshots });
    onTestFinished(() => pipeline.stop());
    await pipeline.start();
    await expect.poll(() => runs().map(usedHardware)).toEqual([wanted]);
  });

  it('falls back to software at once when no picture comes, and stays there', async () => {
    const { runs } = fakeProgram('ffmpeg', camera('fail();'));
    probe('h264');
    const { log, said } = logger();
    const device = createDevice('rtsp://127.0.0.1/door', { logger: log });
    await device.open();
    expect(runs().map(usedHardware)).toEqual([true, false]);
    expect(device.health).toMatchObject({ state: 'online', restarts: 0 });
    expect(said.filter((text) => text.startsWith('warn'))).toEqual([
      'warn rtsp://127.0.0.1/door: no picture with h264_v4l2m2m, decodes in software: the stream ended (exit status 1): Could not find a valid device',
    ]);
    await device.close();
    await device.open();
    expect(runs().map(usedHardware)).toEqual([true, false, false]);
    await device.close();
  });

  it('does so when the decoder hangs', async () => {
    const { runs } = fakeProgram('ffmpeg', `setInterval(() => {}, 1000); ${camera('')}`);
    probe('h264');
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const opening = openCamera({ stallTimeoutMs: 1000 });
      while (runs().length < 1) await new Promise(setImmediate);
      await vi.advanceTimersByTimeAsync(6000);
      const { health } = await opening;
      expect(health).toMatchObject({ state: 'online', stalls: 1 });
    } finally {
      vi.useRealTimers();
    }
    expect(runs().map(usedHardware)).toEqual([true, false]);
  });

  it('does not blame the decoder for a camera that is away', async () => {
    const { runs } = fakeProgram('ffmpeg', camera('fail();', 'fail();'));
    probe('h264');
    const device = createDevice('rtsp://127.0.0.1/door');
    for (let i = 0; i < 2; i++) await expect(device.open()).rejects.toThrow('Could not find a valid device');
    expect(runs().map(usedHardware)).toEqual([true, false, true, false]);
  });
});

describe.skipIf(!hasProgram('ffmpeg'))('a video file (needs ffmpeg)', () => {
  it('is decoded in software where the hardware is not there after all, and at max always', async () => {
    const path = clip('clip.mp4', { codec: ['-c:v', 'libx264'] });
    const { log, said } = logger();
    const device = await openDevice(`file:${path}`, { logger: log });
    for await (const frame of device.frames()) {
      expect(frame.width).toBeGreaterThan(0);
      frame.release();
      break;
    }
    await device.close();
    expect(said.join('\n')).toMatch(
      /debug .*decodes with h264_v4l2m2m\nwarn .*no picture with h264_v4l2m2m, decodes in software: .*valid device/,
    );
    const atMax = logger();
    await (await openDevice(`file:${path}`, { speed: 'max', logger: atMax.log })).close();
    expect(atMax.said).toEqual([expect.stringMatching(/^debug .*decodes in software$/)]);
  });
});
