import { describe, expect, it } from 'vitest';
import { FollowedTracks } from '../../../sdk/vision/gaze/followed.ts';
import type { Box } from '../../../sdk/vision/geometry.ts';
import type { Track } from '../../../sdk/vision/track.ts';
import { track } from '../fakes.ts';

/** At ten frames a second: 1 where a look is due, of a track that is looked at then. @param speed Pixels a second. */
function due(speed: number, over: Partial<Track> = {}, frames = 12): string {
  const followed = new FollowedTracks();
  let isKnown = false;
  return Array.from({ length: frames }, (_, i) => {
    const x = 100 + (speed * i) / 10;
    const box: Box = [x, 100, x + 30, 175];
    const now = track({ box, ...(isKnown ? over : {}) });
    const isDue = followed.isDue(now, i * 1e8);
    if (isDue) followed.update([now], i * 1e8);
    isKnown = true;
    return Number(isDue);
  }).join('');
}

describe('FollowedTracks', () => {
  it('has somebody who stands looked at twice a second', () => {
    expect(due(0)).toBe('100001000010');
  });

  it('has somebody who walks looked at before he has gone half of his width', () => {
    // A third of 30 pixels takes 0.2 s.
    expect(due(50)).toBe('100001010101');
    expect(due(200)).toBe('100001111111');
  });

  it('has what is not known well, and what may have gone from its place, looked at in each frame', () => {
    expect(due(0, { confirmed: false })).toBe('111111111111');
    expect(due(0, { observations: 9 })).toBe('111111111111');
    expect(due(0, { stationary: true, visible: false })).toBe('111111111111');
    expect(due(0, { visible: false })).toBe('100100100100');
  });

  it('knows the size of the last look that found it', () => {
    const followed = new FollowedTracks();
    followed.update([track({ box: [0, 0, 20, 50] })], 0);
    followed.update([track({ box: [0, 0, 90, 400], visible: false })], 1e8);
    expect(followed.size(track({ box: [0, 0, 90, 400] }))).toBe(50);
    followed.update([track({ box: [0, 0, 30, 60], stale: true })], 2e8);
    expect(followed.age(track(), 5e8)).toBeCloseTo(0.4);
  });
});
