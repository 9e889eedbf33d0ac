/**
 * How one axis of a plane is sampled: output pixel i lies between two neighbouring elements of the plane. An element
 * is a pixel, or with 'area' the mean of `box` pixels where the axis shrinks by 2 or more. Elements are counted from the
 * region's first: a region shows only itself, never its surroundings.
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
  /** No output pixel lies between two elements. */
  readonly direct: boolean;
}

export const weightBits = 11;
export const tapBits = 12;
export const one = 1 << weightBits;
/** Keeps the sum of a box in 16 bits. Only a shrink of more than 32 times could alias because of it. */
const maxBox = 16;

/** How an axis is sampled: with boxes, from two pixels, or from the nearer of them. */
export type Sampling = 'area' | 'bilinear' | 'nearest';

/**
 * The native kernels make the same tables (plan.cpp).
 *
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
  sampling: Sampling,
): Axis {
  const scale = regionSize / outSize / subsampling;
  const box = sampling === 'area' ? Math.min(maxBox, Math.max(1, Math.floor(scale + 1e-9))) : 1;
  const start = Math.floor(regionStart / subsampling);
  const size = Math.min(planeSize, Math.ceil((regionStart + regionSize) / subsampling)) - start;
  const length = Math.ceil(size / box);
  const taps = new Int32Array(outSize);
  let direct = true;
  for (let i = 0; i < outSize; i++) {
    const position = (regionStart / subsampling + (i + 0.5) * scale - start) / box - 0.5;
    const clamped = Math.min(length - 1, Math.max(0, position));
    // The last element is reached as the second of a pair, so that the pair is always inside.
    const first = Math.max(0, Math.min(length - 2, Math.floor(clamped)));
    let weight = Math.floor((clamped - first) * one + 0.5);
    if (sampling === 'nearest') weight = weight >= one / 2 ? one : 0;
    if (weight !== 0 && weight !== one) direct = false;
    taps[i] = ((first * step) << tapBits) | weight;
  }
  return { box, start, size, length, taps, next: length > 1 ? step : 0, direct };
}
