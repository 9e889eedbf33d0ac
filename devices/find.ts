import type { FoundCamera } from './device/found-camera.ts';
import { findLibcameraCameras } from './libcamera/find.ts';
import { findV4l2Cameras } from './v4l2/find.ts';

export type { FoundCamera } from './device/found-camera.ts';
export { describeLibcamera, type LibcameraSource } from './libcamera/find.ts';
export { discoverCameras, type FoundNetworkCamera } from './network/find.ts';
export { type FoundProgram, findPrograms } from './programs/wanted-programs.ts';

/** The cameras of this machine, those on libcamera first. */
export async function findCameras(): Promise<FoundCamera[]> {
  return (await Promise.all([findLibcameraCameras(), findV4l2Cameras()])).flat();
}
