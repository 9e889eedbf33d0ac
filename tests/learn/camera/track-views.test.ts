import { describe, expect, it } from 'vitest';
import { TrackViews } from '../../../sdk/learn/camera/track-views.ts';
import { greyFrame, track } from '../../vision/fakes.ts';

const jpeg = Buffer.alloc(10);

/** A picture with as much contrast as is asked for in it. */
const frameAt = (seconds: number, contrast: number) =>
  greyFrame(seconds, {
    noise: 0,
    draw: (canvas) => {
      for (let x = 0; x < 320; x += 4) canvas.rectangle([x, 0, x + 2, 180], 120 + contrast);
    },
  });

/** Looks at a track in such a picture; true when that look is kept. */
function look(views: TrackViews, seconds: number, contrast: number, box = track().box): boolean {
  const frame = frameAt(seconds, contrast);
  const wanted = views.wants(track({ box }), frame);
  const { wallTimeMs: timeMs, captureTimeNs } = frame;
  if (wanted) views.add(1, { timeMs, captureTimeNs, quality: wanted.quality, jpeg });
  return wanted !== undefined;
}

describe('TrackViews', () => {
  it('keeps the three best looks, with time between them', () => {
    const views = new TrackViews();
    expect(look(views, 1, 20)).toBe(true);
    expect(look(views, 1.2, 100), 'a moment later').toBe(false);
    expect(look(views, 2, 30)).toBe(true);
    expect(look(views, 3, 10)).toBe(true);
    expect(look(views, 4, 11), 'hardly better than the worst').toBe(false);
    expect(look(views, 5, 60), 'clearly better').toBe(true);
    expect(views.of(1).map(({ timeMs }) => timeMs)).toEqual([5000, 2000, 1000]);
  });

  it.each([-5, 5])('leaves time between looks also while the clock is set (by %i hours)', (hours) => {
    const views = new TrackViews();
    const wantsAt = (seconds: number, setSeconds: number) => {
      const wallTimeMs = (1.7e9 + seconds + setSeconds) * 1000;
      const frame = greyFrame(seconds, { wallTimeMs });
      const wanted = views.wants(track(), frame) !== undefined;
      if (wanted) views.add(1, { timeMs: wallTimeMs, captureTimeNs: frame.captureTimeNs, quality: 1, jpeg });
      frame.release();
      return wanted;
    };
    expect(wantsAt(1, 0)).toBe(true);
    expect(wantsAt(1.2, hours * 3600), 'a moment later').toBe(false);
    expect(wantsAt(2, hours * 3600)).toBe(true);
    expect(wantsAt(4, hours * 3600 - 2.9), 'its clock says that it is 0.9 s before the last one').toBe(true);
  });

  it('prefers what is large, and what is not cut off by the frame', () => {
    const views = new TrackViews();
    const frame = frameAt(1, 50);
    const quality = (box: readonly [number, number, number, number]) => views.wants(track({ box }), frame)!.quality;
    expect(quality([40, 20, 140, 120])).toBeGreaterThan(quality([40, 20, 80, 60]) * 2);
    expect(quality([0, 20, 100, 120])).toBeLessThan(quality([40, 20, 140, 120]) * 0.6);
  });

  it('takes some surroundings in, as far as there are any', () => {
    const views = new TrackViews();
    const frame = frameAt(1, 50);
    expect(views.wants(track({ box: [100, 50, 140, 90] }), frame)!.region).toEqual({
      x: 96,
      y: 46,
      width: 48,
      height: 48,
    });
    expect(views.wants(track({ box: [-5, 100, 55, 180] }), frame)!.region).toEqual({
      x: 0,
      y: 92,
      width: 61,
      height: 88,
    });
    expect(views.wants(track({ box: [10, 10, 14, 14] }), frame), 'too small to see anything').toBeUndefined();
  });

  it('knows a track by its event, also after both are over, for the last hundred', () => {
    const views = new TrackViews();
    for (let id = 1; id <= 103; id++) {
      views.noteEvent(`event ${id}`, id);
      views.add(id, { timeMs: id, captureTimeNs: id, quality: 1, jpeg });
      views.keepOnly([track({ id })]);
    }
    expect(views.trackOf('event 103')).toBe(103);
    // One is alive and a hundred are over.
    expect(views.trackOf('event 3')).toBe(3);
    expect(views.of(3)).toHaveLength(1);
    expect(views.trackOf('event 2')).toBeUndefined();
    expect(views.of(2)).toEqual([]);
    expect(views.trackOf('another')).toBeUndefined();
  });

  it('notes what somebody named, for as long as its looks are held', () => {
    const views = new TrackViews();
    look(views, 1, 50);
    views.noteTaught(1);
    views.noteTaught(2);
    look(views, 2, 60);
    expect(views.tracks.map(({ trackId, isTaught }) => [trackId, isTaught])).toEqual([[1, true]]);
  });
});
