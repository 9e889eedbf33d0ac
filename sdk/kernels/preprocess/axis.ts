/** How one axis of a plane is sampled: bilinear between two elements of the (box-averaged) plane, per output pixel. */
export interface Axis {
  /** Pixels of the plane that are averaged into one element first; 1: none. */
  readonly box: number;
  /** First pixel of the plane that is read. */
  readonly start: number;
  /** Pixels of the plane that are read, from `start`. */
  readonly size: number;
  /** Elements after averaging; the last may hold fewer than `box` pixels. */
  readonly length: number;
  /** The two elements of each output pixel. */
  readonly first: Int32Array;
  readonly second: Int32Array;
  /** Weight of the second, 0..2048. */
  readonly weight: Uint16Array;
  /** No output pixel lies between two elements. */
  readonly direct: boolean;
}

export const weightBits = 11;
const one = 1 << weightBits;
/** Keeps a column sum in 12 bits; only a shrink of more than 32 times could alias because of it. */
const maxBox = 16;

/**
 * @param outSize Output pixels.
 * @param regionStart First pixel of the region, in frame pixels.
 * @param regionSize Pixels of the region, in frame pixels.
 * @param planeSize Pixels of this plane along the axis.
 * @param subsampling Frame pixels per pixel of this plane: 1, or 2 for chroma.
 * @param step Bytes from one element to the next, folded into `first` and `second`.
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
  const start = box === 1 ? 0 : Math.floor(regionStart / subsampling);
  const end = box === 1 ? planeSize : Math.min(planeSize, Math.ceil((regionStart + regionSize) / subsampling));
  const size = end - start;
  const length = Math.ceil(size / box);
  // Elements outside the region belong to the picture's surroundings: a region shows only itself.
  const low = Math.floor((Math.floor(regionStart / subsampling) - start) / box);
  const high = Math.min(length, Math.ceil((Math.ceil((regionStart + regionSize) / subsampling) - start) / box)) - 1;
  const first = new Int32Array(outSize);
  const second = new Int32Array(outSize);
  const weight = new Uint16Array(outSize);
  let direct = true;
  for (let i = 0; i < outSize; i++) {
    const position = (regionStart / subsampling + (i + 0.5) * scale - start) / box - 0.5;
    let index = Math.floor(position);
    let fraction = Math.round((position - index) * one);
    if (fraction === one) {
      index++;
      fraction = 0;
    }
    if (index < low) {
      index = low;
      fraction = 0;
    } else if (index >= high) {
      index = high;
      fraction = 0;
    }
    if (fraction !== 0) direct = false;
    first[i] = index * step;
    second[i] = Math.min(index + 1, high) * step;
    weight[i] = fraction;
  }
  return { box, start, size, length, first, second, weight, direct };
}
