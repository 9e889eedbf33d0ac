import { once } from 'node:events';
import { connect } from 'node:net';
import mqtt from 'mqtt';
import mqttPacket from 'mqtt-packet';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { hashPassword } from '../../../sdk/access/password.ts';
import { InputError } from '../../../sdk/base/errors.ts';
import { type EmbeddedBroker, startBroker } from '../../../sdk/hub/broker/broker.ts';
import { Hub } from '../../../sdk/hub/hub.ts';
import { FakeCamera, FakeNode, mqttSettings } from '../../support/hub.ts';
import { recorder } from '../../support/recorder.ts';
import { until } from '../../support/until.ts';
import { Subscriber } from '../subscriber.ts';

let users: Record<string, string>;
beforeAll(async () => {
  users = { home: await hashPassword('correct horse'), shed: await hashPassword('battery staple') };
});

const brokers: EmbeddedBroker[] = [];
const start = async (options: Parameters<typeof startBroker>[0] = {}) => {
  const broker = await startBroker({ host: '0.0.0.0', port: 0, users, ...options });
  brokers.push(broker);
  return broker;
};
afterEach(async () => {
  await Promise.all(brokers.splice(0).map((broker) => broker.stop()));
});

/** The CONNACK code a login gets; 0 is in, -1 cut off without one. */
async function codeFor(broker: EmbeddedBroker, login: { username?: string; password?: string }): Promise<number> {
  const client = mqtt.connect(broker.url, { ...login, reconnectPeriod: 0 });
  const code = await new Promise<number>((resolve) => {
    client.once('connect', () => resolve(0));
    client.once('error', (error) => resolve((error as { code?: number }).code ?? -1));
    client.once('close', () => resolve(-1));
  });
  client.end(true);
  return code;
}

describe('the embedded broker with users', () => {
  it('listens for all, and lets in who has a name and its password, and nobody else', async () => {
    const broker = await start();
    expect(broker.url).toBe(`mqtt://127.0.0.1:${broker.port}`);
    expect(await codeFor(broker, { username: 'home', password: 'correct horse' })).toBe(0);
    expect(await codeFor(broker, { username: 'shed', password: 'battery staple' })).toBe(0);
    expect(await codeFor(broker, {})).toBe(4);
    expect(await codeFor(broker, { username: 'home' })).toBe(4);
    expect(await codeFor(broker, { username: 'home', password: 'battery staple' })).toBe(4);
    expect(await codeFor(broker, { username: 'nobody', password: 'correct horse' })).toBe(4);
    expect(await codeFor(broker, { username: '$ocellus', password: 'x'.repeat(43) })).toBe(4);
  });

  it('asks on the loopback address too where users are set', async () => {
    const broker = await start({ host: '127.0.0.1' });
    expect(await codeFor(broker, {})).toBe(4);
  });

  it('lets the hub of its own process in', async () => {
    const broker = await start();
    const node = new FakeNode('porch', [new FakeCamera('door')]);
    const logger = recorder();
    const hub = new Hub({ node, settings: { ...mqttSettings(broker.url), ...broker.login }, logger });
    await hub.start();
    await until(() => hub.stats.connected);
    const subscriber = await Subscriber.to(broker.url, 'ocellus/#', { username: 'home', password: 'correct horse' });
    await until(() => subscriber.last('ocellus/porch/status') === 'online');
    await subscriber.end();
    await hub.stop();
    expect(logger.lines.join()).not.toContain(broker.login!.password);
  });

  it('looks at five wrong passwords of an address, then at none for a while, not even at the right one', async () => {
    const broker = await start();
    const codes: number[] = [];
    for (let i = 0; i < 8; i++) codes.push(await codeFor(broker, { username: 'home', password: `wrong ${i}` }));
    expect(codes.slice(0, 5)).toEqual([4, 4, 4, 4, 4]);
    expect(codes).toContain(3);
    expect(await codeFor(broker, { username: 'home', password: 'correct horse' })).toBe(3);
    // This process itself is not an attempt.
    expect(await codeFor(broker, broker.login!)).toBe(0);
  });

  it('takes no large packet from who has not logged in', async () => {
    const broker = await start();
    const socket = connect(broker.port, '127.0.0.1').on('error', () => {});
    const will = { topic: 'a', payload: Buffer.alloc(60_000), qos: 0 as const, retain: false };
    const known = { clientId: 'a', username: 'a', password: Buffer.alloc(60_000) };
    const packet = mqttPacket.generate({ cmd: 'connect', ...known, protocolId: 'MQTT', protocolVersion: 4, will });
    socket.resume().write(packet.subarray(0, 10));
    await once(socket, 'close');
  });

  it('refuses what is no hash, without showing it', async () => {
    const starting = start({ users: { home: 'hunter2hunter2' } });
    await expect(starting).rejects.toThrow(InputError);
    await expect(starting).rejects.toThrow('mqtt.users.home: expected a hash as `ocellus password` prints it');
    await expect(starting).rejects.not.toThrow('hunter2');
  });
});

describe('the embedded broker: bounds', () => {
  it('takes 64 connections of one address, and one more when one of them is gone', async () => {
    const broker = await start({ host: '127.0.0.1', users: {} });
    const sockets = Array.from({ length: 64 }, () =>
      connect(broker.port, '127.0.0.1')
        .on('error', () => {})
        .resume(),
    );
    await Promise.all(sockets.map((socket) => once(socket, 'connect')));
    const more = connect(broker.port, '127.0.0.1')
      .on('error', () => {})
      .resume();
    await once(more, 'close');
    sockets[0]!.destroy();
    await expect.poll(() => codeFor(broker, {})).toBe(0);
    for (const socket of sockets) socket.destroy();
  });

  it('takes 1,000 subscriptions of a client', async () => {
    const broker = await start({ host: '127.0.0.1', users: {} });
    const client = await mqtt.connectAsync(broker.url);
    const topics = Array.from({ length: 1100 }, (_, i) => `t/${i}`);
    let refused = 0;
    for (let i = 0; i < topics.length; i += 100) {
      const granted = await client.subscribeAsync(topics.slice(i, i + 100)).catch(() => undefined);
      if (!granted) refused += 100;
    }
    expect(refused).toBe(100);
    await client.endAsync();
  });
});
