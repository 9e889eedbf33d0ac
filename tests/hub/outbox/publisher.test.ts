import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type Link, RefusedError } from '../../../sdk/hub/connection/link.ts';
import { Outbox } from '../../../sdk/hub/outbox/outbox.ts';
import { Publisher } from '../../../sdk/hub/outbox/publisher.ts';
import { recorder } from '../../support/recorder.ts';

afterEach(() => {
  vi.useRealTimers();
});

/** A link whose acknowledgements a test gives. */
class FakeLink {
  readonly window: number;
  readonly maximumPacketSize: number;
  readonly sent: string[] = [];
  readonly waiting: { resolve: () => void; reject: (error: Error) => void }[] = [];
  most = 0;
  closed: string | undefined;

  constructor(window = 4, maximumPacketSize = Number.POSITIVE_INFINITY) {
    this.window = window;
    this.maximumPacketSize = maximumPacketSize;
  }

  publish(_topic: string, payload: Buffer | string): Promise<void> {
    this.sent.push(String(payload));
    return new Promise((resolve, reject) => {
      this.waiting.push({ resolve, reject });
      this.most = Math.max(this.most, this.waiting.length);
    });
  }

  async acknowledge(): Promise<void> {
    this.waiting.shift()?.resolve();
    await settled();
  }

  close(reason: string): void {
    this.closed = reason;
  }

  isUndecided = false;
  decide = () => {};
  retries = 0;

  whenDecidable(then: () => void): void {
    this.decide = then;
  }

  retryHeld(): void {
    this.retries++;
  }

  get link(): Link {
    return this as unknown as Link;
  }
}

const settled = async () => {
  for (let i = 0; i < 5; i++) await Promise.resolve();
};
const event = (text: string) => ({
  topic: 'events',
  payload: Buffer.from(text),
  retain: false,
  kind: 'event' as const,
});

async function make(outbox = new Outbox()) {
  const logger = recorder();
  const publisher = new Publisher(outbox, logger);
  publisher.start();
  return { outbox, logger, publisher };
}

describe('Publisher', () => {
  it('keeps to the window and the order', async () => {
    const { publisher } = await make();
    for (let i = 0; i < 20; i++) publisher.put(event(String(i)));
    const link = new FakeLink(4);
    publisher.attach(link.link);
    expect(link.sent).toEqual(['0', '1', '2', '3']);
    await link.acknowledge();
    expect(link.sent).toHaveLength(5);
    while (link.waiting.length > 0) await link.acknowledge();
    expect(link.sent).toEqual(Array.from({ length: 20 }, (_, i) => String(i)));
    expect(link.most).toBe(4);
    expect(publisher.stats.published).toBe(20);
  });

  it('sends what was not acknowledged over the next connection, in order', async () => {
    const { publisher, outbox } = await make();
    for (let i = 0; i < 6; i++) publisher.put(event(String(i)));
    const first = new FakeLink(4);
    publisher.attach(first.link);
    await first.acknowledge();
    publisher.detach();
    // Too late: it was put back already.
    first.waiting[0]!.resolve();
    first.waiting[1]!.reject(new Error('connection closed'));
    await settled();
    const second = new FakeLink(16);
    publisher.attach(second.link);
    expect(second.sent).toEqual(['1', '2', '3', '4', '5']);
    while (second.waiting.length > 0) await second.acknowledge();
    expect(outbox.stats.depth).toBe(0);
    expect(publisher.stats.published).toBe(6);
  });

  it('delivers each message at least once and in order, whatever happens to the connections', async () => {
    const action = fc.constantFrom('put', 'put', 'acknowledge', 'acknowledge', 'drop' as const);
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 100 }), async (actions) => {
        const { publisher, outbox } = await make();
        let link = new FakeLink(3);
        const heard: number[] = [];
        const hear = () => heard.push(...link.sent.map(Number));
        publisher.attach(link.link);
        let put = 0;
        for (const what of actions) {
          if (what === 'put') publisher.put(event(String(put++)));
          else if (what === 'acknowledge') await link.acknowledge();
          else {
            publisher.detach();
            hear();
            link = new FakeLink(3);
            publisher.attach(link.link);
          }
        }
        while (link.waiting.length > 0) await link.acknowledge();
        hear();
        const firsts = [...new Set(heard)];
        expect(firsts).toEqual(Array.from({ length: put }, (_, i) => i));
        expect(outbox.stats.depth).toBe(0);
      }),
      { numRuns: 200 },
    );
  });

  it('leaves out what is larger than the broker takes, says so once, and counts', async () => {
    const { publisher, logger, outbox } = await make();
    const link = new FakeLink(4, 200);
    publisher.attach(link.link);
    publisher.put(event('x'.repeat(300)));
    publisher.put(event('y'.repeat(300)));
    publisher.put(event('small'));
    expect(link.sent).toEqual(['small']);
    expect(publisher.stats.tooLarge).toBe(2);
    expect(logger.lines).toHaveLength(1);
    expect(logger.lines[0]).toMatch(/^warn MQTT: events is left out: \d+ bytes, the broker takes 200/);
    await link.acknowledge();
    expect(outbox.stats.depth).toBe(0);
  });

  it('goes on after a refusal, says each reason once', async () => {
    const { publisher, logger, outbox } = await make();
    const link = new FakeLink(1);
    publisher.attach(link.link);
    for (let i = 0; i < 3; i++) publisher.put(event(String(i)));
    for (let i = 0; i < 2; i++) {
      link.waiting.shift()!.reject(new RefusedError('Not authorized'));
      await settled();
    }
    await link.acknowledge();
    expect(publisher.stats).toEqual({ published: 1, refused: 2, retried: 0, tooLarge: 0, shrunk: 0 });
    expect(logger.lines).toEqual(['error MQTT: the broker refuses events: Not authorized']);
    expect(outbox.stats.depth).toBe(0);
  });

  it('tries again what the broker refuses for the moment, later, one at a time and in order', async () => {
    vi.useFakeTimers();
    const { publisher, logger, outbox } = await make();
    const link = new FakeLink(4);
    publisher.attach(link.link);
    for (let i = 0; i < 6; i++) publisher.put(event(String(i)));
    expect(link.sent).toEqual(['0', '1', '2', '3']);
    for (const { reject } of link.waiting.splice(0)) reject(new RefusedError('Quota exceeded', 0x97));
    await vi.advanceTimersByTimeAsync(200);
    expect(link.sent, 'not at once').toHaveLength(4);
    await vi.advanceTimersByTimeAsync(400);
    expect(link.sent.slice(4)).toEqual(['0']);
    await link.acknowledge();
    expect(link.sent.slice(4)).toEqual(['0', '1', '2', '3', '4']);
    while (link.waiting.length > 0) await link.acknowledge();
    expect(publisher.stats).toMatchObject({ published: 6, refused: 0, retried: 4 });
    expect(outbox.stats.depth).toBe(0);
    expect(logger.lines).toEqual(['error MQTT: the broker refuses events: Quota exceeded; it is tried again']);
  });

  it('goes on without one that is refused again and again for the moment, and gives it up at last', async () => {
    vi.useFakeTimers();
    const { publisher } = await make();
    const link = new FakeLink(1);
    publisher.attach(link.link);
    publisher.put(event('poison'));
    for (let i = 0; publisher.stats.refused === 0; i++) {
      publisher.put(event(`good ${i}`));
      if (link.sent.at(-1) === 'poison') link.waiting.shift()?.reject(new RefusedError('Unspecified error', 0x80));
      else await link.acknowledge();
      // Longer than the longest wait.
      await vi.advanceTimersByTimeAsync(31_000);
    }
    expect(link.sent.slice(0, 3), 'it keeps its place once').toEqual(['poison', 'poison', 'good 0']);
    while (link.waiting.length > 0) await link.acknowledge();
    expect(link.sent.filter((text) => text === 'poison')).toHaveLength(10);
    const good = link.sent.filter((text) => text !== 'poison');
    expect(good.length).toBeGreaterThan(9);
    expect(good).toEqual(good.map((_, i) => `good ${i}`));
    expect(publisher.stats).toMatchObject({ published: good.length, refused: 1, retried: 9 });
  });

  it('keeps everything, in order, while the broker refuses everything for the moment', async () => {
    vi.useFakeTimers();
    const { publisher, outbox } = await make();
    const link = new FakeLink(4);
    publisher.attach(link.link);
    for (let i = 0; i < 6; i++) publisher.put(event(String(i)));
    for (let round = 0; round < 50; round++) {
      for (const { reject } of link.waiting.splice(0)) reject(new RefusedError('Quota exceeded', 0x97));
      await vi.advanceTimersByTimeAsync(31_000);
    }
    expect(publisher.stats).toMatchObject({ published: 0, refused: 0 });
    const before = link.sent.length;
    // Far less than what waits, again and again.
    expect(before).toBeLessThan(120);
    expect(outbox.stats.depth).toBe(6);
    for (let i = 0; i < 60 && outbox.stats.depth > 0; i++) {
      await link.acknowledge();
      await vi.advanceTimersByTimeAsync(31_000);
    }
    expect(new Set(link.sent.slice(before - 1)).size).toBe(6);
    expect(outbox.stats).toMatchObject({ depth: 0, refused: { state: 0, event: 0, learning: 0 } });
  });

  it('cuts a connection that acknowledges all but one message', async () => {
    vi.useFakeTimers();
    const { publisher } = await make();
    const link = new FakeLink(4);
    publisher.attach(link.link);
    publisher.put(event('never'));
    for (let i = 0; i < 7; i++) {
      publisher.put(event(String(i)));
      await settled();
      link.waiting.splice(1, 1)[0]!.resolve();
      await vi.advanceTimersByTimeAsync(10_000);
    }
    expect(link.closed).toBe('it did not acknowledge events for 60 s');
    publisher.detach();
  });

  describe('keeps back what may have ended connections', () => {
    const open = () => new RefusedError('it ends the connection', undefined, true);
    const state = (text: string) => ({ ...event(text), topic: 'state', kind: 'state' as const, retain: true });

    it('while the others go on, and sends it in its place once it can be decided', async () => {
      const { outbox, publisher } = await make();
      const connection = new FakeLink(2);
      publisher.attach(connection.link);
      for (const text of ['1', '2', '3', '4']) publisher.put(event(text));
      connection.waiting.shift()!.reject(open());
      await settled();
      await connection.acknowledge();
      expect(connection.sent).toEqual(['1', '2', '3', '4']);
      expect(outbox.depth).toBe(3);
      publisher.put(event('5'));
      connection.decide();
      await connection.acknowledge();
      expect(connection.sent.slice(4)).toEqual(['1']);
      while (connection.waiting.length > 0) await connection.acknowledge();
      expect(connection.sent).toEqual(['1', '2', '3', '4', '1', '5']);
      expect(outbox.stats).toMatchObject({ depth: 0, refused: { event: 0 } });
      expect(publisher.stats.refused).toBe(0);
    });

    it('for 20 s, where nothing decides it', async () => {
      vi.useFakeTimers();
      const { publisher } = await make();
      const connection = new FakeLink();
      publisher.attach(connection.link);
      publisher.put(event('1'));
      connection.waiting.shift()!.reject(open());
      await vi.advanceTimersByTimeAsync(19_000);
      expect([connection.sent, connection.retries]).toEqual([['1'], 0]);
      await vi.advanceTimersByTimeAsync(2000);
      expect([connection.sent, connection.retries]).toEqual([['1', '1'], 1]);
    });

    it.each(['before the newer one is sent', 'after it was sent'])(
      'and does not overwrite a newer value: refused %s',
      async (when) => {
        const { outbox, publisher } = await make();
        const connection = new FakeLink();
        publisher.attach(connection.link);
        publisher.put(state('old'));
        const [{ reject }] = connection.waiting.splice(0, 1) as [(typeof connection.waiting)[0]];
        const refuse = async () => {
          reject(open());
          await settled();
        };
        if (when.startsWith('before')) await refuse();
        publisher.put(state('new'));
        if (when.startsWith('after')) await refuse();
        await connection.acknowledge();
        connection.decide();
        await settled();
        expect(connection.sent).toEqual(['old', 'new']);
        expect(outbox.depth).toBe(0);
      },
    );
  });

  it('sends a backlog at its pace, after a burst', async () => {
    vi.useFakeTimers();
    const { publisher } = await make();
    const count = 2000;
    for (let i = 0; i < count; i++) publisher.put(event(String(i)));
    const link = new FakeLink(16);
    publisher.attach(link.link);
    const acknowledgeAll = async () => {
      while (link.waiting.length > 0) await link.acknowledge();
    };
    await acknowledgeAll();
    expect(link.sent).toHaveLength(100);
    for (let second = 1; second <= 3; second++) {
      for (let i = 0; i < 100; i++) {
        await vi.advanceTimersByTimeAsync(10);
        await acknowledgeAll();
      }
      expect(link.sent.length).toBeGreaterThan(100 + second * 480);
      expect(link.sent.length).toBeLessThanOrEqual(100 + second * 500);
    }
    publisher.detach();
  });

  it('cuts a connection that acknowledges nothing for a minute', async () => {
    vi.useFakeTimers();
    const { publisher } = await make();
    const link = new FakeLink(2);
    publisher.attach(link.link);
    publisher.put(event('1'));
    publisher.put(event('2'));
    await vi.advanceTimersByTimeAsync(50_000);
    await link.acknowledge();
    await vi.advanceTimersByTimeAsync(50_000);
    expect(link.closed).toBeUndefined();
    await vi.advanceTimersByTimeAsync(11_000);
    expect(link.closed).toBe('it acknowledged nothing for 60 s');
    publisher.detach();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('flushes, or says that it could not', async () => {
    const { publisher } = await make();
    publisher.put(event('1'));
    expect(await publisher.flush(10_000), 'no connection').toBe(false);
    const link = new FakeLink();
    publisher.attach(link.link);
    const flushed = publisher.flush(10_000);
    await link.acknowledge();
    expect(await flushed).toBe(true);
    publisher.put(event('2'));
    expect(await publisher.flush(20)).toBe(false);
  });

  it('says farewell within the window, and nothing after it', async () => {
    const { publisher } = await make();
    expect(await publisher.farewell('status', 'offline', 20), 'no connection').toBe(false);
    const link = new FakeLink(2);
    publisher.attach(link.link);
    for (const text of ['1', '2', '3']) publisher.put(event(text));
    const farewell = publisher.farewell('status', 'offline', 10_000);
    await settled();
    expect(link.sent).toEqual(['1', '2']);
    await link.acknowledge();
    expect(link.sent).toEqual(['1', '2', 'offline']);
    await link.acknowledge();
    await link.acknowledge();
    expect(await farewell).toBe(true);
    expect(link.sent).toEqual(['1', '2', 'offline']);
    expect(link.most).toBe(2);
    // What it did not say waits for the next start.
    await publisher.stop();
    publisher.start();
    const next = new FakeLink();
    publisher.attach(next.link);
    expect(next.sent).toEqual(['3']);
  });
});
