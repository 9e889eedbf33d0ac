import { assertSource } from '../preprocess/check.ts';
import type { PixelSource } from '../preprocess/preprocess.ts';
import { rgbWeights } from './colour.ts';
import type { YuvConverter, YuvPicture } from './convert.ts';

/** The TypeScript twin: the same bytes as the native kernels. */
export const toYuv: YuvConverter = (source, out) => {
  assertSource(source);
  assertSource(out);
  const { format, width, height } = source;
  if (format === 'GRAY8') throw new TypeError('source: expected RGB24, BGR24, I420 or NV12, got GRAY8');
  if (out.format !== 'I420' && out.format !== 'NV12')
    throw new TypeError(`out: expected I420 or NV12, got ${out.format}`);
  if (out.width !== width || out.height !== height) {
    throw new RangeError(`out: expected ${width}x${height} as the source has, got ${out.width}x${out.height}`);
  }
  if (format === 'RGB24' || format === 'BGR24') fromRgb(source, out);
  else repack(source, out);
};

/** Where a picture's U and V are: the index of column x is `x * step` in the row of the plane. */
function chromaOf({ format, planes }: PixelSource) {
  const first = planes[1]!;
  const second = planes[2] ?? first;
  const step = format === 'NV12' ? 2 : 1;
  return { u: first, v: second, step, vOffset: format === 'NV12' ? 1 : 0 };
}

function repack(source: PixelSource, out: YuvPicture): void {
  const { width, height } = source;
  const [from, to] = [source.planes[0]!, out.planes[0]!];
  for (let row = 0; row < height; row++) {
    to.data.set(from.data.subarray(row * from.stride, row * from.stride + width), row * to.stride);
  }
  const a = chromaOf(source);
  const b = chromaOf(out);
  const columns = (width + 1) >> 1;
  for (let row = 0; row < (height + 1) >> 1; row++) {
    for (let x = 0; x < columns; x++) {
      b.u.data[row * b.u.stride + x * b.step] = a.u.data[row * a.u.stride + x * a.step]!;
      b.v.data[row * b.v.stride + x * b.step + b.vOffset] = a.v.data[row * a.v.stride + x * a.step + a.vOffset]!;
    }
  }
}

function fromRgb({ format, width, height, planes }: PixelSource, out: YuvPicture): void {
  const { y, u, v, black } = rgbWeights(out.colour);
  const { data, stride } = planes[0]!;
  const luma = out.planes[0]!;
  const chroma = chromaOf(out);
  const red = format === 'BGR24' ? 2 : 0;
  const blue = 2 - red;
  const yOffset = (black << 15) + (1 << 14);
  const cOffset = (128 << 17) + (1 << 16);
  for (let row = 0; row < height; row++) {
    const from = row * stride;
    const to = row * luma.stride;
    for (let x = 0; x < width; x++) {
      const at = from + 3 * x;
      luma.data[to + x] = (y[0] * data[at + red]! + y[1] * data[at + 1]! + y[2] * data[at + blue]! + yOffset) >> 15;
    }
  }
  for (let row = 0; row < height; row += 2) {
    const top = row * stride;
    const bottom = Math.min(row + 1, height - 1) * stride;
    const uTo = (row >> 1) * chroma.u.stride;
    const vTo = (row >> 1) * chroma.v.stride + chroma.vOffset;
    for (let x = 0; x < width; x += 2) {
      const left = 3 * x;
      const right = 3 * Math.min(x + 1, width - 1);
      const sum = (channel: number) =>
        data[top + left + channel]! +
        data[top + right + channel]! +
        data[bottom + left + channel]! +
        data[bottom + right + channel]!;
      const r = sum(red);
      const g = sum(1);
      const b = sum(blue);
      const at = (x >> 1) * chroma.step;
      // Full-range chroma reaches 255.5, which rounds to what does not fit.
      chroma.u.data[uTo + at] = Math.min(255, (u[0] * r + u[1] * g + u[2] * b + cOffset) >> 17);
      chroma.v.data[vTo + at] = Math.min(255, (v[0] * r + v[1] * g + v[2] * b + cOffset) >> 17);
    }
  }
}
