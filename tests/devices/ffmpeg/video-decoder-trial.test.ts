import { execFileSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { tryDecoders } from '../../../devices/ffmpeg/video-decoder-trial.ts';
import { findProgram } from '../../../devices/programs/find-program.ts';
import { temporaryFolder, tree } from '../../support/folders.ts';
import { hasProgram } from '../../support/needs.ts';
import { fakeProgram, onlyPrograms } from '../../support/programs.ts';

const encoders = hasProgram('ffmpeg') ? String(execFileSync('ffmpeg', ['-hide_banner', '-encoders'])) : '';
const makesClips = encoders.includes('libx264') && encoders.includes('libx265');

/**
 * ffmpeg on a board whose video hardware decodes H.264, as software plays it: `decode` stands in the place of the
 * hardware's name, `-vf` and all.
 */
function board(decode: string, otherwise = '') {
  const real = findProgram('ffmpeg');
  return fakeProgram(
    'ffmpeg',
    `
const args = process.argv.slice(2);
const at = args.indexOf('h264_v4l2m2m');
if (args.includes('-hwaccel')) { ${otherwise} }
if (at >= 0) { ${decode} }
const { status } = require('node:child_process').spawnSync(${JSON.stringify(real)}, args, { stdio: 'inherit' });
process.exit(status);
`,
  );
}
const inSoftware = `args[at] = 'h264';`;
const spoilt = (filter: string) => `${inSoftware} args.splice(args.indexOf('-map'), 0, '-vf', '${filter}');`;
const problems = async (root: string) =>
  Object.fromEntries((await tryDecoders(root)).map(({ codec, name, problem }) => [`${codec} ${name}`, problem]));
const withVideo = () => tree({ 'dev/video10': '' });

describe.skipIf(!makesClips)('tryDecoders (needs ffmpeg with libx264 and libx265)', () => {
  it('runs nothing where the kernel has no such device, and needs no ffmpeg', async () => {
    const { runs } = board('');
    expect(await tryDecoders(tree({ 'dev/null': '' }))).toEqual([]);
    expect(await tryDecoders(tree({}))).toEqual([]);
    expect(runs()).toEqual([]);
    onlyPrograms();
    expect(await tryDecoders(withVideo())).toEqual([]);
  });

  it('takes the decoder that gives the right pictures, and says why the other is of no use', async () => {
    board(inSoftware);
    const trials = await tryDecoders(withVideo());
    expect(trials).toEqual([
      { codec: 'h264', name: 'h264_v4l2m2m', input: ['-c:v', 'h264_v4l2m2m'] },
      {
        codec: 'hevc',
        name: 'hevc_v4l2m2m',
        input: ['-c:v', 'hevc_v4l2m2m'],
        problem: expect.stringMatching(/valid device/),
      },
      {
        codec: 'hevc',
        name: 'drm',
        input: ['-hwaccel', 'drm'],
        problem: expect.stringMatching(/^Device creation failed/),
      },
    ]);
  });

  it.each([
    ['other pictures', spoilt('negate'), /^its pictures are wrong$/],
    ['a little more light', spoilt('eq=brightness=0.05'), /^its pictures are wrong$/],
    ['another size', spoilt('crop=320:230'), /^its pictures have another size$/],
    ['twice the size', spoilt('scale=320:480'), /^its pictures have another size$/],
    ['half of them', spoilt('select=lt(n\\\\,4)'), /^it gave too few pictures$/],
    ['nothing', 'process.exit(0);', /^it gave too few pictures$/],
    ['an error', `console.error('[h264 @ 0x55] [error] no memory'); process.exit(1);`, /^no memory$/],
    ['a crash', 'process.abort();', /^ffmpeg: killed by SIGABRT$/],
  ])('refuses one that gives %s', async (_, decode, problem) => {
    board(decode);
    expect((await problems(withVideo()))['h264 h264_v4l2m2m']).toMatch(problem);
  });

  it('takes one that keeps the last pictures to itself', async () => {
    board(spoilt('select=lt(n\\\\,7)'));
    expect((await problems(withVideo()))['h264 h264_v4l2m2m']).toBeUndefined();
  });

  it('sees that the processor decodes where ffmpeg passes over an acceleration in silence', async () => {
    const drm = tree({ 'dev/dri/renderD128': '' });
    const withoutIt = `args.splice(args.indexOf('-hwaccel'), 2);`;
    board('', withoutIt);
    const passedOver = 'software decoded instead';
    expect(await problems(drm)).toMatchObject({ 'h264 drm': passedOver, 'hevc drm': passedOver });
    // What ffmpeg says of a decoder that does use it.
    board('', `${withoutIt} console.error('[h264 @ 0x5] Format drm_prime chosen by get_format().');`);
    // And then falls back, as the real one says behind it.
    expect(await problems(drm)).toMatchObject({ 'h264 drm': passedOver, 'hevc drm': passedOver });
    board(
      '',
      `${withoutIt} args[args.indexOf('level+debug')] = 'level+error'; console.error('Format drm_prime chosen by get_format().');`,
    );
    expect(await problems(drm)).toMatchObject({ 'h264 drm': undefined, 'hevc drm': undefined });
  });

  it('waits for software, and for hardware ten times as long', async () => {
    const folder = temporaryFolder();
    const [software, go, hardware] = ['software', 'go', 'hardware'].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    fakeProgram(
      'ffmpeg',
      `
const args = process.argv.slice(2);
const [software, go, hardware] = ${JSON.stringify([software, go, hardware])};
const wait = (ms) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
if (args.includes('h264_v4l2m2m')) { fs.writeFileSync(hardware, ''); wait(); }
if (args.includes('pipe:1')) fs.writeFileSync(software, '');
while (args.includes('pipe:1') && !fs.existsSync(go)) wait(20);
const { status } = require('node:child_process').spawnSync(${JSON.stringify(findProgram('ffmpeg'))}, args, { stdio: 'inherit' });
process.exit(status);
`,
    );
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    onTestFinished(() => void vi.useRealTimers());
    let isOver = false;
    const trying = problems(withVideo()).finally(() => {
      isOver = true;
    });
    const exists = async (file: string) => {
      while (!existsSync(file)) await new Promise(setImmediate);
    };
    await exists(software);
    await vi.advanceTimersByTimeAsync(60_000);
    writeFileSync(go, '');
    await exists(hardware);
    while (!isOver) {
      await vi.advanceTimersByTimeAsync(1000);
      await new Promise(setImmediate);
    }
    expect((await trying)['h264 h264_v4l2m2m']).toBe('no end after 600 s');
  });

  it('says so where nothing can be written', async () => {
    board(inSoftware);
    const root = withVideo();
    vi.stubEnv('TMPDIR', join(temporaryFolder(), 'absent'));
    onTestFinished(() => {
      vi.unstubAllEnvs();
    });
    expect((await problems(root))['h264 h264_v4l2m2m']).toMatch(/ENOENT/);
  });

  it('says so where no clip can be made', async () => {
    fakeProgram(
      'ffmpeg',
      `if (process.argv.includes('-decoders')) console.log(' V..... h264_v4l2m2m  (codec h264)');
else { console.error("[fatal] Unknown encoder 'libx264'"); process.exit(1); }`,
    );
    expect(await problems(withVideo())).toEqual({
      'h264 h264_v4l2m2m': "no clip to try it on: Unknown encoder 'libx264'",
    });
  });
});
