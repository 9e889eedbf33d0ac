import { ZoneSettings } from './schema.ts';

/** One frame of the former setting, in seconds, at the default of `detect.fps`. */
const frameSeconds = 0.1;

type Fields = Record<string, unknown>;

/**
 * A camera's settings as written, with each zone's `inertia`, which counted frames, converted to `inertia_seconds`: N
 * frames in a row took N - 1 frame times. Wrong values are left for validation.
 *
 * @param note Called with a message for each zone that has the old field.
 */
export function withInertiaSeconds(camera: unknown, note: (text: string) => void = () => {}): unknown {
  if (!isFields(camera) || !isFields(camera.zones)) return camera;
  const zones = Object.entries(camera.zones).map(([name, zone]) => {
    if (!isFields(zone) || !isFrames(zone.inertia)) return [name, zone];
    const { inertia, ...others } = zone;
    const seconds = others.inertia_seconds ?? Math.round((inertia - 1) * frameSeconds * 10) / 10;
    note(
      `zones.${name}.inertia counts frames (${inertia}); it is read as inertia_seconds: ${seconds}, write that instead`,
    );
    return [name, { ...others, inertia_seconds: seconds }];
  });
  return { ...camera, zones: Object.fromEntries(zones) };
}

/** The same for each camera of whole settings. */
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
