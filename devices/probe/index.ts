import type { FoundCamera } from './camera.ts';
import { findLibcameraCameras } from './libcamera.ts';
import { findV4l2Cameras } from './v4l2.ts';

export type { FoundCamera } from './camera.ts';
export { describeLibcamera, type LibcameraSource } from './libcamera.ts';
export { discoverCameras, type FoundNetworkCamera } from './onvif.ts';
export { type FoundProgram, findPrograms } from './programs.ts';

/** The cameras of this machine, those on libcamera first. */
export async function findCameras(): Promise<FoundCamera[]> {
  return (await Promise.all([findLibcameraCameras(), findV4l2Cameras()])).flat();
}
