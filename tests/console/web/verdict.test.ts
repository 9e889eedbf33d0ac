import { describe, expect, it } from 'vitest';
import { type Known, troublesOf } from '../../../tools/console/web/src/health/verdict.ts';

const camera = (over: object = {}, device: object = {}) => ({
  frames: { in: 1000, dropped: 0, gated: 0, late: 0, inferred: 500 },
  unfinished_ms: 0,
  ...over,
  device: { last_error: null, reconnects_last_hour: 0, ...device },
});
const outbox = (over: object = {}) => ({ depth: 3, evicted: { state: 0, event: 0, learning: 0 }, ...over });
const known = (over: object = {}) =>
  ({
    cameras: [{ name: 'door', status: 'online' }],
    mqtt: { connected: true, outbox: outbox() },
    stats: { cameras: { door: camera() }, throttling: { now: [] }, temperature: 55, disk: { years_left: 9 } },
    ...over,
  }) as unknown as Known;
const stats = (over: object) => ({
  stats: { cameras: { door: camera() }, throttling: null, temperature: null, disk: null, ...over },
});

describe('troublesOf', () => {
  it('finds none where all is well, and where little is known', () => {
    expect(troublesOf(known())).toEqual([]);
    expect(troublesOf(known({ stats: undefined, mqtt: null }))).toEqual([]);
    expect(troublesOf(known({ cameras: [{ name: 'door', status: 'disabled' }] }))).toEqual([]);
  });

  it.each([
    ['no camera', { cameras: [] }, 'There is no camera.'],
    [
      'no picture',
      {
        cameras: [{ name: 'door', status: 'offline' }],
        ...stats({ cameras: { door: camera({}, { last_error: 'no route.' }) } }),
      },
      'door gives no picture: no route.',
    ],
    [
      'stuck',
      stats({ cameras: { door: camera({ unfinished_ms: 60_000 }) } }),
      'The pictures of door are not looked at any more.',
    ],
    [
      'a bad connection',
      stats({ cameras: { door: camera({}, { reconnects_last_hour: 7 }) } }),
      'broke 7 times in the last hour',
    ],
    ['too slow', stats({ cameras: { door: camera({ frames: { late: 900, inferred: 100 } }) } }), 'too busy to look'],
    ['weak power', stats({ throttling: { now: ['under-voltage', 'throttled'] } }), 'The power supply is too weak.'],
    ['heat', stats({ temperature: 84 }), 'The board is too hot.'],
    ['slowed down', stats({ throttling: { now: ['frequency-capped'] } }), 'The board is slowed down.'],
    [
      'no broker',
      { mqtt: { connected: false, outbox: outbox() } },
      'no connection to the MQTT broker; 3 messages wait',
    ],
    [
      'lost messages',
      { mqtt: { connected: true, outbox: outbox({ evicted: { event: 4 } }) } },
      '4 messages were given up',
    ],
    ['a card that wears out', stats({ disk: { years_left: 0.4 } }), 'wears out within a year'],
  ])('says what is wrong and what to do: %s', (_, over, expected) => {
    const found = troublesOf(known(over));
    expect(found).toHaveLength(1);
    expect(found[0]!.what).toContain(expected);
    expect(found[0]!.todo).toMatch(/^[A-Z].*\.$/);
  });
});
