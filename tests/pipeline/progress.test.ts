import { describe, expect, it } from 'vitest';
import { Progress } from '../../sdk/pipeline/progress.ts';

describe('Progress', () => {
  it('is 0 before the first frame and between two', () => {
    const progress = new Progress();
    expect(progress.unfinishedMs(100)).toBe(0);
    progress.begin(100);
    expect(progress.unfinishedMs(130)).toBe(30);
    progress.finish();
    expect(progress.unfinishedMs(1000)).toBe(0);
  });

  it('counts from the first of frames that all fail, until one is finished', () => {
    const progress = new Progress();
    for (const time of [100, 200, 300]) {
      progress.begin(time);
      progress.fail();
    }
    expect(progress.unfinishedMs(350)).toBe(250);
    progress.begin(400);
    progress.finish();
    expect(progress.unfinishedMs(500)).toBe(0);
  });

  it('expects nothing while no frames come, but what is under way', () => {
    const progress = new Progress();
    progress.begin(100);
    progress.pause();
    expect(progress.unfinishedMs(200)).toBe(100);
    progress.fail();
    progress.pause();
    expect(progress.unfinishedMs(300)).toBe(0);
  });
});
