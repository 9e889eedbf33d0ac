import mqtt, { type MqttClient } from 'mqtt';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { Link, RefusedError } from '../../sdk/hub/link.ts';
import { FakeBroker } from './fake-broker.ts';
import { until } from './fakes.ts';

let broker: FakeBroker;
let client: MqttClient;
let closed: string | undefined;

beforeEach(async () => {
  broker = await FakeBroker.start();
});

afterEach(async () => {
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
    vi.useFakeTimers({ toFake: ['Date'] });
    onTestFinished(() => void vi.useRealTimers());
    await one.publish('a', 'x', { qos: 1, retain: false, expiresMs: Date.now() + 90_500 });
    await one.publish('late', 'x', { qos: 1, retain: false, expiresMs: Date.now() - 1 });
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

  it('passes on why it is to be closed', async () => {
    (await link()).close('because');
    expect(closed).toBe('because');
  });
});
