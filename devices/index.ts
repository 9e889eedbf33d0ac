export type { ColourSpace } from '../sdk/frame/frame.ts';
export { type Board, describeBoard } from './boards/board/board.ts';
export { type Limit, readThrottling, type Throttling } from './boards/board/throttling.ts';
export type { AskFirmware, FirmwareQuestion } from './boards/board/vcgencmd.ts';
export { BoardMonitor, type BoardReadings, type BoardSenses, type MeasuredPower } from './boards/monitor.ts';
export { type FoundPower, findPower } from './boards/power/find.ts';
export { EnergyMeter, measureWatts } from './boards/power/meter.ts';
export type { Energy, PowerCoverage, PowerSource } from './boards/power/power-source.ts';
export { type CameraDetails, cameraDetails } from './camera-details.ts';
export { DeviceBase } from './device/base.ts';
export { monotonicNs } from './device/clock.ts';
export type {
  CameraControl,
  ControlValues,
  Device,
  DeviceEvents,
  DeviceHealth,
  DeviceOptions,
  DeviceProperties,
  LibcameraOptions,
  VideoSink,
} from './device/device.ts';
export { FrameOutlet } from './device/outlet.ts';
export { type DecoderTrial, tryDecoders } from './ffmpeg/video-decoder-trial.ts';
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
export { createDevice, type DeviceFactory, deviceSchemes, openDevice, registerDevice } from './registry.ts';
export type { CaptureFormat, CaptureSize, Range } from './v4l2/formats.ts';
export type { CaptureMode, WantedMode } from './v4l2/mode.ts';
