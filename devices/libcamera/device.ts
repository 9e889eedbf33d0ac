import type { Device, DeviceOptions } from '../device/device.ts';
import { loadLibcamera } from './addon.ts';
import { NativeLibcameraCamera } from './native.ts';
import { ProgramLibcameraCamera } from './program.ts';

/**
 * A libcamera camera: through the native source if it is built and can be loaded, else through a program.
 *
 * @throws InputError when OCELLUS_LIBCAMERA asks for something that is missing.
 */
export function libcameraDevice(uri: string, rest: string, options?: DeviceOptions): Device {
  // libcamera reads one tuning file for all the cameras of a process, and before it knows them.
  const isTuned = options?.libcamera?.tuning !== undefined;
  const { addon } = isTuned ? {} : loadLibcamera();
  return addon ? new NativeLibcameraCamera(uri, rest, addon, options) : new ProgramLibcameraCamera(uri, rest, options);
}
