import { describe, expect, it } from 'vitest';
import { LastSnapshots } from '../../../../sdk/hub/extensions/cameras/last-snapshots.ts';

describe('LastSnapshots', () => {
  it('holds the newest of each topic, and drops what changed longest ago when there is no room', () => {
    const last = new LastSnapshots({ mostBytes: 100 });
    last.set('a', Buffer.alloc(40, 1));
    last.set('b', Buffer.alloc(40, 2));
    last.set('a', Buffer.alloc(40, 3));
    last.set('c', Buffer.alloc(20, 4));
    expect([last.get('a')?.[0], last.get('b')?.[0], last.get('c')?.[0]]).toEqual([3, 2, 4]);
    last.set('d', Buffer.alloc(10));
    expect([last.get('a')?.[0], last.get('b'), last.get('c')?.[0], last.get('d')?.[0]]).toEqual([3, undefined, 4, 0]);
    last.set('e', Buffer.alloc(101));
    expect(['a', 'c', 'd', 'e'].filter((topic) => last.get(topic))).toEqual([]);
    last.set('f', Buffer.alloc(100));
    expect(last.get('f')).toBeDefined();
  });
});
