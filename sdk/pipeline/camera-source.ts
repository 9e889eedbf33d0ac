import { isDeepStrictEqual } from 'node:util';
import type { Device, DeviceOptions, VideoSink } from '../../devices/device/device.ts';
import { createDevice, keepsRate } from '../../devices/registry.ts';
import { InputError } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import { CameraSettings } from '../config/schema.ts';
import { validate } from '../config/validate.ts';
import { SourceReader, type SourceReaderOptions } from './source-reader.ts';

/** What a camera is read with, besides its settings. */
export interface ReadOptions
  extends Pick<SourceReaderOptions, 'patient' | 'ready' | 'heard' | 'onFrame' | 'onHealth' | 'onOver'> {
  /** Read as long as the settings name no other source. */
  given: Device | undefined;
  speed: DeviceOptions['speed'];
  /** A rate was set explicitly, not left at its default. */
  asksFps: boolean;
  /** Takes the video as the camera sends it. */
  video?: VideoSink | undefined;
  onUnavailable: (reason: string) => void;
  logger: Logger;
}

/** @param settingsNow Called for the controls each time the source is tried. */
export function cameraSource(settingsNow: () => CameraSettings, options: ReadOptions): SourceReader {
  const settings = settingsNow();
  const { source, width, height, transport, libcamera, detect } = settings;
  const { given, speed, asksFps, video, logger, ...rest } = options;
  const from = source === given?.uri ? given : source;
  return new SourceReader({
    ...rest,
    make: () =>
      createDevice(from, {
        width,
        height,
        maxPixels: pixelsIn(settings.max_megapixels),
        transport,
        pollFps: settings.poll_fps,
        // At full speed every frame counts, unless a rate was set explicitly.
        fps: speed === 'max' && !asksFps ? undefined : detect.fps,
        loop: settings.loop && speed !== 'max',
        speed,
        hardwareDecoding: settings.hardware_decoding,
        // The current ones at each try: they may have been why it could not be opened.
        controls: settingsNow().controls,
        libcamera,
        ...(video && { video }),
        logger,
      }),
    mostFps: speed === 'max' || keepsRate(from) ? undefined : detect.fps,
    logger,
  });
}

/** What cannot be changed on an open device. */
export function opening({ detect, ...settings }: CameraSettings) {
  const { enabled, source, substream, width, height, max_megapixels, transport, poll_fps, ...rest } = settings;
  const { loop, hardware_decoding, libcamera } = rest;
  const { fps } = detect;
  const others = { width, height, max_megapixels, transport, poll_fps, loop, hardware_decoding, libcamera, fps };
  return { enabled, source, substream, isSmall: substream !== '' && detect.far === 'off', ...others };
}

/** @throws InputError when options are set for a device that is made already. */
export function assertDefaultOpening(camera: string, settings: CameraSettings): void {
  const asked = { ...opening(settings), controls: settings.controls };
  const usual = validate(CameraSettings, {}, camera);
  const others = { ...opening(usual), controls: usual.controls };
  for (const [name, value] of Object.entries(asked)) {
    if (['enabled', 'source', 'fps'].includes(name) || isDeepStrictEqual(value, others[name as keyof typeof others]))
      continue;
    throw new InputError(
      `camera ${camera}: ${name}: expected none, for its source is a device: make the device with it`,
    );
  }
}

export const pixelsIn = (megapixels: number | undefined) => megapixels && Math.round(megapixels * 1e6);
