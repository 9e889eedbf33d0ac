import { assertShape } from '../sdk/base/arguments.ts';
import { messageOf } from '../sdk/base/errors.ts';
import type { CameraControl } from './device/device.ts';
import type { FoundCamera } from './device/found-camera.ts';
import { libcameraDetails } from './libcamera/details.ts';
import { listControls } from './v4l2/controls.ts';
import { type CaptureFormat, listFormats } from './v4l2/formats.ts';
import { type CaptureMode, chooseMode, type WantedMode } from './v4l2/mode.ts';
import { hasV4l2Ctl, installV4l2Ctl } from './v4l2/v4l2-ctl.ts';

/** What a camera can do. */
export interface CameraDetails extends FoundCamera {
  readonly formats: readonly CaptureFormat[];
  readonly controls: readonly CameraControl[];
  /** How it would be opened; absent where the driver decides. */
  readonly mode?: CaptureMode;
  /** Why details are missing. */
  readonly note?: string;
}

/**
 * Queries a camera's formats and controls.
 *
 * @param wanted The options it would be opened with.
 */
export async function cameraDetails(camera: FoundCamera, wanted: WantedMode): Promise<CameraDetails> {
  assertShape('cameraDetails: camera', camera, { kind: 'text', uri: 'text' }, 'a camera from findCameras()');
  if (camera.kind !== 'v4l2') {
    const details = await libcameraDetails(camera.uri).catch((error) => ({ controls: [], note: messageOf(error) }));
    return { ...camera, formats: [], ...details };
  }
  if (!hasV4l2Ctl()) return { ...camera, formats: [], controls: [], note: installV4l2Ctl };
  const path = camera.uri.slice('v4l2:'.length);
  const [formats, controls] = await Promise.all([listFormats(path), listControls(path)]);
  return { ...camera, formats, controls, mode: chooseMode(formats, wanted) };
}
