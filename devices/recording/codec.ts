import type { PixelFormat } from '../../sdk/frame/layout.ts';
import { defaultMaxPixels } from '../device/options.ts';
import { installFfmpeg as install } from '../ffmpeg/ffmpeg.ts';
import type { Command } from '../programs/child.ts';
import type { VideoLine } from './index-lines.ts';
import type { RecordingInfo } from './info.ts';

export type Codec = RecordingInfo['codec'];

/** The transform that is the same on every processor: what was recorded on one board is compared on another. */
const exact = ['-flags', '+bitexact', '-idct', 'simple'];
const quiet = ['-nostdin', '-hide_banner', '-loglevel', 'error'];

/** What ffmpeg calls the formats, and in what FFV1 keeps each of them without loss. */
const names: Readonly<Record<PixelFormat, { raw: string; lossless: string }>> = {
  I420: { raw: 'yuv420p', lossless: 'yuv420p' },
  NV12: { raw: 'nv12', lossless: 'yuv420p' },
  BGR24: { raw: 'bgr24', lossless: 'bgr0' },
  RGB24: { raw: 'rgb24', lossless: 'bgr0' },
  GRAY8: { raw: 'gray', lossless: 'gray' },
};

/** ffmpeg's options for an input of bare frames of this format and size. */
export const bareFrames = ({ format, width, height }: Omit<VideoLine, 'video' | 'colour'>): readonly string[] => [
  ...['-f', 'rawvideo', '-pixel_format', names[format].raw],
  ...['-video_size', `${width}x${height}`],
];

/**
 * ffmpeg that makes a Matroska file of the bare frames it gets on its standard input. Both codecs are ffmpeg's own, which
 * each build of it has. The file needs no end to be readable; each second of it is written as soon as it is over.
 *
 * @param fps What the video is played at elsewhere; a replay has the times of the index.
 */
export function encoderCommand(file: string, video: Omit<VideoLine, 'video'>, codec: Codec, fps: number): Command {
  const { lossless } = names[video.format];
  const rate = String(Math.min(Math.max(Math.round(fps), 1), 120));
  const encode =
    codec === 'ffv1'
      ? ['-c:v', 'ffv1', '-level', '3', '-g', '1', '-slicecrc', '1', '-pix_fmt', lossless]
      : ['-c:v', 'mpeg4', '-q:v', '2', '-g', rate, '-pix_fmt', 'yuv420p', ...exact];
  const args = [...quiet, '-n', ...bareFrames(video), '-framerate', rate, '-i', 'pipe:0', '-threads', '1', ...encode];
  args.push('-fps_mode', 'passthrough', '-flush_packets', '1', '-cluster_time_limit', '1000', '-f', 'matroska');
  return { program: 'ffmpeg', args: [...args, `file:${file}`], install };
}

/** ffmpeg that gives the frames back, bare, in the format and size they had. */
export function decoderCommand(
  file: string,
  { format, width, height }: VideoLine,
  maxPixels: number = defaultMaxPixels,
): Command {
  const args = [...quiet, '-threads', '1', '-max_pixels', String(maxPixels), ...exact];
  args.push('-protocol_whitelist', 'file', '-f', 'matroska');
  args.push('-i', `file:${file}`, '-map', '0:V:0', '-an', '-sn', '-dn', '-fps_mode', 'passthrough');
  // Does nothing, unless the file is not the one that was recorded: bare frames of another size would be shifted.
  args.push('-vf', `scale=${width}:${height}:flags=bicubic+accurate_rnd+bitexact`);
  return { program: 'ffmpeg', args: [...args, '-pix_fmt', names[format].raw, '-f', 'rawvideo', 'pipe:1'], install };
}
