import { assertSize, pixelFormats, planeSizes } from '../../frame/layout.ts';
import type { Letterbox } from '../../frame/letterbox.ts';
import { channelsOf, type PixelSource, type PreprocessTarget } from './preprocess.ts';

/** @throws RangeError for an invalid size, TypeError for an unknown word. */
export function assertTarget({
  width,
  height,
  layout,
  type,
  channels,
  mean,
  std,
  pad,
  quality,
}: PreprocessTarget): void {
  assertSize(width, height);
  assertWord('layout', layout, ['NCHW', 'NHWC']);
  assertWord('type', type, ['uint8', 'float32']);
  assertWord('channels', channels, ['RGB', 'BGR', 'GRAY']);
  if (quality !== undefined) assertWord('quality', quality, ['bilinear', 'area']);
  assertWhole('pad', pad, 0, 255);
  for (const [name, values] of Object.entries({ mean, std })) {
    if (values?.length !== 3) throw new TypeError(`${name}: expected 3 numbers, got ${values?.length ?? 'none'}`);
  }
}

/** That the source's planes hold its picture. @throws RangeError or TypeError that says what was expected and came. */
export function assertSource({ format, width, height, planes }: PixelSource): void {
  assertWord('format', format, pixelFormats);
  assertSize(width, height);
  const sizes = planeSizes(format, width, height);
  for (const [index, { rowBytes, rows }] of sizes.entries()) {
    const plane = planes?.[index];
    if (!(plane?.data instanceof Uint8Array)) throw new TypeError(`plane ${index}: expected a Uint8Array as data`);
    assertWhole(`stride of plane ${index}`, plane.stride, rowBytes, 2 ** 31 - 1);
    const needed = plane.stride * (rows - 1) + rowBytes;
    if (plane.data.length < needed) {
      throw new RangeError(`plane ${index}: expected at least ${needed} bytes, got ${plane.data.length}`);
    }
  }
}

/** That a region of the source lies in the target's input, and `out` holds that. @throws RangeError or TypeError. */
export function assertPlace(
  source: PixelSource,
  target: PreprocessTarget,
  geometry: Letterbox,
  out: Uint8Array | Float32Array,
): void {
  const { width, height, type } = target;
  const { inputWidth, inputHeight, left, top, region } = geometry;
  if (inputWidth !== width || inputHeight !== height) {
    throw new RangeError(`geometry: expected an input of ${width}x${height}, got ${inputWidth}x${inputHeight}`);
  }
  assertWhole('width of the picture in the input', geometry.width, 1, width);
  assertWhole('height of the picture in the input', geometry.height, 1, height);
  assertWhole('left', left, 0, width - geometry.width);
  assertWhole('top', top, 0, height - geometry.height);
  assertWhole('width of the region', region.width, 1, source.width);
  assertWhole('height of the region', region.height, 1, source.height);
  assertWhole('x of the region', region.x, 0, source.width - region.width);
  assertWhole('y of the region', region.y, 0, source.height - region.height);
  const floats = type === 'float32';
  if (!(floats ? out instanceof Float32Array : out instanceof Uint8Array)) {
    throw new TypeError(`out: expected a ${floats ? 'Float32Array' : 'Uint8Array'}`);
  }
  const length = width * height * channelsOf(target);
  if (out.length !== length) throw new RangeError(`out: expected ${length} values, got ${out.length}`);
}

/** @throws RangeError when there are not as many outs as geometries. */
export function assertAsMany(geometries: number, outs: number): void {
  if (geometries !== outs) throw new RangeError(`outs: expected ${geometries} as there are geometries, got ${outs}`);
}

/** As the native kernels do. @throws RangeError. */
function assertWhole(name: string, value: number, low: number, high: number): void {
  if (Number.isInteger(value) && value >= low && value <= high) return;
  throw new RangeError(`${name}: expected a whole number from ${low} to ${high}, got ${value}`);
}

function assertWord(name: string, value: string, words: readonly string[]): void {
  if (!words.includes(value)) throw new TypeError(`${name}: expected one of ${words.join(', ')}, got ${value}`);
}
