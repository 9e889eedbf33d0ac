import type { PixelSource } from '../preprocess/preprocess.ts';

/** A picture that is written: its planes are the caller's. */
export interface YuvPicture extends PixelSource {
  readonly format: 'I420' | 'NV12';
}

/**
 * RGB24 or BGR24 to I420 or NV12 in the colour space of `out`, or I420 and NV12 into one another. Chroma is the mean of its
 * 2x2 pixels; at an odd edge the last pixel counts twice. All implementations give the same bytes, within one level of exact
 * arithmetic.
 *
 * @throws RangeError when the sizes differ or a plane is too small; TypeError for a format that is none of these.
 */
export type YuvConverter = (source: PixelSource, out: YuvPicture) => void;
