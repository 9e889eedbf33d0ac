/** Of the header of an ICC profile, before its table of tags. */
const headerBytes = 128;

/** Columns of the matrix from linear sRGB to XYZ of D50, as profiles of sRGB have them. */
const srgbColumns: Readonly<Record<string, readonly number[]>> = {
  rXYZ: [0.43607, 0.22249, 0.01392],
  gXYZ: [0.38515, 0.71687, 0.09708],
  bXYZ: [0.14307, 0.06061, 0.7141],
};
/** Some makers have rounded it. What this changes is less than one level of 256, but for the darkest of pure colours. */
const columnTolerance = 5e-4;
/** Of a curve, in levels of 256: below that, values are rounded to the ones that came. */
const curveTolerance = 0.3;

/**
 * Whether an ICC profile is that of sRGB, so that pixels are sRGB as they are: its matrix and its curves are compared, since
 * many makers have written one.
 *
 * @param profile The whole profile; any bytes may be passed.
 */
export function isSrgbProfile(profile: Buffer): boolean {
  try {
    const name = (at: number) => profile.toString('latin1', at, at + 4);
    if (name(36) !== 'acsp' || name(16) !== 'RGB ' || name(20) !== 'XYZ ') return false;
    const tags = readTags(profile);
    // Tables come before matrix and curves, where a profile has both.
    if (!tags || [...tags.keys()].some((key) => /^[AD]2B/.test(key))) return false;
    return (
      Object.entries(srgbColumns).every(([key, column]) => isColumn(tags.get(key), column)) &&
      ['rTRC', 'gTRC', 'bTRC'].every((key) => isSrgbCurve(tags.get(key)))
    );
  } catch (error) {
    // It ends where a number should be.
    if (error instanceof RangeError) return false;
    throw error;
  }
}

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

function isColumn(tag: Buffer | undefined, expected: readonly number[]): boolean {
  if (tag?.toString('latin1', 0, 4) !== 'XYZ ') return false;
  return expected.every((value, i) => Math.abs(fixed(tag, 8 + 4 * i) - value) <= columnTolerance);
}

function isSrgbCurve(tag: Buffer | undefined): boolean {
  const curve = tag && readCurve(tag);
  if (!curve) return false;
  for (let level = 0; level <= 255; level++) {
    if (!(Math.abs(255 * encoded(curve(level / 255)) - level) <= curveTolerance)) return false;
  }
  return true;
}

/** From a value of the file to linear light, both 0..1. */
function readCurve(tag: Buffer): ((value: number) => number) | undefined {
  const type = tag.toString('latin1', 0, 4);
  if (type === 'curv') {
    const count = tag.readUInt32BE(8);
    // 0 and 1 are a line and a power: not of sRGB.
    if (count < 2) return undefined;
    return (value) => {
      const place = value * (count - 1);
      const left = Math.min(Math.floor(place), count - 2);
      const [a, b] = [tag.readUInt16BE(12 + 2 * left), tag.readUInt16BE(14 + 2 * left)];
      return (a + (b - a) * (place - left)) / 65535;
    };
  }
  // A power with a line below it, as sRGB is defined.
  if (type !== 'para' || tag.readUInt16BE(8) !== 3) return undefined;
  const [g, a, b, c, d] = [0, 1, 2, 3, 4].map((i) => fixed(tag, 12 + 4 * i)) as [
    number,
    number,
    number,
    number,
    number,
  ];
  return (value) => (value >= d ? (a * value + b) ** g : c * value);
}

/** Linear light as sRGB has it, both 0..1. */
const encoded = (linear: number) => (linear <= 0.0031308 ? 12.92 * linear : 1.055 * linear ** (1 / 2.4) - 0.055);
