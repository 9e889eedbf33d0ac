import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Hub } from '../../sdk/hub/hub.ts';
import { LevelStore } from '../../sdk/hub/outbox/level-store.ts';
import type { Message } from '../../sdk/hub/outbox/message.ts';
import { Outbox } from '../../sdk/hub/outbox/outbox.ts';
import { encode, keyOf } from '../../sdk/hub/outbox/record.ts';
import { closing } from '../support/closing.ts';
import { temporaryFolder } from '../support/folders.ts';
import { eventMessage, FakeCamera, FakeNode, mqttSettings } from '../support/hub.ts';
import { dayMs, hourMs, Machine, secondMs, steps, trueMs } from '../support/machine.ts';
import { until } from '../support/until.ts';
import { FakeBroker } from './fake-broker.ts';

const bounds = { events: { megabytes: 64, hours: 72 }, learning: { megabytes: 32, hours: 720 } };

const event = (text: string): Message => ({
  topic: 'events',
  payload: Buffer.from(text),
  retain: false,
  kind: 'event',
});

/** A process that has found what is on disk. */
async function open(folder: string, machine: Machine) {
  const outbox = new Outbox({ folder, bounds, ...machine.clock() });
  closing(outbox, (it) => it.close());
  outbox.open(() => {});
  await until(() => outbox.stats.storage === 'disk');
  // What is too old goes when the next one is asked for.
  outbox.next();
  outbox.rewind();
  return outbox;
}

const written = (outbox: Outbox) => until(() => outbox.stats.unwritten === 0);
const numbers = (count: number) => Array.from({ length: count }, (_, i) => String(i));

async function putAll(outbox: Outbox, count: number): Promise<void> {
  for (const text of numbers(count)) outbox.put(event(text));
  await written(outbox);
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe('ages in the outbox of a board without a clock', () => {
  it('does not take events for old that the process before stored while the clock was 80 hours behind', async () => {
    const folder = join(temporaryFolder(), 'outbox');
    const origin = performance.timeOrigin;
    vi.spyOn(performance, 'timeOrigin', 'get').mockReturnValue(origin - 80 * hourMs);
    const now = Date.now;
    vi.spyOn(Date, 'now').mockImplementation(() => now() - 80 * hourMs);
    const first = closing(new Outbox({ folder, bounds }), (it) => it.close());
    first.open(() => {});
    await until(() => first.stats.storage === 'disk');
    await putAll(first, 50);
    await first.close();
    vi.restoreAllMocks();
    const second = closing(new Outbox({ folder, bounds }), (it) => it.close());
    second.open(() => {});
    await until(() => second.stats.storage === 'disk');
    second.next();
    expect(second.stats).toMatchObject({ depth: 50, evicted: { event: 0 } });
    expect(second.stats.oldestAgeSeconds).toBeLessThan(3600);
  });

  it.each(steps)('does not care when the clock is set by %s while it runs', async (_, ms) => {
    const machine = new Machine();
    const outbox = await open(join(temporaryFolder(), 'outbox'), machine);
    await putAll(outbox, 50);
    machine.step(ms);
    machine.spend(71 * hourMs);
    outbox.next();
    expect(outbox.stats).toMatchObject({ depth: 50, oldestAgeSeconds: 71 * 3600, evicted: { event: 0 } });
    machine.spend(2 * hourMs);
    outbox.rewind();
    expect(outbox.next()).toBeUndefined();
    expect(outbox.stats).toMatchObject({ depth: 0, evicted: { event: 50 } });
  });

  it.each(steps)('does not care when it is set by %s between two processes', async (_, ms) => {
    const machine = new Machine();
    const folder = join(temporaryFolder(), 'outbox');
    const first = await open(folder, machine);
    await putAll(first, 50);
    await first.close();
    machine.step(ms);
    machine.spend(10 * hourMs);
    const second = await open(folder, machine);
    expect(second.stats).toMatchObject({ depth: 50, oldestAgeSeconds: 36_000, evicted: { event: 0 } });
    await second.close();
    machine.learnTime();
    machine.spend(63 * hourMs);
    const third = await open(folder, machine);
    expect(third.stats, 'the machine was up all the time').toMatchObject({ depth: 0, evicted: { event: 50 } });
  });

  it('counts the time without power only where the clock had been set from the network before and after', async () => {
    const ageAfter = async (before: boolean, after: boolean) => {
      const machine = new Machine();
      const folder = join(temporaryFolder(), 'outbox');
      if (before) machine.learnTime();
      const first = await open(folder, machine);
      await putAll(first, 1);
      await first.close();
      machine.switchOff(30 * hourMs, trueMs + 100 * hourMs);
      if (after) machine.learnTime();
      return (await open(folder, machine)).stats.oldestAgeSeconds;
    };
    expect(await ageAfter(true, true)).toBe(30 * 3600);
    expect(await ageAfter(true, false)).toBe(0);
    expect(await ageAfter(false, true)).toBe(0);
    expect(await ageAfter(false, false)).toBe(0);
  });

  it('goes on counting where the last process stopped, however often it is switched off', async () => {
    const machine = new Machine();
    const folder = join(temporaryFolder(), 'outbox');
    let outbox = await open(folder, machine);
    await putAll(outbox, 20);
    for (let day = 0; day < 7; day++) {
      machine.spend(10 * hourMs);
      // Something happens each evening, which notes the time.
      outbox.put(event('evening'));
      await written(outbox);
      await outbox.close();
      machine.switchOff(14 * hourMs, 0);
      outbox = await open(folder, machine);
      expect(outbox.stats.oldestAgeSeconds).toBe((day + 1) * 36_000);
      expect(outbox.stats.depth).toBe(20 + day + 1);
    }
    machine.spend(3 * hourMs);
    outbox.next();
    expect(outbox.stats).toMatchObject({ depth: 7, evicted: { event: 20 } });
  });

  it('notes each hour how old what waits is', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    closing(undefined, async () => void vi.useRealTimers());
    const machine = new Machine();
    const folder = join(temporaryFolder(), 'outbox');
    const outbox = await open(folder, machine);
    await putAll(outbox, 1);
    const write = vi.spyOn(LevelStore.prototype, 'write');
    for (let hour = 0; hour < 5; hour++) {
      machine.spend(hourMs);
      vi.advanceTimersByTime(hourMs);
      await until(() => write.mock.calls.length === hour + 1);
    }
    await outbox.close();
    machine.switchOff(dayMs, 0);
    const next = await open(folder, machine);
    expect(next.stats.oldestAgeSeconds).toBe(5 * 3600);
  });

  it('takes what an older version stored, or what lost its clock, for new', async () => {
    const folder = join(temporaryFolder(), 'outbox');
    const store = await LevelStore.open(folder, { debug() {}, info() {}, warn() {}, error() {} });
    for (const sequence of [0, 1, 2]) {
      const seconds = 1_700_000_000 + sequence * 3600;
      const key = keyOf('e', { sequence, seconds, bytes: 300, retain: false });
      await store.write([{ type: 'put', key, value: encode(key, event(String(sequence))) }], true);
    }
    await store.write([{ type: 'put', key: Buffer.from('clock'), value: Buffer.alloc(40, 7) }], true);
    await store.close();
    const machine = new Machine();
    const outbox = await open(folder, machine);
    expect(outbox.stats).toMatchObject({ depth: 3, oldestAgeSeconds: 7200 });
    machine.spend(71 * hourMs);
    outbox.put(event('new'));
    await written(outbox);
    await outbox.close();
    expect((await open(folder, machine)).stats).toMatchObject({ depth: 3, oldestAgeSeconds: 72 * 3600 });
  });

  it('never takes one for older than it is, and drops all that were spent in full, whatever is done to the clock', async () => {
    const ms = fc.integer({ min: 1, max: 40 }).map((hours) => hours * hourMs);
    const action = fc.oneof(
      { weight: 3, arbitrary: fc.record({ what: fc.constant('spend' as const), ms }) },
      { weight: 3, arbitrary: fc.record({ what: fc.constantFrom('put', 'restart', 'learn' as const) }) },
      {
        weight: 2,
        arbitrary: fc.record({ what: fc.constant('step' as const), ms: fc.constantFrom(...steps.map(([, by]) => by)) }),
      },
      {
        weight: 1,
        arbitrary: fc.record({
          what: fc.constant('off' as const),
          ms,
          wallMs: fc.constantFrom(0, trueMs, 2 * trueMs, undefined),
          learns: fc.boolean(),
        }),
      },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 25 }), async (actions) => {
        const machine = new Machine();
        const folder = join(temporaryFolder(), 'outbox');
        let outbox = await open(folder, machine);
        /** When it was put: the true time, and the time spent switched on. */
        const all: { text: string; putMs: number; onMs: number }[] = [];
        let onMs = 0;
        const waiting = () => {
          const found: string[] = [];
          for (let entry = outbox.next(); entry; entry = outbox.next()) found.push(String(entry.payload));
          outbox.rewind();
          return found;
        };
        for (const action of actions) {
          if (action.what === 'spend') {
            machine.spend(action.ms);
            onMs += action.ms;
          } else if (action.what === 'step') machine.step(action.ms);
          else if (action.what === 'learn') machine.learnTime();
          else if (action.what === 'put') {
            const text = String(all.length);
            all.push({ text, putMs: machine.spentMs, onMs });
            outbox.put(event(text));
            await written(outbox);
          } else {
            // Notes the time, as each hour does.
            const text = String(all.length);
            all.push({ text, putMs: machine.spentMs, onMs });
            outbox.put(event(text));
            await written(outbox);
            await outbox.close();
            if (action.what === 'off') {
              machine.switchOff(action.ms, action.wallMs);
              if (action.learns) machine.learnTime();
            }
            outbox = await open(folder, machine);
          }
          await until(() => outbox.stats.storage === 'disk');
          let there = waiting();
          while (there.length < outbox.stats.depth) {
            await new Promise((resolve) => setImmediate(resolve));
            there = waiting();
          }
          const young = all.filter(({ putMs }) => machine.spentMs - putMs < 72 * hourMs).map(({ text }) => text);
          expect(there).toEqual(expect.arrayContaining(young));
          // What was noted last may be a minute old when the power goes.
          const old = all.filter(({ onMs: at }) => onMs - at > 72 * hourMs + 60 * secondMs).map(({ text }) => text);
          for (const text of old) expect(there).not.toContain(text);
        }
        await outbox.close();
      }),
      { numRuns: 40 },
    );
  });
});

describe('message expiry', () => {
  it.each(steps)('is the time that is left, also when the clock is set by %s', async (_, ms) => {
    const broker = closing(await FakeBroker.start(), (it) => it.stop());
    broker.flow();
    const camera = new FakeCamera('door');
    const settings = { ...mqttSettings(broker.url), outbox: bounds };
    const hub = closing(new Hub({ node: new FakeNode('porch', [camera]), settings }), (it) => it.stop());
    await hub.start();
    const now = Date.now;
    vi.spyOn(Date, 'now').mockImplementation(() => now() + ms);
    camera.emit('event', eventMessage(1));
    const events = () => broker.published.filter(({ topic }) => topic.endsWith('/events'));
    await until(() => events().length > 0);
    const expiry = events()[0]!.properties!.messageExpiryInterval!;
    expect(expiry).toBeGreaterThan(71 * 3600);
    expect(expiry).toBeLessThanOrEqual(72 * 3600);
  });
});
