import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Refusals } from '../../../sdk/hub/outbox/refusals.ts';
import { recorder } from '../../support/recorder.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
});

afterEach(() => {
  vi.useRealTimers();
});

describe('Refusals', () => {
  it('says the first topic for a reason at once, the others together, and each once', () => {
    const logger = recorder();
    const refusals = new Refusals(logger);
    for (let i = 0; i < 3; i++) {
      for (let n = 0; n < 12; n++) refusals.refused(`t${n}`, 'Not authorized');
      refusals.refused('t0', 'Quota exceeded', 'it is tried again');
    }
    expect(logger.lines).toEqual([
      'error MQTT: the broker refuses t0: Not authorized',
      'error MQTT: the broker refuses t0: Quota exceeded; it is tried again',
    ]);
    vi.advanceTimersByTime(61_000);
    expect(logger.lines.slice(2)).toEqual([
      'error MQTT: the broker refuses t1, t2, t3, t4, t5, t6, t7, t8 and 3 more as well: Not authorized',
    ]);
    refusals.refused('t3', 'Not authorized');
    vi.advanceTimersByTime(10 * 60_000);
    expect(logger.lines).toHaveLength(3);
  });

  it('says when a topic is taken again that was refused for a while, and not at each change of mind', () => {
    const logger = recorder();
    const refusals = new Refusals(logger);
    refusals.refused('t', 'Not authorized');
    refusals.accepted('t');
    expect(logger.lines).toHaveLength(1);
    vi.advanceTimersByTime(61_000);
    refusals.accepted('other');
    refusals.accepted('t');
    expect(logger.lines[1]).toBe('info MQTT: the broker takes t again, which it refused: Not authorized');
    for (let i = 0; i < 50; i++) {
      refusals.refused('t', 'Not authorized');
      refusals.accepted('t');
    }
    expect(logger.lines).toHaveLength(2);
    vi.advanceTimersByTime(3_600_000);
    expect(logger.lines.length).toBeLessThanOrEqual(3);
  });

  it('is bounded, whatever a broker makes up, and leaves nothing behind', () => {
    const logger = recorder();
    const refusals = new Refusals(logger);
    for (let i = 0; i < 5000; i++) refusals.refused(`t${i}`, 'Not authorized');
    vi.advanceTimersByTime(61_000);
    expect(logger.lines).toHaveLength(2);
    expect(logger.lines[1]!.length).toBeLessThan(300);
    refusals.refused('u', 'x');
    refusals.refused('v', 'x');
    refusals.stop();
    expect(vi.getTimerCount()).toBe(0);
  });
});
