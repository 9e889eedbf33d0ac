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
import { PipeCamera } from './pipe/pipe.ts';
import { RecordedCamera } from './recording/recording.ts';
import { SceneDevice } from './scene/scene.ts';
import { V4l2Camera } from './v4l2/camera.ts';

/**
 * Makes the device of a source, not yet open.
 *
 * @param uri The source as it was written, its scheme in lower-case letters. It may hold a password.
 * @param rest What follows `scheme:`.
 * @param options Options of the device, already validated.
 */
export type DeviceFactory = (uri: string, rest: string, options: DeviceOptions) => Device;

const factories = new Map<string, DeviceFactory>([
  ['auto', (_, rest, options) => new AutoDevice(rest, createDevice, options)],
  ['scene', (uri, rest, options) => new SceneDevice(uri, rest, options)],
  ['file', fileDevice],
  ['libcamera', libcameraDevice],
  ['v4l2', (uri, rest, options) => new V4l2Camera(uri, rest, options)],
  ['pipe', (uri, rest, options) => new PipeCamera(uri, rest, options)],
  ['recording', (uri, rest, options) => new RecordedCamera(uri, rest, options)],
  ['opencv', (uri, rest, options) => new OpenCvCapture(uri, rest, options)],
  ['rtsp', (uri, _, options) => new RtspCamera(uri, options)],
  ['rtsps', (uri, _, options) => new RtspCamera(uri, options)],
  ['http', (uri, _, options) => new HttpCamera(uri, options)],
  ['https', (uri, _, options) => new HttpCamera(uri, options)],
]);

/** The schemes that come with Ocellus. Their devices keep to the rate they are asked for. */
const builtIn: ReadonlySet<string> = new Set(factories.keys());

/** The current schemes of sources, without the colon: the built-in and the registered ones. */
export function deviceSchemes(): readonly string[] {
  return [...factories.keys()];
}

/**
 * Registers your own scheme of sources, for `openDevice`, `source` of a `Pipeline`, and the cameras in the settings of
 * a `Node`, in this process from now on.
 *
 * @param scheme Two or more lower-case letters, digits, `+`, `.` and `-`, a letter first, without the colon.
 * @param factory Makes the device without opening it; called again each time a camera is reopened. A class that extends
 * `DeviceBase` has most of what a device needs. @returns A function that unregisters it. @throws InputError when the
 * scheme is invalid or taken.
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
    throw new InputError(`registerDevice: expected a free scheme, but "${scheme}:" ${whose}; choose another name`);
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
 * Makes the device that a URI names, not yet open. A path that exists on disk counts as a `file:`. A device passed
 * instead of a URI is returned, and the options are ignored.
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
        .join(', ')}, or one registered with registerDevice`,
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

/** Whether the device of this source keeps to the requested rate. Built-in ones do; of others it is unknown. */
export function keepsRate(source: string | Device): boolean {
  if (typeof source !== 'string') return false;
  const scheme = /^([a-z0-9+.-]+):/i.exec(source.trim())?.[1]?.toLowerCase();
  return scheme === undefined || builtIn.has(scheme) || !factories.has(scheme);
}

/**
 * Makes and opens the device a URI names: `auto:`, `scene:`, `file:clip.mp4`, `file:pictures/`, `v4l2:/dev/video0`,
 * `rtsp://camera/stream`, `http://camera/mjpeg`, `pipe:/run/camera`, `recording:folder`, `libcamera:`, `opencv:0`, or one of a scheme
 * registered with `registerDevice`. Close it when done.
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
