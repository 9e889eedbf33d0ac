import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { clipOf } from '../../sdk/clips/clip.ts';
import { ClipRing } from '../../sdk/clips/clip-ring.ts';
import { type Fragment, FragmentReader } from '../../sdk/clips/fragments.ts';
import { tryEncoders } from '../../sdk/clips/video-encoder.ts';
import { temporaryFolder } from '../support/folders.ts';
import { hasProgram } from '../support/needs.ts';
import { makeVideo, probe } from './video.ts';

function probed(fragments: readonly Fragment[]) {
  const file = join(temporaryFolder(), 'clip.mp4');
  writeFileSync(file, clipOf(fragments));
  return probe(file);
}

describe.skipIf(!hasProgram('ffmpeg') || !hasProgram('ffprobe'))('clips of a stream (needs ffmpeg)', () => {
  it('are found in it wherever its bytes are cut, and play from a later key frame on', () => {
    const video = makeVideo({ seconds: 8, keyEvery: 2 });
    const reader = new FragmentReader();
    const fragments: Fragment[] = [];
    let size = 1;
    for (let at = 0; at < video.length; at += size) {
      size = (size * 7919) % 4999;
      fragments.push(...reader.write(video.subarray(at, at + size)));
    }
    expect(fragments).toEqual(new FragmentReader().write(video));
    expect(fragments.length).toBeGreaterThanOrEqual(8);
    const later = fragments.slice(fragments.findIndex(({ isKey }, i) => i > 0 && isKey));
    expect(probed(later)).toEqual({ duration: 6, codec: 'h264', tag: 'avc1', frames: 60, first: 0 });
  });

  it('have frames that are shown in another order than they are sent in', () => {
    const video = makeVideo({ seconds: 4, keyEvery: 2, options: ['-bf', '2', '-b_strategy', '0'] });
    const fragments = new FragmentReader().write(video);
    const { frames, duration } = probed(fragments.slice(fragments.findIndex(({ isKey }, i) => i > 0 && isKey)));
    expect(frames).toBe(20);
    expect(duration).toBeGreaterThan(1.9);
    expect(duration).toBeLessThan(2.4);
  });

  it('are called as Apple wants it where the camera sends H.265', () => {
    const video = makeVideo({ seconds: 2, keyEvery: 1, codec: 'libx265', options: ['-x265-params', 'log-level=none'] });
    const fragments = new FragmentReader().write(video);
    expect(fragments[0]!.header.codec).toBe('h265');
    expect(probed(fragments)).toMatchObject({ codec: 'hevc', tag: 'hvc1', frames: 20 });
  });

  it('are none of what is no video for a page, or no MP4 at all', () => {
    const other = makeVideo({ seconds: 1, keyEvery: 1, codec: 'mpeg4' });
    const reader = new FragmentReader();
    reader.write(other);
    expect(reader.header!.codec).toBeUndefined();
    expect(() => new FragmentReader().write(Buffer.alloc(64))).toThrow('expected a box of MP4');
    expect(() => new FragmentReader().write(Buffer.from('7fffffff6d64617400000000000000000000', 'hex'))).toThrow(
      'expected boxes of at most',
    );
  });

  it('are encoded by what was seen to work, and by no hardware that is only named', async () => {
    // Nodes as on a board, behind which there is no driver.
    const root = temporaryFolder();
    mkdirSync(join(root, 'dev'));
    writeFileSync(join(root, 'dev', 'video11'), '');
    const hardware = await tryEncoders({ software: false, root });
    expect(hardware).toEqual([
      { name: 'h264_v4l2m2m', options: expect.anything(), problem: expect.stringMatching(/./) },
    ]);
    expect(await tryEncoders({ software: false, root: temporaryFolder() })).toEqual([]);
    const both = await tryEncoders({ software: true, root });
    expect(both.map(({ name, problem }) => [name, problem === undefined])).toEqual([
      ['h264_v4l2m2m', false],
      ['libx264', true],
    ]);
  });
});

describe('the last seconds in memory', () => {
  const header = { timescale: 1000 } as Fragment['header'];
  const fragment = (isKey: boolean, bytes = 10) =>
    ({ header, isKey, ticks: 1000, bytes: Buffer.alloc(bytes) }) as Fragment;

  /** A key frame each `keyEvery` seconds, from second 1 on. */
  function filled(seconds: number, keyEvery: number, mostBytes = 1e6): ClipRing {
    const ring = new ClipRing({ keepMs: 5000, mostBytes });
    for (let i = 0; i < seconds; i++) ring.add(fragment(i % keyEvery === 0), (i + 1) * 1000);
    return ring;
  }

  it('go back to the key frame before what is wanted, and not much further', () => {
    const ring = filled(60, 4);
    // Fragments begin at 0, 1, … 59 s, key frames at 0, 4, … 56 s.
    expect(ring.from(57_500)).toHaveLength(4);
    expect(ring.from(55_900)).toHaveLength(8);
    expect(ring.bytes).toBe(80);
    expect(ring.from(0)).toHaveLength(8);
  });

  it('begin with a key frame', () => {
    const ring = new ClipRing({ keepMs: 5000, mostBytes: 1e6 });
    ring.add(fragment(false), 1000);
    expect(ring.from(0)).toEqual([]);
    ring.add(fragment(true), 2000);
    ring.add(fragment(false), 3000);
    expect(ring.from(0)).toHaveLength(2);
  });

  it('are of when they were taken, whatever held them up on their way', () => {
    const ring = new ClipRing({ keepMs: 5000, mostBytes: 1e6 });
    expect(ring.add(fragment(true), 1000)).toBe(1000);
    // A busy machine: three seconds' worth at once.
    expect([2, 3, 4].map((i) => Math.round(ring.add(fragment(true), 4000 + i)))).toEqual([2001, 3002, 4003]);
    // A gap, after which times go on as if there had been none.
    expect(ring.add(fragment(true), 24_000)).toBe(24_000);
    expect(ring.add(fragment(true), 24_900)).toBe(24_900);
    // A camera whose clock loses two seconds an hour.
    const slow = new ClipRing({ keepMs: 5000, mostBytes: 1e6 });
    let [nowMs, late] = [0, 0];
    for (let i = 0; i < 24 * 3600; i++) {
      nowMs += 1000 + 2000 / 3600;
      late = Math.max(late, nowMs - slow.add(fragment(true), nowMs));
    }
    expect(late).toBeLessThan(1);
  });

  it('never have more bytes than they may, however far apart key frames are', () => {
    const ring = filled(1000, 600, 500);
    expect(ring.bytes).toBeLessThanOrEqual(500);
    // The second key frame came at 600 s; after 50 more its group was too large.
    expect(ring.from(0)).toEqual([]);
    ring.add(fragment(true), 1_001_000);
    expect(ring.from(0)).toHaveLength(1);
  });
});
