import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import type { Device } from '../../devices/device.ts';
import type { Frame } from '../../sdk/frame/frame.ts';
import { temporaryFolder } from './fake.ts';

export function ffmpeg(...args: string[]): void {
  execFileSync('ffmpeg', ['-nostdin', '-loglevel', 'error', '-y', ...args]);
}

/** A clip whose every frame is a different grey. @returns Its path. */
export function clip(
  name: string,
  options: { size?: string; rate?: number; frames?: number; codec?: string[] } = {},
): string {
  const { size = '64x48', rate = 25, frames = 20, codec = ['-c:v', 'mpeg4', '-q:v', '2'] } = options;
  const path = join(temporaryFolder(), name);
  const grey = `color=black:s=64x48:r=${rate},format=yuv420p,geq=lum='16+N*8':cb=128:cr=128`;
  const source = `${grey},scale=${size.replace('x', ':')},setsar=1`;
  ffmpeg('-f', 'lavfi', '-i', source, '-frames:v', String(frames), ...codec, path);
  return path;
}

/** Reads a device to its end. @returns How many frames it gave. */
export async function readToEnd(device: Device, see: (frame: Frame) => void = () => {}): Promise<number> {
  let count = 0;
  for await (const frame of device.frames()) {
    see(frame);
    frame.release();
    count++;
  }
  return count;
}
