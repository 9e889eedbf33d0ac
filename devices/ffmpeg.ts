import type { Command } from './child.ts';
import { defaultMaxPixels, tooLarge } from './options.ts';

/** How one input is read through ffmpeg into a YUV4MPEG2 stream. */
export interface FfmpegInput {
  /** Options for the input, in front of `-i`. */
  readonly input: readonly string[];
  /** What follows `-i`. */
  readonly url: string;
  /** Filters in front of the scaling. */
  readonly filters?: readonly string[];
  /** Size to scale to; one alone keeps the proportions. Default: the source's own. */
  readonly width?: number;
  readonly height?: number;
  /** Of a decoded picture; larger ones are refused before they are. */
  readonly maxPixels?: number;
  /** Options for the output. */
  readonly output?: readonly string[];
}

export const installFfmpeg = 'install it: sudo apt install ffmpeg (version 5.1 or newer)';

/**
 * ffmpeg as it is run here: one video stream, as 8 bit YUV 4:2:0 on standard output.
 *
 * One decoding thread: on a 768 x 432 H.264 clip two threads took 20 % more CPU time for the same frames, and a
 * decoder with a thread a frame holds back that many frames of a camera.
 */
export function ffmpegCommand({
  input,
  url,
  filters = [],
  width,
  height,
  maxPixels = defaultMaxPixels,
  output = [],
}: FfmpegInput): Command {
  const chain = [...filters];
  // -2: in proportion, and even.
  if (width !== undefined || height !== undefined) chain.push(`scale=${width ?? -2}:${height ?? -2}:flags=bilinear`);
  const args = ['-nostdin', '-hide_banner', '-loglevel', 'error', '-threads', '1'];
  // Decoders count whole blocks; the frames themselves are looked at where they come in.
  args.push('-max_pixels', String(Math.ceil(maxPixels * 1.1) + 65_536), ...input, '-i', url);
  args.push('-map', '0:V:0', '-an', '-sn', '-dn');
  if (chain.length > 0) args.push('-vf', chain.join(','));
  args.push(...output, '-pix_fmt', 'yuv420p', '-f', 'yuv4mpegpipe', 'pipe:1');
  return { program: 'ffmpeg', args, install: installFfmpeg };
}

/** What ffmpeg says, or in words for a person where the pictures are too large. */
export function plainWords(said: string, maxPixels: number = defaultMaxPixels): string {
  const [, size] = /Picture size (\d+x\d+) (?:exceeds specified max|is invalid)/.exec(said) ?? [];
  return size === undefined ? said : tooLarge(size, maxPixels);
}

/**
 * Output options of a stream whose times may jump when a clock is set, this machine's or the camera's. Where they jump by more
 * than 30 hours, ffmpeg would go on with times that it makes up, of 25 frames a second, and `atMost` would pass too few.
 */
export const asItComes = ['-fps_mode', 'passthrough', '-dts_error_threshold', '1e10'];

/**
 * A filter that lets at most so many frames a second pass. Unlike ffmpeg's `fps` it never repeats one: after a gap in a
 * camera's timestamps that would be a burst of copies.
 */
export function atMost(fps: number | undefined): string[] {
  if (fps === undefined) return [];
  // Variable 0 is when the next frame is due. A little early is in time, for cameras are not exact; a clock that was
  // set back by more than two frames begins anew.
  const period = (1 / fps).toFixed(6);
  const early = (0.1 / fps).toFixed(6);
  const isDue = `isnan(t)+gte(t+${early},ld(0))+gt(ld(0)-t,2*${period})`;
  return [`select='if(${isDue},0*st(0,clip(ld(0),t-${period},t+${early})+${period})+1,0)'`];
}
