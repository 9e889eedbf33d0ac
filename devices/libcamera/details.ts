import type { CameraControl } from '../device/device.ts';
import { loadLibcamera } from './addon.ts';
import { NativeLibcameraCamera } from './native.ts';
import { programControls } from './program-controls.ts';

/** What a camera of libcamera lets be set, and where the rest is told. The native source opens it for that. */
export async function libcameraDetails(uri: string): Promise<{ controls: readonly CameraControl[]; note: string }> {
  const { addon } = loadLibcamera();
  if (!addon) {
    return { controls: programControls({}), note: 'rpicam-hello --list-cameras tells its sensor’s modes' };
  }
  const camera = new NativeLibcameraCamera(uri, uri.slice('libcamera:'.length), addon, { width: 640, height: 360 });
  await camera.open();
  try {
    const { format, width, height } = camera.properties;
    return { controls: await camera.controls(), note: `gives ${format} ${width}x${height} where 640x360 is asked for` };
  } finally {
    await camera.close();
  }
}
