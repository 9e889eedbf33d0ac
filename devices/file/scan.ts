import { InputError } from '../../sdk/base/errors.ts';
import { installFfmpeg, pixelAspect } from '../ffmpeg/ffmpeg.ts';
import { runProgram } from '../programs/ask-program.ts';

/** What the frames of a video are, as the file has it. */
export interface ScannedVideo {
  /** `mov,mp4,m4a,3gp,3g2,mj2`; `image2` or `jpeg_pipe` is a picture. */
  readonly container: string;
  /** How its pictures are to be turned, degrees clockwise. */
  readonly rotation: 0 | 90 | 180 | 270;
  /** Width of a pixel by its height, before it is turned. */
  readonly aspect: number;
  /** Of its key frames, each once: `1280x720`, or `720x576 at 16:15` where pixels are not square. */
  readonly sizes: readonly string[];
  /** When each frame is shown, in order, from 0 on; those without a time are left out. */
  readonly timesMs: readonly number[];
  /** What ffprobe complained of, though it read on to the end: of a file that is cut off, for example. */
  readonly problem: string | undefined;
}

const limits = { timeoutMs: 120_000, bytes: 1 << 28 };
/**
 * Reads through a video with ffprobe: all of its packets, of which only key frames are decoded. A picture can change its size
 * at a key frame alone.
 *
 * @throws InputError when ffprobe is missing, or cannot read it.
 */
export async function scanVideo(path: string): Promise<ScannedVideo> {
  const show =
    'format=format_name:packet=pts_time,flags:frame=width,height,sample_aspect_ratio:stream=codec_name:stream_side_data=rotation';
  const args = ['-v', 'error', '-protocol_whitelist', 'file', '-threads', '1', '-skip_frame', 'nokey'];
  args.push('-select_streams', 'V:0', '-show_entries', show, '-of', 'compact', '-i', `file:${path}`);
  const run = await runProgram({ program: 'ffprobe', args, install: installFfmpeg }, limits);
  const text = run.stdout.toString('latin1');
  const value = (line: string, key: string) => new RegExp(`(?:\\||:)${key}=([^|]*)`).exec(line)?.[1];
  const sizes = new Set<string>();
  const times: number[] = [];
  let [container, rotation, aspect, isVideo] = ['', 0, 1, false];
  for (const line of text.split('\n')) {
    // What a decoder adds to a frame stands in the same line, or in one of its own.
    const turned = Number(value(line, 'rotation') ?? Number.NaN);
    if (line.startsWith('packet|')) {
      const time = Number(value(line, 'pts_time') ?? Number.NaN);
      // An editor's cut: it is decoded, and not shown.
      if (Number.isFinite(time) && !value(line, 'flags')?.includes('D')) times.push(time);
    } else if (line.startsWith('frame|')) {
      const shape = value(line, 'sample_aspect_ratio') ?? '';
      const [across, down] = shape.split(':').map(Number);
      const [width, height] = [Number(value(line, 'width')), Number(value(line, 'height'))];
      const ratio = pixelAspect(across! / down!, width, height);
      sizes.add(`${width}x${height}${ratio !== 1 ? ` at ${shape}` : ''}`);
      if (sizes.size === 1) aspect = ratio;
    } else if (line.startsWith('stream|')) {
      isVideo = true;
    } else if (line.startsWith('format|')) {
      container = value(line, 'format_name') ?? '';
    }
    // ffmpeg counts against the clock.
    if (Number.isFinite(turned)) rotation = (((Math.round(-turned / 90) * 90) % 360) + 360) % 360;
  }
  const problem = run.stderr.trim().split('\n').at(-1) || undefined;
  if (!isVideo || sizes.size === 0) {
    throw new InputError(`no video can be read from ${path}${problem ? `; ffprobe says: ${problem}` : ''}`);
  }
  times.sort((a, b) => a - b);
  const timesMs = times.map((time) => (time - times[0]!) * 1000);
  return { container, rotation: rotation as ScannedVideo['rotation'], aspect, sizes: [...sizes], timesMs, problem };
}
