// `npm run bench:decode`: what decoding a frame of a stream costs, beside one look of the network, in turns: the processor's
// time of ffmpeg with one thread by size, and of the default model.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { asset } from '../../../sdk/base/assets.ts';
import { loadModel, type Model } from '../../../sdk/core/model.ts';
import type { Frame } from '../../../sdk/frame/frame.ts';
import { kernels } from '../../../sdk/kernels/kernels.ts';
import { readPicture } from '../../../sdk/picture/picture.ts';
import { printError, table } from '../../shared/output.ts';
import { inWords, spread } from '../../shared/run.ts';
import { Progress } from '../progress.ts';

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '7' } } });
const rounds = Number(values.rounds);
const sizes = [
  [640, 360],
  [1280, 720],
  [1920, 1080],
] as const;
/** Frames of a clip, and looks of a round. */
const frames = 100;
const looks = 20;

const folder = mkdtempSync(join(tmpdir(), 'ocellus-decode-'));
try {
  await bench();
} catch (error) {
  printError(error);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true });
}

async function bench(): Promise<void> {
  const model = await loadModel(undefined, { threads: 1 });
  const frame = await readPicture(asset('devices', 'scene', 'photos', 'wall.jpg'));
  const clips = sizes.map(([width, height]) => clipOf(width, height));
  const progress = new Progress(rounds);
  const decoded = sizes.map((): number[] => []);
  const looked: number[] = [];
  for (let round = 0; round < rounds; round++) {
    progress.next(`round ${round + 1} of ${rounds}`);
    looked.push(await lookMs(model, frame));
    for (const [i, clip] of clips.entries()) decoded[i]!.push(decodeMs(clip));
  }
  frame.release();
  await model.close();
  console.log('Processor time of one frame, one thread, in turns: median (smallest-largest)');
  console.log(
    table([
      ['', 'MS', 'LOOKS OF THE NETWORK'],
      [`one look, ${model.card.name}`, inWords(spread(looked), 1), '1'],
      ...sizes.map(([width, height], i) => [
        `decoding H.264, ${width}x${height}`,
        inWords(spread(decoded[i]!), 1),
        inWords(spread(decoded[i]!.map((ms, round) => ms / looked[round]!)), 2),
      ]),
    ]),
  );
  console.log(
    `Kernels: ${kernels.name}. A photograph that moves, with noise as cameras have it, 4 bits for each 100 pixels.`,
  );
}

/** A photograph that moves slowly under noise, about as large a stream as cameras send. */
function clipOf(width: number, height: number): string {
  const file = join(folder, `${width}.mp4`);
  const photo = asset('devices', 'scene', 'photos', 'wall.jpg');
  const filter = `scale=${width + 160}:${height + 90},crop=${width}:${height}:x='80+60*sin(n/20)':y=40,noise=alls=6:allf=t,format=yuv420p`;
  const rate = `${Math.round(width * height * 0.04 * 25)}`;
  const input = ['-loop', '1', '-framerate', '25', '-i', photo, '-vf', filter, '-frames:v', String(frames)];
  run([...input, '-c:v', 'libx264', '-preset', 'veryfast', '-b:v', rate, '-maxrate', rate, '-bufsize', rate, file]);
  return file;
}

/** Of a frame. */
function decodeMs(file: string): number {
  const said = run([
    '-benchmark',
    '-threads',
    '1',
    '-i',
    file,
    '-f',
    'rawvideo',
    '-pix_fmt',
    'yuv420p',
    '-y',
    '/dev/null',
  ]);
  const [, user, system] = /utime=([\d.]+)s stime=([\d.]+)s/.exec(said) ?? [];
  if (user === undefined) throw new Error(`ffmpeg: expected its times, got ${said.slice(-200)}`);
  return ((Number(user) + Number(system)) * 1000) / frames;
}

async function lookMs(model: Model, frame: Frame): Promise<number> {
  const before = process.cpuUsage();
  for (let i = 0; i < looks; i++) await model.detect(frame);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000 / looks;
}

function run(args: readonly string[]): string {
  const { status, stderr, error } = spawnSync('ffmpeg', ['-hide_banner', '-nostdin', ...args], { encoding: 'utf8' });
  if (error || status !== 0) throw new Error(`ffmpeg ended with ${status}: ${error?.message ?? stderr.slice(-400)}`);
  return stderr;
}
