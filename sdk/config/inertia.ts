import { ZoneSettings } from './schema.ts';

/** A frame of old, in seconds: what it was at the default of `detect.fps`. */
const frameSeconds = 0.1;

type Fields = Record<string, unknown>;

/**
 * A camera's settings as they were written, with `inertia_seconds` in each zone in the place of `inertia`, which counted
 * frames: N of them in a row took N - 1 frames' time. What is wrong stays as it is, for the check of its fields.
 *
 * @param note Told in words of each zone that has the old field, and how it is read.
 */
export function withInertiaSeconds(camera: unknown, note: (text: string) => void = () => {}): unknown {
  if (!isFields(camera) || !isFields(camera.zones)) return camera;
  const zones = Object.entries(camera.zones).map(([name, zone]) => {
    if (!isFields(zone) || !isFrames(zone.inertia)) return [name, zone];
    const { inertia, ...others } = zone;
    const seconds = others.inertia_seconds ?? Math.round((inertia - 1) * frameSeconds * 10) / 10;
    note(`zones.${name}.inertia counts frames, ${inertia} here; read as inertia_seconds: ${seconds}, write that`);
    return [name, { ...others, inertia_seconds: seconds }];
  });
  return { ...camera, zones: Object.fromEntries(zones) };
}

/** Settings as they were written, with that done to each camera. */
export function withInertiaOfCameras(input: unknown, note: (text: string) => void = () => {}): unknown {
  if (!isFields(input) || !isFields(input.cameras)) return input;
  const cameras = Object.entries(input.cameras).map(([name, camera]) => [
    name,
    withInertiaSeconds(camera, (text) => note(`cameras.${name}.${text}`)),
  ]);
  return { ...input, cameras: Object.fromEntries(cameras) };
}

const { minimum, maximum } = ZoneSettings.properties.inertia;
const isFrames = (value: unknown): value is number =>
  Number.isInteger(value) && (value as number) >= minimum! && (value as number) <= maximum!;

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
