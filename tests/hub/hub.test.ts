import fc from 'fast-check';
import mqtt from 'mqtt';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { InputError } from '../../sdk/base/errors.ts';
import { type EmbeddedBroker, startBroker } from '../../sdk/hub/broker/broker.ts';
import { settingTopics } from '../../sdk/hub/contract/camera-settings.ts';
import { nodeStatsToWire } from '../../sdk/hub/contract/stats.ts';
import { Hub, type HubOptions } from '../../sdk/hub/hub.ts';
import { closing } from '../support/closing.ts';
import { eventMessage, FakeCamera, FakeNode, mqttSettings, nodeStats } from '../support/hub.ts';
import { recorder } from '../support/recorder.ts';
import { until } from '../support/until.ts';
import { FakeBroker } from './fake-broker.ts';
import { retainedOf, Subscriber } from './subscriber.ts';

const root = 'ocellus/porch';

afterEach(async () => {
  vi.restoreAllMocks();
});

const stopping = <T extends { stop(): Promise<void> }>(thing: T) => closing(thing, (it) => it.stop());

async function startHub(url: string, cameras = [new FakeCamera('door')], more: Partial<HubOptions> = {}) {
  const node = new FakeNode('porch', cameras);
  const logger = recorder();
  const hub = stopping(new Hub({ node, settings: mqttSettings(url), logger, ...more }));
  await hub.start();
  return { hub, node, logger, camera: cameras[0]! };
}

/** Noise, which JPEG cannot make small. */
function noisyJpeg(width: number, height: number): Promise<Buffer> {
  const noise = { type: 'gaussian', mean: 128, sigma: 60 } as const;
  return sharp({ create: { width, height, channels: 3, background: 'grey', noise } })
    .jpeg({ quality: 90 })
    .toBuffer();
}

const subscribe = async (url: string, filter?: string) => closing(await Subscriber.to(url, filter), (it) => it.end());

describe('Hub with the embedded broker', () => {
  let broker: EmbeddedBroker;

  beforeEach(async () => {
    broker = stopping(await startBroker({ port: 0 }));
  });

  it('retains what is, and tells what changes', async () => {
    const heard = await subscribe(broker.url, 'ocellus/#');
    const { camera, hub } = await startHub(broker.url);
    await until(() => heard.last(`${root}/door/cat/occupied`) === 'OFF');
    expect(await retainedOf(broker.url)).toEqual({
      [`${root}/status`]: 'online',
      [`${root}/door/status`]: 'online',
      [`${root}/door/motion`]: 'OFF',
      [`${root}/door/enabled/state`]: 'ON',
      [`${root}/door/detect/state`]: 'ON',
      [`${root}/door/threshold/state`]: String(camera.settings.detect.threshold),
      [`${root}/door/motion_gate/state`]: 'ON',
      [`${root}/door/motion_sensitivity/state`]: '0.5',
      [`${root}/door/snapshots/state`]: 'ON',
      [`${root}/door/learn/state`]: 'ON',
      [`${root}/door/person/count`]: '0',
      [`${root}/door/person/occupied`]: 'OFF',
      [`${root}/door/cat/count`]: '0',
      [`${root}/door/cat/occupied`]: 'OFF',
    });
    expect(hub.stats).toMatchObject({ connected: true, protocolVersion: 5, connections: 1, refused: 0, tooLarge: 0 });

    camera.setCount('person', 2);
    camera.setCount('cat', 1, 'steps');
    camera.moving = true;
    camera.emit('motion', true);
    camera.setStatus('offline');
    await until(() => heard.last(`${root}/door/status`) === 'offline');
    expect(heard.last(`${root}/door/person/count`)).toBe('2');
    expect(heard.last(`${root}/door/person/occupied`)).toBe('ON');
    expect(heard.last(`${root}/door/zone/steps/cat/count`)).toBe('1');
    expect(heard.last(`${root}/door/zone/steps/cat/occupied`)).toBe('ON');
    expect(heard.last(`${root}/door/motion`)).toBe('ON');
    // What did not change was said once.
    expect(heard.on(`${root}/door/detect/state`)).toHaveLength(1);
  });

  it('sends events at QoS 1, not retained, after their snapshot, which is', async () => {
    const heard = await subscribe(broker.url, `${root}/door/#`);
    const { camera } = await startHub(broker.url);
    const jpeg = Buffer.from([0xff, 0xd8, 0xff, 0, 1, 2]);
    const message = eventMessage(1);
    camera.emit('snapshot', { id: message.after.id, label: 'person', jpeg });
    camera.emit('event', message);
    camera.emit('crossing', {
      trackId: 7,
      line: 'gate',
      label: 'person',
      direction: 'in',
      total: 3,
      time: 1_700_000_000.25,
    });
    await until(() => heard.on(`${root}/door/line/gate/crossing`).length === 1);
    const order = heard.received.map(({ topic }) => topic.slice(root.length + 6));
    expect(order.indexOf('person/snapshot')).toBeGreaterThanOrEqual(0);
    expect(order.indexOf('person/snapshot')).toBeLessThan(order.indexOf('events'));
    expect(heard.on(`${root}/door/person/snapshot`)[0]!.payload).toEqual(jpeg);
    const event = heard.on(`${root}/door/events`)[0]!;
    expect(JSON.parse(event.text)).toEqual(message);
    expect(event).toMatchObject({ qos: 1, retain: false });
    expect(JSON.parse(heard.last(`${root}/door/line/gate/crossing`)!)).toEqual({
      label: 'person',
      direction: 'in',
      total: 3,
      track: 7,
      time: 1_700_000_000.25,
    });
    const retained = await retainedOf(broker.url);
    expect(Object.keys(retained)).toContain(`${root}/door/person/snapshot`);
    expect(Object.keys(retained)).not.toContain(`${root}/door/events`);
  });

  it('tells its statistics', async () => {
    const heard = await subscribe(broker.url, `${root}/stats`);
    const { node, hub } = await startHub(broker.url);
    await until(() => hub.stats.connected);
    node.emit('stats', nodeStats);
    await until(() => heard.received.length === 1);
    expect(JSON.parse(heard.received[0]!.text)).toMatchObject({
      ...nodeStatsToWire(nodeStats),
      mqtt: { connections: 1, outbox: { evicted: { event: 0 } }, refused: 0, too_large: 0, rejected_commands: 0 },
    });
    expect(heard.received[0]!.retain).toBe(false);
  });

  it('takes commands and tells the new state, the old one where it refuses', async () => {
    const heard = await subscribe(broker.url, `${root}/door/+/state`);
    const { camera, hub } = await startHub(broker.url);
    await until(() => heard.received.length === settingTopics.size);
    const send = (setting: string, payload: string) =>
      heard.client.publishAsync(`${root}/door/${setting}/set`, payload, { qos: 1 });
    await send('threshold', '0.75');
    await until(() => heard.last(`${root}/door/threshold/state`) === '0.75');
    expect(camera.settings.detect.threshold).toBe(0.75);
    const before = heard.on(`${root}/door/detect/state`).length;
    await send('detect', 'maybe');
    await until(() => heard.on(`${root}/door/detect/state`).length === before + 1);
    expect(heard.last(`${root}/door/detect/state`)).toBe('ON');
    expect(hub.stats.rejectedCommands).toBe(1);
  });

  it('ignores a command that lies retained at the broker', async () => {
    const client = await subscribe(broker.url, 'nothing');
    await client.client.publishAsync(`${root}/door/detect/set`, 'OFF', { qos: 1, retain: true });
    const { camera, hub } = await startHub(broker.url);
    await until(() => hub.stats.connected);
    // The next command comes after it.
    await until(() => hub.stats.published > 5);
    await client.client.publishAsync(`${root}/door/threshold/set`, '0.9', { qos: 1 });
    await until(() => camera.changes.length > 0);
    expect(camera.changes).toEqual([{ detect: { threshold: 0.9 } }]);
  });

  it('survives a flood of commands', async () => {
    const client = await subscribe(broker.url, `${root}/door/threshold/state`);
    const { camera, hub } = await startHub(broker.url);
    camera.changeMs = 5;
    await until(() => hub.stats.published > 5);
    const flood = Array.from({ length: 2000 }, (_, i) =>
      client.client.publishAsync(`${root}/door/threshold/set`, String(i / 2000), { qos: 1 }),
    );
    await Promise.all(flood);
    await until(() => client.last(`${root}/door/threshold/state`) === '0.9995');
    expect(camera.changes.length).toBeLessThan(2000);
    expect(hub.stats).toMatchObject({ connected: true, connections: 1, rejectedCommands: 0 });
  });

  it('survives thousands of malformed messages', async () => {
    const client = await subscribe(broker.url, `${root}/door/threshold/state`);
    const { camera, hub, logger } = await startHub(broker.url);
    await until(() => hub.stats.published > 5);
    const level = fc.string({ minLength: 1, maxLength: 20 }).map((text) => text.replace(/[+#/\0]/g, '_'));
    const topic = fc.oneof(
      fc.constantFrom(...[...settingTopics.keys()].map((name) => `${root}/door/${name}/set`)),
      fc.tuple(level, level).map(([camera, setting]) => `${root}/${camera}/${setting}/set`),
    );
    const payload = fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes));
    // The last byte makes sure that it is none of the right ones.
    const messages = fc.sample(fc.tuple(topic, payload), 5000);
    for (let at = 0; at < messages.length; at += 500) {
      const some = messages.slice(at, at + 500);
      await Promise.all(
        some.map(([topic, bytes]) =>
          client.client.publishAsync(topic, Buffer.concat([bytes, Buffer.from([0xff])]), { qos: 1 }),
        ),
      );
    }
    await until(() => hub.stats.rejectedCommands === messages.length);
    expect(camera.changes).toEqual([]);
    expect(logger.lines.length).toBeLessThan(100);
    await client.client.publishAsync(`${root}/door/threshold/set`, '0.1', { qos: 1 });
    await until(() => client.last(`${root}/door/threshold/state`) === '0.1');
    expect(hub.stats.connections).toBe(1);
  });

  it('empties the topics of cameras, labels and zones that are gone', async () => {
    const before = [new FakeCamera('door', ['person', 'dog']), new FakeCamera('shed')];
    before[0]!.setCount('person', 1, 'lawn');
    const first = await startHub(broker.url, before);
    first.camera.emit('snapshot', { id: '1', label: 'dog', jpeg: Buffer.from('jpeg') });
    const foreign = [
      `${root}/status2/x`,
      `${root}/door/person/note`,
      'ocellus/attic/door/person/count',
      `${root}/request/x/state`,
    ];
    const client = await subscribe(broker.url, 'nothing');
    for (const topic of foreign) await client.client.publishAsync(topic, 'x', { qos: 1, retain: true });
    await until(() => first.hub.stats.outbox.depth === 0 && first.hub.stats.connected);
    await first.hub.stop();
    expect(Object.keys(await retainedOf(broker.url))).toEqual(
      expect.arrayContaining([
        `${root}/door/dog/snapshot`,
        `${root}/shed/status`,
        `${root}/door/zone/lawn/person/count`,
      ]),
    );

    const { camera } = await startHub(broker.url, [new FakeCamera('door', ['person'])]);
    let left: string[] = [];
    await vi.waitFor(
      async () => {
        left = Object.keys(await retainedOf(broker.url));
        expect(left.filter((topic) => /dog|shed|lawn/.test(topic))).toEqual([]);
      },
      { timeout: 300_000 },
    );
    expect(left).toEqual(expect.arrayContaining([...foreign, `${root}/door/person/count`]));

    // While it runs, too; a snapshot that waits does not come after the end of its label.
    camera.setCount('person', 1, 'steps');
    camera.emit('snapshot', { id: '2', label: 'person', jpeg: Buffer.from('jpeg') });
    camera.counts = [{ label: 'cat', count: 0 }];
    camera.emit('settings', {});
    await vi.waitFor(
      async () => {
        left = Object.keys(await retainedOf(broker.url, `${root}/door/#`));
        expect(left).toContain(`${root}/door/cat/count`);
        expect(left.filter((topic) => /person\/(count|occ|snap)|steps/.test(topic))).toEqual([]);
      },
      { timeout: 300_000 },
    );
  });

  it('leaves the labels alone while the model is not known, and tells them once it is', async () => {
    const client = await subscribe(broker.url, `${root}/door/#`);
    await client.client.publishAsync(`${root}/door/person/count`, '3', { qos: 1, retain: true });
    // Nobody's any more: it is cleared once the scan is over.
    const orphan = await subscribe(broker.url, `${root}/shed/status`);
    await client.client.publishAsync(`${root}/shed/status`, 'online', { qos: 1, retain: true });
    const { camera, hub } = await startHub(broker.url, [new FakeCamera('door', [])]);
    await until(() => client.last(`${root}/door/motion`) === 'OFF');
    await until(() => orphan.last(`${root}/shed/status`) === '');
    expect(client.last(`${root}/door/person/count`)).toBe('3');
    camera.counts = [{ label: 'person', count: 0 }];
    camera.emit('frame', {} as never);
    camera.emit('frame', {} as never);
    await until(() => client.last(`${root}/door/person/count`) === '0');
    expect(hub.stats.connections).toBe(1);
  });

  it('says offline when it stops, after all that waited, and can start again', async () => {
    const heard = await subscribe(broker.url, `${root}/#`);
    const { hub, camera } = await startHub(broker.url);
    await until(() => hub.stats.published > 5);
    // More than may be on their way at once; a stop waits for them for some seconds only.
    for (let i = 0; i < 40; i++) camera.emit('event', eventMessage(i));
    await Promise.all([hub.stop(), hub.stop()]);
    await until(() => heard.last(`${root}/status`) === 'offline');
    expect(heard.on(`${root}/door/events`)).toHaveLength(40);
    expect(heard.received.at(-1)!.topic).toBe(`${root}/status`);
    await hub.stop();
    expect(hub.stats.connected).toBe(false);

    camera.emit('event', eventMessage(999));
    expect(camera.eventNames(), 'it listens no more').toEqual([]);
    await hub.start();
    await until(() => heard.last(`${root}/status`) === 'online');
    await expect(hub.start()).rejects.toThrow('the hub is already running');
    camera.setCount('person', 5);
    await until(() => heard.last(`${root}/door/person/count`) === '5');
  });

  it('keeps events while the broker is away, in order, and tells the states as they are after it', async () => {
    const { hub, camera, logger } = await startHub(broker.url);
    await until(() => hub.stats.published > 5);
    const { port } = broker;
    await broker.stop();
    await until(() => !hub.stats.connected);
    for (let i = 0; i < 100; i++) camera.emit('event', eventMessage(i));
    for (const count of [1, 2, 3, 0]) camera.setCount('person', count);
    camera.setStatus('disabled');
    expect(hub.stats.outbox.depth).toBe(100);
    stopping(await startBroker({ port, strict: true }));
    const heard = await subscribe(broker.url, `${root}/#`);
    await until(() => heard.on(`${root}/door/events`).length === 100);
    const numbers = heard.on(`${root}/door/events`).map(({ text }) => Number.parseInt(JSON.parse(text).after.id, 10));
    expect(numbers).toEqual(Array.from({ length: 100 }, (_, i) => i));
    expect(heard.last(`${root}/status`)).toBe('online');
    expect(heard.last(`${root}/door/status`)).toBe('disabled');
    expect(heard.on(`${root}/door/person/count`).map(({ text }) => text)).toEqual(['0']);
    expect(hub.stats.connections).toBe(2);
    expect(logger.lines.filter((line) => line.startsWith('warn'))).toHaveLength(1);
  });

  it('leaves its will when it vanishes', async () => {
    const heard = await subscribe(broker.url, `${root}/status`);
    const { hub } = await startHub(broker.url);
    await until(() => heard.last(`${root}/status`) === 'online');
    // Another client with its id takes its place: the broker cuts the first one off.
    const rival = closing(await mqtt.connectAsync(broker.url, { clientId: 'ocellus-porch' }), (it) =>
      it.endAsync(true),
    );
    await until(() => heard.last(`${root}/status`) === 'offline');
    rival.end(true);
    await until(() => heard.last(`${root}/status`) === 'online');
    expect(hub.stats.connections).toBe(2);
  });
});

describe('Hub with a strict broker', () => {
  let broker: FakeBroker;

  beforeEach(async () => {
    broker = stopping(await FakeBroker.start());
  });

  const topicsOf = () => broker.published.map(({ topic }) => topic);

  it('never has more on its way than the broker takes', async () => {
    broker.connack = { ...broker.connack, properties: { receiveMaximum: 4 } };
    const { camera, hub } = await startHub(broker.url);
    await until(() => broker.published.length === 1);
    for (let i = 0; i < 100; i++) camera.emit('event', eventMessage(i));
    while (hub.stats.outbox.depth > 0 || hub.stats.published < 100) {
      broker.acknowledge();
      await new Promise((resolve) => setImmediate(resolve));
    }
    // At stop the farewell keeps to it as well.
    for (let i = 0; i < 10; i++) camera.emit('event', eventMessage(i));
    const stopped = hub.stop();
    let over = false;
    stopped.then(() => (over = true));
    while (!over) {
      broker.acknowledge();
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(broker.mostUnacknowledged).toBe(4);
    expect(broker.published.at(-1)).toMatchObject({ topic: `${root}/status`, payload: Buffer.from('offline') });
  });

  it('does not send a snapshot that waited after its label is gone', async () => {
    broker.connack = { ...broker.connack, properties: { receiveMaximum: 1 } };
    const { camera, hub } = await startHub(broker.url);
    const acknowledgeAll = async () => {
      while (hub.stats.published === 0 || hub.stats.outbox.depth > 0) {
        broker.acknowledge();
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    await acknowledgeAll();
    camera.emit('event', eventMessage(1));
    camera.emit('snapshot', { id: '2', label: 'person', jpeg: Buffer.from('jpeg') });
    camera.counts = [{ label: 'cat', count: 0 }];
    camera.emit('settings', {});
    await acknowledgeAll();
    const snapshots = broker.published.filter(({ topic }) => topic === `${root}/door/person/snapshot`);
    expect(snapshots.at(-1)!.payload).toHaveLength(0);
  });

  it('has at most 16 on their way', async () => {
    const { camera, hub } = await startHub(broker.url);
    await until(() => broker.published.length === 1);
    broker.acknowledge();
    for (let i = 0; i < 100; i++) camera.emit('event', eventMessage(i));
    await until(() => broker.unacknowledged === 16);
    broker.flow();
    await until(() => hub.stats.outbox.depth === 0);
    expect(broker.mostUnacknowledged).toBe(16);
  });

  it('says online first, then the states, then the events', async () => {
    broker.flow();
    const { camera, hub } = await startHub(broker.url);
    camera.emit('event', eventMessage(1));
    await until(() => hub.stats.published > 5 && hub.stats.outbox.depth === 0);
    const topics = topicsOf();
    expect(topics[0]).toBe(`${root}/status`);
    expect(topics.at(-1)).toBe(`${root}/door/events`);
  });

  it('sends no packet that is larger than the broker takes', async () => {
    broker.connack = { ...broker.connack, properties: { maximumPacketSize: 16_384 } };
    broker.flow();
    const { camera, hub, logger } = await startHub(broker.url);
    await until(() => hub.stats.published > 5);
    const topic = `${root}/door/person/snapshot`;
    // It cannot be made smaller.
    camera.emit('snapshot', { id: '1', label: 'person', jpeg: Buffer.alloc(20_000) });
    camera.emit('event', eventMessage(1));
    await until(() => topicsOf().includes(`${root}/door/events`));
    expect(topicsOf()).not.toContain(topic);
    expect(hub.stats.tooLarge).toBe(1);
    expect(logger.lines.filter((line) => line.includes('is left out'))).toHaveLength(1);
    // A picture can, and comes before its event all the same.
    const jpeg = await noisyJpeg(640, 480);
    expect(jpeg.length).toBeGreaterThan(100_000);
    camera.emit('snapshot', { id: '2', label: 'person', jpeg });
    camera.emit('event', eventMessage(2));
    await until(() => topicsOf().filter((one) => one === `${root}/door/events`).length === 2);
    expect(topicsOf().at(-2)).toBe(topic);
    const small = broker.published.at(-2)!.payload as Buffer;
    const { format, width, height } = await sharp(small).metadata();
    expect(format).toBe('jpeg');
    expect(width / height).toBeCloseTo(640 / 480, 1);
    expect(small.length).toBeGreaterThan(16_384 / 3);
    expect(hub.stats.shrunk).toBe(1);
    expect(logger.lines.filter((line) => line.includes('snapshots are made smaller'))).toHaveLength(1);
    // One that just fits.
    broker.published.length = 0;
    camera.emit('snapshot', { id: '2', label: 'person', jpeg: Buffer.alloc(16_384 - topic.length - 16) });
    await until(() => topicsOf().includes(topic));
    for (const { length } of broker.published) expect(length! + 4).toBeLessThanOrEqual(16_384);
  });

  it('goes on when the broker refuses a topic, and without commands when it refuses those', async () => {
    broker.refuse = (topic) => (topic.endsWith('/motion') ? 135 : 0);
    broker.grant = () => 135;
    broker.flow();
    const { camera, hub, logger } = await startHub(broker.url);
    await until(() => hub.stats.refused === 1);
    camera.emit('event', eventMessage(1));
    await until(() => topicsOf().includes(`${root}/door/events`));
    expect(hub.stats.connections).toBe(1);
    expect(logger.lines.filter((line) => line.startsWith('error')).join('\n')).toMatch(
      /refuses ocellus\/porch\/\+\/\+\/set, so nothing is taken from there[\s\S]*refuses ocellus\/porch\/door\/motion: Publish error: Not authorized/,
    );
  });

  it('says why where it may not even say online, and tries again', async () => {
    broker.refuse = () => 135;
    broker.flow();
    const { hub, logger } = await startHub(broker.url);
    await until(() => hub.stats.connections >= 2);
    expect(logger.lines.join('\n')).toMatch(/warn MQTT: no connection .*Not authorized/);
    expect(new Set(topicsOf())).toEqual(new Set([`${root}/status`]));
  });

  it('stops within a bound when the broker acknowledges nothing', async () => {
    const { camera, hub, logger } = await startHub(broker.url);
    await until(() => broker.published.length === 1);
    broker.acknowledge();
    for (let i = 0; i < 20; i++) camera.emit('event', eventMessage(i));
    await until(() => broker.unacknowledged === 16);
    // The broker never will: without a bound this would not come back.
    await hub.stop();
    expect(logger.lines.at(-1)).toMatch(/warn MQTT: \d+ messages were not acknowledged in time/);
    expect(hub.stats.outbox.depth).toBeGreaterThan(0);
  });

  it('stops at once during the handshake, and when there is no broker', async () => {
    const { hub } = await startHub(broker.url);
    await until(() => broker.published.length === 1);
    await hub.stop();
    const closed = await FakeBroker.start();
    const { url } = closed;
    await closed.stop();
    const lonely = await startHub(url);
    await until(() => lonely.logger.lines.length === 1);
    await lonely.hub.stop();
    expect(lonely.hub.stats.connected).toBe(false);
  });

  it('keeps statistics to itself that the network does not take', async () => {
    broker.flow();
    const { node, hub } = await startHub(broker.url);
    await until(() => hub.stats.published > 5);
    const { Link } = await import('../../sdk/hub/connection/link.ts');
    const unsent = vi.spyOn(Link.prototype, 'unsent', 'get').mockReturnValue(2 * 1024 * 1024);
    node.emit('stats', nodeStats);
    unsent.mockReturnValue(0);
    node.emit('stats', { ...nodeStats, model: 'second' });
    await until(() => topicsOf().includes(`${root}/stats`));
    const told = broker.published.filter(({ topic }) => topic === `${root}/stats`);
    expect(told.map(({ payload }) => JSON.parse(String(payload)).model)).toEqual(['second']);
  });
});

describe('Hub settings', () => {
  it.each([
    ['http://hub', /mqtt.broker: expected a URL/],
    ['hub', /mqtt.broker: expected/],
  ])('refuses the broker %j before it does anything', async (url, message) => {
    const node = new FakeNode('porch', [new FakeCamera('door')]);
    const hub = new Hub({ node, settings: mqttSettings(url) });
    await expect(hub.start()).rejects.toThrow(message);
    await expect(hub.start()).rejects.toThrow(InputError);
    expect(node.pipelines.get('door')!.eventNames()).toEqual([]);
    await hub.stop();
  });

  it('never writes the password', async () => {
    const broker = stopping(await FakeBroker.start());
    broker.connack = { ...broker.connack, reasonCode: 134 };
    const { logger, hub } = await startHub(broker.url.replace('//', '//ann:geheim-4711@'));
    await until(() => logger.lines.length > 0);
    expect(String(broker.connects[0]!.password)).toBe('geheim-4711');
    await hub.stop();
    expect(logger.lines.join('\n') + JSON.stringify(hub.stats)).not.toContain('geheim');
  });
});
