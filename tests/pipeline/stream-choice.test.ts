import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { DeviceHealth } from '../../devices/device/device.ts';
import { CameraSettings } from '../../sdk/config/schema.ts';
import { validate } from '../../sdk/config/validate.ts';
import { Pipeline } from '../../sdk/pipeline/pipeline.ts';
import { type Read, StreamChoice } from '../../sdk/pipeline/stream-choice.ts';
import { recorder } from '../support/recorder.ts';
import { FakeModel } from './fakes.ts';

const [large, small] = ['rtsp://me:hunter2@camera/main', 'rtsp://me:hunter2@camera/sub'];
const settings = (far: string, substream = small) =>
  validate(CameraSettings, { source: large, substream, detect: { far, fps: 5 } }, 'yard');

/** A stream that gives so many frames a second. */
class FakeStream implements Read {
  device: Read['device'] = { properties: { live: true, fps: 25 } } as unknown as Read['device'];
  health = { state: 'online', frames: 0 } as DeviceHealth;

  run(seconds: number, fps: number, over: Partial<DeviceHealth> = {}): void {
    for (let i = 0; i < seconds; i += 10) {
      this.health = { ...this.health, frames: this.health.frames + fps * 10, ...over };
      vi.advanceTimersByTime(10_000);
    }
  }
}

describe('StreamChoice', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  function begun(far = 'auto') {
    const logger = recorder();
    const choice = new StreamChoice(logger);
    const reopen = vi.fn();
    const begin = () => {
      const read = new FakeStream();
      choice.begin(() => settings(far), read, reopen);
      return read;
    };
    onTestFinished(() => choice.stop());
    return { choice, reopen, begin, lines: logger.lines };
  }

  it('reads the larger one where the network may look closer, and says why', () => {
    const choice = new StreamChoice(recorder());
    expect(choice.of(settings('auto', ''))).toBeUndefined();
    expect(choice.of(settings('auto'))).toEqual({
      uses: 'source',
      why: expect.stringMatching(/^detect\.far is auto: /),
    });
    expect(choice.of(settings('on'))).toEqual({ uses: 'source', why: expect.stringMatching(/^detect\.far is on: /) });
    expect(choice.of(settings('off'))).toEqual({
      uses: 'substream',
      why: expect.stringMatching(/^detect\.far is off: /),
    });
    expect(choice.applied(settings('on')).source).toBe(large);
    expect(choice.applied(settings('off')).source).toBe(small);
    expect(choice.applied(settings('off', '')).source).toBe(large);
  });

  it('stays with the larger one while it gives the frames that are wanted, or nearly', () => {
    const { choice, reopen, begin } = begun();
    const read = begin();
    read.run(60, 5);
    read.run(60, 4);
    // Two bad windows are no judgement.
    read.run(20, 1);
    read.run(10, 5);
    read.run(20, 1);
    read.run(10, 5);
    expect(reopen).not.toHaveBeenCalled();
    expect(choice.of(settings('auto'))?.uses).toBe('source');
  });

  it('reads the substream when the larger one is too much to decode, says so, and tries again after hours', () => {
    const { choice, reopen, begin, lines } = begun('on');
    begin().run(30, 2);
    expect(reopen).toHaveBeenCalledTimes(1);
    expect(choice.of(settings('on'))).toEqual({
      uses: 'substream',
      why: 'the larger stream gave 2.0 of 5.0 frames a second for 30 s: decoding it is too much for this board, or the camera sends fewer',
    });
    const other = begin();
    expect(lines.join('\n')).toMatch(/reads the substream: the larger stream gave 2\.0 of 5\.0/);
    other.run(3600, 5);
    expect(reopen).toHaveBeenCalledTimes(1);
    other.run(5 * 3600, 5);
    expect(reopen).toHaveBeenCalledTimes(2);
    expect(choice.of(settings('on'))?.uses).toBe('source');
  });

  it('reads the substream while the larger one is lost, without its password in the reason', () => {
    const { choice, reopen, begin } = begun();
    begin().run(30, 0, { state: 'offline', lastError: `cannot open ${large}: no answer` });
    expect(reopen).toHaveBeenCalledTimes(1);
    const { uses, why } = choice.of(settings('auto'))!;
    expect([uses, why]).toEqual([
      'substream',
      expect.stringMatching(/^the larger stream gives no picture: .*no answer/),
    ]);
    expect(why).not.toContain('hunter2');
    begin().run(600, 5);
    expect(choice.of(settings('auto'))?.uses).toBe('source');
  });

  it('goes back to the larger one when the substream is lost too', () => {
    const { choice, reopen, begin } = begun();
    begin().run(30, 1);
    begin().run(30, 0, { state: 'offline', lastError: 'gone' });
    expect(reopen).toHaveBeenCalledTimes(2);
    expect(choice.of(settings('auto'))?.uses).toBe('source');
  });

  it('judges no recording, and nothing once it is stopped', () => {
    const { choice, reopen, begin } = begun();
    const read = begin();
    read.device = { properties: { live: false, fps: 25 } } as unknown as Read['device'];
    read.run(60, 0);
    const other = begin();
    choice.stop();
    other.run(60, 0);
    expect(reopen).not.toHaveBeenCalled();
  });
});

describe('Pipeline: two streams', () => {
  it('changes over when the larger one cannot be opened, and when the settings say so', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    onTestFinished(() => void vi.useRealTimers());
    const logger = recorder();
    const { model } = new FakeModel();
    const lost = 'file:/nonexistent/main.mp4';
    const pipeline = new Pipeline({ source: lost, substream: 'scene:', model, patient: true, logger });
    onTestFinished(() => pipeline.stop());
    await pipeline.start();
    expect(pipeline.stats.stream?.uses).toBe('source');
    vi.advanceTimersByTime(30_000);
    await expect.poll(() => pipeline.status).toBe('online');
    expect(pipeline.stats.stream).toMatchObject({
      uses: 'substream',
      why: expect.stringMatching(/no picture: .*main\.mp4/),
    });
    expect(logger.lines.join('\n')).toMatch(/reads the substream: the larger stream gives no picture/);
    expect(pipeline.settings.source).toBe(lost);

    await pipeline.change({ source: 'scene:', substream: lost, detect: { far: 'off' } });
    expect(pipeline.stats.stream).toMatchObject({
      uses: 'substream',
      why: expect.stringMatching(/^detect\.far is off/),
    });
    expect(pipeline.status).toBe('offline');
    await pipeline.change({ substream: '' });
    await expect.poll(() => pipeline.status).toBe('online');
    expect(pipeline.stats.stream).toBeUndefined();
  });
});
