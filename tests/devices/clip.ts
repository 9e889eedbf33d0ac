import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Device } from '../../devices/device/device.ts';
import type { Frame } from '../../sdk/frame/frame.ts';
import { temporaryFolder } from '../support/folders.ts';

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

/**
 * The same MP4 turned as a phone says it: by the matrix of its track (ISO/IEC 14496-12, tkhd). Written here, since the
 * way to ask ffmpeg for it is another one in each of its versions.
 *
 * @param degrees Clockwise; a multiple of 90.
 */
export function turned(path: string, degrees: number, to: string): void {
  const bytes = readFileSync(path);
  const [cos, sin] = [Math.round(Math.cos((degrees * Math.PI) / 180)), Math.round(Math.sin((degrees * Math.PI) / 180))];
  const matrix = [cos << 16, sin << 16, 0, -sin << 16, cos << 16, 0, 0, 0, 1 << 30];
  // Of version 0: 4 bytes of type, 4 of version and flags, 20 of times, 8 reserved, 8 of layer and volume.
  const at = bytes.indexOf('tkhd') + 44;
  for (const [i, value] of matrix.entries()) bytes.writeInt32BE(value, at + 4 * i);
  writeFileSync(to, bytes);
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
