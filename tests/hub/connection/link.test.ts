import mqtt, { type MqttClient } from 'mqtt';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Link, RefusedError } from '../../../sdk/hub/connection/link.ts';
import { SizeLimit } from '../../../sdk/hub/connection/size-limit.ts';
import { type Sent, Suspects } from '../../../sdk/hub/connection/suspects.ts';
import { until } from '../../support/until.ts';
import { FakeBroker } from '../fake-broker.ts';

let broker: FakeBroker;
let client: MqttClient;
let closed: string | undefined;

beforeEach(async () => {
  broker = await FakeBroker.start();
});

afterEach(async () => {
  vi.useRealTimers();
  client.end(true);
  await broker.stop();
});

async function link(properties?: { receiveMaximum?: number; maximumPacketSize?: number }): Promise<Link> {
  broker.connack = { ...broker.connack, properties };
  client = await mqtt.connectAsync(broker.url, { protocolVersion: 5, reconnectPeriod: 0 });
  client.on('error', () => {});
  return new Link(client, 5, (reason) => {
    closed = reason;
  });
}

describe('Link', () => {
  it.each([
    [{ receiveMaximum: 4 }, 4, Number.POSITIVE_INFINITY],
    [{ receiveMaximum: 1000, maximumPacketSize: 16_384 }, 16, 16_384],
    [undefined, 16, Number.POSITIVE_INFINITY],
  ])('reads from CONNACK what the broker takes: %j', async (properties, window, largest) => {
    const one = await link(properties);
    expect(one.window).toBe(window);
    expect(one.maximumPacketSize).toBe(largest);
    expect(one.unsent).toBe(0);
  });

  it('tells an acknowledgement from a refusal, and neither from nothing', async () => {
    const one = await link();
    broker.refuse = (topic) => ({ refused: 135, nobody: 16 })[topic] ?? 0;
    let done = false;
    const accepted = one.publish('a', 'x', { qos: 1, retain: true }).then(() => {
      done = true;
    });
    await until(() => broker.published.length === 1);
    expect(done).toBe(false);
    expect(broker.published[0]).toMatchObject({ topic: 'a', qos: 1, retain: true });
    broker.flow();
    await accepted;
    await one.publish('nobody', 'x', { qos: 1, retain: false });
    await expect(one.publish('refused', 'x', { qos: 1, retain: false })).rejects.toThrow(RefusedError);
    await expect(one.publish('refused', 'x', { qos: 1, retain: false })).rejects.toThrow(/Not authorized/);
    await one.publish('b', 'x', { qos: 0, retain: false });
  });

  it.each([
    [0x97, true],
    [0x80, true],
    [0x83, true],
    [0x87, false],
    [0x90, false],
    [0x99, false],
  ])('knows that a refusal with %i is temporary: %s', async (code, isTemporary) => {
    const one = await link();
    broker.refuse = () => code;
    broker.flow();
    await expect(one.publish('a', 'x', { qos: 1, retain: false })).rejects.toMatchObject({ isTemporary });
  });

  it('says when a message expires', async () => {
    const one = await link();
    broker.flow();
    await one.publish('a', 'x', { qos: 1, retain: false, lifetimeMs: 90_500 });
    await one.publish('late', 'x', { qos: 1, retain: false, lifetimeMs: 0 });
    await one.publish('never', 'x', { qos: 1, retain: true });
    const expiry = broker.published.map(({ properties }) => properties?.messageExpiryInterval);
    expect(expiry[0]).toBeGreaterThanOrEqual(90);
    expect(expiry[0]).toBeLessThanOrEqual(91);
    expect(expiry.slice(1)).toEqual([1, undefined]);
  });

  it('subscribes without its own messages, with or without what is retained', async () => {
    const one = await link();
    await one.subscribe(['a/+'], { qos: 1, retained: false });
    await one.subscribe(['b/+'], { qos: 0, retained: true });
    await one.unsubscribe(['b/+']);
    expect(broker.subscribed.map(({ subscriptions }) => subscriptions)).toMatchObject([
      [{ topic: 'a/+', qos: 1, nl: true, rap: false, rh: 2 }],
      [{ topic: 'b/+', qos: 0, nl: true, rap: false, rh: 0 }],
    ]);
    expect(broker.unsubscribed).toEqual(['b/+']);
  });

  it('tells a refused subscription, also one of several', async () => {
    const one = await link();
    broker.grant = (filter) => (filter === 'b' ? 135 : 0);
    await expect(one.subscribe(['a', 'b'], { qos: 1, retained: false })).rejects.toThrow(RefusedError);
  });

  it('gives another error than a refusal, or none, when the connection ends', async () => {
    const one = await link();
    const outcome = one.publish('a', 'x', { qos: 1, retain: false }).then(
      () => 'acknowledged',
      (error) => (error instanceof RefusedError ? 'refused' : 'ended'),
    );
    await until(() => broker.published.length === 1);
    broker.drop();
    await until(() => !client.connected);
    client.end(true);
    expect(await Promise.race([outcome, new Promise((resolve) => setTimeout(() => resolve('ended'), 200))])).toBe(
      'ended',
    );
  });

  it('gives a message that may have ended the last connection a quiet moment and a short time', async () => {
    const limit = new SizeLimit();
    const suspects = new Suspects(limit);
    suspects.ended([{ key: 'a', topic: 'a', bytes: 18 }], { fault: 'perhaps' });
    await link();
    const one = new Link(client, 5, (reason) => (closed = reason), { limit, suspects });
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    const turns = async () => {
      for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
    };
    for (const topic of ['a', 'b']) one.publish(topic, 'x', { qos: 1, retain: false }).catch(() => {});
    await vi.advanceTimersByTimeAsync(900);
    await turns();
    expect(broker.published).toHaveLength(0);
    await vi.advanceTimersByTimeAsync(200);
    await turns();
    expect(broker.published.map(({ topic }) => topic)).toEqual(['a']);
    closed = undefined;
    await vi.advanceTimersByTimeAsync(14_000);
    expect(closed).toBeUndefined();
    await vi.advanceTimersByTimeAsync(2000);
    // It answers a ping.
    vi.useRealTimers();
    await until(() => closed !== undefined);
    expect(closed).toBe('it did not acknowledge a for 15 s');
  });

  it('keeps back what may have ended connections, and what comes after it, until another message is accepted or time has passed', async () => {
    const limit = new SizeLimit();
    const suspects = new Suspects(limit);
    const a = { key: 'a', topic: 'a', bytes: 18 };
    for (let i = 0; i < 2; i++) suspects.ended([a], { fault: 'perhaps' });
    await link();
    broker.flow();
    vi.useFakeTimers({ toFake: ['performance'] });
    const told: string[] = [];
    const make = () => new Link(client, 5, () => {}, { limit, suspects, onRefused: (topic) => told.push(topic) });
    const say = (one: Link, key: string, topic = 'a') => one.publish(topic, key, { qos: 1, retain: false, key });
    const payloads = () => broker.published.map(({ payload }) => String(payload));
    const first = make();
    let decidable = 0;
    first.whenDecidable(() => decidable++);
    await expect(say(first, 'a')).rejects.toMatchObject({ isOpen: true });
    await expect(say(first, 'behind it')).rejects.toMatchObject({ isOpen: true });
    await expect(first.publish('a', 'x', { qos: 1, retain: false })).rejects.toMatchObject({ isOpen: true });
    expect([payloads(), told, first.isUndecided]).toEqual([[], [], true]);
    await say(first, 'other', 'b');
    expect([decidable, first.isUndecided]).toEqual([1, false]);
    await say(first, 'a');
    await say(first, 'behind it');
    expect(payloads()).toEqual(['other', 'a', 'behind it']);
    for (let i = 0; i < 2; i++) suspects.ended([a], { fault: 'perhaps' });
    const second = make();
    await expect(say(second, 'a')).rejects.toMatchObject({ isOpen: true });
    vi.advanceTimersByTime(60_000);
    // Not before what it came after.
    await expect(say(second, 'behind it')).rejects.toMatchObject({ isOpen: true });
    second.retryHeld();
    await Promise.all([say(second, 'a'), say(second, 'behind it')]);
    expect(payloads().slice(3)).toEqual(['a', 'behind it']);
  });

  it('knows of a message at QoS 0 that the broker has read it, whatever other pings there are', async () => {
    const ended: Sent[][] = [];
    const limit = new SizeLimit();
    const suspects = new Suspects(limit);
    vi.spyOn(suspects, 'ended').mockImplementation((sent) => ended.push([...sent]) > 0);
    await link();
    const one = new Link(client, 5, () => {}, { limit, suspects });
    const survived = vi.spyOn(suspects, 'survived');
    client.sendPing();
    await one.publish('a', 'x', { qos: 0, retain: false });
    await until(() => survived.mock.calls.length === 1);
    one.publish('b', 'x', { qos: 0, retain: false }).catch(() => {});
    await Promise.resolve();
    one.ended({ fault: 'perhaps' });
    expect(ended.map((sent) => sent.map(({ topic }) => topic))).toEqual([['b']]);
  });

  it('passes on why it is to be closed', async () => {
    (await link()).close('because');
    expect(closed).toBe('because');
  });

  describe('gives a connection up', () => {
    const ends: [reason: string, isAnswering: boolean | undefined][] = [];

    async function waiting(): Promise<Link> {
      ends.length = 0;
      client = await mqtt.connectAsync(broker.url, { protocolVersion: 5, reconnectPeriod: 0 });
      client.on('error', () => {});
      const one = new Link(client, 5, (...end) => void ends.push(end as (typeof ends)[number]));
      one.publish('a', 'x', { qos: 1, retain: false }).catch(() => {});
      await until(() => broker.unacknowledged === 1);
      return one;
    }

    it('as soon as it is known that the broker answers all but this', async () => {
      (await waiting()).giveUp('late', () => true);
      await until(() => ends.length > 0);
      expect(ends).toEqual([['late', true]]);
    });

    it('without blame where the broker answers nothing, after five seconds', async () => {
      const one = await waiting();
      broker.isMute = true;
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
      one.giveUp('late', () => true);
      await vi.advanceTimersByTimeAsync(4999);
      expect(ends).toEqual([]);
      await vi.advanceTimersByTimeAsync(1);
      expect(ends).toEqual([['late', false]]);
    });

    it('without blame where the broker goes on, slowly', async () => {
      const one = await waiting();
      broker.isMute = true;
      one.giveUp('late', () => true);
      broker.acknowledge();
      one.publish('b', 'x', { qos: 1, retain: false }).catch(() => {});
      await until(() => broker.unacknowledged === 1);
      broker.send({ cmd: 'pingresp' });
      await until(() => ends.length > 0);
      expect(ends).toEqual([['late', false]]);
    });

    it('not where all is answered meanwhile', async () => {
      let isWaiting = true;
      const one = await waiting();
      broker.isMute = true;
      one.giveUp('late', () => isWaiting);
      isWaiting = false;
      broker.send({ cmd: 'pingresp' });
      const passed = new Promise<void>((resolve) => client.once('packetreceive', () => resolve()));
      broker.send({ cmd: 'pingresp' });
      await passed;
      expect(ends).toEqual([]);
    });
  });
});
