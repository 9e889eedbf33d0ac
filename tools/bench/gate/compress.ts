import { spawn } from 'node:child_process';
import type { Clip } from './scenes.ts';

/** The clip as it comes out of H.264 at this rate, with a keyframe every two seconds. */
export async function compress(clip: Clip, kbits: number): Promise<Clip> {
  const { width, height, fps } = clip;
  const size = ['-s', `${width}x${height}`, '-r', `${fps}`];
  const grey = ['-f', 'rawvideo', '-pix_fmt', 'gray', ...size];
  // One thread, so that the same frames come out each time.
  const rate = ['-b:v', `${kbits}k`, '-maxrate', `${kbits}k`, '-bufsize', `${kbits}k`];
  const encode = [
    '-pix_fmt',
    'yuv420p',
    '-c:v',
    'libx264',
    '-threads',
    '1',
    '-preset',
    'superfast',
    '-tune',
    'zerolatency',
  ];
  const h264 = await ffmpeg(
    [...grey, '-i', '-', ...encode, '-g', `${2 * fps}`, ...rate, '-f', 'h264', '-'],
    clip.bytes,
  );
  const bytes = await ffmpeg(
    ['-f', 'h264', '-r', `${fps}`, '-i', '-', '-f', 'rawvideo', '-pix_fmt', 'gray', '-vsync', 'passthrough', '-'],
    h264,
  );
  if (bytes.length !== clip.bytes.length) {
    throw new Error(`ffmpeg: expected ${clip.bytes.length} bytes of decoded frames, got ${bytes.length}`);
  }
  return { ...clip, bytes };
}

async function ffmpeg(args: readonly string[], input: Uint8Array): Promise<Uint8Array> {
  const child = spawn('ffmpeg', ['-loglevel', 'error', ...args], { stdio: ['pipe', 'pipe', 'inherit'] });
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.stdin.end(input);
  const code = await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
  if (code !== 0) throw new Error(`ffmpeg ${args.join(' ')} ended with ${code}`);
  return Buffer.concat(chunks);
}
