import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { messageOf } from '../../sdk/base/errors.ts';
import { askProgram, runProgram } from '../programs/ask-program.ts';
import { findProgram } from '../programs/find-program.ts';
import { installFfmpeg } from './ffmpeg.ts';

/** A hardware decoder of ffmpeg, and whether it works on this machine. */
export interface DecoderTrial {
  /** What it decodes, as ffmpeg calls it: `h264`. */
  readonly codec: string;
  /** As ffmpeg calls it: `h264_v4l2m2m`, `drm`. */
  readonly name: string;
  /** ffmpeg's options for it, in front of the input's. */
  readonly input: readonly string[];
  /** Why it does not work here; absent if its pictures were right. */
  readonly problem?: string;
}

/** What cameras and their recordings come in, and what makes a clip of it. MJPEG has no such decoder in ffmpeg. */
const encoders: Readonly<Record<string, readonly string[]>> = {
  h264: ['-c:v', 'libx264', '-preset', 'ultrafast'],
  hevc: ['-c:v', 'libx265', '-preset', 'ultrafast', '-x265-params', 'log-level=error'],
};
const side = { width: 320, height: 240 };
const frames = 8;
const frameBytes = (side.width * side.height * 3) / 2;
/** A driver may keep the last frames at the end of a file. */
const enoughFrames = 5;
/** Mean difference of samples. The same stream has the same pictures with any decoder; a scaler on the way may round. */
const mostDifference = 2;
/** Software does not hang: it is waited for on any machine, however slow and busy. */
const softwareTimeoutMs = 300_000;
/** A broken driver hangs: hardware has this long, or this many times as long as software took. */
const hardware = { timeoutMs: 15_000, timesSoftware: 10 };

/**
 * Tries the hardware decoders that ffmpeg says it has on a small clip made for it, of each codec until one works, and
 * compares their pictures with those of software. Nothing is run if the kernel has no such devices.
 *
 * @param root Where `dev` is; `/` but in tests.
 */
export async function tryDecoders(root = '/'): Promise<DecoderTrial[]> {
  const nodes = await readdir(join(root, 'dev')).catch((): string[] => []);
  // What ffmpeg calls drm decodes through video nodes as well, on a Raspberry Pi.
  if (!nodes.some((name) => /^video\d+$|^dri$/.test(name)) || !findProgram('ffmpeg')) return [];
  const ask = (what: string) => askProgram('ffmpeg', ['-hide_banner', what], { timeoutMs: softwareTimeoutMs });
  const [decoders, accelerations] = await Promise.all([ask('-decoders'), ask('-hwaccels')]);
  const trials: DecoderTrial[] = [];
  for (const codec of Object.keys(encoders)) {
    const ways: DecoderTrial[] = [];
    const wrapper = `${codec}_v4l2m2m`;
    // Where it did not say what it has, the trial shows.
    if (decoders === undefined || new RegExp(`\\b${wrapper}\\b`).test(decoders))
      ways.push({ codec, name: wrapper, input: ['-c:v', wrapper] });
    if (accelerations === undefined || /^drm$/m.test(accelerations))
      ways.push({ codec, name: 'drm', input: ['-hwaccel', 'drm'] });
    if (ways.length > 0) trials.push(...(await tryWays(ways, encoders[codec]!)));
  }
  return trials;
}

async function tryWays(ways: readonly DecoderTrial[], encoder: readonly string[]): Promise<DecoderTrial[]> {
  let folder: string | undefined;
  try {
    folder = await mkdtemp(join(tmpdir(), 'ocellus-decoders-'));
    const clip = join(folder, 'clip.mkv');
    const source = `testsrc2=size=${side.width}x${side.height}:rate=${frames}:duration=1`;
    const encode = ['-f', 'lavfi', '-i', source, ...encoder, '-pix_fmt', 'yuv420p', '-bf', '0', clip];
    const made = await ffmpeg(encode, softwareTimeoutMs);
    const begunMs = performance.now();
    const right = await decode(clip, [], softwareTimeoutMs);
    const timeoutMs = Math.max(hardware.timeoutMs, hardware.timesSoftware * Math.round(performance.now() - begunMs));
    const noClip = made.ok && right.ok ? undefined : `no clip to try it on: ${(made.ok ? right : made).said}`;
    const trials: DecoderTrial[] = [];
    for (const way of ways) {
      const problem = noClip ?? judge(way, await decode(clip, way.input, timeoutMs), right.output);
      trials.push(problem === undefined ? way : { ...way, problem });
      if (problem === undefined) break;
    }
    return trials;
  } catch (error) {
    return ways.map((way) => ({ ...way, problem: messageOf(error) }));
  } finally {
    if (folder !== undefined) await rm(folder, { recursive: true, force: true });
  }
}

/** @returns What is wrong with it. */
function judge({ name }: DecoderTrial, tried: Decoded, right: Buffer): string | undefined {
  if (!tried.ok) return tried.said;
  // ffmpeg silently falls back to software when an acceleration is missing.
  const formats = [...tried.log.matchAll(/Format (\w+) chosen by get_format/g)].map(([, format]) => format);
  if (name === 'drm' && formats.at(-1) !== 'drm_prime') return 'software decoded instead';
  const { output } = tried;
  if (output.length % frameBytes !== 0 || output.length > right.length) return 'its pictures have another size';
  if (output.length < enoughFrames * frameBytes) return 'it gave too few pictures';
  let difference = 0;
  for (let i = 0; i < output.length; i++) difference += Math.abs(output[i]! - right[i]!);
  return difference / output.length > mostDifference ? 'its pictures are wrong' : undefined;
}

interface Decoded {
  readonly ok: boolean;
  readonly output: Buffer;
  readonly log: string;
  /** Its first complaint. */
  readonly said: string;
}

function decode(clip: string, input: readonly string[], timeoutMs: number): Promise<Decoded> {
  // At this level it says which format a decoder gives.
  const level = input.includes('-hwaccel') ? 'debug' : 'error';
  const output = ['-map', '0:v:0', '-pix_fmt', 'yuv420p', '-f', 'rawvideo', 'pipe:1'];
  return ffmpeg(['-threads', '1', ...input, '-i', `file:${clip}`, ...output], timeoutMs, level);
}

async function ffmpeg(args: readonly string[], timeoutMs: number, level = 'error'): Promise<Decoded> {
  const { ok, killed, how, stdout, stderr } = await runProgram(
    {
      program: 'ffmpeg',
      args: ['-nostdin', '-hide_banner', '-loglevel', `level+${level}`, ...args],
      install: installFfmpeg,
    },
    { timeoutMs, bytes: 1 << 24 },
  );
  const [, complaint] = /\[(?:error|fatal)\] (.*)/.exec(stderr) ?? [];
  const said = killed ? `no end after ${timeoutMs / 1000} s` : (complaint ?? (ok ? '' : `ffmpeg: ${how}`));
  return { ok, output: stdout, log: stderr, said: said.slice(0, 200) };
}
