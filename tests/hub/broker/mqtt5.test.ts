import mqtt, { type IClientOptions, type IPublishPacket, type MqttClient } from 'mqtt';
import type { IConnectPacket } from 'mqtt-packet';
import { afterEach, describe, expect, it } from 'vitest';
import { hashPassword } from '../../../sdk/access/password.ts';
import { type BrokerOptions, type EmbeddedBroker, startBroker } from '../../../sdk/hub/broker/broker.ts';
import { until } from '../../support/until.ts';
import { Wire } from './wire.ts';

const stops: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

async function start(options: BrokerOptions = {}): Promise<EmbeddedBroker> {
  const broker = await startBroker({ port: 0, ...options });
  stops.push(() => broker.stop());
  return broker;
}

/** A client with all that it heard. */
interface Ear {
  client: MqttClient;
  heard: IPublishPacket[];
  texts(): string[];
  connack: mqtt.IConnackPacket;
}

async function join({ url }: EmbeddedBroker, options: IClientOptions = {}): Promise<Ear> {
  const client = mqtt.connect(url, { protocolVersion: 5, reconnectPeriod: 0, ...options });
  stops.push(() => client.endAsync(true));
  client.on('error', () => {});
  const heard: IPublishPacket[] = [];
  client.on('message', (_topic, _payload, packet) => heard.push(packet));
  const connack = await new Promise<mqtt.IConnackPacket>((resolve, reject) => {
    client.once('connect', resolve);
    client.once('error', reject);
  });
  return { client, heard, connack, texts: () => heard.map(({ payload }) => payload.toString()) };
}

async function wire({ port }: EmbeddedBroker, options: Partial<IConnectPacket> = {}): Promise<Wire> {
  const client = await Wire.join(port, options);
  stops.push(async () => client.end());
  return client;
}

/** All that was published before has come: what goes the same way comes last. */
async function fence(ear: Ear, from: Ear): Promise<void> {
  const topic = `fence/${Math.random()}`;
  await ear.client.subscribeAsync(topic, { qos: 1 });
  await from.client.publishAsync(topic, '', { qos: 1 });
  await until(() => ear.heard.some((packet) => packet.topic === topic));
  ear.heard.splice(
    ear.heard.findIndex((packet) => packet.topic === topic),
    1,
  );
}

describe('the embedded broker with MQTT 5', () => {
  it('promises in CONNACK what it keeps, and nothing else', async () => {
    const broker = await start();
    const asking = { clientId: '', clean: true, properties: { sessionExpiryInterval: 3600, topicAliasMaximum: 5 } };
    const { connack } = await join(broker, asking);
    expect(connack).toMatchObject({ reasonCode: 0, sessionPresent: false });
    expect({ ...connack.properties, assignedClientIdentifier: undefined }).toEqual({
      assignedClientIdentifier: undefined,
      sharedSubscriptionAvailable: false,
      maximumPacketSize: 4 * 1024 * 1024,
      receiveMaximum: 1000,
      // Asked for an hour: there is none.
      sessionExpiryInterval: 0,
    });
    const plain = await join(broker, { clientId: 'named' });
    expect(Object.keys(plain.connack.properties!)).not.toContain('assignedClientIdentifier');
    expect(Object.keys(plain.connack.properties!)).not.toContain('sessionExpiryInterval');
  });

  it.each([4, 5] as const)('keeps no session of a client that was away (version %d)', async (protocolVersion) => {
    const broker = await start();
    const options: IClientOptions = { clientId: 'away', clean: false, protocolVersion };
    if (protocolVersion === 5) options.properties = { sessionExpiryInterval: 0xffffffff };
    const away = await join(broker, options);
    await away.client.subscribeAsync('a', { qos: 1 });
    await away.client.endAsync();
    const other = await join(broker);
    await other.client.publishAsync('a', 'x', { qos: 1 });
    const back = await join(broker, options);
    expect(back.connack.sessionPresent).toBe(false);
    await other.client.publishAsync('a', 'y', { qos: 1 });
    await fence(back, other);
    expect(back.heard).toEqual([]);
  });

  it('carries all properties of a message, live and retained, to 5 and none to 3.1.1', async () => {
    const broker = await start();
    const [five, three, from] = [await join(broker), await join(broker, { protocolVersion: 4 }), await join(broker)];
    for (const { client } of [five, three]) await client.subscribeAsync('a', { qos: 1 });
    const properties = {
      payloadFormatIndicator: true,
      messageExpiryInterval: 1000,
      responseTopic: 'answers/here',
      correlationData: Buffer.from([0, 1, 255]),
      contentType: 'application/json',
      userProperties: { unit: '°C', many: ['1', '2'], __proto__x: 'y' },
    };
    await from.client.publishAsync('a', 'x', { qos: 1, retain: true, properties });
    const late = await join(broker);
    await late.client.subscribeAsync('a', { qos: 1 });
    await until(() => five.heard.length + three.heard.length + late.heard.length === 3);
    const plain = (packet?: IPublishPacket) => ({
      ...packet!.properties,
      userProperties: { ...packet!.properties?.userProperties },
    });
    expect(plain(five.heard[0])).toEqual(properties);
    expect(plain(late.heard[0])).toEqual(properties);
    expect([five, three, late].map(({ heard }) => heard[0]!.retain)).toEqual([false, false, true]);
    expect(three.heard[0]!.properties).toBeUndefined();
    expect(three.texts()).toEqual(['x']);
  });

  it('carries a question and its answer', async () => {
    const broker = await start();
    const [asker, answerer] = [await join(broker), await join(broker)];
    await asker.client.subscribeAsync('answers/+', { qos: 1 });
    await answerer.client.subscribeAsync('ask', { qos: 1 });
    answerer.client.on('message', (_topic, payload, { properties }) => {
      const { responseTopic, correlationData } = properties!;
      answerer.client.publish(responseTopic!, `${payload}!`, { qos: 1, properties: { correlationData } });
    });
    const correlationData = Buffer.from('7');
    await asker.client.publishAsync('ask', 'well', { properties: { responseTopic: 'answers/me', correlationData } });
    await until(() => asker.heard.length === 1);
    expect(asker.texts()).toEqual(['well!']);
    expect(asker.heard[0]!.properties!.correlationData).toEqual(correlationData);
  });

  it('retains for as long as was asked for, and says what is left', async () => {
    const broker = await start();
    const from = await join(broker);
    const listener = await join(broker);
    await listener.client.subscribeAsync('#', { qos: 0 });
    const publish = (topic: string, seconds: number) =>
      from.client.publishAsync(topic, 'x', {
        qos: 1,
        retain: true,
        properties: { messageExpiryInterval: seconds },
      });
    await from.client.publishAsync('none', 'older', { qos: 1, retain: true });
    await publish('none', 0);
    await publish('short', 1);
    await publish('long', 100);
    // All are told to who listens.
    await until(() => listener.heard.length === 4);
    let left: string[];
    do {
      const late = await join(broker);
      await late.client.subscribeAsync('+', { qos: 1 });
      await fence(late, from);
      left = late.heard.map(({ topic }) => topic);
      expect(left).not.toContain('none');
      const [long] = late.heard.filter(({ topic }) => topic === 'long');
      const interval = long!.properties!.messageExpiryInterval!;
      expect(interval).toBeGreaterThan(0);
      expect(interval).toBeLessThanOrEqual(100);
      await late.client.endAsync(true);
    } while (left.includes('short'));
    expect(left).toEqual(['long']);
  });

  it('sends retained messages as the subscription asks', async () => {
    const broker = await start();
    const from = await join(broker);
    const { client, heard, texts } = await join(broker);
    await from.client.publishAsync('a', 'kept', { qos: 2, retain: true });
    const subscribe = async (rh: number, qos: 0 | 1 = 1) => {
      heard.length = 0;
      await client.subscribeAsync('a', { qos, rh });
      await fence({ client, heard } as Ear, from);
      return texts();
    };
    expect(await subscribe(2)).toEqual([]);
    expect(await subscribe(0)).toEqual(['kept']);
    expect(await subscribe(1)).toEqual([]);
    await client.unsubscribeAsync('a');
    expect(await subscribe(1, 0)).toEqual(['kept']);
    // At the QoS of the subscription, as what is live.
    expect(heard.map(({ qos, retain }) => ({ qos, retain }))).toEqual([{ qos: 0, retain: true }]);
  });

  it('keeps back what a client says itself, and the retain flag, where it is asked to', async () => {
    const broker = await start();
    const from = await join(broker);
    const ear = await join(broker);
    await ear.client.subscribeAsync('own/#', { qos: 1, nl: true });
    await ear.client.subscribeAsync('flag/#', { qos: 1, rap: true });
    await ear.client.publishAsync('own/a', 'mine', { qos: 1 });
    await from.client.publishAsync('own/a', 'other', { qos: 1 });
    for (const retain of [true, false]) await from.client.publishAsync('flag/a', `${retain}`, { qos: 1, retain });
    await until(() => ear.heard.length === 3);
    await fence(ear, from);
    expect(ear.heard.map(({ payload, retain }) => `${payload} ${retain}`)).toEqual([
      'other false',
      'true true',
      'false false',
    ]);
    // Another filter that fits and does not keep it back.
    await ear.client.subscribeAsync('own/+', { qos: 0 });
    await ear.client.publishAsync('own/a', 'mine', { qos: 1 });
    await until(() => ear.texts().includes('mine'));
  });

  it('gives one copy, at the highest QoS, with all identifiers, of what several filters fit', async () => {
    const broker = await start();
    const from = await join(broker);
    await from.client.publishAsync('a/kept', 'kept', { qos: 2, retain: true });
    for (const order of [
      [0, 1, 2],
      [2, 1, 0],
      [1, 0, 2],
    ]) {
      const ear = await join(broker);
      const filters = ['a/b', 'a/+', '#'];
      for (const i of order) {
        const properties = { subscriptionIdentifier: i + 1 };
        await ear.client.subscribeAsync(filters[i]!, { qos: i as 0 | 1 | 2, rh: 2, properties });
      }
      await from.client.publishAsync('a/b', 'x', { qos: 2 });
      await fence(ear, from);
      expect(ear.texts()).toEqual(['x']);
      expect(ear.heard[0]!.qos).toBe(2);
      expect([ear.heard[0]!.properties!.subscriptionIdentifier].flat().sort()).toEqual([1, 2, 3]);
      ear.heard.length = 0;
      // In one SUBSCRIBE what is retained comes once; in another one again.
      await ear.client.subscribeAsync(['a/+', 'a/#', 'a/kept'], { qos: 1, rh: 0 });
      await fence(ear, from);
      expect(ear.heard.map(({ payload, qos, retain }) => `${payload} ${qos} ${retain}`)).toEqual(['kept 1 true']);
      await ear.client.endAsync(true);
    }
  });

  it.each([
    [0, 2, 0],
    [1, 2, 1],
    [2, 1, 1],
    [2, 2, 2],
    [1, 0, 0],
  ] as const)('gives what comes at QoS %d to a wildcard of QoS %d at QoS %d', async (published, wanted, given) => {
    const broker = await start();
    const from = await join(broker);
    const ears = [await join(broker), await join(broker, { protocolVersion: 4 })];
    for (const { client } of ears) await client.subscribeAsync('a/#', { qos: wanted });
    for (let i = 0; i < 5; i++) await from.client.publishAsync('a/b', `${i}`, { qos: published });
    for (const ear of ears) {
      await until(() => ear.heard.length === 5);
      expect(ear.texts()).toEqual(['0', '1', '2', '3', '4']);
      expect(new Set(ear.heard.map(({ qos }) => qos))).toEqual(new Set([given]));
    }
  });

  it('says with a reason code what it does not do', async () => {
    const broker = await start();
    const { client } = await join(broker);
    const granted = (filters: string | string[], version: MqttClient = client) =>
      new Promise<unknown>((resolve) => {
        version.subscribe(filters, { qos: 1 }, (_error, _granted, packet) =>
          resolve((packet as { granted?: number[] } | undefined)?.granted),
        );
      });
    expect(await granted(['b', '1', '$share/group/a', '__proto__', 'constructor'])).toEqual([1, 1, 0x9e, 1, 1]);
    expect(await granted(['$share/group/a'], (await join(broker, { protocolVersion: 4 })).client)).toEqual([0x80]);
    const unsubscribed = await new Promise((resolve) => {
      client.unsubscribe(['1', 'never'], (_error, packet) => resolve((packet as { granted?: number[] })?.granted));
    });
    expect(unsubscribed).toEqual([0, 0x11]);
    const refused = await new Promise<{ code?: number }>((resolve) =>
      client.publish('$SYS/x', 'x', { qos: 1 }, (error) => resolve(error as { code?: number })),
    );
    expect(refused.code).toBe(0x87);
    expect(client.connected).toBe(true);
    // Names that each object has are topics as all others.
    await client.publishAsync('constructor', 'x', { qos: 1 });
    await client.publishAsync('__proto__', 'x', { qos: 1, retain: true });
  });

  it('lets in who has the password, and says to others what is wrong', async () => {
    const broker = await start({ users: { home: await hashPassword('right password') } });
    const { client } = await join(broker, { username: 'home', password: 'right password' });
    expect(client.connected).toBe(true);
    await expect(join(broker, { username: 'home', password: 'wrong' })).rejects.toMatchObject({ code: 0x86 });
    await expect(join(broker)).rejects.toMatchObject({ code: 0x86 });
    await expect(join(broker, { protocolVersion: 4 })).rejects.toMatchObject({ code: 4 });
    const own = await join(broker, broker.login);
    expect(own.client.connected).toBe(true);
  });

  it('publishes the last will of who vanishes, with its properties and without a delay that it cannot keep', async () => {
    const broker = await start();
    const ear = await join(broker);
    await ear.client.subscribeAsync('will/#', { qos: 1, rap: true });
    const properties = { willDelayInterval: 1000, contentType: 'text/plain', userProperties: { a: 'b' } };
    const will = { topic: 'will/a', payload: Buffer.from('gone'), qos: 1, retain: true, properties } as const;
    const options = { properties: { sessionExpiryInterval: 2000 }, will };
    const vanishing = await join(broker, options);
    vanishing.client.stream.destroy();
    await until(() => ear.heard.length === 1);
    expect(ear.heard[0]).toMatchObject({ retain: true, qos: 1 });
    expect(Object.keys(ear.heard[0]!.properties!).sort()).toEqual(['contentType', 'userProperties']);
    // Who says goodbye has none, but for who wants it.
    await (await join(broker, options)).client.endAsync();
    await (await join(broker, options)).client.endAsync(false, { reasonCode: 4 });
    await until(() => ear.heard.length === 2);
    await fence(ear, await join(broker));
    expect(ear.heard).toHaveLength(2);
  });

  it('tells a client that another one takes over, and that it stops', async () => {
    const broker = await start();
    const reasons: (number | undefined)[] = [];
    const watch = ({ client }: Ear) => client.on('disconnect', ({ reasonCode }) => reasons.push(reasonCode));
    watch(await join(broker, { clientId: 'one' }));
    watch(await join(broker, { clientId: 'one' }));
    await until(() => reasons.length === 1);
    await broker.stop();
    await until(() => reasons.length === 2);
    expect(reasons).toEqual([0x8e, 0x8b]);
  });

  it.each([1, 2] as const)('sends no more than a client takes at once, and all in the end (QoS %d)', async (qos) => {
    const broker = await start();
    const from = await join(broker);
    for (let i = 0; i < 5; i++) await from.client.publishAsync(`kept/${i}`, `kept ${i}`, { qos, retain: true });
    const slow = await wire(broker, { properties: { receiveMaximum: 2 } });
    await slow.subscribe('#', qos);
    const texts = () => slow.all('publish').map(({ payload }) => payload.toString());
    await until(() => texts().length === 2);
    for (let i = 0; i < 20; i++) await from.client.publishAsync('a', `${i}`, { qos });
    // What needs no acknowledgement does not wait.
    await from.client.publishAsync('b', 'at once', { qos: 0 });
    await until(() => texts().length === 3);
    let taken = 0;
    const all = () => texts().filter((text) => text !== 'at once');
    while (taken < 25) {
      await until(() => all().length > taken);
      expect(all().length - taken).toBeLessThanOrEqual(2);
      const { messageId } = slow.all('publish').filter((packet) => packet.qos > 0)[taken++]!;
      if (qos === 1) slow.send({ cmd: 'puback', messageId });
      else slow.send({ cmd: 'pubrec', messageId }, { cmd: 'pubcomp', messageId });
    }
    expect(all().filter((text) => !text.startsWith('kept'))).toEqual(Array.from({ length: 20 }, (_, i) => `${i}`));
    expect(
      all()
        .filter((text) => text.startsWith('kept'))
        .sort(),
    ).toEqual([0, 1, 2, 3, 4].map((i) => `kept ${i}`));
  });

  it('lets go of what a client refuses', async () => {
    const broker = await start();
    const from = await join(broker);
    const refusing = await wire(broker, { properties: { receiveMaximum: 1 } });
    await refusing.subscribe('a', 2);
    for (let i = 0; i < 3; i++) await from.client.publishAsync('a', `${i}`, { qos: 2 });
    for (let i = 1; i <= 3; i++) {
      await until(() => refusing.all('publish').length === i);
      refusing.send({ cmd: 'pubrec', messageId: refusing.all('publish').at(-1)!.messageId, reasonCode: 0x97 });
    }
    await from.client.publishAsync('a', 'last', { qos: 2 });
    await until(() => refusing.all('publish').length === 4);
    expect(refusing.all('pubrel')).toEqual([]);
  });

  it('counts down what a message may still wait while it waits', async () => {
    const broker = await start();
    const from = await join(broker);
    const slow = await wire(broker, { properties: { receiveMaximum: 1 } });
    await slow.subscribe('a');
    const send = (text: string, messageExpiryInterval: number) =>
      from.client.publishAsync('a', text, { qos: 1, properties: { messageExpiryInterval } });
    await send('first', 1000);
    await send('too old', 1);
    await send('old', 1000);
    await until(() => slow.all('publish').length === 1);
    await new Promise((resolve) => setTimeout(resolve, 1100));
    slow.send({ cmd: 'puback', messageId: slow.all('publish')[0]!.messageId });
    await until(() => slow.all('publish').length === 2);
    const [, second] = slow.all('publish');
    expect(second!.payload.toString()).toBe('old');
    expect(second!.properties!.messageExpiryInterval).toBeLessThan(1000);
  });

  it.each([4, 5] as const)(
    'ends a client that acknowledges nothing before it costs more than is bounded, and no other (version %d)',
    async (protocolVersion) => {
      const broker = await start();
      const from = await join(broker);
      const good = await join(broker);
      await good.client.subscribeAsync('#', { qos: 1 });
      const deaf = await wire(broker, { protocolVersion });
      await deaf.subscribe('#');
      let sent = 0;
      while (!deaf.isClosed && sent < 5000) await from.client.publishAsync('a', `${sent++}`, { qos: 1 });
      await until(() => deaf.isClosed);
      // What it had on its way and what waited.
      expect(deaf.all('publish')).toHaveLength(1000);
      expect(sent).toBeGreaterThan(2000);
      expect(sent).toBeLessThan(3000);
      if (protocolVersion === 5) expect(deaf.all('disconnect')).toMatchObject([{ reasonCode: 0x97 }]);
      await until(() => good.heard.length === sent);
    },
  );

  it('sends nothing that is larger than a client takes', async () => {
    const broker = await start();
    const from = await join(broker);
    const small = await join(broker, { properties: { maximumPacketSize: 100 } });
    await from.client.publishAsync('kept/large', 'x'.repeat(100), { qos: 1, retain: true });
    await from.client.publishAsync('kept/small', 'x', { qos: 1, retain: true });
    await small.client.subscribeAsync('#', { qos: 1 });
    const userProperties = { name: 'value'.repeat(20) };
    await from.client.publishAsync('a', 'x', { qos: 1, properties: { userProperties } });
    // 1 + 1 + (2 + 1) + 2 + 1 + 92 = 100.
    await from.client.publishAsync('b', 'y'.repeat(92), { qos: 1 });
    await from.client.publishAsync('b', 'z'.repeat(93), { qos: 1 });
    await fence(small, from);
    expect(small.texts()).toEqual(['x', 'y'.repeat(92)]);
  });

  it('says why to who sends what is too large', async () => {
    const broker = await start();
    for (const bytes of [4 * 1024 * 1024 - 8, 4 * 1024 * 1024 - 3, 5 * 1024 * 1024]) {
      const { client } = await join(broker);
      const reason = new Promise<number | undefined>((resolve) =>
        client.once('disconnect', ({ reasonCode }) => resolve(reasonCode)),
      );
      client.publish('a', Buffer.alloc(bytes), { qos: 0 });
      expect(await reason).toBe(0x95);
    }
    const { client } = await join(broker);
    // 1 + 4 + (2 + 1) + 2 + 1: up to its last byte.
    await client.publishAsync('a', Buffer.alloc(4 * 1024 * 1024 - 11), { qos: 1 });
    expect(client.connected).toBe(true);
  });

  it('survives names that each object has, as client ids', async () => {
    const broker = await start();
    for (const clientId of ['constructor', '__proto__', 'toString', 'hasOwnProperty']) {
      for (const protocolVersion of [4, 5] as const) {
        const ear = await join(broker, { clientId, protocolVersion });
        await ear.client.subscribeAsync(clientId, { qos: 1 });
        await ear.client.publishAsync(clientId, 'x', { qos: 2 });
        await until(() => ear.heard.length === 1);
      }
    }
  });

  it('carries what 3.1.1 and 5 say to each other, all QoS at once, in order', async () => {
    const broker = await start();
    const clients = await Promise.all([4, 5, 4, 5].map((v) => join(broker, { protocolVersion: v as 4 | 5 })));
    for (const { client } of clients) await client.subscribeAsync('mixed/#', { qos: 2 });
    const each = 30;
    await Promise.all(
      clients.flatMap(({ client }, who) =>
        Array.from({ length: each }, (_, i) =>
          client.publishAsync(`mixed/${who}/${i % 3}`, `${i}`, { qos: (i % 3) as 0 | 1 | 2, retain: i % 2 === 0 }),
        ),
      ),
    );
    for (const { heard } of clients) {
      await until(() => heard.length === each * clients.length);
      for (const topic of new Set(heard.map((packet) => packet.topic))) {
        const own = heard.filter((packet) => packet.topic === topic).map(({ payload }) => Number(payload));
        expect(own).toEqual([...own].sort((a, b) => a - b));
      }
    }
  });
});
