/**
 * How one axis of a plane is sampled: output pixel i lies between two neighbouring elements of the plane. An element
 * is a pixel, or the mean of `box` pixels where the axis shrinks by 2 or more. Elements are counted from the region's
 * first: a region shows only itself, never its surroundings.
 */
export interface Axis {
  readonly box: number;
  /** First pixel of the plane that is read. */
  readonly start: number;
  /** Pixels of the plane that are read, from `start`. */
  readonly size: number;
  /** Elements; the last may hold fewer than `box` pixels. */
  readonly length: number;
  /** Of each output pixel: the offset of the first of its two elements << 12 | weight of the second, 0..2048. */
  readonly taps: Int32Array;
  /** From the first element's offset to the second's; 0 when there is only one. */
  readonly next: number;
  /** Of each output pixel: the offset of the nearer element. */
  readonly nearest: Int32Array;
  /** No output pixel lies between two elements. */
  readonly direct: boolean;
}

export const weightBits = 11;
export const tapBits = 12;
const one = 1 << weightBits;
/** Keeps the sum of a column in 12 bits. Only a shrink of more than 32 times could alias because of it. */
const maxBox = 16;

/**
 * @param outSize Output pixels.
 * @param regionStart First pixel of the region, in frame pixels.
 * @param regionSize Pixels of the region, in frame pixels.
 * @param planeSize Pixels of this plane along the axis.
 * @param subsampling Frame pixels per pixel of this plane: 1, or 2 for chroma.
 * @param step Distance of two elements, the unit of the offsets: the bytes of a pixel, or 1 to count rows.
 */
export function makeAxis(
  outSize: number,
  regionStart: number,
  regionSize: number,
  planeSize: number,
  subsampling: 1 | 2,
  step: number,
): Axis {
  const scale = regionSize / outSize / subsampling;
  const box = Math.min(maxBox, Math.max(1, Math.floor(scale + 1e-9)));
  const start = Math.floor(regionStart / subsampling);
  const size = Math.min(planeSize, Math.ceil((regionStart + regionSize) / subsampling)) - start;
  const length = Math.ceil(size / box);
  const taps = new Int32Array(outSize);
  const nearest = new Int32Array(outSize);
  let direct = true;
  for (let i = 0; i < outSize; i++) {
    const position = (regionStart / subsampling + (i + 0.5) * scale - start) / box - 0.5;
    const clamped = Math.min(length - 1, Math.max(0, position));
    // The last element is reached as the second of a pair, so that the pair is always inside.
    const first = Math.max(0, Math.min(length - 2, Math.floor(clamped)));
    const weight = Math.round((clamped - first) * one);
    if (weight !== 0 && weight !== one) direct = false;
    taps[i] = ((first * step) << tapBits) | weight;
    nearest[i] = (first + (weight >= one / 2 ? 1 : 0)) * step;
  }
  return { box, start, size, length, taps, next: length > 1 ? step : 0, nearest, direct };
}

/** The axis with each output pixel on the nearer of its two elements. */
export function nearestOnly(axis: Axis): Axis {
  const weights = (1 << tapBits) - 1;
  return { ...axis, taps: axis.taps.map((tap) => (tap & ~weights) | ((tap & weights) >= one / 2 ? one : 0)) };
}
