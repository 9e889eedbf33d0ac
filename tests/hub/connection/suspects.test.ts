import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { SizeLimit } from '../../../sdk/hub/connection/size-limit.ts';
import { type Sent, Suspects } from '../../../sdk/hub/connection/suspects.ts';

afterEach(() => {
  vi.useRealTimers();
});

const make = () => {
  const limit = new SizeLimit();
  return { limit, suspects: new Suspects(limit) };
};
const sent = (key: unknown, topic = String(key), bytes = 100): Sent => ({ key, topic, bytes });
const perhaps = { fault: 'perhaps' } as const;

describe('Suspects', () => {
  it('lets each go alone after a connection ended with several on their way, until all got through', () => {
    const { suspects } = make();
    const [a, b, c] = [sent('a'), sent('b'), sent('c')];
    expect(suspects.mustBeAlone(a)).toBe(false);
    expect(suspects.ended([a, b], perhaps)).toBe(true);
    expect([a, b, c].map((one) => suspects.mustBeAlone(one))).toEqual([true, true, true]);
    expect([a, b].map((one) => suspects.needsQuiet(one))).toEqual([false, false]);
    suspects.survived(a, true);
    expect(suspects.mustBeAlone(c)).toBe(true);
    suspects.survived(b, true);
    expect(suspects.mustBeAlone(c)).toBe(false);
  });

  it('is careful for a while only, where what was on its way does not come again', () => {
    const { suspects } = make();
    suspects.ended([sent('gone'), sent('too')], perhaps);
    for (let i = 0; i < 64; i++) suspects.survived(sent(i), true);
    expect(suspects.mustBeAlone(sent('a'))).toBe(false);
  });

  it('condemns what was alone at two ends, and a topic after two messages', () => {
    const { suspects } = make();
    const first = sent({}, 't');
    suspects.ended([first], perhaps);
    expect(suspects.verdict(first)).toBeUndefined();
    expect(suspects.needsQuiet(first)).toBe(true);
    suspects.ended([first], perhaps);
    expect(suspects.verdict(first)?.reason).toMatch(/ends the connection/);
    // The next one of the topic goes alone, and once is enough.
    const second = sent({}, 't');
    expect(suspects.verdict(second)).toBeUndefined();
    expect(suspects.mustBeAlone(second)).toBe(true);
    expect(suspects.mustBeAlone(sent({}, 'other'))).toBe(false);
    suspects.ended([second], perhaps);
    expect(suspects.verdict(second)?.reason).toMatch(/ends the connection/);
    for (let i = 0; i < 10; i++) expect(suspects.verdict(sent({}, 't'))?.reason).toMatch(/ends the connection/);
    expect(suspects.verdict(sent({}, 'other'))).toBeUndefined();
  });

  it('tries a topic again after a time, ever more seldom, and forgets all when it passes', () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    const { suspects } = make();
    const end = () => suspects.ended([sent({}, 't')], { fault: 'message', code: 0x87 });
    end();
    end();
    const isBanned = () => suspects.verdict(sent({}, 't')) !== undefined;
    const waits: number[] = [];
    for (let i = 0; i < 8; i++) {
      let minutes = 0;
      for (; isBanned(); minutes++) vi.advanceTimersByTime(60_000);
      waits.push(minutes);
      end();
    }
    expect(waits).toEqual([10, 20, 40, 80, 160, 320, 360, 360]);
    vi.advanceTimersByTime(7 * 3_600_000);
    suspects.survived(sent({}, 't'), true);
    end();
    expect(isBanned()).toBe(false);
  });

  it('acquits what was to go when the connection ended before', () => {
    const { suspects } = make();
    const one = sent('a');
    for (let i = 0; i < 10; i++) {
      suspects.ended([one], perhaps);
      suspects.endedBefore(one);
    }
    expect(suspects.verdict(one)).toBeUndefined();
  });

  it('takes the size for the reason only where it can be, and tells a smaller one from the condemned', () => {
    const { limit, suspects } = make();
    const picture = (bytes: number) => sent('picture', 'picture', bytes);
    suspects.survived(sent('event', 'event', 2000), true);
    suspects.ended([picture(1_000_000)], perhaps);
    suspects.ended([picture(1_000_000)], perhaps);
    expect(limit.bytes).toBe(Math.floor(Math.sqrt(2000 * 1_000_000)));
    expect(suspects.verdict(picture(40_000))).toBeUndefined();
    suspects.ended([picture(40_000)], perhaps);
    expect(suspects.verdict(picture(40_000))?.reason).toMatch(/ends the connection/);
    // Some brokers take no more than 8 KB.
    expect(limit.bytes).toBe(Math.floor(Math.sqrt(2000 * 40_000)));
    suspects.ended([picture(8200)], perhaps);
    expect(limit.bytes).toBe(4096);
    // So small it is not the size.
    suspects.ended([picture(4000)], perhaps);
    expect(suspects.verdict(picture(4000))?.reason).toMatch(/ends the connection/);
    expect(limit.bytes).toBe(Number.POSITIVE_INFINITY);
  });

  it('leaves open which one it was while nothing is accepted, and decides it on a connection on which something was', () => {
    const { suspects } = make();
    const strike = (one: Sent) => {
      suspects.connected();
      suspects.ended([one], perhaps);
    };
    const all = ['status', 'a', 'b', 'c', 'd'].map((topic) => sent({}, topic));
    for (const one of [...all, ...all]) strike(one);
    expect(suspects.isUndecided).toBe(true);
    for (const one of all) {
      // As often as it is asked.
      expect(suspects.verdict(one)).toEqual({ reason: expect.stringMatching(/ends the connection/), isOpen: true });
      expect(suspects.verdict(one)?.isOpen).toBe(true);
    }
    // That a subscription passes says nothing about messages.
    suspects.connected();
    expect(suspects.survived({ ...sent('subscribe x'), isSubscription: true })).toBe(false);
    expect(suspects.verdict(all[0]!)?.isOpen).toBe(true);
    expect(suspects.survived(sent('other'), true)).toBe(true);
    expect(suspects.isUndecided).toBe(false);
    for (const one of all) {
      expect(suspects.verdict(one)).toBeUndefined();
      expect([suspects.mustBeAlone(one), suspects.needsQuiet(one)]).toEqual([true, true]);
    }
    const [status, a, ...rest] = all;
    for (const one of rest) expect(suspects.survived(one, true)).toBe(false);
    // Once is enough then.
    suspects.ended([a!], perhaps);
    suspects.connected();
    expect(suspects.verdict(a!)).toEqual({ reason: expect.stringMatching(/ends the connection/), isOpen: false });
    expect(suspects.verdict(status!)?.isOpen).toBe(true);
    for (const one of rest) {
      expect(suspects.verdict(one)).toBeUndefined();
      expect(suspects.mustBeAlone(one)).toBe(false);
    }
  });

  it('tries what is open again after a short time, where nothing else is accepted', () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    const { suspects } = make();
    const one = sent({}, 't');
    for (let i = 0; i < 10; i++) {
      suspects.ended([one], perhaps);
      suspects.ended([one], perhaps);
      expect(suspects.verdict(one)?.isOpen).toBe(true);
      vi.advanceTimersByTime(30_000);
      expect(suspects.verdict(one)).toBeUndefined();
    }
    suspects.connected();
    suspects.survived(one, true);
    expect(suspects.mustBeAlone(one)).toBe(false);
  });

  it('finds the guilty ones and no other, also of a broker that ends each connection for a time', () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    const plan = fc.record({
      guilty: fc.uniqueArray(fc.integer({ min: 0, max: 19 }), { maxLength: 6 }),
      topics: fc.integer({ min: 2, max: 20 }),
      window: fc.integer({ min: 1, max: 16 }),
      /** Connections that it ends, whatever is sent. */
      outages: fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 3 }),
      wellFor: fc.integer({ min: 1, max: 5 }),
    });
    fc.assert(
      fc.property(plan, ({ guilty, topics, window, outages, wellFor }) => {
        const { suspects } = make();
        const all = Array.from({ length: 20 }, (_, i) => sent(i, `t${i % topics}`));
        const statistics = sent('statistics');
        let queue = all;
        const arrived: number[] = [];
        const refused: number[] = [];
        const leave = (one: Sent, list: number[]) => {
          list.push(one.key as number);
          queue = queue.filter((other) => other !== one);
        };
        const down = [...outages];
        let well = 0;
        for (let connection = 0; queue.length > 0; connection++) {
          expect(connection).toBeLessThan(1000);
          suspects.connected();
          const isDown = well === 0 && (down[0] ?? 0) > 0;
          if (isDown && --down[0]! === 0) {
            down.shift();
            well = down.length > 0 ? wellFor : Number.POSITIVE_INFINITY;
          } else if (!isDown) well--;
          const held = new Set<Sent>();
          for (let isUp = true; isUp && queue.length > 0; ) {
            const flight: Sent[] = [];
            for (const one of queue) {
              if (held.has(one)) continue;
              if (flight.length === window || (flight.length > 0 && suspects.mustBeAlone(one))) break;
              const verdict = suspects.verdict(one);
              if (verdict?.isOpen) held.add(one);
              else if (verdict) leave(one, refused);
              else {
                flight.push(one);
                if (suspects.mustBeAlone(one)) break;
              }
            }
            // Statistics come now and then, and what is kept is asked for again.
            if (flight.length === 0 && queue.length > 0) {
              vi.advanceTimersByTime(10_000);
              held.clear();
              if (!suspects.verdict(statistics)) flight.push(statistics);
            }
            for (const [i, one] of flight.entries()) {
              if (isDown || guilty.includes(one.key as number)) {
                suspects.ended(flight.slice(i), perhaps);
                isUp = false;
                break;
              }
              if (one !== statistics) leave(one, arrived);
              if (suspects.survived(one, true)) held.clear();
            }
          }
        }
        const isGuiltyTopic = (key: number) => guilty.some((one) => one % topics === key % topics);
        expect([...arrived, ...refused].sort((a, b) => a - b)).toEqual(all.map(({ key }) => key));
        expect(arrived.filter((key) => guilty.includes(key))).toEqual([]);
        // Of a topic with several guilty ones the good ones may be refused too, and no others.
        expect(refused.filter((key) => !isGuiltyTopic(key))).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });

  it('finds the guilty ones and no other, whatever the order and the windows', () => {
    const plan = fc.record({
      guilty: fc.uniqueArray(fc.integer({ min: 0, max: 19 }), { maxLength: 6 }),
      window: fc.integer({ min: 1, max: 16 }),
      deaths: fc.array(fc.integer({ min: 0, max: 60 }), { maxLength: 5 }),
    });
    fc.assert(
      fc.property(plan, ({ guilty, window, deaths }) => {
        const { suspects } = make();
        let queue = Array.from({ length: 20 }, (_, i) => sent(i, `t${i}`));
        const arrived: unknown[] = [];
        const refused: unknown[] = [];
        let steps = 0;
        for (let connection = 0; queue.length > 0; connection++) {
          expect(connection).toBeLessThan(4 * (guilty.length + deaths.length + 1));
          let isUp = true;
          while (isUp && queue.length > 0) {
            const flight: Sent[] = [];
            for (const one of queue) {
              if (flight.length === window || (flight.length > 0 && suspects.mustBeAlone(one))) break;
              if (suspects.verdict(one)) {
                refused.push(one.key);
                queue = queue.filter((other) => other !== one);
                continue;
              }
              flight.push(one);
              if (suspects.mustBeAlone(one)) break;
            }
            for (const [i, one] of flight.entries()) {
              // It dies by chance: with a message that waits for the quiet first, it does so in the quiet.
              if (deaths.includes(steps++)) {
                if (flight.length === 1 && suspects.needsQuiet(one)) suspects.endedBefore(one);
                else suspects.ended(flight.slice(i), perhaps);
                isUp = false;
              } else if (guilty.includes(one.key as number)) {
                suspects.ended(flight.slice(i), perhaps);
                isUp = false;
              }
              if (!isUp) break;
              suspects.survived(one, true);
              arrived.push(one.key);
              queue = queue.filter((other) => other !== one);
            }
          }
        }
        expect(refused).toEqual([...guilty].sort((a, b) => a - b));
        expect(arrived).toEqual(Array.from({ length: 20 }, (_, i) => i).filter((i) => !guilty.includes(i)));
      }),
      { numRuns: 500 },
    );
  });
});
