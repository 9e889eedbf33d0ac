import { hiddenIn, hiding, maskSource } from '../sdk/base/credentials.ts';
import { InputError } from '../sdk/base/errors.ts';
import { AutoDevice } from './auto.ts';
import type { Device, DeviceOptions } from './device/device.ts';
import { checkOptions } from './device/options.ts';
import { parseDeviceUri } from './device/uri.ts';
import { fileDevice } from './file/file.ts';
import { libcameraDevice } from './libcamera/device.ts';
import { HttpCamera } from './network/http/camera.ts';
import { RtspCamera } from './network/rtsp.ts';
import { OpenCvCapture } from './opencv/capture.ts';
import { RecordedCamera } from './recording/recording.ts';
import { SceneDevice } from './scene/scene.ts';
import { V4l2Camera } from './v4l2/camera.ts';

export type { ColourSpace } from '../sdk/frame/frame.ts';
export { type Board, describeBoard } from './boards/board/board.ts';
export { type Limit, readThrottling, type Throttling } from './boards/board/throttling.ts';
export { BoardMonitor, type BoardReadings, type BoardSenses, type MeasuredPower } from './boards/monitor.ts';
export { type FoundPower, findPower } from './boards/power/find.ts';
export { EnergyMeter, measureWatts } from './boards/power/meter.ts';
export type { Energy, PowerCoverage, PowerSource } from './boards/power/source.ts';
export { type CameraDetails, cameraDetails } from './camera-details.ts';
export type {
  CameraControl,
  ControlValues,
  Device,
  DeviceEvents,
  DeviceHealth,
  DeviceOptions,
  DeviceProperties,
  LibcameraOptions,
} from './device/device.ts';
export { type DecoderTrial, tryDecoders } from './ffmpeg/decoder-trial.ts';
export {
  describeLibcamera,
  discoverCameras,
  type FoundCamera,
  type FoundNetworkCamera,
  type FoundProgram,
  findCameras,
  findPrograms,
  type LibcameraSource,
} from './find.ts';

/** Makes the device of a scheme; `rest` is what follows `scheme:`. */
type DeviceMaker = (uri: string, rest: string, options?: DeviceOptions) => Device;

const makers: Readonly<Record<string, DeviceMaker>> = {
  auto: (_, rest, options) => new AutoDevice(rest, createDevice, options),
  scene: (uri, rest, options) => new SceneDevice(uri, rest, options),
  file: fileDevice,
  libcamera: libcameraDevice,
  v4l2: (uri, rest, options) => new V4l2Camera(uri, rest, options),
  recording: (uri, rest, options) => new RecordedCamera(uri, rest, options),
  opencv: (uri, rest, options) => new OpenCvCapture(uri, rest, options),
  rtsp: (uri, _, options) => new RtspCamera(uri, options),
  rtsps: (uri, _, options) => new RtspCamera(uri, options),
  http: (uri, _, options) => new HttpCamera(uri, options),
  https: (uri, _, options) => new HttpCamera(uri, options),
};

/** The schemes a source may have, without the colon. */
export const deviceSchemes: readonly string[] = Object.keys(makers);

/**
 * The device a URI names, not yet open. What has no scheme but exists on disk is taken as a `file:`.
 *
 * @throws InputError when the scheme is unknown or an option is out of range.
 */
export function createDevice(uri: string, options?: DeviceOptions): Device {
  const { scheme, rest } = parseDeviceUri(uri);
  const make = makers[scheme];
  if (!make) {
    throw new InputError(
      `source ${maskSource(uri)}: there is no device called "${scheme}:"; expected one of ${deviceSchemes.map((name) => `${name}:`).join(', ')}`,
    );
  }
  if (options) checkOptions(options);
  try {
    return make(`${scheme}:${rest}`, rest, options);
  } catch (error) {
    throw hiddenIn(error, hiding(uri));
  }
}

/**
 * Makes and opens the device a URI names: `auto:`, `scene:`, `file:clip.mp4`, `file:pictures/`, `v4l2:/dev/video0`,
 * `rtsp://camera/stream`, `http://camera/mjpeg`, `recording:folder`, `libcamera:`, `opencv:0`. Close it when done.
 *
 * @throws InputError when the URI, the device, the file or the program that reads it cannot be used, with what to do.
 *
 * @example
 * const device = await openDevice('file:clip.mp4', { speed: 'max' });
 * for await (const frame of device.frames()) {
 *   console.log(frame.sequence, frame.wallTimeMs);
 *   frame.release();
 * }
 * await device.close();
 */
export async function openDevice(uri: string, options?: DeviceOptions): Promise<Device> {
  const device = createDevice(uri, options);
  await device.open();
  return device;
}
