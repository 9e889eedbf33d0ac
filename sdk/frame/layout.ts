import { refuse } from '../base/arguments.ts';

/** How a frame's pixels are stored. YUV formats are 8 bit, 4:2:0; chroma is (width + 1) / 2 by (height + 1) / 2. */
export type PixelFormat = 'I420' | 'NV12' | 'BGR24' | 'RGB24' | 'GRAY8';

export const pixelFormats: readonly PixelFormat[] = ['I420', 'NV12', 'BGR24', 'RGB24', 'GRAY8'];

/** Where one plane is in a buffer. All in bytes, except `rows`. */
export interface PlaneLayout {
  readonly offset: number;
  readonly stride: number;
  /** Bytes of a row that are pixels; the rest up to `stride` is padding. */
  readonly rowBytes: number;
  readonly rows: number;
}

/** A row's bytes and the number of rows of each plane, without padding. */
export function planeSizes(format: PixelFormat, width: number, height: number): { rowBytes: number; rows: number }[] {
  const chromaWidth = (width + 1) >> 1;
  const chromaHeight = (height + 1) >> 1;
  switch (format) {
    case 'I420':
      return [
        { rowBytes: width, rows: height },
        { rowBytes: chromaWidth, rows: chromaHeight },
        { rowBytes: chromaWidth, rows: chromaHeight },
      ];
    case 'NV12':
      return [
        { rowBytes: width, rows: height },
        { rowBytes: chromaWidth * 2, rows: chromaHeight },
      ];
    case 'BGR24':
    case 'RGB24':
      return [{ rowBytes: width * 3, rows: height }];
    case 'GRAY8':
      return [{ rowBytes: width, rows: height }];
    default:
      return refuse('pixel format', `one of ${pixelFormats.join(', ')}`, format);
  }
}

/**
 * The planes of a picture one after the other in a single buffer.
 *
 * @param strides Bytes from row to row, one per plane; default: no padding. A camera's strides may exceed its width
 * (multiples of 64 on a Pi 4, of 128 on a Pi 5), so pass what the camera reports.
 * @throws RangeError when a stride is smaller than the plane's row, or not an integer.
 */
export function planeLayout(
  format: PixelFormat,
  width: number,
  height: number,
  strides?: readonly number[],
): { planes: PlaneLayout[]; byteLength: number } {
  assertSize(width, height);
  let offset = 0;
  const planes = planeSizes(format, width, height).map(({ rowBytes, rows }, index) => {
    const stride = strides?.[index] ?? rowBytes;
    assertStride(index, stride, rowBytes);
    const plane = { offset, stride, rowBytes, rows };
    offset += stride * rows;
    return plane;
  });
  return { planes, byteLength: offset };
}

/** @throws RangeError when rows `stride` bytes apart would overlap, or not begin at a whole byte. */
export function assertStride(plane: number, stride: number, rowBytes: number): void {
  if (!Number.isInteger(stride) || stride < rowBytes) {
    throw new RangeError(
      `stride of plane ${plane}: expected a whole number of at least ${rowBytes} bytes, got ${stride}`,
    );
  }
}

/** The largest side a frame may have, in pixels. A larger one means a corrupt header. */
export const maxSide = 16384;

export function assertSize(width: number, height: number, what = 'frame'): void {
  for (const [name, value] of [
    ['width', width],
    ['height', height],
  ] as const) {
    if (!Number.isInteger(value) || value < 1 || value > maxSide) {
      throw new RangeError(`${what} ${name}: expected a whole number of pixels from 1 to ${maxSide}, got ${value}`);
    }
  }
}
