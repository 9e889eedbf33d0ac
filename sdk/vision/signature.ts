import type { Frame } from '../frame/frame.ts';
import type { Box } from './geometry.ts';

/** The appearance of an object, as numbers to compare. See `signatureOf` and `alike`. */
export type Signature = Float32Array;

/** The sample points of a box, across and down, in its middle, where the object is rather than the background. */
const across = 8;
const down = 16;
const middle = { left: 0.2, top: 0.08, width: 0.6, height: 0.84 };
/** Upper and lower half, a histogram each of brightness and of both colours. */
const halves = 2;
const channels = 3;
const bins = 8;
const length = halves * channels * bins;
/** Most colours are near grey: their histograms span this much to either side of it, of 128. */
const colourSpan = 48;

/**
 * Computes the signature of a box: histograms of brightness and both colour differences, of its upper and its lower
 * half, from 128 points. Each histogram holds square roots and has length 1, so that the dot product of two is their
 * Bhattacharyya coefficient.
 *
 * @param box Frame pixels; parts outside the frame count as its edge.
 */
export function signatureOf(frame: Frame, box: Box): Signature {
  const read = reader(frame);
  const { width, height } = frame;
  const sums = new Float32Array(length);
  const w = box[2] - box[0];
  const h = box[3] - box[1];
  const pixel = new Float64Array(channels);
  for (let row = 0; row < down; row++) {
    const y = Math.floor(box[1] + h * (middle.top + (middle.height * (row + 0.5)) / down));
    const half = (row * halves) / down < 1 ? 0 : 1;
    for (let column = 0; column < across; column++) {
      const x = Math.floor(box[0] + w * (middle.left + (middle.width * (column + 0.5)) / across));
      read(Math.min(width - 1, Math.max(0, x)), Math.min(height - 1, Math.max(0, y)), pixel);
      for (let channel = 0; channel < channels; channel++) {
        const value = pixel[channel]!;
        const share = channel === 0 ? value / 256 : (value - 128) / (2 * colourSpan) + 0.5;
        // Split between two bins, so that a little more light makes a little difference.
        const place = Math.min(bins - 1, Math.max(0, share * bins - 0.5));
        const bin = Math.floor(place);
        const rest = place - bin;
        const at = (half * channels + channel) * bins + bin;
        sums[at]! += 1 - rest;
        if (rest > 0) sums[at + 1]! += rest;
      }
    }
  }
  const each = (across * down) / halves;
  for (let i = 0; i < length; i++) sums[i] = Math.sqrt(sums[i]! / each);
  return sums;
}

/**
 * The similarity of two objects, 0..1: the mean overlap of their histograms. The same person two inferences later has
 * about 0.95.
 */
export function alike(a: Signature, b: Signature): number {
  let sum = 0;
  for (let i = 0; i < length; i++) sum += a[i]! * b[i]!;
  return sum / (halves * channels);
}

/** A running average, which follows an object as the light changes. @param share Weight of the newer one, 0..1. */
export function blended(older: Signature, newer: Signature, share: number): Signature {
  const result = new Float32Array(length);
  for (let start = 0; start < length; start += bins) {
    let squares = 0;
    for (let i = start; i < start + bins; i++) {
      result[i] = older[i]! * (1 - share) + newer[i]! * share;
      squares += result[i]! ** 2;
    }
    const size = Math.sqrt(squares) || 1;
    for (let i = start; i < start + bins; i++) result[i]! /= size;
  }
  return result;
}

/** Reads brightness and both colour differences of a pixel, 0..256, into `target`. */
function reader(frame: Frame): (x: number, y: number, target: Float64Array) => void {
  const { format, planes } = frame;
  const { data, stride } = planes[0]!;
  if (format === 'GRAY8') {
    return (x, y, target) => {
      target[0] = data[y * stride + x]!;
      target[1] = 128;
      target[2] = 128;
    };
  }
  if (format === 'I420') {
    const [, u, v] = planes;
    return (x, y, target) => {
      target[0] = data[y * stride + x]!;
      target[1] = u!.data[(y >> 1) * u!.stride + (x >> 1)]!;
      target[2] = v!.data[(y >> 1) * v!.stride + (x >> 1)]!;
    };
  }
  if (format === 'NV12') {
    const uv = planes[1]!;
    return (x, y, target) => {
      const at = (y >> 1) * uv.stride + (x & ~1);
      target[0] = data[y * stride + x]!;
      target[1] = uv.data[at]!;
      target[2] = uv.data[at + 1]!;
    };
  }
  const red = format === 'RGB24' ? 0 : 2;
  return (x, y, target) => {
    const at = y * stride + x * 3;
    const r = data[at + red]!;
    const g = data[at + 1]!;
    const b = data[at + 2 - red]!;
    const luma = 0.299 * r + 0.587 * g + 0.114 * b;
    target[0] = luma;
    target[1] = 128 + 0.564 * (b - luma);
    target[2] = 128 + 0.713 * (r - luma);
  };
}
