import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { silent } from '../../sdk/base/log.ts';
import { CameraClips } from '../../sdk/clips/camera-clips.ts';
import type { ClipSettings } from '../../sdk/config/schema.ts';
import { temporaryFolder } from '../support/folders.ts';
import { hasProgram } from '../support/needs.ts';
import { objectState } from '../vision/fakes.ts';
import { makeVideo, piecesOf, probe } from './video.ts';

const settings: ClipSettings = { enabled: true, before: 3, after: 2, longest: 20, software: false };

describe.skipIf(!hasProgram('ffmpeg') || !hasProgram('ffprobe'))('clips of a camera (needs ffmpeg)', () => {
  let header: Buffer;
  let fragments: Buffer[];
  beforeAll(() => {
    [header, ...fragments] = piecesOf(makeVideo({ seconds: 60, keyEvery: 2 })) as [Buffer, ...Buffer[]];
  });

  /** A camera whose video comes a second at a time, by a clock of its own. */
  function camera(
    over: Partial<ClipSettings> = {},
    { isWanted = () => true, slow = false }: { isWanted?: () => boolean; slow?: boolean } = {},
  ) {
    let ms = 1e6;
    let at = 0;
    const kept: { ids: string[]; begins: ReadonlyMap<string, number>; mp4: Buffer }[] = [];
    let release = () => {};
    const clips = new CameraClips({
      ...{ settings: { ...settings, ...over }, isWanted, logger: silent, now: () => ms },
      keep: async (begins, mp4) => {
        if (slow) await new Promise<void>((resolve) => (release = resolve));
        kept.push({ ids: [...begins.keys()], begins, mp4 });
        return undefined;
      },
    });
    clips.begin();
    clips.write(header);
    const message = (type: 'new' | 'end', id: string, ago = 0) => {
      const frame_time = 5000 + ms / 1000;
      const after = objectState({
        id,
        start_time: frame_time - ago,
        frame_time,
        end_time: type === 'end' ? frame_time : null,
      });
      clips.note({ type, sequence: 1, before: after, after });
    };
    return {
      clips,
      kept,
      release: () => release(),
      /** So many seconds of video. */
      async run(seconds: number) {
        for (let i = 0; i < seconds; i++) {
          ms += 1000;
          clips.write(fragments[at++ % fragments.length]!);
          await new Promise(setImmediate);
        }
      },
      /** No video for so long. */
      wait(seconds: number) {
        ms += seconds * 1000;
      },
      comes: (id: string, ago?: number) => message('new', id, ago),
      goes: (id: string) => message('end', id),
    };
  }

  function seconds(mp4: Buffer): number {
    const file = join(temporaryFolder(), 'clip.mp4');
    writeFileSync(file, mp4);
    const { duration, frames, first } = probe(file);
    expect([frames, first]).toEqual([Math.round(duration * 10), 0]);
    return duration;
  }

  it('begin before the object was seen and end after it was lost', async () => {
    const { run, comes, goes, kept, clips } = camera();
    await run(15);
    // First seen two seconds ago.
    comes('a', 2);
    await run(4);
    goes('a');
    await run(1);
    expect(kept).toEqual([]);
    await run(2);
    expect(kept.map(({ ids }) => ids)).toEqual([['a']]);
    // 3 + 2 before it was told, 4 while it was there, 2 after, and up to 2 to a key frame.
    const length = seconds(kept[0]!.mp4);
    expect(length).toBeGreaterThanOrEqual(11);
    expect(length).toBeLessThanOrEqual(14);
    expect(clips.stats).toEqual({ kept: 1, dropped: 0 });
  });

  it('are shared by events at the same time, and last as long as any', async () => {
    const { run, comes, goes, kept } = camera();
    await run(10);
    comes('a');
    await run(2);
    comes('b');
    goes('a');
    await run(1);
    goes('b');
    await run(1);
    // Within the seconds that follow.
    comes('c');
    await run(2);
    expect(kept).toEqual([]);
    goes('c');
    await run(3);
    expect(kept.map(({ ids }) => ids)).toEqual([['a', 'b', 'c']]);
    // It begins at the key frame that is four seconds before the first of them; they came two seconds after each other.
    expect([...kept[0]!.begins.values()].map(Math.round)).toEqual([4, 6, 8]);
    expect(seconds(kept[0]!.mp4)).toBeGreaterThanOrEqual(11);
  });

  it('of an event that comes when another one’s clip is nearly over are its own', async () => {
    const { run, comes, goes, kept } = camera();
    await run(10);
    comes('parked');
    // Three seconds before the twenty are over, of which three were before it.
    await run(14);
    comes('b');
    await run(10);
    goes('b');
    await run(5);
    expect(kept.map(({ ids }) => ids)).toEqual([['parked'], ['b']]);
    expect(seconds(kept[0]!.mp4)).toBeLessThanOrEqual(23);
    // Three before, ten while it was there, two after, and up to two to a key frame.
    expect(seconds(kept[1]!.mp4)).toBeGreaterThanOrEqual(15);
    expect(seconds(kept[1]!.mp4)).toBeLessThanOrEqual(18);
    expect(kept[1]!.begins.get('b')).toBeGreaterThanOrEqual(3);
  });

  it.each([
    { before: 5, longest: 5 },
    { before: 30, longest: 10 },
  ])('show the event where more was asked for before it than a clip has ($before of $longest s)', async (over) => {
    const { run, comes, goes, kept } = camera({ ...over, after: 0 });
    await run(40);
    comes('a');
    await run(20);
    goes('a');
    const length = seconds(kept[0]!.mp4);
    const begins = kept[0]!.begins.get('a')!;
    expect(length - begins).toBeGreaterThanOrEqual(over.longest / 2);
    expect(begins).toBeGreaterThanOrEqual(over.longest / 2);
    expect(length).toBeLessThanOrEqual(over.longest + 3);
  });

  it('have the beginning of an event that lasts, and the next event has its own', async () => {
    const { run, comes, kept } = camera();
    await run(10);
    comes('parked');
    await run(40);
    expect(kept).toHaveLength(1);
    expect(seconds(kept[0]!.mp4)).toBeLessThanOrEqual(23);
    comes('b');
    await run(21);
    expect(kept.map(({ ids }) => ids)).toEqual([['parked'], ['b']]);
  });

  it('end where the stream ends: another one has another header', async () => {
    const { run, comes, goes, kept, clips } = camera();
    await run(10);
    comes('a');
    await run(2);
    clips.begin();
    clips.write(header);
    await run(4);
    goes('a');
    await run(6);
    expect(kept).toHaveLength(1);
    expect(seconds(kept[0]!.mp4)).toBeLessThanOrEqual(8);
  });

  it('show nothing of a source that was read before', async () => {
    const { run, comes, goes, kept, clips } = camera();
    await run(10);
    clips.end();
    comes('a');
    await run(2);
    goes('a');
    await clips.close();
    expect(kept).toEqual([]);
    expect(clips.stats.dropped).toBe(1);
  });

  it('end although no more video comes', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    try {
      const { run, comes, goes, kept, wait } = camera();
      await run(10);
      comes('a');
      goes('a');
      wait(10);
      vi.advanceTimersByTime(1000);
      await new Promise(setImmediate);
      expect(kept).toHaveLength(1);
    } finally {
      vi.useRealTimers();
    }
  });

  it('are dropped and counted where no key frame came', async () => {
    const { comes, goes, clips } = camera();
    comes('a');
    goes('a');
    await clips.close();
    expect(clips.stats).toEqual({ kept: 0, dropped: 1, why: 'no video came, or no key frame of it' });
  });

  it('are dropped and counted while the disk is slow; nobody waits', async () => {
    const { run, comes, kept, clips, release } = camera({ longest: 5 }, { slow: true });
    await run(10);
    for (const id of ['a', 'b', 'c', 'd']) {
      comes(id);
      await run(6);
    }
    expect(clips.stats).toMatchObject({ kept: 0, dropped: 2, why: 'the disk is too slow: others wait for it' });
    release();
    await expect.poll(() => kept.length).toBe(1);
    await new Promise(setImmediate);
    release();
    await expect.poll(() => kept.map(({ ids }) => ids)).toEqual([['a'], ['b']]);
  });

  it('are none of a camera whose pictures are not kept, from that moment on', async () => {
    let isWanted = false;
    const { run, comes, goes, kept } = camera({}, { isWanted: () => isWanted });
    await run(10);
    comes('a');
    await run(2);
    isWanted = true;
    await run(2);
    goes('a');
    comes('b');
    goes('b');
    await run(6);
    expect(kept.map(({ ids }) => ids)).toEqual([['b']]);
    // Nothing of the time before.
    expect(seconds(kept[0]!.mp4)).toBeLessThanOrEqual(6);
  });

  it('are kept when the camera stops in the middle', async () => {
    const { run, comes, kept, clips } = camera();
    await run(10);
    comes('a');
    await run(1);
    await clips.close();
    expect(kept).toHaveLength(1);
    seconds(kept[0]!.mp4);
  });
});
