/** What profiles of sRGB have: columns of the matrix, and the curve. */
const srgb = {
  rXYZ: [0.43607, 0.22249, 0.01392],
  gXYZ: [0.38515, 0.71687, 0.09708],
  bXYZ: [0.14307, 0.06061, 0.7141],
};

/** From a value to linear light, both 0..1. */
export const srgbCurve = (value: number) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);

export interface ProfileParts {
  /** Of the matrix: red, green, blue. */
  columns?: Readonly<Record<string, readonly number[]>>;
  /** The type and content of `rTRC`, `gTRC` and `bTRC`. */
  curve?: Buffer;
  /** Name and content of one more tag. */
  extra?: [string, Buffer];
  space?: string;
  connection?: string;
}

/** A table of values, as a tag of the type `curv`. */
export function tableCurve(values: readonly number[]): Buffer {
  const tag = Buffer.alloc(12 + 2 * values.length);
  tag.write('curv', 'latin1');
  tag.writeUInt32BE(values.length, 8);
  for (const [i, value] of values.entries()) tag.writeUInt16BE(Math.round(value * 65535), 12 + 2 * i);
  return tag;
}

/** Parameters of a curve, as a tag of the type `para`. */
export function parametricCurve(kind: number, parameters: readonly number[]): Buffer {
  const tag = Buffer.alloc(12 + 4 * parameters.length);
  tag.write('para', 'latin1');
  tag.writeUInt16BE(kind, 8);
  for (const [i, value] of parameters.entries()) tag.writeInt32BE(Math.round(value * 65536), 12 + 4 * i);
  return tag;
}

/** As the profile that cameras write: 1024 values. */
const ownCurve = tableCurve(Array.from({ length: 1024 }, (_, i) => srgbCurve(i / 1023)));

export const adobe = {
  rXYZ: [0.60974, 0.31111, 0.01947],
  gXYZ: [0.20528, 0.62567, 0.06087],
  bXYZ: [0.14919, 0.06322, 0.74457],
};
const displayP3 = {
  rXYZ: [0.51512, 0.2412, -0.00105],
  gXYZ: [0.29198, 0.69225, 0.04189],
  bXYZ: [0.1571, 0.06657, 0.78407],
};

/** As the standard of sRGB defines it. */
export const srgbFormula = parametricCurve(3, [2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045]);

/** A power, as a table of one value. */
const powerCurve = (power: number) =>
  Buffer.concat([Buffer.from('curv\0\0\0\0\0\0\0\x01'), u16(Math.round(power * 256))]);

function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

/** Of a matrix and curves, as cameras, displays and programs have them, and each kind of curve. */
export const otherProfiles: Readonly<Record<string, ProfileParts>> = {
  'Adobe RGB': { columns: adobe, curve: powerCurve(2.19921875) },
  'a display of wide colours': {
    columns: displayP3,
    curve: srgbFormula,
  },
  'a camera with a power of 1.8': { columns: adobe, curve: parametricCurve(0, [1.8]) },
  'linear light': { curve: tableCurve([]) },
  'a table of few values': { columns: displayP3, curve: tableCurve([0, 0.1, 0.4, 1]) },
  'a power of a line': { curve: parametricCurve(1, [2.2, 1.1, -0.1]) },
  'a power of a line, and a number': { curve: parametricCurve(2, [2.2, 1.1, -0.1, 0]) },
  'all seven numbers': { columns: adobe, curve: parametricCurve(4, [2.2, 0.95, 0.05, 0.08, 0.04, 0, 0]) },
};

/** An ICC profile of a matrix and curves; by default those of sRGB. */
export function srgbProfile({
  columns = srgb,
  curve = ownCurve,
  extra,
  space = 'RGB ',
  connection = 'XYZ ',
}: ProfileParts = {}): Buffer {
  const tags = [
    ...Object.entries(columns).map(([name, values]): [string, Buffer] => {
      const tag = Buffer.alloc(20);
      tag.write('XYZ ', 'latin1');
      for (const [i, value] of values.entries()) tag.writeInt32BE(Math.round(value * 65536), 8 + 4 * i);
      return [name, tag];
    }),
    ...['rTRC', 'gTRC', 'bTRC'].map((name): [string, Buffer] => [name, curve]),
    ...(extra ? [extra] : []),
  ];
  const head = Buffer.alloc(132 + 12 * tags.length);
  head.writeUInt32BE(0x02100000, 8);
  head.write(`mntr${space}${connection}`, 12, 'latin1');
  head.write('acsp', 36, 'latin1');
  head.writeUInt32BE(tags.length, 128);
  let at = head.length;
  for (const [i, [name, tag]] of tags.entries()) {
    head.write(name, 132 + 12 * i, 'latin1');
    head.writeUInt32BE(at, 136 + 12 * i);
    head.writeUInt32BE(tag.length, 140 + 12 * i);
    at += tag.length;
  }
  const profile = Buffer.concat([head, ...tags.map(([, tag]) => tag)]);
  profile.writeUInt32BE(profile.length, 0);
  return profile;
}

/** A JPEG with a segment after the first two bytes. */
export function withSegment(jpeg: Buffer, code: number, content: Buffer): Buffer {
  const head = Buffer.from([0xff, code, 0, 0]);
  head.writeUInt16BE(content.length + 2, 2);
  return Buffer.concat([jpeg.subarray(0, 2), head, content, jpeg.subarray(2)]);
}

/** A JPEG with a profile, or with a piece of one. */
export const withProfile = (jpeg: Buffer, profile: Buffer, place = 1, count = 1) =>
  withSegment(jpeg, 0xe2, Buffer.concat([Buffer.from('ICC_PROFILE\0'), Buffer.from([place, count]), profile]));
