import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { byName, snakeCase, toWire } from '../../sdk/base/wire.ts';
import { nodeStatsToWire } from '../../sdk/hub/contract/stats.ts';
import { nodeStats } from '../support/hub.ts';
import { camelFields, camelKeys } from '../support/wire.ts';

describe('toWire', () => {
  it('writes the keys of objects in snake case, at any depth', () => {
    const told = toWire({
      uptimeSeconds: 7,
      memory: { residentMb: 1 },
      list: [{ lastError: null }, [{ aB: 1 }]],
      p99: 2,
    });
    expect(told).toEqual({
      ...{ uptime_seconds: 7, memory: { resident_mb: 1 }, list: [{ last_error: null }, [{ a_b: 1 }]], p99: 2 },
    });
    // The type says so too.
    expect(told.uptime_seconds + told.memory.resident_mb + told.p99).toBe(10);
  });

  it('leaves keys that are data, and values', () => {
    const cameras = byName({ frontDoor: { lastError: 'tooDark' } });
    expect(toWire({ byCamera: cameras })).toEqual({ by_camera: { frontDoor: { last_error: 'tooDark' } } });
    expect(toWire(new Map([['cellPhone', { topScore: 1 }]]))).toEqual({ cellPhone: { top_score: 1 } });
    const camera = { fps: { in: 1, inferred: 1 } } as never;
    expect(Object.keys(nodeStatsToWire({ ...nodeStats, cameras: { frontDoor: camera } }).cameras)).toEqual([
      'frontDoor',
    ]);
  });

  it('takes what says itself how it is in JSON', () => {
    expect(toWire({ at: new Date(0), found: { toJSON: () => [{ trackId: 1 }] } })).toEqual({
      at: '1970-01-01T00:00:00.000Z',
      found: [{ track_id: 1 }],
    });
  });

  it('leaves no capital in any key of any JSON, and changes nothing twice', () => {
    fc.assert(
      fc.property(fc.object({ key: fc.stringMatching(/^[a-zA-Z0-9_]{1,8}$/), withNullPrototype: false }), (value) => {
        const told = toWire(value);
        expect(camelKeys(told)).toEqual([]);
        expect(toWire(told)).toEqual(told);
      }),
    );
    expect(snakeCase('stallsLastHour')).toBe('stalls_last_hour');
  });
});

describe('what the other tests look for camel case with', () => {
  it('names the key', () => {
    expect(camelKeys({ a: [{ bC: 1 }], dE: { f_g: { hI: [] } } })).toEqual(['a.0.bC', 'dE', 'dE.f_g.hI']);
    expect(camelKeys({ a_b: ['cD', { e: 'fG' }] })).toEqual([]);
  });

  it('names the field of a schema', () => {
    const field = { type: 'object', additionalProperties: false, properties: { cD: { type: 'string' } } };
    expect(camelFields({ anyOf: [{ properties: { a: field, bB: {} } }], maxLength: 1 })).toEqual(['a.cD', 'bB']);
    expect(camelFields({ patternProperties: { '^[A-Z]$': field } })).toEqual(['cD']);
  });
});
