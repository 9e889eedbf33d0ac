import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { describeBoard } from '../../devices/index.ts';
import { chooseProfile, withProfile } from '../../sdk/config/profile.ts';
import { resolveSettings } from '../../sdk/config/settings.ts';
import { armCores, garbage, pcWithRapl, pi3BPlus, pi4, pi5, zero2W } from '../devices/boards/trees.ts';
import { tree } from '../support/folders.ts';

const small = { name: 'small', threads: 2, fps: 5, keepalive: 2, regions: 1 };
const standard = { name: 'standard', threads: 2, fps: 10, keepalive: 1, regions: 2 };

describe('chooseProfile', () => {
  it.each([
    ['a Pi Zero 2 W', zero2W, small],
    ['a Pi 3B+', pi3BPlus, small],
    ['a Pi 4', pi4, standard],
    ['a Pi 5', pi5, standard],
    ['a PC', pcWithRapl, standard],
    ['small and large cores', { 'proc/cpuinfo': armCores(2, '0xd03', 'fp') + armCores(2, '0xd08', 'fp') }, standard],
    ['little memory', { ...pi4, 'proc/meminfo': 'MemTotal: 440000 kB\n' }, small],
    ['one core', { 'proc/cpuinfo': armCores(1, '0xd08', 'fp') }, { ...standard, threads: 1 }],
    ['nothing', {}, { ...standard, threads: 1 }],
    ['garbage', garbage, { ...standard, threads: 1 }],
  ])('fits %s', (_, files, profile) => {
    expect(chooseProfile('auto', describeBoard(tree(files)))).toEqual(profile);
  });

  it('is the one that is asked for, and standard where the board is not known', () => {
    expect(chooseProfile('small', describeBoard(tree(pi5)))).toEqual(small);
    expect(chooseProfile('standard', describeBoard(tree(zero2W)))).toEqual(standard);
    expect(chooseProfile('auto', undefined)).toEqual(standard);
  });
});

describe('resolveSettings by a profile', () => {
  const board = { cpu: 'Cortex-A53', cores: 4, memoryMb: 420 };

  it('is what the schema says on every machine, unless a board is given', () => {
    const { core, cameras } = resolveSettings({});
    expect(core).toMatchObject({ threads: 2, profile: 'auto' });
    expect(cameras.camera).toMatchObject({ detect: { fps: 10 }, motion: { keepalive: 1 } });
  });

  it('fills in what is not given, and nothing else', () => {
    const settings = resolveSettings(
      { cameras: { door: { detect: { fps: 8 } }, yard: { motion: { enabled: false } } } },
      'x',
      board,
    );
    expect(settings.cameras.door).toMatchObject({ detect: { fps: 8 }, motion: { keepalive: 2, enabled: true } });
    expect(settings.cameras.yard).toMatchObject({ detect: { fps: 5 }, motion: { keepalive: 2, enabled: false } });
    expect(resolveSettings({}, 'x', board).cameras).toMatchObject({ camera: { detect: { fps: 5 } } });
    expect(resolveSettings({ core: { threads: 4 } }, 'x', { ...board, cores: 1 }).core.threads).toBe(4);
    expect(resolveSettings({ core: { profile: 'standard' } }, 'x', board).cameras.camera!.detect.fps).toBe(10);
  });

  it.each([
    [{ core: { profile: 'large' } }, 'core.profile: expected "auto" or "small" or "standard", got "large"'],
    [{ core: null }, 'core: expected fields'],
    [{ cameras: null }, 'cameras: expected fields'],
    [{ cameras: { door: null } }, 'cameras.door: expected fields'],
    [{ cameras: { door: { detect: [] } } }, 'cameras.door.detect: expected fields'],
    [[], 'the whole: expected fields'],
  ])('hides no mistake: %j', (input, message) => {
    expect(() => resolveSettings(input, 'x', board)).toThrow(message);
  });

  it('leaves every field that is there as it is', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const before = structuredClone(value);
        const after = withProfile(value, board);
        expect(value).toEqual(before);
        expect(after).toSatisfy((laid) => contains(laid, before));
      }),
    );
  });
});

/** Everything in `part` is in `whole`; null counts as nothing. */
function contains(whole: unknown, part: unknown): boolean {
  if (part === null || typeof part !== 'object') return part === null || Object.is(whole, part);
  if (Array.isArray(part)) return JSON.stringify(whole) === JSON.stringify(part);
  return Object.entries(part).every(([key, inner]) => contains((whole as Record<string, unknown>)[key], inner));
}
