import { execFileSync } from 'node:child_process';
import { fragmented } from '../../devices/ffmpeg/ffmpeg.ts';
import { FragmentReader } from '../../sdk/clips/fragments.ts';

export interface Made {
  /** Seconds of it, and from one key frame to the next. */
  seconds: number;
  keyEvery: number;
  codec?: string;
  options?: readonly string[];
}

/** A stream for a `VideoSink` with ten frames a second, as ffmpeg writes it. */
export function makeVideo({ seconds, keyEvery, codec = 'libx264', options = [] }: Made): Buffer {
  const source = ['-f', 'lavfi', '-i', `testsrc2=size=160x128:rate=10:duration=${seconds}`];
  const encode = ['-c:v', codec, '-preset', 'ultrafast', '-g', String(keyEvery * 10), ...options];
  const muxer = Object.entries(fragmented).flatMap(([name, value]) => [`-${name}`, value]);
  const args = ['-v', 'error', ...source, '-pix_fmt', 'yuv420p', ...encode, '-f', 'mp4', ...muxer, 'pipe:1'];
  return execFileSync('ffmpeg', args, { maxBuffer: 1 << 26, stdio: ['ignore', 'pipe', 'ignore'] });
}

/** The stream in pieces: the header, and each fragment. */
export function piecesOf(video: Buffer): Buffer[] {
  const [first, ...others] = new FragmentReader().write(video);
  const header = first!.header.bytes;
  return [header, first!.bytes, ...others.map(({ bytes }) => bytes)];
}

export interface Probed {
  /** Seconds, as the file says. */
  readonly duration: number;
  readonly codec: string;
  readonly tag: string;
  /** That could be decoded. */
  readonly frames: number;
  /** Of the first frame, seconds. */
  readonly first: number;
}

/** What ffprobe finds in a file. @throws Error with its complaints. */
export function probe(file: string): Probed {
  const show = [
    '-count_frames',
    '-show_entries',
    'format=duration:stream=codec_name,codec_tag_string,nb_read_frames,start_time',
  ];
  const said = execFileSync('ffprobe', ['-v', 'error', ...show, '-of', 'json', file], { encoding: 'utf8' });
  const { format, streams } = JSON.parse(said);
  const [{ codec_name: codec, codec_tag_string: tag, nb_read_frames: frames, start_time: first }] = streams;
  return { duration: Number(format.duration), codec, tag, frames: Number(frames), first: Number(first) };
}
