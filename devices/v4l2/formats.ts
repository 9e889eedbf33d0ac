import { askV4l2Ctl } from './v4l2-ctl.ts';

/** From `min` to `max` in steps; one value where the two are the same. */
export interface Range {
  readonly min: number;
  readonly max: number;
  readonly step: number;
}

/** A size, or a range of them, that a camera has in one format. */
export interface CaptureSize {
  readonly width: Range;
  readonly height: Range;
  /** Frames a second; empty where the driver does not say. */
  readonly rates: readonly Range[];
}

/** A format that a camera offers. */
export interface CaptureFormat {
  /** The kernel's name: `YUYV`, `MJPG`. */
  readonly fourcc: string;
  readonly description: string;
  readonly sizes: readonly CaptureSize[];
}

/** What the camera offers, in its driver's order; empty where `v4l2-ctl` is missing or says nothing. */
export async function listFormats(path: string): Promise<CaptureFormat[]> {
  return parseFormats((await askV4l2Ctl(path, ['--list-formats-ext'])) ?? '');
}

/** Reads what `v4l2-ctl --list-formats-ext` prints. */
export function parseFormats(text: string): CaptureFormat[] {
  const formats: { fourcc: string; description: string; sizes: { width: Range; height: Range; rates: Range[] }[] }[] =
    [];
  for (const line of text.split('\n')) {
    const [, fourcc, description] = /^\s*\[\d+\]: '(.{4})[^']*' \((.*)\)$/.exec(line) ?? [];
    if (fourcc !== undefined) formats.push({ fourcc: fourcc.trim(), description: description!, sizes: [] });
    const size = parseSize(line);
    if (size) formats.at(-1)?.sizes.push({ ...size, rates: [] });
    const rate = parseRate(line);
    if (rate) formats.at(-1)?.sizes.at(-1)?.rates.push(rate);
  }
  return formats;
}

/** `Size: Discrete 640x480`, `Size: Stepwise 32x32 - 2592x1944 with step 2/2`, `Size: Continuous 16x16 - 64x64`. */
function parseSize(line: string): { width: Range; height: Range } | undefined {
  const match = /^\s*Size: \w+ (\d+)x(\d+)(?: - (\d+)x(\d+)(?: with step (\d+)\/(\d+))?)?$/.exec(line);
  if (!match) return undefined;
  const [minWidth, minHeight, maxWidth = minWidth, maxHeight = minHeight, stepWidth = 1, stepHeight = 1] = match
    .slice(1)
    .map((digits) => (digits === undefined ? undefined : Number(digits)));
  return {
    width: { min: minWidth!, max: maxWidth!, step: Math.max(1, stepWidth) },
    height: { min: minHeight!, max: maxHeight!, step: Math.max(1, stepHeight) },
  };
}

/** `Interval: Discrete 0.033s (30.000 fps)`, `Interval: Continuous 0.011s - 1.000s (1.000-90.000 fps)`. */
function parseRate(line: string): Range | undefined {
  const [, min, max = min] = /^\s*Interval: .*\((\d+\.\d+)(?:-(\d+\.\d+))? fps\)$/.exec(line) ?? [];
  return min === undefined ? undefined : { min: Number(min), max: Number(max), step: 0 };
}
