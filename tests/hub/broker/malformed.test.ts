import type { Packet } from 'mqtt-packet';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type EmbeddedBroker, startBroker } from '../../../sdk/hub/broker/broker.ts';
import { until } from '../../support/until.ts';
import { Wire } from './wire.ts';

let broker: EmbeddedBroker;
let witness: Wire;

beforeEach(async () => {
  broker = await startBroker({ port: 0 });
  witness = await Wire.join(broker.port);
  await witness.subscribe('#', 0);
});

/** After all that the broker works, and nobody else noticed. */
afterEach(async () => {
  const good = await Wire.join(broker.port);
  good.send({ cmd: 'publish', topic: 'still/there', payload: 'x', qos: 0, retain: false, dup: false });
  await until(() => witness.all('publish').some(({ topic }) => topic === 'still/there'));
  good.end();
  expect(witness.isClosed).toBe(false);
  witness.end();
  await broker.stop();
});

const publish = { cmd: 'publish', topic: 'a', payload: 'x', qos: 0, retain: true, dup: false } as const;
const text = (value: string) => [0, Buffer.byteLength(value), ...Buffer.from(value)];
/** A PUBLISH of MQTT 5 at QoS 0 to `a` with these bytes of properties. */
const withProperties = (...properties: number[]) => {
  const body = [...text('a'), properties.length, ...properties, 120];
  return [0x31, body.length, ...body];
};
/** A SUBSCRIBE of MQTT 5 with these bytes of properties. */
const subscribing = (...properties: number[]) => {
  const body = [0, 9, properties.length, ...properties, ...text('a'), 1];
  return [0x82, body.length, ...body];
};

describe('the embedded broker and what is not as it should be', () => {
  it.each<[string, readonly number[], number]>([
    ['a property of another packet, which would end a strict subscriber', withProperties(0x11, 0, 0, 0, 9), 0x82],
    ['a delay, which belongs to a last will', withProperties(0x18, 0, 0, 0, 9), 0x82],
    ['a property twice', withProperties(0x02, 0, 0, 0, 9, 0x02, 0, 0, 0, 9), 0x82],
    ['a subscription’s identifier from a client', withProperties(0x0b, 1), 0x82],
    ['a topic alias, for none was promised', withProperties(0x23, 0, 1), 0x94],
    ['a subscription’s identifier of 0', subscribing(0x0b, 0), 0x82],
    ['two identifiers of one subscription', subscribing(0x0b, 1, 0x0b, 2), 0x82],
  ])('ends who sends %s', async (_, bytes, reasonCode) => {
    const client = await Wire.join(broker.port);
    // What comes in one piece with it is not looked at any more.
    client.bytes([...bytes, ...bytes]);
    await until(() => client.isClosed);
    expect(client.all('disconnect')).toMatchObject([{ reasonCode }]);
    expect(witness.all('publish')).toEqual([]);
  });

  it.each<[string, readonly number[]]>([
    ['a wildcard in a topic', [0x30, 5, ...text('a/+'), 0].slice(0, 7)],
    ['an unknown property', withProperties(0x7f, 1)],
    ['properties that are longer than their packet', [0x30, 5, ...text('a'), 0xff, 0x7f]],
    ['properties of a length without an end', [0x30, 8, ...text('a'), 0xff, 0xff, 0xff, 0xff, 0xff]],
    ['QoS 3', [0x36, 5, ...text('a'), 0, 1]],
    ['SUBSCRIBE without a filter', [0x82, 3, 0, 1, 0]],
    ['SUBSCRIBE with a cut filter', [0x82, 6, 0, 1, 0, 0, 9, 97]],
    ['a packet of type 0', [0, 0]],
    ['AUTH', [0xf0, 0]],
    ['a packet that only brokers send', [0x90, 4, 0, 1, 0, 0]],
    ['CONNECT again', [0x10, 13, ...text('MQTT'), 5, 2, 0, 60, 0, 0, 0]],
  ])('ends who sends %s', async (_, bytes) => {
    const client = await Wire.join(broker.port);
    client.bytes(bytes);
    await until(() => client.isClosed);
    expect(witness.all('publish')).toEqual([]);
  });

  it.each<[string, object]>([
    ['Receive Maximum 0', { properties: { receiveMaximum: 0 } }],
    ['an authentication that is not spoken', { properties: { authenticationMethod: 'x' } }],
    ['a last will with a property of another packet', { will: { ...publish, properties: { topicAlias: 1 } } }],
  ])('does not let in who asks for %s', async (_, options) => {
    const client = Wire.to(broker.port);
    client.send(client.hello(options));
    await until(() => client.isClosed);
    expect(client.all('connack').filter(({ reasonCode }) => reasonCode === 0)).toEqual([]);
  });

  it.each(['a/#', '+', '$SYS/x'])('does not publish a last will to %s', async (topic) => {
    const client = await Wire.join(broker.port, { will: { ...publish, topic, payload: Buffer.from('x') } });
    client.end();
    const other = await Wire.join(broker.port, { will: { ...publish, topic: 'fine', payload: Buffer.from('x') } });
    other.end();
    await until(() => witness.all('publish').length > 0);
    expect(witness.all('publish').map((packet) => packet.topic)).toEqual(['fine']);
  });

  it('takes what comes right behind CONNECT, in order', async () => {
    const client = Wire.to(broker.port);
    const subscriptions = [{ topic: 'early/#', qos: 1 as const }];
    const packets: Packet[] = Array.from({ length: 100 }, (_, i) => ({
      ...publish,
      topic: `early/${i}`,
      retain: false,
    }));
    client.send(client.hello(), { cmd: 'subscribe', messageId: 1, subscriptions }, ...packets);
    await until(() => client.all('publish').length === 100);
    expect(client.received.slice(0, 2).map(({ cmd }) => cmd)).toEqual(['connack', 'suback']);
    expect(client.all('publish').map(({ topic }) => topic)).toEqual(packets.map((_, i) => `early/${i}`));
    client.end();
  });

  it.each([4, 5] as const)('ends who begins more of QoS 2 than is bounded (version %d)', async (protocolVersion) => {
    const client = await Wire.join(broker.port, { protocolVersion });
    const begin = (messageId: number) => client.send({ ...publish, retain: false, qos: 2, messageId });
    for (let id = 1; id <= 1000; id++) begin(id);
    await until(() => client.all('pubrec').length === 1000);
    // The same one again is no more, and what is ended makes room.
    begin(7);
    client.send({ cmd: 'pubrel', messageId: 8 });
    await until(() => client.all('pubcomp').length === 1);
    begin(1001);
    await until(() => client.all('pubrec').length === 1002);
    expect(client.isClosed).toBe(false);
    begin(1002);
    await until(() => client.isClosed);
    if (protocolVersion === 5) expect(client.all('disconnect')).toMatchObject([{ reasonCode: 0x93 }]);
    // Each came once, though one was sent twice.
    await until(() => witness.all('publish').length === 1001);
  });

  it('has room again for what was refused at QoS 2', async () => {
    const client = await Wire.join(broker.port);
    for (let id = 1; id <= 1500; id++)
      client.send({ ...publish, topic: '$SYS/x', retain: false, qos: 2, messageId: id });
    await until(() => client.all('pubrec').length === 1500);
    expect(new Set(client.all('pubrec').map(({ reasonCode }) => reasonCode))).toEqual(new Set([0x87]));
    expect(client.isClosed).toBe(false);
    client.end();
  });

  it('answers PUBREL for what it does not know, twice at once as well', async () => {
    const client = await Wire.join(broker.port);
    client.send({ ...publish, qos: 2, messageId: 1 });
    await until(() => client.all('pubrec').length === 1);
    client.send(...[1, 1, 9].map((messageId) => ({ cmd: 'pubrel', messageId }) as const));
    await until(() => client.all('pubcomp').length === 3);
    client.send(...['puback', 'pubrec', 'pubcomp'].map((cmd) => ({ cmd, messageId: 99 }) as Packet));
    await until(() => client.all('pubrel').length === 1);
    client.end();
  });

  it('refuses filters that are none and such as are too many, each with its code', async () => {
    const client = await Wire.join(broker.port);
    const ask = async (topics: string[]) => {
      const before = client.all('suback').length;
      client.send({ cmd: 'subscribe', messageId: 1, subscriptions: topics.map((topic) => ({ topic, qos: 1 })) });
      await until(() => client.all('suback').length > before);
      return client.all('suback').at(-1)!.granted;
    };
    expect(await ask(['a+', 'a/#/b', '#a', 'a/+b', `${'a/'.repeat(100)}b`, 'a//b', '/', '+/+/#'])).toEqual([
      ...Array<number>(5).fill(0x8f),
      1,
      1,
      1,
    ]);
    const many = await ask(Array.from({ length: 1100 }, (_, i) => `many/${i}`));
    expect(many.filter((code) => code === 1)).toHaveLength(997);
    expect(new Set(many.slice(997))).toEqual(new Set([0x97]));
    // One that it has is not one more.
    expect(await ask(['many/1', 'many/2000'])).toEqual([1, 0x97]);
    client.end();
    const greedy = await Wire.join(broker.port);
    const long = Array.from({ length: 40 }, (_, i) => ({ topic: `${i}${'x'.repeat(60_000)}`, qos: 1 as const }));
    greedy.send({ cmd: 'subscribe', messageId: 1, subscriptions: long });
    await until(() => greedy.all('suback').length === 1);
    expect(greedy.all('suback')[0]!.granted.filter((code) => code === 1)).toHaveLength(17);
    greedy.end();
  });
});
