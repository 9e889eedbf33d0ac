import type { PixelFormat } from '../../frame/layout.ts';
import type { Letterbox } from '../../frame/letterbox.ts';
import { type Axis, makeAxis } from './axis.ts';
import { assertAsMany, assertPlace, assertSource, assertTarget } from './check.ts';
import { type YuvCoefficients, yuvCoefficients } from './colour.ts';
import { normalised } from './normalise.ts';
import { PaddedTensors } from './padding.ts';
import type { PixelSource, Preprocessor, PreprocessTarget, Quality } from './preprocess.ts';
import { copyYuv, type RgbTarget, resampleGray, resampleRgb, resampleYuv } from './resample.ts';
import { PlaneRows } from './rows.ts';

/** Tables for one size and format of source in one place of the input. */
interface Plan {
  readonly format: PixelFormat;
  readonly sourceWidth: number;
  readonly sourceHeight: number;
  readonly geometry: Letterbox;
  readonly x: Axis;
  readonly xChroma: Axis;
  /** A YUV picture whose output pixels each are one element of each plane. */
  readonly direct: boolean;
  readonly rows: readonly PlaneRows[];
}

/** As many cameras of different sizes as one core is likely to serve; a table is a few kB. */
const maxPlans = 8;

/** The TypeScript twin of the native kernel: the same integers, for machines without it. */
export class TypeScriptPreprocessor implements Preprocessor {
  readonly #target: PreprocessTarget;
  /** Newest last. */
  readonly #plans: Plan[] = [];
  readonly #rgb: RgbTarget;
  /** A pixel 0..255 of each channel (in tensor order), normalised. */
  readonly #tables: readonly Float32Array[];
  readonly #padded = new PaddedTensors();
  #clamped: { out: Uint8Array; view: Uint8ClampedArray } | undefined;

  /** @throws RangeError or TypeError for a target that is none. */
  constructor(target: PreprocessTarget) {
    assertTarget(target);
    this.#target = target;
    this.#tables =
      target.type === 'float32'
        ? [0, 1, 2].map((channel) => normalised(target.mean[channel]!, target.std[channel]!))
        : [];
    const row = new Uint8ClampedArray(target.type === 'float32' ? target.width * 3 : 0);
    this.#rgb = { data: row, red: 0, green: 0, blue: 0, step: 1 };
  }

  run(source: PixelSource, geometry: Letterbox, out: Uint8Array | Float32Array): void {
    assertSource(source);
    assertPlace(source, this.#target, geometry, out);
    this.#run(source, geometry, out);
  }

  runBatch(source: PixelSource, geometries: readonly Letterbox[], outs: readonly (Uint8Array | Float32Array)[]): void {
    assertAsMany(geometries.length, outs.length);
    assertSource(source);
    for (let i = 0; i < outs.length; i++) assertPlace(source, this.#target, geometries[i]!, outs[i]!);
    for (let i = 0; i < outs.length; i++) this.#run(source, geometries[i]!, outs[i]!);
  }

  #run(source: PixelSource, geometry: Letterbox, out: Uint8Array | Float32Array): void {
    const plan = this.#planOf(source, geometry);
    if (this.#padded.claim(out, geometry)) this.#pad(out);
    const coefficients = yuvCoefficients(source.colour);
    attach(plan, source);
    if (out instanceof Float32Array) this.#writeFloats(plan, coefficients, out);
    else this.#writeBytes(plan, coefficients, out);
    detach(plan);
  }

  #planOf(source: PixelSource, geometry: Letterbox): Plan {
    const plans = this.#plans;
    for (let i = plans.length - 1; i >= 0; i--) {
      const plan = plans[i]!;
      if (
        plan.format === source.format &&
        plan.sourceWidth === source.width &&
        plan.sourceHeight === source.height &&
        sameGeometry(plan.geometry, geometry)
      ) {
        return plan;
      }
    }
    const plan = makePlan(source, geometry, this.#target.quality ?? 'area');
    plans.push(plan);
    if (plans.length > maxPlans) plans.shift();
    return plan;
  }

  #pad(out: Uint8Array | Float32Array): void {
    const { width, height, layout, pad } = this.#target;
    const value = (channel: number) => (out instanceof Float32Array ? this.#tables[channel]![pad]! : pad);
    if (layout === 'NCHW') {
      for (let channel = 0; channel < 3; channel++) {
        out.fill(value(channel), channel * width * height, (channel + 1) * width * height);
      }
    } else {
      for (let i = 0; i < out.length; i += 3) {
        out[i] = value(0);
        out[i + 1] = value(1);
        out[i + 2] = value(2);
      }
    }
  }

  #writeBytes(plan: Plan, coefficients: YuvCoefficients, out: Uint8Array): void {
    if (this.#clamped?.out !== out) {
      this.#clamped = { out, view: new Uint8ClampedArray(out.buffer, out.byteOffset, out.length) };
    }
    const { width, height, layout, channels } = this.#target;
    const { left, top, height: rows } = plan.geometry;
    const planar = layout === 'NCHW';
    const next = planar ? width * height : 1;
    const rgb = this.#rgb;
    rgb.data = this.#clamped.view;
    rgb.step = planar ? 1 : 3;
    for (let row = 0; row < rows; row++) {
      const pixel = (top + row) * width + left;
      const first = planar ? pixel : pixel * 3;
      rgb.green = first + next;
      rgb.red = channels === 'RGB' ? first : first + 2 * next;
      rgb.blue = channels === 'RGB' ? first + 2 * next : first;
      writeRow(plan, row, coefficients, rgb);
    }
  }

  #writeFloats(plan: Plan, coefficients: YuvCoefficients, out: Float32Array): void {
    const { width, height, layout, channels } = this.#target;
    const { left, top, width: columns, height: rows } = plan.geometry;
    const rgb = this.#rgb;
    rgb.red = channels === 'RGB' ? 0 : 2 * width;
    rgb.green = width;
    rgb.blue = channels === 'RGB' ? 2 * width : 0;
    const planar = layout === 'NCHW';
    for (let row = 0; row < rows; row++) {
      writeRow(plan, row, coefficients, rgb);
      const pixel = (top + row) * width + left;
      for (let channel = 0; channel < 3; channel++) {
        const to = planar ? channel * width * height + pixel : pixel * 3 + channel;
        normalise(rgb.data, channel * width, columns, this.#tables[channel]!, out, to, planar ? 1 : 3);
      }
    }
  }
}

function normalise(
  row: Uint8ClampedArray,
  from: number,
  count: number,
  table: Float32Array,
  out: Float32Array,
  to: number,
  step: number,
): void {
  for (let i = 0; i < count; i++) {
    out[to] = table[row[from + i]!]!;
    to += step;
  }
}

function sameGeometry(a: Letterbox, b: Letterbox): boolean {
  return (
    a.left === b.left &&
    a.top === b.top &&
    a.width === b.width &&
    a.height === b.height &&
    a.region.x === b.region.x &&
    a.region.y === b.region.y &&
    a.region.width === b.region.width &&
    a.region.height === b.region.height
  );
}

function makePlan({ format, width, height }: PixelSource, geometry: Letterbox, quality: Quality): Plan {
  const { region } = geometry;
  const channels = format === 'RGB24' || format === 'BGR24' ? 3 : 1;
  const x = makeAxis(geometry.width, region.x, region.width, width, 1, channels, quality);
  const y = makeAxis(geometry.height, region.y, region.height, height, 1, 1, quality);
  const known = { format, sourceWidth: width, sourceHeight: height, geometry, x };
  if (format !== 'I420' && format !== 'NV12') {
    return { ...known, xChroma: x, direct: false, rows: [new PlaneRows(x, y, channels, false)] };
  }
  // A picture that is not resized has each pixel's nearest chroma.
  const sampling = x.direct && y.direct && x.box === 1 && y.box === 1 ? 'nearest' : quality;
  const chromaChannels = format === 'NV12' ? 2 : 1;
  const xChroma = makeAxis(geometry.width, region.x, region.width, (width + 1) >> 1, 2, chromaChannels, sampling);
  const yChroma = makeAxis(geometry.height, region.y, region.height, (height + 1) >> 1, 2, 1, sampling);
  const direct = x.direct && y.direct && xChroma.direct && yChroma.direct;
  const rows = [new PlaneRows(x, y, 1, direct), new PlaneRows(xChroma, yChroma, chromaChannels, direct)];
  if (format === 'I420') rows.push(new PlaneRows(xChroma, yChroma, 1, direct));
  return { ...known, xChroma, direct, rows };
}

function attach({ rows }: Plan, source: PixelSource): void {
  rows.forEach((plane, index) => {
    const { data, stride } = source.planes[index]!;
    plane.attach(data, stride);
  });
}

/** A plan outlives the frame: it must not keep its pixels alive. */
function detach({ rows }: Plan): void {
  for (const plane of rows) plane.detach();
}

function writeRow(plan: Plan, row: number, coefficients: YuvCoefficients, rgb: RgbTarget): void {
  const { format, x, xChroma, direct, rows } = plan;
  for (let i = 0; i < rows.length; i++) {
    if (direct) rows[i]!.pick(row);
    else rows[i]!.blend(row);
  }
  const luma = rows[0]!;
  if (format === 'GRAY8') {
    resampleGray(x, luma, rgb);
    return;
  }
  if (format === 'BGR24' || format === 'RGB24') {
    resampleRgb(x, luma, format === 'BGR24', rgb);
    return;
  }
  const u = rows[1]!;
  const v = rows[2] ?? u;
  const vOffset = v === u ? 1 : 0;
  if (direct) copyYuv(x, xChroma, luma, u, v, vOffset, coefficients, rgb);
  else resampleYuv(x, xChroma, luma, u, v, vOffset, coefficients, rgb);
}
