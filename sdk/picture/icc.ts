import type { ColourTables } from '../kernels/jpeg/jpeg.ts';

/** What is to be done to pixels of a profile so that they are sRGB. */
export type ToSrgb = 'nothing' | ColourTables;

/** Of the header of an ICC profile, before its table of tags. */
const headerBytes = 128;

const columns = ['rXYZ', 'gXYZ', 'bXYZ'] as const;
const curves = ['rTRC', 'gTRC', 'bTRC'] as const;
/** Of the matrix from linear sRGB to XYZ of D50, in 65536ths: those of the profile that sharp converts to. */
const srgbColumns: Matrix = [
  [28576, 14578, 911],
  [25238, 46985, 6362],
  [9376, 3973, 46788],
].map((column) => column.map((value) => value / 65536));
/** Some makers have rounded it. What this changes is less than one level of 256, but for the darkest of pure colours. */
const columnTolerance = 5e-4;
/** Of a curve, in levels of 256: below that, values are rounded to the ones that came. */
const curveTolerance = 0.3;

/** Of `ColourTables`. */
const unit = 16384;
const matrixUnit = 16384;
/** No space of colours that pictures have needs more. */
const largestFactor = 7;

/** Pictures of an album have few profiles. */
const mostKept = 8;
const kept: { readonly profile: Buffer; readonly toSrgb: ToSrgb | undefined }[] = [];

/**
 * How pixels of an ICC profile become sRGB: not at all where it is one of sRGB, of which many makers have written one; by tables where
 * it has a matrix and curves, as those of cameras, displays and Adobe RGB have.
 *
 * @param profile The whole profile; any bytes may be passed.
 * @returns Undefined for other profiles, and for what is none.
 *
 * @example
 * const toSrgb = readProfile(profile);
 * const pixels = toSrgb && (await decodeJpeg(jpeg, 640, 480, undefined, ...(toSrgb === 'nothing' ? [] : toSrgb)));
 */
export function readProfile(profile: Buffer): ToSrgb | undefined {
  const known = kept.find((other) => other.profile.equals(profile));
  if (known) return known.toSrgb;
  const toSrgb = parse(profile);
  kept.unshift({ profile: Buffer.from(profile), toSrgb });
  kept.length = Math.min(kept.length, mostKept);
  return toSrgb;
}

function parse(profile: Buffer): ToSrgb | undefined {
  try {
    const name = (at: number) => profile.toString('latin1', at, at + 4);
    if (name(36) !== 'acsp' || name(16) !== 'RGB ' || name(20) !== 'XYZ ') return undefined;
    const tags = readTags(profile);
    // Tables come before matrix and curves, where a profile has both.
    if (!tags || [...tags.keys()].some((key) => /^[AD]2B/.test(key))) return undefined;
    const matrix = columns.map((key) => readColumn(tags.get(key)));
    const linear = curves.map((key) => readCurve(tags.get(key)));
    if (!areAll(matrix) || !areAll(linear)) return undefined;
    return isSrgb(matrix, linear) ? 'nothing' : tablesOf(matrix, linear);
  } catch (error) {
    // It ends where a number should be.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

const areAll = <T>(values: readonly (T | undefined)[]): values is readonly T[] => !values.includes(undefined);

function readTags(profile: Buffer): Map<string, Buffer> | undefined {
  const count = profile.readUInt32BE(headerBytes);
  const first = headerBytes + 4;
  if (first + 12 * count > profile.length) return undefined;
  const tags = new Map<string, Buffer>();
  for (let at = first; at < first + 12 * count; at += 12) {
    const offset = profile.readUInt32BE(at + 4);
    tags.set(profile.toString('latin1', at, at + 4), profile.subarray(offset, offset + profile.readUInt32BE(at + 8)));
  }
  return tags;
}

const fixed = (data: Buffer, at: number) => data.readInt32BE(at) / 65536;

/** Three columns, or rows, of three. */
type Matrix = readonly (readonly number[])[];

function readColumn(tag: Buffer | undefined): readonly number[] | undefined {
  if (tag?.toString('latin1', 0, 4) !== 'XYZ ') return undefined;
  return [8, 12, 16].map((at) => fixed(tag, at));
}

/** From a value of the file to linear light, both 0..1. */
type Curve = (value: number) => number;

function readCurve(tag: Buffer | undefined): Curve | undefined {
  switch (tag?.toString('latin1', 0, 4)) {
    case 'curv':
      return readTable(tag);
    case 'para':
      return readFormula(tag);
    default:
      return undefined;
  }
}

function readTable(tag: Buffer): Curve {
  const count = tag.readUInt32BE(8);
  if (count === 0) return (value) => value;
  if (count === 1) {
    const power = tag.readUInt16BE(12) / 256;
    return (value) => value ** power;
  }
  return (value) => {
    const place = value * (count - 1);
    const left = Math.min(Math.floor(place), count - 2);
    const [a, b] = [tag.readUInt16BE(12 + 2 * left), tag.readUInt16BE(14 + 2 * left)];
    return (a + (b - a) * (place - left)) / 65535;
  };
}

/** How many numbers a formula of each type has. */
const formulaNumbers = [1, 3, 4, 5, 7] as const;

/** A power, with a line below it or without: types 0 to 4 of `parametricCurveType` in the specification of ICC (v4, 10.18). */
function readFormula(tag: Buffer): Curve | undefined {
  const type = tag.readUInt16BE(8);
  const count = formulaNumbers[type];
  if (count === undefined) return undefined;
  const [g = 1, a = 1, b = 0, c = 0, d = 0, e = 0, f = 0] = Array.from({ length: count }, (_, i) =>
    fixed(tag, 12 + 4 * i),
  );
  if (type === 0) return (value) => value ** g;
  if (type <= 2) return (value) => (value >= -b / a ? (a * value + b) ** g : 0) + c;
  return (value) => (value >= d ? (a * value + b) ** g + e : c * value + f);
}

function isSrgb(matrix: Matrix, linear: readonly Curve[]): boolean {
  const isColumn = (column: readonly number[], i: number) =>
    column.every((value, k) => Math.abs(value - srgbColumns[i]![k]!) <= columnTolerance);
  return matrix.every(isColumn) && linear.every(isSrgbCurve);
}

function isSrgbCurve(curve: Curve): boolean {
  for (let level = 0; level <= 255; level++) {
    if (!(Math.abs(255 * encoded(curve(level / 255)) - level) <= curveTolerance)) return false;
  }
  return true;
}

/** The curve of that profile: a power with a line below it, in 65536ths. */
const [power, factor, offset, slope, end] = [157289, 62119, 3417, 5072, 2651].map((value) => value / 65536) as [
  number,
  number,
  number,
  number,
  number,
];

/** Linear light as sRGB has it, both 0..1. */
const encoded = (linear: number) =>
  linear < (factor * end + offset) ** power ? linear / slope : (linear ** (1 / power) - offset) / factor;

/** The same for all profiles, and 16385 powers. */
let encodedTable: Uint8Array | undefined;

function tablesOf(matrix: Matrix, curves: readonly Curve[]): ColourTables | undefined {
  const rows = inverse(srgbColumns).map((row) => matrix.map((column) => dot(row, column)));
  const linear = curves.flatMap((curve) => Array.from({ length: 256 }, (_, level) => curve(level / 255)));
  if (rows.flat().some((factor) => !(Math.abs(factor) <= largestFactor)) || linear.some(Number.isNaN)) return undefined;
  // Black that is grey in the file is made black by compensating for it, which moves all the colours.
  if (curves.some((curve) => curve(0) > 0.5 / unit)) return undefined;
  encodedTable ??= Uint8Array.from({ length: unit + 1 }, (_, light) => Math.round(255 * encoded(light / unit)));
  return [
    Uint16Array.from(linear, (light) => Math.round(unit * Math.min(Math.max(light, 0), 1))),
    Int32Array.from(rows.flat(), (factor) => Math.round(matrixUnit * factor)),
    encodedTable,
  ];
}

const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, value, i) => sum + value * b[i]!, 0);

const cross = ([a = 0, b = 0, c = 0]: readonly number[], [d = 0, e = 0, f = 0]: readonly number[]) => [
  b * f - c * e,
  c * d - a * f,
  a * e - b * d,
];

/** @param matrix Its columns. @returns Its rows. */
function inverse([a, b, c]: Matrix): Matrix {
  const determinant = dot(a!, cross(b!, c!));
  return [cross(b!, c!), cross(c!, a!), cross(a!, b!)].map((row) => row.map((value) => value / determinant));
}
