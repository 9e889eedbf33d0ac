import fc from 'fast-check';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { readProfile } from '../../sdk/picture/icc.ts';
import {
  adobe,
  otherProfiles,
  type ProfileParts,
  parametricCurve,
  srgbCurve,
  srgbFormula,
  srgbProfile,
  tableCurve,
} from './profiles.ts';

describe('readProfile', () => {
  it.each<[string, ProfileParts]>([
    ['a table of 1024 values', {}],
    ['a table of 4096 values', { curve: tableCurve(Array.from({ length: 4096 }, (_, i) => srgbCurve(i / 4095))) }],
    ['the parameters of the standard', { curve: srgbFormula }],
  ])('knows it by %s', (_, parts) => expect(readProfile(srgbProfile(parts))).toBe('nothing'));

  it.each<[string, ProfileParts]>([
    ['other primaries', { columns: adobe }],
    ['one column that is another', { columns: { ...adobe, gXYZ: [0.38515, 0.71687, 0.09708] } }],
    ['a power of 2.2', { curve: parametricCurve(0, [2.2]) }],
    ['a table of a power of 2.2', { curve: tableCurve(Array.from({ length: 1024 }, (_, i) => (i / 1023) ** 2.2)) }],
    ['a line', { curve: tableCurve([0, 1]) }],
    ['a curve without values', { curve: tableCurve([]) }],
  ])('does not take for it one with %s', (_, parts) => expect(readProfile(srgbProfile(parts))).not.toBe('nothing'));

  it.each<[string, ProfileParts]>([
    ['a table of colours as well', { extra: ['A2B0', Buffer.alloc(32)] }],
    ['Lab', { connection: 'Lab ' }],
    ['grey', { space: 'GRAY' }],
    ['a curve of another type', { curve: Buffer.from('sf32'.padEnd(40, '\0')) }],
    ['no curve', { curve: Buffer.alloc(0) }],
    ['a formula that there is not', { curve: parametricCurve(5, [1, 1, 1, 1, 1, 1, 1]) }],
    ['a formula that is cut', { curve: parametricCurve(4, [2.4, 1, 0]) }],
    ['a curve that leaves the numbers', { curve: parametricCurve(1, [0.5, -1, -2]) }],
    ['black that is grey', { curve: parametricCurve(2, [2.2, 0.9, 0.08, 0.02]) }],
    ['colours that are none', { columns: { ...adobe, rXYZ: [9, 9, 9] } }],
  ])('leaves to others one with %s', (_, parts) => expect(readProfile(srgbProfile(parts))).toBeUndefined());

  it.each(Object.entries(otherProfiles))(
    'has tables for %s, whose white is white and whose black is black',
    (_, parts) => {
      const tables = readProfile(srgbProfile(parts));
      if (!tables || tables === 'nothing') throw new Error(`expected tables, got ${tables}`);
      const [linear, matrix, encoded] = tables;
      const shown = (level: number) =>
        [0, 3, 6].map((row) => {
          const light = [0, 1, 2].reduce((sum, i) => sum + matrix[row + i]! * linear[256 * i + level]!, 8192) / 16384;
          return encoded[Math.min(Math.max(Math.floor(light), 0), 16384)]!;
        });
      for (const value of shown(255)) expect(value).toBeGreaterThan(253);
      expect(shown(0)).toEqual([0, 0, 0]);
    },
  );

  it('leaves 8-bit pixels as they are where it says so', async () => {
    const levels = Buffer.from(Uint8Array.from({ length: 256 * 3 }, (_, i) => (i * 89) & 255));
    const tiff = await sharp(levels, { raw: { width: 256, height: 1, channels: 3 } })
      .keepIccProfile()
      .withIccProfile('srgb')
      .tiff({ compression: 'none' })
      .toBuffer();
    const { icc } = await sharp(tiff).metadata();
    const converted = await sharp(tiff).toColourspace('srgb').raw().toBuffer();
    const most = Math.max(...converted.map((value, i) => Math.abs(value - levels[i]!)));
    expect(readProfile(icc!)).toBe('nothing');
    expect(most).toBeLessThanOrEqual(1);
  });

  it('ends on any bytes', () => {
    const profile = srgbProfile({ curve: srgbFormula });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(profile.length - 1), fc.nat(255)), { maxLength: 6 }),
        fc.nat(profile.length),
        (changes, end) => {
          const bytes = Buffer.from(profile);
          for (const [at, value] of changes) bytes[at] = value;
          readProfile(bytes.subarray(0, end));
        },
      ),
      { numRuns: 1000 },
    );
  });
});
