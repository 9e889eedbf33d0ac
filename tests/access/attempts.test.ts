import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Attempts } from '../../sdk/access/attempts.ts';

function limited() {
  const clock = { ms: 0 };
  const limits = { burst: 3, eachMs: 10_000, burstOfAll: 8, eachOfAllMs: 1000, now: () => clock.ms };
  return { clock, attempts: new Attempts(limits) };
}

describe('Attempts', () => {
  it('lets a network guess a few times, then once in a while', () => {
    const { attempts, clock } = limited();
    expect([0, 0, 0, 0].map(() => attempts.take('10.0.0.1'))).toEqual([0, 0, 0, 10]);
    // A try that was refused takes nothing.
    clock.ms += 10_000;
    expect(attempts.take('10.0.0.1')).toBe(0);
    expect(attempts.take('10.0.0.1')).toBe(10);
    expect(attempts.take('10.0.0.2')).toBe(0);
  });

  it('counts a /64 of IPv6 as one, and an IPv4 address however it is written', () => {
    const { attempts } = limited();
    for (const address of ['2001:db8::1', '2001:db8::2', '2001:db8::3']) expect(attempts.take(address)).toBe(0);
    expect(attempts.take('2001:db8::4')).toBeGreaterThan(0);
    for (const address of ['10.0.0.1', '::ffff:10.0.0.1', '10.0.0.1']) expect(attempts.take(address)).toBe(0);
    expect(attempts.take('::ffff:10.0.0.1')).toBeGreaterThan(0);
  });

  it('bounds all networks together', () => {
    const { attempts, clock } = limited();
    const taken = Array.from({ length: 20 }, (_, i) => attempts.take(`10.0.0.${i}`));
    expect(taken.filter((wait) => wait === 0)).toHaveLength(8);
    clock.ms += 2000;
    expect(attempts.take('10.0.1.1')).toBe(0);
  });

  it('does not count who is right', () => {
    const { attempts } = limited();
    for (let i = 0; i < 100; i++) {
      expect(attempts.take('10.0.0.1')).toBe(0);
      attempts.giveBack('10.0.0.1');
    }
  });

  it('remembers a bounded number of networks', () => {
    const { attempts } = limited();
    for (let i = 0; i < 5000; i++) attempts.take(`10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`);
    expect(attempts.size).toBe(1024);
  });

  it('never lets more through than the limits say, however they come', () => {
    const step = fc.record({ host: fc.nat(4), wait: fc.nat(3000) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const { attempts, clock } = limited();
        const through = new Map<number, number>();
        for (const { host, wait } of steps) {
          clock.ms += wait;
          if (attempts.take(`10.0.0.${host}`) === 0) through.set(host, (through.get(host) ?? 0) + 1);
        }
        for (const count of through.values()) expect(count).toBeLessThanOrEqual(3 + clock.ms / 10_000);
        const all = [...through.values()].reduce((sum, count) => sum + count, 0);
        expect(all).toBeLessThanOrEqual(8 + clock.ms / 1000);
      }),
    );
  });
});
