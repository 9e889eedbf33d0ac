// What `ocellus/devices` gives: the devices, and the recorder of what they showed.
export * from '../devices/index.ts';
export { Recorder, type RecorderOptions } from './pipeline/recorder.ts';
