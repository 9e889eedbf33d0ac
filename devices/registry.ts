import { assertKind, assertShape, refuse } from '../sdk/base/arguments.ts';
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

/**
 * Makes the device of a source, not yet open.
 *
 * @param uri The source as it was written, its scheme in lower-case letters. It may hold a password.
 * @param rest What follows `scheme:`.
 * @param options What is asked of the device; checked already.
 */
export type DeviceFactory = (uri: string, rest: string, options: DeviceOptions) => Device;

const factories = new Map<string, DeviceFactory>([
  ['auto', (_, rest, options) => new AutoDevice(rest, createDevice, options)],
  ['scene', (uri, rest, options) => new SceneDevice(uri, rest, options)],
  ['file', fileDevice],
  ['libcamera', libcameraDevice],
  ['v4l2', (uri, rest, options) => new V4l2Camera(uri, rest, options)],
  ['recording', (uri, rest, options) => new RecordedCamera(uri, rest, options)],
  ['opencv', (uri, rest, options) => new OpenCvCapture(uri, rest, options)],
  ['rtsp', (uri, _, options) => new RtspCamera(uri, options)],
  ['rtsps', (uri, _, options) => new RtspCamera(uri, options)],
  ['http', (uri, _, options) => new HttpCamera(uri, options)],
  ['https', (uri, _, options) => new HttpCamera(uri, options)],
]);

/** The schemes that come with Ocellus. Their devices keep to the rate they are asked for. */
const builtIn: ReadonlySet<string> = new Set(factories.keys());

/** The schemes a source may have now, without the colon: those of Ocellus, and those that were registered. */
export function deviceSchemes(): readonly string[] {
  return [...factories.keys()];
}

/**
 * Makes sources of a scheme of one's own known: to `openDevice`, to `source` of a `Pipeline`, and of each camera in the
 * settings of a `Node`. For this process, from now on.
 *
 * @param scheme Two or more lower-case letters, digits, `+`, `.` and `-`, a letter first, without the colon.
 * @param factory Makes the device, and opens nothing; called again each time a camera is opened anew. A class that extends
 *   `DeviceBase` has most of what a device needs.
 * @returns A function that takes it back.
 * @throws InputError when the scheme is no such text, or exists already.
 *
 * @example
 * registerDevice('gige', (uri, address, options) => new GigECamera(uri, address, options));
 * const device = await openDevice('gige:192.168.1.40', { fps: 10 });
 */
export function registerDevice(scheme: string, factory: DeviceFactory): () => void {
  if (typeof scheme !== 'string' || !/^[a-z][a-z0-9+.-]+$/.test(scheme)) {
    const expected = 'two or more lower-case letters, digits, "+", "." and "-", a letter first, without the colon';
    refuse('registerDevice: scheme', expected, scheme);
  }
  assertKind('registerDevice: factory', factory, 'function');
  if (factories.has(scheme)) {
    const whose = builtIn.has(scheme) ? 'comes with Ocellus' : 'is registered already';
    throw new InputError(
      `registerDevice: expected a scheme that is free, but "${scheme}:" ${whose}; choose another name`,
    );
  }
  factories.set(scheme, factory);
  return () => {
    if (factories.get(scheme) === factory) factories.delete(scheme);
  };
}

/** @throws InputError naming what is missing, when it is not a device. */
function assertDevice(what: string, device: unknown): asserts device is Device {
  const method = 'function';
  const methods = { open: method, close: method, frames: method, controls: method, setControls: method } as const;
  assertShape(what, device, { uri: 'text', health: 'object', ...methods, on: method, off: method }, 'a Device');
}

/**
 * The device a URI names, not yet open. What has no scheme but exists on disk is taken as a `file:`. A device that is given
 * in place of a URI is that device: the options are not for it.
 *
 * @throws InputError when the scheme is unknown or an option is out of range.
 */
export function createDevice(source: string | Device, options: DeviceOptions = {}): Device {
  if (typeof source === 'object') {
    assertDevice('source', source);
    return source;
  }
  if (typeof source !== 'string') refuse('source', 'a URI such as v4l2:/dev/video0, or a Device', source);
  const { scheme, rest } = parseDeviceUri(source);
  const factory = factories.get(scheme);
  if (!factory) {
    throw new InputError(
      `source ${maskSource(source)}: there is no device called "${scheme}:"; expected one of ${deviceSchemes()
        .map((name) => `${name}:`)
        .join(', ')}, or one that registerDevice made known`,
    );
  }
  checkOptions(options);
  try {
    const device: unknown = factory(`${scheme}:${rest}`, rest, options);
    if (!builtIn.has(scheme)) assertDevice(`what was registered for "${scheme}:"`, device);
    return device as Device;
  } catch (error) {
    throw hiddenIn(error, hiding(source));
  }
}

/** Does the device of this source keep to the rate it is asked for? Those of Ocellus do; of others nobody knows. */
export function keepsRate(source: string | Device): boolean {
  if (typeof source !== 'string') return false;
  const scheme = /^([a-z0-9+.-]+):/i.exec(source.trim())?.[1]?.toLowerCase();
  return scheme === undefined || builtIn.has(scheme) || !factories.has(scheme);
}

/**
 * Makes and opens the device a URI names: `auto:`, `scene:`, `file:clip.mp4`, `file:pictures/`, `v4l2:/dev/video0`,
 * `rtsp://camera/stream`, `http://camera/mjpeg`, `recording:folder`, `libcamera:`, `opencv:0`, or one of a scheme that
 * `registerDevice` made known. Close it when done.
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
export async function openDevice(source: string | Device, options?: DeviceOptions): Promise<Device> {
  const device = createDevice(source, options);
  await device.open();
  return device;
}
