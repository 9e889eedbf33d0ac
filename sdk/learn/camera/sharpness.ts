import type { Frame } from '../../frame/frame.ts';
import type { PixelFormat } from '../../frame/layout.ts';
import type { Region } from '../../frame/letterbox.ts';

/** Samples per side: the same for a face and for a whole van. */
const grid = 64;

/** Where brightness lies in the first plane: itself in YUV and grey, green (most of it) in the others. */
const brightness: Record<PixelFormat, { step: number; offset: number }> = {
  I420: { step: 1, offset: 0 },
  NV12: { step: 1, offset: 0 },
  GRAY8: { step: 1, offset: 0 },
  BGR24: { step: 3, offset: 1 },
  RGB24: { step: 3, offset: 1 },
};

/**
 * How sharp a part of a frame is: the mean absolute Laplacian of its brightness (0 for an even surface, 5 to 20 for most
 * pictures, at most 1020), taken at 64 x 64 places at most. Only worth comparing between views of one thing.
 *
 * Source: the sum-modified Laplacian of Nayar and Nakagawa, "Shape from Focus", 1994, without the modification.
 *
 * @param region In whole pixels, inside the frame.
 */
export function sharpness(frame: Frame, { x, y, width, height }: Region): number {
  const { data, stride } = frame.planes[0]!;
  const { step, offset } = brightness[frame.format];
  const stepX = Math.max(1, Math.floor(width / grid));
  const stepY = Math.max(1, Math.floor(height / grid));
  let sum = 0;
  let count = 0;
  for (let row = y + 1; row < y + height - 1; row += stepY) {
    for (let column = x + 1; column < x + width - 1; column += stepX) {
      const at = row * stride + column * step + offset;
      const around = data[at - step]! + data[at + step]! + data[at - stride]! + data[at + stride]!;
      sum += Math.abs(4 * data[at]! - around);
      count++;
    }
  }
  return count === 0 ? 0 : sum / count;
}
