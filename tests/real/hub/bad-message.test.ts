import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { startBroker } from '../../../sdk/hub/broker/broker.ts';
import { Hub } from '../../../sdk/hub/hub.ts';
import { retainedOf, Subscriber } from '../../hub/subscriber.ts';
import { closing } from '../../support/closing.ts';
import { eventMessage, FakeCamera, FakeNode, mqttSettings, nodeStats } from '../../support/hub.ts';
import { hasProgram } from '../../support/needs.ts';
import { recorder } from '../../support/recorder.ts';
import { until } from '../../support/until.ts';
import { Mosquitto, type MosquittoOptions } from './mosquitto.ts';

const root = 'ocellus/porch';
const events = `${root}/door/events`;
const picture = `${root}/door/person/snapshot`;
const missing = hasProgram('mosquitto') ? '' : ' (needs mosquitto)';

async function startHub(url: string, options: { maximumPacketSize?: number; homeAssistant?: boolean } = {}) {
  const labels = Array.from({ length: 20 }, (_, i) => `thing${i}`);
  const camera = new FakeCamera('door', ['person', 'cat', ...labels]);
  const node = new FakeNode('porch', [camera]);
  const logger = recorder();
  const settings = mqttSettings(url);
  if (options.homeAssistant) settings.home_assistant = { enabled: true, prefix: 'homeassistant' };
  const { maximumPacketSize } = options;
  const hub = closing(new Hub({ node, settings, logger, maximumPacketSize }), (it) => it.stop());
  await hub.start();
  await until(() => hub.stats.connected);
  return { hub, camera, node, logger };
}

async function start(options: MosquittoOptions, more: { homeAssistant?: boolean } = {}) {
  const broker = closing(await Mosquitto.start(options), (it) => it.stop());
  const heard = closing(await Subscriber.to(broker.url, events), (it) => it.end());
  return { broker, heard, ...(await startHub(broker.url, more)) };
}

async function noisyJpeg(width: number, height: number): Promise<Buffer> {
  const noise = { type: 'gaussian' as const, mean: 128, sigma: 60 };
  return sharp({ create: { width, height, channels: 3, background: '#000', noise } })
    .jpeg({ quality: 95 })
    .toBuffer();
}

const bad = (lines: readonly string[]) => lines.filter((line) => /^(error|warn)/.test(line));
const done = (hub: Hub) => until(() => hub.stats.connected && hub.stats.outbox.depth === 0);

describe.skipIf(missing)(`One bad message, with Mosquitto${missing}`, () => {
  it('a message_size_limit: pictures and announcements are made to fit, events flow', async () => {
    const largest = 20_000;
    const { broker, heard, hub, camera, node } = await start(
      { lines: [`message_size_limit ${largest}`] },
      { homeAssistant: true },
    );
    const jpeg = await noisyJpeg(640, 480);
    expect(jpeg.length).toBeGreaterThan(4 * largest);
    for (let i = 0; i < 20; i++) {
      camera.emit('snapshot', { id: String(i), label: 'person', jpeg });
      camera.emit('event', eventMessage(i));
      node.emit('stats', nodeStats);
    }
    await until(() => heard.on(events).length === 20);
    await done(hub);
    expect(heard.on(events).map(({ text }) => Number.parseInt(JSON.parse(text).after.id, 10))).toEqual(
      Array.from({ length: 20 }, (_, i) => i),
    );
    expect(hub.stats.connections).toBe(1);
    expect(hub.stats.shrunk).toBeGreaterThan(0);
    expect(hub.stats.outbox.refused.event).toBe(0);
    // Read by what was told last: a hub looks again at each of its statistics whether an announcement fits.
    const config = 'homeassistant/device/ocellus_porch/door/config';
    let retained = await retainedOf(broker.url, '#');
    while (!retained[config]) {
      node.emit('stats', nodeStats);
      await done(hub);
      retained = await retainedOf(broker.url, '#');
    }
    expect(retained[picture]!.length).toBeGreaterThan(0);
  });

  it('an access list: what it denies is said once, all else arrives', async () => {
    const rights = [
      'topic read #',
      `topic write ${root}/status`,
      `topic write ${events}`,
      `topic write ${root}/door/+/count`,
    ];
    const { broker, heard, hub, camera, logger } = await start({ rights });
    for (let i = 0; i < 20; i++) camera.emit('event', eventMessage(i));
    await until(() => heard.on(events).length === 20);
    await done(hub);
    expect(hub.stats.connections).toBe(1);
    expect(hub.stats.outbox.refused.state).toBeGreaterThan(5);
    expect(bad(logger.lines).filter((line) => line.includes('Not authorized'))).toHaveLength(1);
    expect((await retainedOf(broker.url))[`${root}/door/person/count`]).toBe('0');
  });

  it('an access list without any topic of ours: one sentence, and no pair of lines at each attempt', async () => {
    const { hub, logger } = await start({ rights: ['topic readwrite elsewhere/#'] });
    await until(() => hub.stats.connections >= 3 && hub.stats.outbox.refused.state > 10);
    await done(hub);
    const lines = bad(logger.lines);
    expect(lines[0]).toMatch(/no connection .*: Publish error: Not authorized/);
    expect(lines.filter((line) => line.includes('Not authorized'))).toHaveLength(2);
    expect(logger.lines.filter((line) => line.includes('connected to')).length).toBeLessThanOrEqual(1);
  });

  it('no retained messages and no QoS but 0: the hub keeps to both', async () => {
    const { heard, hub, camera, logger } = await start({ lines: ['retain_available false', 'max_qos 0'] });
    for (let i = 0; i < 20; i++) camera.emit('event', eventMessage(i));
    await until(() => heard.on(events).length === 20);
    await done(hub);
    expect(hub.stats.connections).toBe(1);
    expect(bad(logger.lines).join('\n')).toMatch(/last will .* only at QoS 0[\s\S]*retains nothing/);
  });
});

describe('One bad message, with the embedded broker', () => {
  it('a picture beyond its limit is made smaller before it is sent', async () => {
    const broker = closing(await startBroker({ port: 0 }), (it) => it.stop());
    const heard = closing(await Subscriber.to(broker.url, `${root}/door/#`), (it) => it.end());
    const { maximumPacketSize } = broker;
    const { hub, camera } = await startHub(broker.url, { maximumPacketSize });
    const jpeg = await noisyJpeg(2880, 2160);
    expect(jpeg.length).toBeGreaterThan(maximumPacketSize);
    camera.emit('snapshot', { id: '1', label: 'person', jpeg });
    camera.emit('event', eventMessage(1));
    await until(() => heard.on(events).length === 1);
    expect(hub.stats).toMatchObject({ connections: 1, shrunk: 1, refused: 0 });
    const { format, width } = await sharp(heard.received.find(({ topic }) => topic === picture)!.payload).metadata();
    expect([format, width! > 1000]).toEqual(['jpeg', true]);
  });

  it('without that knowledge it finds out', async () => {
    const broker = closing(await startBroker({ port: 0 }), (it) => it.stop());
    const heard = closing(await Subscriber.to(broker.url, `${root}/door/#`), (it) => it.end());
    const { hub, camera } = await startHub(broker.url);
    const jpeg = await noisyJpeg(2880, 2160);
    camera.emit('snapshot', { id: '1', label: 'person', jpeg });
    for (let i = 0; i < 10; i++) camera.emit('event', eventMessage(i));
    await until(() => heard.on(events).length >= 10 && hub.stats.outbox.depth === 0);
    expect(hub.stats.outbox.refused.event).toBe(0);
    expect(hub.stats.connections).toBeLessThanOrEqual(4);
  });
});
