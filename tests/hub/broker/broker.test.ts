import { once } from 'node:events';
import { connect } from 'node:net';
import mqtt from 'mqtt';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { InputError } from '../../../sdk/base/errors.ts';
import { type BrokerOptions, type EmbeddedBroker, startBroker } from '../../../sdk/hub/broker/broker.ts';
import { recorder } from '../../support/recorder.ts';
import { until } from '../../support/until.ts';
import { retainedOf, Subscriber } from '../subscriber.ts';

const brokers: EmbeddedBroker[] = [];

async function start(options: BrokerOptions = {}): Promise<EmbeddedBroker> {
  const broker = await startBroker({ port: 0, ...options });
  brokers.push(broker);
  return broker;
}

afterEach(async () => {
  await Promise.all(brokers.splice(0).map((broker) => broker.stop()));
});

describe('startBroker', () => {
  it('carries messages and retains them', async () => {
    const broker = await start();
    expect(broker.url).toBe(`mqtt://127.0.0.1:${broker.port}`);
    const subscriber = await Subscriber.to(broker.url, 'a/#');
    const client = await mqtt.connectAsync(broker.url);
    await client.publishAsync('a/b', 'live', { qos: 1 });
    await client.publishAsync('a/c', 'kept', { qos: 1, retain: true });
    await until(() => subscriber.received.length === 2);
    expect(await retainedOf(broker.url)).toEqual({ 'a/c': 'kept' });
    await client.publishAsync('a/c', '', { qos: 1, retain: true });
    expect(await retainedOf(broker.url)).toEqual({});
    await client.endAsync();
    await subscriber.end();
  });

  it('loses no retained message at QoS 0 because others come right behind it', async () => {
    const broker = await start();
    const subscriber = await Subscriber.to(broker.url, 'a/#');
    const client = await mqtt.connectAsync(broker.url);
    const topics = Array.from({ length: 100 }, (_, i) => `a/${i}`);
    await Promise.all(topics.map((topic, i) => client.publishAsync(topic, 'x', { qos: 0, retain: i % 3 === 0 })));
    await client.publishAsync('a/end', 'x', { qos: 1 });
    await until(() => subscriber.on('a/end').length === 1);
    expect(subscriber.received.map(({ topic }) => topic)).toEqual([...topics, 'a/end']);
    await client.endAsync();
    await subscriber.end();
  });

  it('listens on IPv6’s loopback address as well', async () => {
    const broker = await start({ host: '::1' });
    expect(broker.url).toBe(`mqtt://[::1]:${broker.port}`);
    await (await mqtt.connectAsync(broker.url)).endAsync();
  });

  it.each(['0.0.0.0', '192.168.1.2', '::', 'example.org', '127.0.0.1.example.org'])(
    'refuses %s without a user, and says what to do',
    async (host) => {
      await expect(start({ host })).rejects.toThrow(InputError);
      await expect(start({ host })).rejects.toThrow(`on mqtt.host ${host} other machines reach it`);
      await expect(start({ host })).rejects.toThrow('mqtt.users names nobody: put a user there');
    },
  );

  it('takes another port when its own is taken, and says so, unless that is not wanted', async () => {
    const first = await start();
    const logger = recorder();
    const second = await start({ port: first.port, logger });
    expect(second.port).not.toBe(first.port);
    expect(logger.lines).toEqual([expect.stringContaining(`MQTT port ${first.port} is taken`)]);
    const strict = start({ port: first.port, strict: true });
    await expect(strict).rejects.toThrow(InputError);
    await expect(strict).rejects.toThrow(/the port is in use; choose another one \(mqtt.port\)/);
  });

  it('says what is wrong with a port or an address that cannot be used', async () => {
    await expect(start({ host: '127.255.255.256' })).rejects.toThrow(/embedded broker: .* cannot be used: /);
  });

  it('keeps no session of a client that is away', async () => {
    const broker = await start();
    const options = { clientId: 'away', clean: false };
    const away = await mqtt.connectAsync(broker.url, options);
    await away.subscribeAsync('a', { qos: 1 });
    await away.endAsync();
    const client = await mqtt.connectAsync(broker.url);
    await client.publishAsync('a', 'x', { qos: 1 });
    const back = await Subscriber.to(broker.url, 'b', options);
    await client.publishAsync('b', 'fence', { qos: 1 });
    await until(() => back.last('b') === 'fence');
    expect(back.on('a')).toEqual([]);
    await client.endAsync();
    await back.end();
  });

  it('ends who publishes for the broker or sends too much, and nobody else', async () => {
    const broker = await start();
    const subscriber = await Subscriber.to(broker.url, 'a');
    for (const [topic, payload] of [
      ['$SYS/x', 'x'],
      ['a', Buffer.alloc(4 * 1024 * 1024)],
    ] as const) {
      const bad = await mqtt.connectAsync(broker.url, { reconnectPeriod: 0 });
      bad.on('error', () => {});
      bad.publish(topic, payload, { qos: 1 });
      await new Promise<void>((resolve) => bad.once('close', () => resolve()));
      bad.end(true);
    }
    const good = await mqtt.connectAsync(broker.url);
    await good.publishAsync('a', Buffer.alloc(4 * 1024 * 1024 - 100), { qos: 1 });
    await until(() => subscriber.received.length === 1);
    expect(subscriber.client.connected).toBe(true);
    await good.endAsync();
    await subscriber.end();
  });

  it('retains no more than it has room for; what is beyond still reaches who listens', async () => {
    const logger = recorder();
    const broker = await start({ logger });
    const subscriber = await Subscriber.to(broker.url, 'last/+');
    const client = await mqtt.connectAsync(broker.url);
    // 64 MiB in all: 16 of 4 MiB less a little fit, and what is left takes small ones only.
    const large = Buffer.alloc(4 * 1024 * 1024 - 100);
    for (let i = 0; i < 17; i++) await client.publishAsync(`large/${i}`, large, { qos: 1, retain: true });
    await client.publishAsync('last/large', large, { qos: 1, retain: true });
    await client.publishAsync('last/small', 'x', { qos: 1, retain: true });
    await until(() => subscriber.received.length === 2);
    expect(client.connected).toBe(true);
    expect(logger.lines).toEqual([expect.stringMatching(/^warn embedded broker: too much is retained/)]);
    await client.publishAsync('large/0', '', { qos: 1, retain: true });
    await client.publishAsync('last/large', large, { qos: 1, retain: true });
    expect(Object.keys(await retainedOf(broker.url, 'last/+')).sort()).toEqual(['last/large', 'last/small']);
    await client.endAsync();
    await subscriber.end();
  });

  it('survives what is not MQTT', async () => {
    const broker = await start();
    for (const bytes of ['GET / HTTP/1.1\r\n\r\n', '\0'.repeat(1000), '\xff'.repeat(1000), '\x10\x05\0\x04MQTT']) {
      const socket = connect(broker.port, '127.0.0.1').on('error', () => {});
      socket.resume().end(Buffer.from(bytes, 'latin1'));
      await once(socket, 'close');
    }
    await (await mqtt.connectAsync(broker.url)).endAsync();
  });

  it('stops at once, also with connections that never said a word, and twice', async () => {
    // aedes itself ends who says nothing after 30 s: here that time never comes.
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    onTestFinished(() => void vi.useRealTimers());
    const broker = await start();
    const mute = connect(broker.port, '127.0.0.1').on('error', () => {});
    await once(mute, 'connect');
    const client = await mqtt.connectAsync(broker.url, { reconnectPeriod: 0 });
    const gone = new Promise<void>((resolve) => client.once('close', () => resolve()));
    await Promise.all([broker.stop(), broker.stop(), gone, once(mute.resume(), 'close')]);
    vi.useRealTimers();
    client.end(true);
    await start({ port: broker.port, strict: true });
  });
});
