import { describe, expect, it } from 'vitest';
import { type Session, Sessions } from '../../tools/console/server/sessions.ts';

function limited() {
  const clock = { ms: 0 };
  const ended: Session[] = [];
  const limits = { idleMs: 1000, longestMs: 5000, most: 3, now: () => clock.ms };
  return { clock, ended, sessions: new Sessions((session) => ended.push(session), limits) };
}

describe('Sessions', () => {
  it('are found by their id, 256 bits at random, and by nothing else', () => {
    const { sessions } = limited();
    const ids = Array.from({ length: 3 }, () => sessions.begin());
    for (const id of ids) {
      expect(Buffer.from(id, 'base64url')).toHaveLength(32);
      expect(sessions.use(id)).toBeDefined();
    }
    expect(new Set(ids).size).toBe(3);
    expect(sessions.use(`${ids[0]}x`)).toBeUndefined();
    sessions.close();
  });

  it('end when they are unused for long, and at last however they are used', () => {
    const { sessions, clock, ended } = limited();
    const idle = sessions.begin();
    const used = sessions.begin();
    for (clock.ms = 900; clock.ms <= 4500; clock.ms += 900) {
      expect(sessions.use(used)).toBeDefined();
      if (clock.ms > 1000) expect(sessions.use(idle)).toBeUndefined();
    }
    clock.ms = 5001;
    expect(sessions.use(used)).toBeUndefined();
    expect([sessions.size, ended.length]).toEqual([0, 2]);
  });

  it('are in use while a page is open with them', () => {
    const { sessions, clock, ended } = limited();
    const session = sessions.use(sessions.begin())!;
    session.pages = 1;
    for (clock.ms = 900; clock.ms <= 4900; clock.ms += 500) sessions.sweep();
    expect(ended).toEqual([]);
    session.pages = 0;
    clock.ms = 4999;
    sessions.sweep();
    expect(ended).toEqual([]);
    clock.ms = 5001;
    sessions.sweep();
    expect(ended).toEqual([session]);
  });

  it('are no more than there is room for: the one that was unused for longest makes place', () => {
    const { sessions, ended } = limited();
    const [first, second] = [sessions.begin(), sessions.begin(), sessions.begin()];
    sessions.use(first!);
    for (let i = 0; i < 2; i++) sessions.begin();
    expect(sessions.size).toBe(3);
    expect(sessions.use(first!)).toBeDefined();
    expect(sessions.use(second!)).toBeUndefined();
    expect(ended).toHaveLength(2);
    sessions.close();
    expect([sessions.size, ended.length]).toEqual([0, 5]);
  });
});
