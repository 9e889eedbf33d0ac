import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { resolveSettings } from '../../../sdk/config/settings.ts';
import { brokerAddress } from '../../../sdk/hub/connection/address.ts';
import { Session } from '../../../sdk/hub/connection/session.ts';
import { Outbox } from '../../../sdk/hub/outbox/outbox.ts';
import { Publisher } from '../../../sdk/hub/outbox/publisher.ts';
import type { EventMessage } from '../../../sdk/vision/event.ts';
import { Subscriber } from '../../hub/subscriber.ts';
import { eventMessage } from '../../support/hub.ts';
import { hasProgram } from '../../support/needs.ts';
import { recorder } from '../../support/recorder.ts';
import { until } from '../../support/until.ts';
import { Mosquitto } from './mosquitto.ts';

const missing = hasProgram('mosquitto') ? '' : ' (needs mosquitto)';
const closers: (() => unknown)[] = [];
const secondsADay = 86_400;
const topic = 'ocellus/porch/door/events';

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const bytesIn = (folder: string) =>
  readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);

describe.skipIf(missing)(`a network that is cut for a day${missing}`, () => {
  it('costs no event of one a second, within the default bounds', async () => {
    const data = mkdtempSync(join(tmpdir(), 'ocellus-outage-'));
    closers.push(() => rmSync(data, { recursive: true }));
    const folder = join(data, 'outbox');
    const logger = recorder();
    let now = Date.now() - secondsADay * 1000;
    const bounds = resolveSettings({}).mqtt.outbox;
    const outbox = new Outbox({ folder, bounds, logger, now: () => now });
    // As fast as it goes: its pace has a test of its own.
    const publisher = new Publisher(outbox, logger, { perSecond: Number.POSITIVE_INFINITY });
    publisher.start();
    closers.push(() => publisher.stop());
    const heapBefore = process.memoryUsage().heapUsed;
    for (let second = 0; second < secondsADay; second++) {
      const payload = Buffer.from(JSON.stringify(eventMessage(Math.floor(second / 10), 'update', (second % 10) + 1)));
      publisher.put({ topic, payload, retain: false, kind: 'event' });
      now += 1000;
      if (second % 1000 === 0) await until(() => outbox.stats.unwritten === 0);
    }
    await until(() => outbox.stats.unwritten === 0);
    const full = outbox.stats;
    expect(full).toMatchObject({ depth: secondsADay, storage: 'disk', evicted: { event: 0 }, damaged: 0 });
    expect(full.oldestAgeSeconds).toBeGreaterThanOrEqual(secondsADay - 1);
    expect(full.bytes).toBeLessThan(bounds.events.megabytes * 1e6);
    const onDisk = bytesIn(folder);
    const heap = process.memoryUsage().heapUsed - heapBefore;
    console.log(
      `a day of events: ${(full.bytes / 1e6).toFixed(0)} MB counted, ${(onDisk / 1e6).toFixed(0)} MB on disk, ${(heap / 1e6).toFixed(0)} MB of heap`,
    );

    const broker = await Mosquitto.start();
    closers.push(() => broker.stop());
    const heard = await Subscriber.to(broker.url, topic);
    closers.push(() => heard.end());
    const session = new Session({
      address: brokerAddress(broker.url),
      clientId: 'ocellus-porch',
      will: { topic: 'ocellus/porch/status', payload: 'offline' },
      logger,
    });
    closers.push(() => session.stop(false));
    session.on('connected', (link) => publisher.attach(link));
    session.on('disconnected', () => publisher.detach());
    session.start();
    await until(() => outbox.stats.depth === 0 && heard.received.length >= secondsADay);
    const order = heard.received.map(({ text }) => {
      const { sequence, after } = JSON.parse(text) as EventMessage;
      return Number.parseInt(after.id, 10) * 10 + sequence - 1;
    });
    expect(order.every((second, i) => second === i)).toBe(true);
    expect(order).toHaveLength(secondsADay);
    expect(publisher.stats.published).toBe(secondsADay);
    expect(logger.lines.filter((line) => !line.startsWith('info'))).toEqual([]);
  }, 1_800_000);
});
