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
