import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { Hub } from '../../sdk/hub/hub.ts';
import { closing } from '../support/closing.ts';
import { eventMessage, FakeCamera, FakeNode, mqttSettings, nodeStats } from '../support/hub.ts';
import { recorder } from '../support/recorder.ts';
import { until } from '../support/until.ts';
import { FakeBroker } from './fake-broker.ts';

const root = 'ocellus/porch';
const events = `${root}/door/events`;
const denied = `${root}/garden/events`;
const minute = 60_000;

async function start(version: 4 | 5 = 5, options: { homeAssistant?: boolean } = {}) {
  const broker = closing(await FakeBroker.start(), (it) => it.stop());
  broker.flow();
  if (version === 4) {
    broker.onConnect = ({ protocolVersion }, send) =>
      send({ cmd: 'connack', sessionPresent: false, returnCode: protocolVersion === 5 ? 1 : 0, reasonCode: 132 });
  }
  const [door, garden] = [new FakeCamera('door'), new FakeCamera('garden')];
  const node = new FakeNode('porch', [door, garden]);
  const logger = recorder();
  const settings = mqttSettings(broker.url);
  if (options.homeAssistant) settings.home_assistant = { enabled: true, prefix: 'homeassistant' };
  const hub = closing(new Hub({ node, settings, logger }), (it) => it.stop());
  const go = async () => {
    await hub.start();
    await until(() => hub.stats.connected);
  };
  const numbers = (topic: string) => [
    ...new Set(
      broker.published
        .filter((packet) => packet.topic === topic)
        .map(({ payload }) => Number.parseInt(JSON.parse(String(payload)).after.id, 10)),
    ),
  ];
  const errors = () => logger.lines.filter((line) => /^(error|warn)/.test(line));
  return { broker, door, garden, node, logger, hub, go, numbers, errors };
}

const settled = async ({ stats }: { stats: () => Hub['stats'] }) => {
  await until(() => stats().connected && stats().outbox.depth === 0);
};

/** Events of two cameras in turns: 0, 2, 4... of the door, 1, 3, 5... of the garden. */
function tell(door: FakeCamera, garden: FakeCamera, count: number): void {
  for (let i = 0; i < count; i++) (i % 2 ? garden : door).emit('event', eventMessage(i));
}

const evens = (count: number) => Array.from({ length: count / 2 }, (_, i) => 2 * i);

async function noisyJpeg(width: number, height: number): Promise<Buffer> {
  const noise = { type: 'gaussian' as const, mean: 128, sigma: 60 };
  return sharp({ create: { width, height, channels: 3, background: '#000', noise } })
    .jpeg({ quality: 95 })
    .toBuffer();
}

describe('A broker that refuses by a reason code', () => {
  it.each([
    [0x87, 'Not authorized'],
    [0x90, 'Topic Name invalid'],
    [0x99, 'Payload format invalid'],
    // Not of PUBACK by the standard.
    [0x9a, 'Retain not supported'],
    [0xff, 'reason code 0xff'],
  ])('%i for good: sets it aside, says it once, and all else flows in order', async (code, name) => {
    const { broker, door, garden, hub, go, numbers, errors } = await start();
    broker.refuse = (topic) => (topic === denied ? code : 0);
    await go();
    tell(door, garden, 12);
    await settled({ stats: () => hub.stats });
    expect(numbers(events)).toEqual(evens(12));
    expect(hub.stats.connections).toBe(1);
    const { refused } = hub.stats.outbox;
    expect(refused.event).toBeGreaterThanOrEqual(6);
    expect(refused.state).toBe(0);
    const said = errors().filter((line) => line.includes(denied));
    expect(said).toHaveLength(1);
    expect(said[0]).toContain(name);
  });

  it.each([0x80, 0x83, 0x91, 0x97])(
    '%i for the moment: tries it again and again while the others go on, and gives up at last',
    async (code) => {
      const { broker, door, garden, hub, go, numbers } = await start();
      let refusals = 0;
      broker.refuse = (topic) => (topic === denied && ++refusals <= 3 ? code : 0);
      await go();
      garden.emit('event', eventMessage(1));
      await until(() => refusals >= 2);
      door.emit('event', eventMessage(2));
      await until(() => numbers(events).length === 1);
      await settled({ stats: () => hub.stats });
      expect(refusals).toBe(4);
      expect(hub.stats).toMatchObject({ connections: 1, retried: 3 });
      expect(hub.stats.outbox.refused.event).toBe(0);
    },
    minute,
  );

  it('a retained value that waits for its next try does not overwrite a newer one', async () => {
    const { broker, door, hub, go } = await start();
    const topic = `${root}/door/motion`;
    let refusals = 0;
    const accepted: string[] = [];
    broker.refuse = (one, { payload }) => {
      if (one !== topic) return 0;
      if (String(payload) === 'OFF' && ++refusals < 4) return 0x80;
      accepted.push(String(payload));
      return 0;
    };
    await go();
    await until(() => refusals >= 2);
    door.moving = true;
    door.emit('motion', true);
    await settled({ stats: () => hub.stats });
    expect(accepted.at(-1)).toBe('ON');
  });

  it('nor one that is refused while the newer one is on its way', async () => {
    const { broker, door, hub, go } = await start();
    const topic = `${root}/door/motion`;
    let refusals = 0;
    const accepted: string[] = [];
    await go();
    await settled({ stats: () => hub.stats });
    const change = (moving: boolean) => {
      door.moving = moving;
      door.emit('motion', moving);
    };
    broker.refuse = (one, { payload }) => {
      if (one !== topic) return 0;
      if (String(payload) === 'ON' && ++refusals < 4) {
        // The second try is on its way, and is not answered yet.
        if (refusals === 2) change(false);
        return 0x80;
      }
      accepted.push(String(payload));
      return 0;
    };
    change(true);
    // The broker takes it, so nothing waits for the one that was refused.
    door.emit('event', eventMessage(1));
    await until(() => accepted.length > 0);
    await settled({ stats: () => hub.stats });
    expect(accepted).toEqual(['OFF']);
  });

  it('learns how large a picture may be, and sends those that come after it at that size at once', async () => {
    const { broker, door, hub, go } = await start();
    const largest = 60_000;
    const topic = `${root}/door/person/snapshot`;
    let refusals = 0;
    broker.refuse = (_, { payload }) => (payload.length > largest && ++refusals > 0 ? 0x95 : 0);
    await go();
    const jpeg = await noisyJpeg(800, 600);
    expect(jpeg.length).toBeGreaterThan(3 * largest);
    for (let i = 0; i < 8; i++) {
      door.emit('snapshot', { id: String(i), label: 'person', jpeg });
      door.emit('event', eventMessage(i));
      await settled({ stats: () => hub.stats });
    }
    const taken = broker.published.filter(
      (one) => one.topic === topic && one.payload.length > 0 && one.payload.length <= largest,
    );
    // One more where the first came before it was looked at what the broker has.
    expect(taken.length).toBeGreaterThanOrEqual(8);
    expect(taken.at(-1)!.payload.length).toBeGreaterThan(largest / 3);
    // 1 kB passes and 200 kB does not: eight halvings in proportion, and no more.
    expect(refusals).toBeLessThanOrEqual(8);
    expect(hub.stats).toMatchObject({ connections: 1, refused: 0 });
    expect(hub.stats.outbox.refused).toEqual({ state: 0, event: 0, learning: 0 });
    const before = refusals;
    door.emit('snapshot', { id: '9', label: 'person', jpeg });
    await settled({ stats: () => hub.stats });
    expect(refusals).toBe(before);
  });
});

describe.each([4, 5] as const)('A broker that ends the connection, MQTT %i', (version) => {
  it('at one topic: the topic is set aside, all others arrive in order, and it does not begin anew with each event', async () => {
    const { broker, door, garden, hub, go, numbers, errors } = await start(version);
    broker.cut = (topic) => topic === denied;
    await go();
    tell(door, garden, 11 + 1);
    await settled({ stats: () => hub.stats });
    expect(numbers(events)).toEqual(evens(12));
    expect(numbers(denied)).toEqual([]);
    expect(hub.stats.outbox.refused).toEqual({ state: 0, event: 6, learning: 0 });
    // One with all of them on their way, two for the first, one for the second.
    expect(broker.cuts).toBeLessThanOrEqual(4);
    const said = errors().filter((line) => line.includes(denied));
    expect(said).toHaveLength(1);
    expect(said[0]).toMatch(/refuses .*garden\/events: it ends the connection/);
    const { cuts } = broker;
    for (let i = 20; i < 40; i++) (i % 2 ? garden : door).emit('event', eventMessage(i));
    await settled({ stats: () => hub.stats });
    expect(broker.cuts).toBe(cuts);
    expect(numbers(events)).toHaveLength(16);
  });

  it('at its size: a picture is made smaller until it passes', async () => {
    const { broker, door, hub, go, numbers } = await start(version);
    const largest = 100_000;
    const topic = `${root}/door/person/snapshot`;
    broker.cut = (_, { length }) => (length ?? 0) > largest;
    await go();
    const jpeg = await noisyJpeg(1000, 800);
    expect(jpeg.length).toBeGreaterThan(4 * largest);
    for (let i = 0; i < 4; i++) {
      door.emit('snapshot', { id: String(i), label: 'person', jpeg });
      door.emit('event', eventMessage(i));
    }
    await settled({ stats: () => hub.stats });
    expect(numbers(events)).toEqual([0, 1, 2, 3]);
    expect(broker.published.some((one) => one.topic === topic)).toBe(true);
    expect(hub.stats.outbox.refused.event).toBe(0);
    const { cuts } = broker;
    expect(cuts).toBeLessThanOrEqual(6);
    const send = async (from: number, to: number) => {
      const before = broker.cuts;
      for (let i = from; i < to; i++) {
        door.emit('snapshot', { id: String(i), label: 'person', jpeg });
        await settled({ stats: () => hub.stats });
      }
      return broker.cuts - before;
    };
    // It may still come nearer, at two connections a try: from a tenth to within a factor of 1.5 in three tries. Which
    // picture is the one that is too large depends on how small JPEG made those before.
    let later = 0;
    let last: number;
    let pictures = 4;
    do {
      last = await send(pictures, pictures + 4);
      later += last;
      pictures += 4;
    } while (last > 0 && pictures < 32);
    // What was found out is remembered.
    expect(last).toBe(0);
    expect(later).toBeLessThanOrEqual(6);
  });

  it('at what goes past the outbox: statistics, and a subscription', async () => {
    const { broker, door, node, hub, go, numbers, errors } = await start(version);
    broker.cut = (topic) => topic === `${root}/stats` || topic === `${root}/request/+`;
    await go();
    await until(() => broker.subscribed.length > 0 && hub.stats.published > 5);
    const timer = setInterval(() => node.emit('stats', nodeStats), 50);
    door.emit('event', eventMessage(7));
    // The second of a topic counts for all.
    await until(() => hub.stats.refused >= 4);
    clearInterval(timer);
    await settled({ stats: () => hub.stats });
    expect(errors().filter((line) => line.includes(`${root}/stats`))).toHaveLength(1);
    const { cuts } = broker;
    for (let i = 0; i < 20; i++) node.emit('stats', nodeStats);
    door.emit('event', eventMessage(8));
    await until(() => numbers(events).length === 2);
    expect(broker.cuts).toBe(cuts);
    expect(errors().join('\n')).toMatch(/refuses ocellus\/porch\/request\/\+, so nothing is taken from there/);
  });

  it('at its status, the first thing of all: the rest arrives, and what is wrong is said', async () => {
    const { broker, door, hub, numbers, errors } = await start(version);
    broker.cut = (topic) => topic === `${root}/status`;
    await hub.start();
    for (let i = 0; i < 3; i++) door.emit('event', eventMessage(i));
    await until(() => numbers(events).length === 3);
    expect(errors().join('\n')).toMatch(/refuses ocellus\/porch\/status: .*; the rest goes on without it/);
  });

  it('at everything of Home Assistant, which goes before all else', async () => {
    const { broker, door, hub, node, go, numbers } = await start(version, { homeAssistant: true });
    broker.cut = (topic) => topic.startsWith('homeassistant/');
    await go();
    node.emit('stats', nodeStats);
    door.emit('event', eventMessage(7));
    await until(() => numbers(events).length === 1);
    expect(hub.stats.outbox.refused.event).toBe(0);
  });
});

describe('A broker that ends the connection', () => {
  it('at a picture that someone asked for: it is known at the second time, and said to who asks a third time', async () => {
    const { broker, garden, hub, go } = await start(4);
    broker.cut = (_, { length }) => (length ?? 0) > 100_000;
    await go();
    garden.jpeg = await noisyJpeg(1000, 800);
    const answers = () => broker.published.filter(({ topic }) => topic === `${root}/response/snapshot`);
    let asked = 0;
    while (answers().length === 0) {
      await until(() => hub.stats.connected && broker.subscribed.length > 0);
      const { cuts } = broker;
      const { connections } = hub.stats;
      const message = { topic: `${root}/request/snapshot`, payload: '{"camera": "garden"}', qos: 0 } as const;
      broker.send({ cmd: 'publish', dup: false, retain: false, ...message });
      asked++;
      await until(() => broker.cuts > cuts || answers().length > 0);
      // The hub learns a moment later that it was cut, and what is sent until then is lost.
      if (answers().length === 0) await until(() => hub.stats.connections > connections);
      await settled({ stats: () => hub.stats });
    }
    expect(asked).toBeLessThanOrEqual(4);
    expect(String(answers()[0]!.payload)).toMatch(/the broker takes \d+; ask for a smaller one/);
    expect(hub.stats.outbox.refused).toEqual({ state: 0, event: 0, learning: 0 });
  });

  it('and says at what: once is enough', async () => {
    const { broker, door, garden, hub, go, numbers, errors } = await start();
    broker.cut = (topic) => topic === denied && 0x87;
    await go();
    await until(() => hub.stats.published > 5 && hub.stats.outbox.depth === 0);
    garden.emit('event', eventMessage(1));
    door.emit('event', eventMessage(2));
    await settled({ stats: () => hub.stats });
    expect(numbers(events)).toEqual([2]);
    expect(broker.cuts).toBeLessThanOrEqual(2);
    expect(errors().join('\n')).toMatch(/refuses .*garden\/events: Not authorized \(0x87\)/);
  });
});

describe('A broker that ends each connection, whatever is published', () => {
  it.each([3, 25])(
    '%i times, then no more: nothing is given up, nothing is kept back, and all arrives in order',
    async (times) => {
      const { broker, door, garden, hub, go, numbers, errors } = await start();
      await go();
      await settled({ stats: () => hub.stats });
      const { cuts, published } = broker;
      broker.cut = (_, { cmd }) => cmd === 'publish' && broker.cuts - cuts < times;
      published.length = 0;
      tell(door, garden, 12);
      broker.drop();
      await until(() => broker.cuts - cuts >= times);
      for (let i = 12; i < 24; i++) (i % 2 ? garden : door).emit('event', eventMessage(i));
      await settled({ stats: () => hub.stats });
      expect(numbers(events)).toEqual(evens(24));
      expect(numbers(denied)).toEqual(evens(24).map((i) => i + 1));
      // None of them twice.
      expect(published.filter(({ topic }) => topic === events || topic === denied)).toHaveLength(24);
      expect(hub.stats.outbox.refused).toEqual({ state: 0, event: 0, learning: 0 });
      expect(hub.stats.refused).toBe(0);
      expect(published.some(({ topic }) => topic === `${root}/status`)).toBe(true);
      expect(errors().join('\n')).not.toContain('refuses');
    },
    5 * minute,
  );
});

describe('A broker that dies', () => {
  it('again and again, with whatever is on its way, makes no message guilty', async () => {
    const { broker, door, hub, go, numbers } = await start();
    await go();
    await until(() => hub.stats.published > 5 && hub.stats.outbox.depth === 0);
    // It dies as soon as it has a message, as if by chance always at the first one; then it lives for a while.
    let deaths = 0;
    let isDying = true;
    broker.cut = (topic) => topic === events && isDying && ++deaths > 0;
    for (let i = 0; i < 5; i++) door.emit('event', eventMessage(i));
    await until(() => deaths === 1);
    // In the quiet before it would go again the connection ends too: a broker that does so does not wait for a message.
    for (let i = 0; i < 3; i++) {
      const { connections } = hub.stats;
      await until(() => hub.stats.connections > connections && hub.stats.connected);
      broker.drop();
    }
    isDying = false;
    await settled({ stats: () => hub.stats });
    expect(numbers(events)).toEqual([0, 1, 2, 3, 4]);
    expect(hub.stats.outbox.refused).toEqual({ state: 0, event: 0, learning: 0 });
  });
});

describe('What CONNACK says', () => {
  it('Maximum QoS 0 and no retained messages: publishes so, and knows what arrived', async () => {
    const { broker, door, hub, go, numbers, errors } = await start();
    broker.connack = { ...broker.connack, properties: { maximumQoS: 0, retainAvailable: false } };
    broker.cut = (_, packet) => packet.cmd === 'publish' && (packet.qos > 0 || packet.retain) && 0x9b;
    await go();
    for (let i = 0; i < 5; i++) door.emit('event', eventMessage(i));
    await settled({ stats: () => hub.stats });
    expect(numbers(events)).toEqual([0, 1, 2, 3, 4]);
    expect(hub.stats.published).toBeGreaterThan(5);
    expect(broker.cuts).toBe(0);
    expect(errors().join('\n')).toMatch(/retains nothing/);
  });

  it.each([
    [0x9a, 'retain'],
    [0x9b, 'qos'],
  ] as const)('the last will is refused with %i: it is made less, and said', async (reasonCode, flag) => {
    const { broker, hub, go, errors } = await start();
    broker.onConnect = ({ will }, send) =>
      send({ cmd: 'connack', sessionPresent: false, reasonCode: will?.[flag] ? reasonCode : 0 });
    await go();
    expect(broker.connects.map(({ will }) => [will?.qos, will?.retain])).toEqual([
      [1, true],
      [0, false],
    ]);
    expect(hub.stats.connections).toBe(1);
    expect(errors().join('\n')).toMatch(/takes the last will on ocellus\/porch\/status only at QoS 0 and not retained/);
  });
});
