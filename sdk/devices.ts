/**
 * `ocellus/devices`: where frames come from. Cameras by URI and cameras of one's own, what is connected and what it can do, the
 * board that it is connected to, and the recorder of what was shown.
 *
 * @module ocellus/devices
 */
export * from '../devices/index.ts';
export { Recorder, type RecorderOptions } from './pipeline/recorder.ts';
