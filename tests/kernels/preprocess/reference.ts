import type { Letterbox } from '../../../sdk/frame/letterbox.ts';
import type { PixelSource, PreprocessTarget, Quality } from '../../../sdk/kernels/preprocess/preprocess.ts';

/**
 * The preprocessing as its definition reads, in floating point and one output value at a time: what the kernel is held
 * to. It shares no code with the kernel.
 */
export function referenceInput(source: PixelSource, geometry: Letterbox, target: PreprocessTarget): Float64Array {
  const { width, height, layout, channels, mean, std, type, pad, quality = 'area' } = target;
  const out = new Float64Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const column = x - geometry.left;
      const row = y - geometry.top;
      const inside = column >= 0 && column < geometry.width && row >= 0 && row < geometry.height;
      const rgb = inside ? pixel(source, geometry, quality, column, row) : [pad, pad, pad];
      for (let c = 0; c < 3; c++) {
        const value = channels === 'RGB' ? rgb[c]! : rgb[2 - c]!;
        const at = layout === 'NCHW' ? (c * height + y) * width + x : (y * width + x) * 3 + c;
        out[at] = type === 'uint8' ? value : (value - mean[c]!) / std[c]!;
      }
    }
  }
  return out;
}

const clamp = (value: number) => Math.min(255, Math.max(0, value));

/** Red, green and blue, 0..255, not rounded. */
function pixel(source: PixelSource, geometry: Letterbox, quality: Quality, column: number, row: number): number[] {
  const { format, colour } = source;
  const at = (plane: number, channels: number, channel: number, subsampling: number, nearest = false) =>
    sample(source, geometry, { plane, channels, channel, subsampling, nearest, quality }, column, row);
  if (format === 'GRAY8') return new Array(3).fill(at(0, 1, 0, 1));
  if (format === 'RGB24') return [0, 1, 2].map((c) => at(0, 3, c, 1));
  if (format === 'BGR24') return [2, 1, 0].map((c) => at(0, 3, c, 1));
  // Where each output pixel is one pixel of luma, chroma is not blended either.
  const whole = isWhole(source, geometry, quality);
  const luma = at(0, 1, 0, 1);
  const u = (format === 'I420' ? at(1, 1, 0, 2, whole) : at(1, 2, 0, 2, whole)) - 128;
  const v = (format === 'I420' ? at(2, 1, 0, 2, whole) : at(1, 2, 1, 2, whole)) - 128;
  const [kr, kb] = colour.matrix === 'bt601' ? [0.299, 0.114] : [0.2126, 0.0722];
  const kg = 1 - kr - kb;
  const y = colour.range === 'limited' ? ((luma - 16) * 255) / 219 : luma;
  const chroma = colour.range === 'limited' ? 255 / 224 : 1;
  const red = y + 2 * (1 - kr) * v * chroma;
  const blue = y + 2 * (1 - kb) * u * chroma;
  const green = (y - kr * red - kb * blue) / kg;
  return [clamp(red), clamp(green), clamp(blue)];
}

/** Is each output pixel one pixel of luma? */
function isWhole(source: PixelSource, { region, width, height }: Letterbox, quality: Quality): boolean {
  const luma = { subsampling: 1, nearest: false, quality };
  const whole = (outputs: number, start: number, size: number, planeSize: number) =>
    Array.from({ length: outputs }, (_, i) => axis(i, outputs, start, size, planeSize, luma)[1]!).every(
      ([pixels, weight]) => pixels.length === 1 && (weight < 1e-4 || weight > 1 - 1e-4),
    );
  return whole(width, region.x, region.width, source.width) && whole(height, region.y, region.height, source.height);
}

interface Channel {
  readonly plane: number;
  readonly channels: number;
  readonly channel: number;
  readonly subsampling: number;
  readonly nearest: boolean;
  readonly quality: Quality;
}

function sample(source: PixelSource, { region, width, height }: Letterbox, of: Channel, column: number, row: number) {
  const planeWidth = Math.ceil(source.width / of.subsampling);
  const planeHeight = Math.ceil(source.height / of.subsampling);
  const x = axis(column, width, region.x, region.width, planeWidth, of);
  const y = axis(row, height, region.y, region.height, planeHeight, of);
  const { data, stride } = source.planes[of.plane]!;
  let value = 0;
  for (const [xs, xWeight] of x) {
    for (const [ys, yWeight] of y) {
      let sum = 0;
      for (const sy of ys) for (const sx of xs) sum += data[sy * stride + sx * of.channels + of.channel]!;
      value += (sum / (xs.length * ys.length)) * xWeight * yWeight;
    }
  }
  return value;
}

/** The two elements (lists of pixels that are averaged) an output pixel lies between, with their weights. */
function axis(
  output: number,
  outputs: number,
  start: number,
  size: number,
  planeSize: number,
  { subsampling, nearest, quality }: Pick<Channel, 'subsampling' | 'nearest' | 'quality'>,
): [number[], number][] {
  const first = Math.floor(start / subsampling);
  const end = Math.min(planeSize, Math.ceil((start + size) / subsampling));
  const scale = size / outputs / subsampling;
  const box = quality === 'area' ? Math.min(16, Math.max(1, Math.floor(scale + 1e-9))) : 1;
  const elements: number[][] = [];
  for (let at = first; at < end; at += box) {
    elements.push(Array.from({ length: Math.min(box, end - at) }, (_, i) => at + i));
  }
  const centre = (start + ((output + 0.5) * size) / outputs) / subsampling - first;
  const position = Math.min(elements.length - 1, Math.max(0, centre / box - 0.5));
  const left = Math.floor(position);
  const weight = nearest ? Math.round(position - left) : position - left;
  return [
    [elements[left]!, 1 - weight],
    [elements[Math.min(left + 1, elements.length - 1)]!, weight],
  ];
}
