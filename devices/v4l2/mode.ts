import type { CaptureFormat, CaptureSize, Range } from './formats.ts';

/** How a camera is opened. */
export interface CaptureMode {
  /** The kernel's name of the format. */
  readonly fourcc: string;
  /** ffmpeg's name of it, for its `-input_format`. */
  readonly inputFormat: string;
  /** What has to be decoded; absent where the frames come raw. */
  readonly codec?: string;
  readonly width: number;
  readonly height: number;
  /** The camera's rate that is nearest above the wanted one; absent where none was wanted or the driver tells none. */
  readonly fps?: number;
}

/** The size, in pixels, and the frames a second that are wanted of a camera. What is left out is chosen. */
export interface WantedMode {
  readonly width?: number;
  readonly height?: number;
  readonly fps?: number;
}

/**
 * The formats that ffmpeg reads, the cheapest first: by the bytes of a frame that come raw, YUV before what has to be
 * turned into it; then what has to be decoded; last what has no colour.
 */
const known: readonly { fourcc: string; inputFormat: string; codec?: string }[] = [
  { fourcc: 'NV12', inputFormat: 'nv12' },
  { fourcc: 'YU12', inputFormat: 'yuv420p' },
  { fourcc: 'YUYV', inputFormat: 'yuyv422' },
  { fourcc: 'UYVY', inputFormat: 'uyvy422' },
  { fourcc: 'RGB3', inputFormat: 'rgb24' },
  { fourcc: 'BGR3', inputFormat: 'bgr24' },
  { fourcc: 'MJPG', inputFormat: 'mjpeg', codec: 'mjpeg' },
  { fourcc: 'JPEG', inputFormat: 'mjpeg', codec: 'mjpeg' },
  { fourcc: 'H264', inputFormat: 'h264', codec: 'h264' },
  { fourcc: 'GREY', inputFormat: 'gray' },
];

/** Where no size is asked for: no larger than this, so that a snapshot shows something; */
const usual = { width: 1280, height: 720 };
/** and no narrower, or the network would see less than it can. */
const leastWidth = 640;
/** Where no rate is asked for, a camera must reach this one. */
const usualFps = 10;
/** Cameras round: 29.97 is as good as 30. */
const nearly = 0.98;

/**
 * The cheapest way to what is wanted.
 *
 * The size comes first: the one that differs in the fewest pixels from what is asked for. Of the formats that have it,
 * the cheapest that reaches the rate, else the fastest. Without a size, the largest up to 1280 x 720 that comes raw at
 * the rate; where none does, that size by the same rule.
 *
 * @returns Undefined when the camera offers nothing that is known here.
 */
export function chooseMode(formats: readonly CaptureFormat[], wanted: WantedMode): CaptureMode | undefined {
  const size = { width: wanted.width, height: wanted.height };
  const sizeIsAsked = size.width !== undefined || size.height !== undefined;
  const offers = offersOf(formats, sizeIsAsked ? size : usual);
  const isFastEnough = ({ maxFps }: Offer) => maxFps >= (wanted.fps ?? usualFps) * nearly;
  if (!sizeIsAsked) {
    const raw = offers.filter(
      (offer) => offer.isRawColour && isFastEnough(offer) && offer.width >= leastWidth && area(offer) <= area(usual),
    );
    const [largest] = raw.sort((a, b) => area(b) - area(a) || a.cost - b.cost);
    if (largest) return modeOf(largest, wanted.fps);
  }
  const least = Math.min(...offers.map(({ distance }) => distance));
  const nearest = offers.filter(({ distance }) => distance === least);
  const [best] = nearest.sort(
    (a, b) =>
      Number(isFastEnough(b)) - Number(isFastEnough(a)) ||
      (isFastEnough(a) ? a.cost - b.cost : b.maxFps - a.maxFps || a.cost - b.cost),
  );
  return best && modeOf(best, wanted.fps);
}

interface Offer {
  readonly format: (typeof known)[number];
  readonly cost: number;
  readonly isRawColour: boolean;
  readonly width: number;
  readonly height: number;
  readonly rates: readonly Range[];
  /** Infinite where the driver tells no rate. */
  readonly maxFps: number;
  /** Pixels that the two sizes do not share when one is laid over the other. */
  readonly distance: number;
}

function offersOf(formats: readonly CaptureFormat[], size: { width?: number; height?: number }): Offer[] {
  return known.flatMap((format, cost) => {
    const sizes = formats
      // What the library makes of another format costs more than it says.
      .filter(({ fourcc, description }) => fourcc === format.fourcc && !/emulated/.test(description))
      .flatMap((one) => one.sizes);
    return sizes.map((one) => {
      const { width, height } = nearestIn(one, size);
      const shared = Math.min(width, size.width ?? width) * Math.min(height, size.height ?? height);
      return {
        format,
        cost,
        isRawColour: format.codec === undefined && format.fourcc !== 'GREY',
        width,
        height,
        rates: one.rates,
        maxFps: Math.max(...(one.rates.length > 0 ? one.rates.map(({ max }) => max) : [Number.POSITIVE_INFINITY])),
        distance: width * height + (size.width ?? width) * (size.height ?? height) - 2 * shared,
      };
    });
  });
}

function modeOf({ format, width, height, rates }: Offer, fps: number | undefined): CaptureMode {
  return { ...format, width, height, ...(fps !== undefined && rates.length > 0 && { fps: rateFor(rates, fps) }) };
}

/** The lowest rate that is enough, else the highest there is. */
function rateFor(rates: readonly Range[], fps: number): number {
  const enough = rates
    .filter(({ max }) => max >= fps * nearly)
    .map(({ min, max }) => Math.min(max, Math.max(min, fps)));
  return enough.length > 0 ? Math.min(...enough) : Math.max(...rates.map(({ max }) => max));
}

function nearestIn({ width, height }: CaptureSize, size: { width?: number; height?: number }) {
  return { width: nearestTo(width, size.width ?? usual.width), height: nearestTo(height, size.height ?? usual.height) };
}

function nearestTo({ min, max, step }: Range, value: number): number {
  const steps = Math.round((Math.min(max, Math.max(min, value)) - min) / step);
  return Math.min(max, min + steps * step);
}

const area = ({ width, height }: { width: number; height: number }) => width * height;
