import { describe, expect, it } from 'vitest';
import { defaultColour, Frame, type FrameInit } from '../../sdk/frame/frame.ts';

const plane = (length: number, stride: number) => ({ data: new Uint8Array(length), stride });

function init(change: Partial<FrameInit> = {}): FrameInit {
  return {
    sequence: 7,
    captureTimeNs: 1,
    wallTimeMs: 2,
    format: 'I420',
    width: 5,
    height: 3,
    planes: [plane(15, 5), plane(6, 3), plane(6, 3)],
    ...change,
  };
}

describe('Frame', () => {
  it('shows what it was made of', () => {
    const frame = new Frame(init({ name: 'a.jpg' }));
    expect(frame).toMatchObject({ format: 'I420', width: 5, height: 3, sequence: 7, name: 'a.jpg', references: 1 });
    expect(frame.planes.map(({ stride }) => stride)).toEqual([5, 3, 3]);
  });

  it('has the colour of its height unless told: SD is BT.601, HD BT.709', () => {
    expect(defaultColour(1279, 719).matrix).toBe('bt601');
    expect(defaultColour(640, 720).matrix).toBe('bt709');
    expect(defaultColour(1280, 544).matrix).toBe('bt709');
    expect(new Frame(init()).colour).toEqual({ matrix: 'bt601', range: 'limited' });
    const colour = { matrix: 'bt709', range: 'full' } as const;
    expect(new Frame(init({ colour })).colour).toBe(colour);
  });

  it('needs no padding after the last row: a stream ends there', () => {
    expect(() => new Frame(init({ format: 'GRAY8', planes: [plane(8 * 2 + 5, 8)] }))).not.toThrow();
  });

  it.each([
    { name: 'a size of nothing', change: { width: 0 }, message: 'frame width: expected a whole number of pixels' },
    { name: 'a broken size', change: { height: 2.5 }, message: 'frame height: expected a whole number of pixels' },
    {
      name: 'too few planes',
      change: { planes: [plane(15, 5)] },
      message: 'planes of a I420 frame: expected 3, got 1',
    },
    {
      name: 'a stride below the row',
      change: { planes: [plane(15, 5), plane(6, 2), plane(6, 3)] },
      message: 'stride of plane 1: expected a whole number of at least 3 bytes, got 2',
    },
    {
      name: 'a stride that is no number',
      change: { planes: [plane(15, 5), plane(6, Number.NaN), plane(6, 3)] },
      message: 'stride of plane 1: expected a whole number of at least 3 bytes, got NaN',
    },
    {
      name: 'a stride that is not whole',
      change: { planes: [plane(100, 5.5), plane(6, 3), plane(6, 3)] },
      message: 'stride of plane 0: expected a whole number of at least 5 bytes, got 5.5',
    },
    {
      name: 'a plane that is one byte short',
      change: { planes: [plane(15, 5), plane(6, 3), plane(5, 3)] },
      message: 'plane 2 of a 5x3 I420 frame: expected at least 6 bytes, got 5',
    },
    {
      name: 'a padded plane that is one byte short',
      change: { format: 'GRAY8', planes: [plane(8 * 2 + 4, 8)] },
      message: 'plane 0 of a 5x3 GRAY8 frame: expected at least 21 bytes, got 20',
    },
  ] as { name: string; change: Partial<FrameInit>; message: string }[])('refuses $name', ({ change, message }) => {
    expect(() => new Frame(init(change))).toThrow(message);
  });

  it('is freed once, with the last reference', () => {
    let freed = 0;
    const frame = new Frame(init(), () => freed++);
    expect(frame.acquire()).toBe(frame);
    frame.release();
    expect([freed, frame.references]).toEqual([0, 1]);
    expect(frame.planes).toHaveLength(3);
    frame.release();
    expect([freed, frame.references]).toEqual([1, 0]);
  });

  it('says clearly when it is used after its release', () => {
    const frame = new Frame(init());
    frame.release();
    expect(() => frame.planes).toThrow('frame 7 was released: call acquire() before release() to keep its pixels');
    expect(() => frame.acquire()).toThrow('frame 7 was released and cannot be acquired again');
    expect(() => frame.release()).toThrow('frame 7 was released more often than acquired');
  });
});
