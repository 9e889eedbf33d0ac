// `npm run bench:decode`: what decoding a frame of a stream, or a photograph, costs, beside one look of the network, in turns: the
// processor's time of ffmpeg with one thread by size, of `readPicture` and of sharp, and of the default model.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import sharp from 'sharp';
import { asset, packageRoot } from '../../../sdk/base/assets.ts';
import { loadModel, type Model } from '../../../sdk/core/model.ts';
import type { Frame } from '../../../sdk/frame/frame.ts';
import { kernels } from '../../../sdk/kernels/kernels.ts';
import { readJpegHeader } from '../../../sdk/picture/jpeg-header.ts';
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

/** What reads a photograph: ours, and sharp as it is used where the kernels have no decoder. */
const readers: readonly { name: string; work: (jpeg: Buffer) => Promise<unknown> }[] = [
  { name: 'readPicture', work: async (jpeg) => (await readPicture(jpeg)).release() },
  {
    name: 'sharp',
    work: (jpeg) => sharp(jpeg, { failOn: 'warning' }).rotate().flatten().toColourspace('srgb').raw().toBuffer(),
  },
];
sharp.cache(false);
sharp.concurrency(1);

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
  const kinds = kindsOf(readPhotos());
  const read = kinds.map(() => readers.map((): number[] => []));
  for (let round = 0; round < rounds; round++) {
    progress.next(`round ${round + 1} of ${rounds}`);
    looked.push(await lookMs(model, frame));
    for (const [i, clip] of clips.entries()) decoded[i]!.push(decodeMs(clip));
    for (const [k, { photos }] of kinds.entries()) {
      for (const [i, { work }] of readers.entries()) read[k]![i]!.push(await cpuMs(photos, work));
    }
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
      ...kinds.flatMap((kind, k) =>
        readers.map(({ name }, i) => [
          `${kind.name}, ${name}`,
          inWords(spread(read[k]![i]!), 1),
          inWords(spread(read[k]![i]!.map((ms, round) => ms / looked[round]!)), 2),
        ]),
      ),
    ]),
  );
  console.log(
    kinds
      .map(({ name, photos }, k) => {
        const kilobytes = photos.reduce((sum, { length }) => sum + length, 0) / photos.length / 1000;
        const ratio = spread(read[k]![1]!.map((ms, round) => ms / read[k]![0]![round]!));
        return `${photos.length} x ${name} (${kilobytes.toFixed(0)} kB): sharp takes ${inWords(ratio, 2)} times what readPicture does.`;
      })
      .join('\n'),
  );
  console.log(
    `Kernels: ${kernels.name}, JPEG by ${kernels.jpeg ? 'libjpeg-turbo' : 'sharp'}. A photograph that moves, with noise as cameras have it, 4 bits for each 100 pixels.`,
  );
}

/** Where the shared photographs are absent, those of the scene. */
function readPhotos(): Buffer[] {
  const shared = join(packageRoot, '..', 'shared', 'data', 'coco', 'calibration');
  const from = existsSync(shared) ? shared : asset('devices', 'scene', 'photos');
  const names = readdirSync(from).filter((name) => name.endsWith('.jpg'));
  return names.map((name) => readFileSync(join(from, name)));
}

/** Those that are sRGB, those whose colours become that, and others. */
function kindsOf(photos: readonly Buffer[]): { name: string; photos: readonly Buffer[] }[] {
  const kindOf = (jpeg: Buffer) => {
    const header = readJpegHeader(jpeg);
    if (!header?.isOrdinary) return 'one that sharp reads';
    return Array.isArray(header.profile) ? 'one of other colours' : 'an ordinary photograph';
  };
  return ['an ordinary photograph', 'one of other colours', 'one that sharp reads']
    .map((name) => ({ name, photos: photos.filter((jpeg) => kindOf(jpeg) === name) }))
    .filter(({ photos }) => photos.length > 0);
}

/** Of one photograph. */
async function cpuMs(photos: readonly Buffer[], work: (jpeg: Buffer) => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  for (const photo of photos) await work(photo);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000 / photos.length;
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
