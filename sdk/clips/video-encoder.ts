import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fragmented, installFfmpeg, steadyClock } from '../../devices/ffmpeg/ffmpeg.ts';
import { runProgram } from '../../devices/programs/ask-program.ts';
import type { Command } from '../../devices/programs/child.ts';
import { messageOf } from '../base/errors.ts';
import { clipOf } from './clip.ts';
import { FragmentReader } from './fragments.ts';

/** An H.264 encoder of ffmpeg. */
export interface VideoEncoder {
  /** As ffmpeg calls it: `h264_v4l2m2m`. */
  readonly name: string;
  readonly options: readonly string[];
}

/** Frames a second of what is encoded, at most, and rows of its pictures. */
export const encodedFps = 5;
const mostRows = 480;

const inHardware: readonly VideoEncoder[] = [{ name: 'h264_v4l2m2m', options: ['-b:v', '1000000'] }];
/** Fast rather than small. */
const inSoftware: readonly VideoEncoder[] = [
  { name: 'libx264', options: ['-preset', 'ultrafast', '-tune', 'zerolatency', '-crf', '26'] },
];

const quiet = ['-nostdin', '-hide_banner', '-loglevel', 'error'];

/** ffmpeg that encodes an input to a stream for a `VideoSink` on its standard output: a key frame each second. */
export function encodeCommand({ name, options }: VideoEncoder, input: readonly string[]): Command {
  // Encoders want whole blocks; what that squeezes is stretched again when it is shown.
  const scale = `scale=w=-16:h='min(${mostRows},16*ceil(ih/16))':flags=bilinear`;
  const encode = ['-c:v', name, ...options, '-g', String(encodedFps), '-bf', '0', '-threads', '1'];
  const muxer = Object.entries(fragmented).flatMap(([option, value]) => [`-${option}`, value]);
  const args = [...quiet, ...input, '-an', '-vf', `${scale},format=yuv420p`, '-fps_mode', 'passthrough'];
  return {
    program: 'ffmpeg',
    args: [...args, '-enc_time_base', '1/1000', ...encode, ...steadyClock, '-f', 'mp4', ...muxer, 'pipe:1'],
    install: installFfmpeg,
  };
}

const side = { width: 320, height: 240 };
const frameBytes = (side.width * side.height * 3) / 2;
/** Two seconds and a half. */
const frames = 5 * encodedFps;
/** A driver may keep the last frames at the end, and the first second is left out. */
const enoughFrames = 2 * encodedFps;
/** Mean difference of samples: libx264 has 0.2, a picture of the next moment 8. */
const mostDifference = 6;
/** A broken driver hangs. */
const timeoutMs = 60_000;

/** Why each of these does not work here; undefined: it does. */
export type EncoderTrial = VideoEncoder & { readonly problem?: string };

const trying = new Map<boolean, Promise<EncoderTrial[]>>();

/** The encoder that works on this machine; hardware first. Each is tried once in a process. */
export async function chooseEncoder(software: boolean): Promise<VideoEncoder | undefined> {
  const trial = trying.get(software) ?? tryEncoders({ software });
  trying.set(software, trial);
  return (await trial).find(({ problem }) => problem === undefined);
}

/**
 * Tries the encoders on a picture that moves until one works: what it made is cut at a later key frame, as clips are, decoded
 * and compared.
 *
 * @param root Where `dev` is; `/` but in tests.
 */
export async function tryEncoders({
  software,
  root = '/',
}: {
  software: boolean;
  root?: string;
}): Promise<EncoderTrial[]> {
  const nodes = await readdir(join(root, 'dev')).catch((): string[] => []);
  const ways = [...(nodes.some((name) => /^video\d+$/.test(name)) ? inHardware : []), ...(software ? inSoftware : [])];
  const trials: EncoderTrial[] = [];
  for (const way of ways) {
    const problem = await problemOf(way).catch(messageOf);
    trials.push(problem === undefined ? way : { ...way, problem });
    if (problem === undefined) break;
  }
  return trials;
}

/** @returns What is wrong with it. */
async function problemOf(encoder: VideoEncoder): Promise<string | undefined> {
  const moving = `testsrc2=size=${side.width}x${side.height}:rate=${encodedFps}:duration=${frames / encodedFps}`;
  const source = ['-f', 'lavfi', '-i', moving];
  const bare = ['-pix_fmt', 'yuv420p', '-f', 'rawvideo', 'pipe:1'];
  const encoded = await ffmpeg(encodeCommand(encoder, source).args);
  const fragments = new FragmentReader().write(encoded);
  const later = fragments.slice(fragments.findIndex(({ isKey }, i) => isKey && i > 0));
  if (fragments.length < 2 || !later[0]?.isKey) return 'it gave one key frame in five seconds';
  const decoded = await decodedOf(clipOf(later), bare);
  const right = await ffmpeg([...quiet, ...source, ...bare]);
  if (decoded.length % frameBytes !== 0) return 'its pictures have another size';
  if (decoded.length < enoughFrames * frameBytes) return 'it gave too few pictures';
  // The first of the second key frame's.
  const from = encodedFps * frameBytes;
  let difference = 0;
  for (let i = 0; i < frameBytes; i++) difference += Math.abs(decoded[i]! - right[from + i]!);
  return difference / frameBytes > mostDifference ? 'its pictures are wrong' : undefined;
}

async function decodedOf(clip: Buffer, output: readonly string[]): Promise<Buffer> {
  const folder = await mkdtemp(join(tmpdir(), 'ocellus-encoder-'));
  try {
    const file = join(folder, 'clip.mp4');
    await writeFile(file, clip);
    return await ffmpeg([...quiet, '-i', `file:${file}`, ...output]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** @returns Its output. @throws Error with its complaint. */
async function ffmpeg(args: readonly string[]): Promise<Buffer> {
  const run = await runProgram({ program: 'ffmpeg', args, install: installFfmpeg }, { timeoutMs, bytes: 1 << 24 });
  if (run.killed) throw new Error(`no end after ${timeoutMs / 1000} s`);
  if (!run.ok) throw new Error(run.stderr.split('\n')[0]?.slice(0, 200) || `ffmpeg: ${run.how}`);
  return run.stdout;
}
