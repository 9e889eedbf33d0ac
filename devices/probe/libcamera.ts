import { askProgram, findProgram } from '../programs.ts';
import type { FoundCamera } from './camera.ts';

/** The cameras that libcamera has, as `rpicam-hello` (before: `libcamera-hello`) lists them. */
export async function findLibcameraCameras(): Promise<FoundCamera[]> {
  const program = ['rpicam-hello', 'libcamera-hello', 'rpicam-vid', 'libcamera-vid'].find(findProgram);
  const list = program && (await askProgram(program, ['--list-cameras']));
  return list ? parseCameraList(list) : [];
}

/** Cameras on USB are in the list too, but are left to Video4Linux: the camera programs do not know what to do with them. */
export function parseCameraList(text: string): FoundCamera[] {
  const cameras: FoundCamera[] = [];
  for (const [, index, sensor, path] of text.matchAll(/^\s*(\d+) : (.+?)(?: \[[^\]]*\])? \((\S+)\)\s*$/gm)) {
    if (/usb/i.test(path!)) continue;
    cameras.push({ uri: `libcamera:${index}`, title: `Camera ${index}: ${sensor} (libcamera)`, kind: 'libcamera' });
  }
  return cameras;
}
