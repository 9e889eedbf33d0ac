import { existsSync, readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type EmbeddedBroker, startBroker } from '../../../sdk/hub/broker/broker.ts';
import { until } from '../../support/until.ts';
import { Wire } from './wire.ts';

let broker: EmbeddedBroker;
let wires: Wire[];

beforeEach(async () => {
  broker = await startBroker({ port: 0 });
  wires = [];
});

afterEach(async () => {
  for (const wire of wires) wire.end();
  await broker.stop();
});

async function join(connect?: Parameters<typeof Wire.join>[1]): Promise<Wire> {
  const wire = await Wire.join(broker.port, connect);
  wires.push(wire);
  return wire;
}

const publish = { cmd: 'publish', payload: 'x', qos: 0, retain: true, dup: false } as const;

/** Retains something on each of these topics. */
async function retain(topics: readonly string[]): Promise<void> {
  const publisher = await join();
  publisher.send(...topics.map((topic) => ({ ...publish, topic })));
  publisher.send({ cmd: 'pingreq' });
  await until(() => publisher.all('pingresp').length === 1);
}

const numbers = (count: number) => Array.from({ length: count }, (_, i) => i);

describe('the embedded broker and who asks much of it', () => {
  it('lets others in between while it looks for what many filters fit', async () => {
    const topics = 3000;
    await retain([...numbers(topics).map((i) => `a/b/c/${i}`), 'last']);
    const asker = await join();
    let turns = 0;
    let [atAnswer, atMessage] = [0, 0];
    let counting = setImmediate(function count() {
      turns++;
      if (atAnswer === 0 && asker.all('suback').length === 1) atAnswer = turns;
      if (atMessage === 0 && asker.all('publish').length === 1) atMessage = turns;
      counting = setImmediate(count);
    });
    // All but the last fit nothing, and all have to be compared.
    const filters = [...numbers(900).map((i) => `+/+/+/+/${i}`), 'last'];
    asker.send({ cmd: 'subscribe', messageId: 1, subscriptions: filters.map((topic) => ({ topic, qos: 0 })) });
    await until(() => atMessage > 0);
    clearImmediate(counting);
    expect(asker.all('publish')).toMatchObject([{ topic: 'last', retain: true }]);
    expect(atAnswer).toBeGreaterThan(0);
    expect(atMessage - atAnswer).toBeGreaterThan(topics / 1000);
  });

  it('gives what is retained once more, not as often as it was asked meanwhile', async () => {
    const topics = 200;
    await retain(numbers(topics).map((i) => `a/${i}`));
    const asker = await join();
    const asks = 100;
    asker.send(
      ...numbers(asks).map((i) => ({
        cmd: 'subscribe' as const,
        messageId: i + 1,
        subscriptions: [{ topic: 'a/+', qos: 0 as const }],
      })),
    );
    await until(() => asker.all('suback').length === asks);
    // One that fits nothing before is the last to come.
    await retain(['end']);
    asker.send({ cmd: 'subscribe', messageId: 1000, subscriptions: [{ topic: 'end', qos: 0 }] });
    await until(() => asker.all('publish').some(({ topic }) => topic === 'end'));
    const got = asker.all('publish').map(({ topic }) => topic);
    expect(new Set(got).size).toBe(topics + 1);
    expect(got.length).toBeLessThanOrEqual(topics * 4 + 1);
  });

  it('counts all bytes of what waits for a slow client, not its payload alone', async () => {
    const slow = await join({ properties: { receiveMaximum: 1 } });
    await slow.subscribe('b', 1);
    const publisher = await join();
    const filler = 'y'.repeat(60_000);
    // 24 MB, in fewer messages than may wait.
    for (const i of numbers(400)) {
      publisher.send({
        ...publish,
        topic: 'b',
        retain: false,
        qos: 1,
        payload: '',
        messageId: i + 1,
        properties: { userProperties: { a: filler } },
      });
      await until(() => publisher.all('puback').length === i + 1);
    }
    await until(() => slow.isClosed);
    expect(slow.all('disconnect')).toMatchObject([{ reasonCode: 0x97 }]);
  });

  it.skipIf(!existsSync('/proc/net/tcp'))('finds out that the other side is gone where nothing is said', async () => {
    const wire = await join({ keepalive: 0 });
    expect(wire.isClosed).toBe(false);
    const port = broker.port.toString(16).toUpperCase().padStart(4, '0');
    // Established, from the broker's port: which timer the kernel has for it; 02 is keep-alive.
    const timers = readFileSync('/proc/net/tcp', 'utf8')
      .split('\n')
      .map((line) => line.trim().split(/\s+/))
      .filter(([, local, , state]) => local?.endsWith(`:${port}`) && state === '01')
      .map(([, , , , , timer]) => timer!.slice(0, 2));
    expect(timers).toEqual(['02']);
  });
});
