import type { FoundCamera } from '../device/found-camera.ts';
import { askProgram } from '../programs/ask-program.ts';
import { findProgram } from '../programs/find-program.ts';
import { type LibcameraAddon, loadLibcamera } from './addon.ts';
import { findNative, isOnUsb } from './find-native.ts';
import { hasNodeLibcamera, runNodeLibcamera } from './node-libcamera.ts';

/** The cameras that libcamera has: as it says itself, else as `rpicam-hello` (before: `libcamera-hello`) lists them. */
export async function findLibcameraCameras(): Promise<FoundCamera[]> {
  const { addon } = loadLibcamera();
  if (addon) return (await listNative(addon)) ?? [];
  const program = ['rpicam-hello', 'libcamera-hello', 'rpicam-vid', 'libcamera-vid'].find(findProgram);
  const list = program ? await askProgram(program, ['--list-cameras']) : await listThroughNodeLibcamera();
  return list ? parseCameraList(list) : [];
}

/** How a `libcamera:` is read here. */
export interface LibcameraSource {
  readonly source: 'native' | 'rpicam-vid' | 'libcamera-vid' | 'none';
  /** libcamera's own, of the native source. */
  readonly version?: string;
  /** Why it is not the native one, and what installs it. */
  readonly why?: string;
}

/**
 * By what cameras of libcamera are read on this board: the native source with libcamera's version, one of the
 * programs `rpicam-vid` and `libcamera-vid`, or `none`; `why` says what the native source lacks.
 */
export function describeLibcamera(): LibcameraSource {
  const { addon, why } = loadLibcamera();
  if (addon) return { source: 'native', version: addon.version };
  const program = (['rpicam-vid', 'libcamera-vid'] as const).find(findProgram);
  return { source: program ?? 'none', why };
}

/** Undefined where libcamera cannot be started. */
async function listNative(addon: LibcameraAddon): Promise<FoundCamera[] | undefined> {
  const cameras = await findNative(addon).catch(() => undefined);
  return cameras
    ?.map(({ id, model }, index) => ({ id, ...found(index, model) }))
    .filter(({ id }) => !isOnUsb(id))
    .map(({ id, ...camera }) => camera);
}

async function listThroughNodeLibcamera(): Promise<string | undefined> {
  if (!hasNodeLibcamera()) return undefined;
  return runNodeLibcamera({ 'list-cameras': true }).catch(() => undefined);
}

/** Cameras on USB are in the list too, but are left to Video4Linux: the camera programs do not know what to do with them. */
export function parseCameraList(text: string): FoundCamera[] {
  const cameras: FoundCamera[] = [];
  for (const line of text.split('\n')) {
    // 0 : imx219 [3280x2464 10-bit RGGB] (/base/soc/i2c0mux/i2c@1/imx219@10)
    const [, index, about, path] = /^(\d+) : (.+) \((\S+)\)$/.exec(line.trim()) ?? [];
    if (about === undefined || isOnUsb(path!)) continue;
    const mode = about.endsWith(']') ? about.lastIndexOf(' [') : -1;
    cameras.push(found(Number(index), mode > 0 ? about.slice(0, mode) : about));
  }
  return cameras;
}

const found = (index: number, sensor: string): FoundCamera => ({
  uri: `libcamera:${index}`,
  title: `Camera ${index}: ${sensor} (libcamera)`,
  kind: 'libcamera',
});
