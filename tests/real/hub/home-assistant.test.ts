import { describe, expect, it } from 'vitest';
import { startBroker } from '../../../sdk/hub/broker/broker.ts';
import { Hub } from '../../../sdk/hub/hub.ts';
import type { NodeStats } from '../../../sdk/pipeline/node.ts';
import { breaches } from '../../hub/extensions/home-assistant/rules.ts';
import { retainedOf, Subscriber } from '../../hub/subscriber.ts';
import { closing } from '../../support/closing.ts';
import { eventMessage, FakeCamera, FakeNode, mqttSettings, nodeStats } from '../../support/hub.ts';
import { hasProgram } from '../../support/needs.ts';
import { freePort } from '../../support/ports.ts';
import { recorder } from '../../support/recorder.ts';
import { until } from '../../support/until.ts';
import { Home } from './home.ts';
import { Mosquitto } from './mosquitto.ts';

const root = 'homeassistant/device/ocellus_porch';
const doorTopic = `${root}/door/config`;

async function startHub(url: string, cameras: FakeCamera[]) {
  const node = new FakeNode('porch', cameras);
  node.senses = { temperature: true, throttling: true, power: true };
  const settings = { ...mqttSettings(url), home_assistant: { enabled: true, prefix: 'homeassistant' } };
  const hub = closing(new Hub({ node, settings, logger: recorder() }), (it) => it.stop());
  // What a node says of itself, often, so that nothing here waits for it.
  const stats = {
    ...nodeStats,
    temperature: 51.3,
    throttling: { now: ['throttled'], sinceBoot: null } satisfies NodeStats['throttling'],
    power: {
      source: 'pmic',
      covers: 'rails',
      watts: 3.5,
      joules: 1200,
      // Nothing was looked at.
      joulesPerInference: null,
    } satisfies NodeStats['power'],
    cameras: Object.fromEntries(
      cameras.map(({ name }) => [name, { frames: { dropped: 2 }, fps: { in: 10 }, times: { infer: 31.25 } } as never]),
    ),
  };
  const ticks = setInterval(() => node.emit('stats', stats), 200);
  closing(ticks, async () => clearInterval(ticks));
  await hub.start();
  return { hub, node };
}

const configs = (retained: Record<string, string>) =>
  Object.entries(retained).filter(([topic]) => topic.endsWith('/config'));
const keysOf = (text: string) =>
  Object.entries(JSON.parse(text).cmps as object).flatMap(([key, one]) => (Object.keys(one).length > 1 ? [key] : []));

const missing = hasProgram('mosquitto') ? '' : ' (needs mosquitto)';

describe.skipIf(missing)(`Home Assistant’s discovery with Mosquitto${missing}`, () => {
  it('announces, answers a birth, takes back, and survives a broker that forgets', async () => {
    const broker = closing(await Mosquitto.start(), (it) => it.stop());
    const heard = closing(await Subscriber.to(broker.url, '#'), (it) => it.end());
    const door = new FakeCamera('door', ['person', 'cat']);
    const first = await startHub(broker.url, [door, new FakeCamera('shed')]);
    await until(() => heard.on(`${root}/shed/config`).length > 0);
    const announced = configs(await retainedOf(broker.url, 'homeassistant/#'));
    expect(announced.map(([topic]) => topic).sort()).toEqual(
      [`${root}/config`, doorTopic, `${root}/shed/config`].sort(),
    );
    for (const [topic, text] of announced) expect(breaches(topic, text)).toEqual([]);

    // A birth: the configuration first, then the states.
    const before = heard.received.length;
    await heard.client.publishAsync('homeassistant/status', 'online', { qos: 1 });
    const again = () => heard.received.slice(before).map(({ topic }) => topic);
    await until(() => again().includes('ocellus/porch/door/person/count'));
    expect(again().indexOf(doorTopic)).toBeGreaterThanOrEqual(0);
    expect(again().indexOf(doorTopic)).toBeLessThan(again().indexOf('ocellus/porch/door/status'));

    // A label goes while it runs.
    door.counts = [{ label: 'person', count: 0 }];
    door.emit('settings', {});
    await until(() => !keysOf(heard.last(doorTopic)!).includes('count:cat'));
    expect(JSON.parse(heard.last(doorTopic)!).cmps['count:cat']).toEqual({ p: 'sensor' });

    // The broker forgets everything.
    await broker.kill();
    await broker.start();
    await until(() => first.hub.stats.connections === 2 && first.hub.stats.outbox.depth === 0);
    let kept: [string, string][] = [];
    while (kept.length < 3) kept = configs(await retainedOf(broker.url, 'homeassistant/#'));
    expect(keysOf(Object.fromEntries(kept)[doorTopic]!)).toContain('count:person');

    // Another run, with less.
    await first.hub.stop();
    await startHub(broker.url, [new FakeCamera('door', ['cat'])]);
    await until(() => heard.last(`${root}/shed/config`) === '');
    await until(() => keysOf(heard.last(doorTopic)!).includes('count:cat'));
    expect(JSON.parse(heard.last(doorTopic)!).cmps['count:person']).toEqual({ p: 'sensor' });
    let left: string[];
    do left = Object.keys(await retainedOf(broker.url, '#')).filter((topic) => /shed/.test(topic));
    while (left.length > 0);
  });
});

// A Python with the packages `homeassistant` (2025.10 or newer), `paho-mqtt` and `numpy`: too large to install for a test.
const python = process.env.OCELLUS_TEST_HOME_ASSISTANT;
const lacks = python ? '' : ' (needs a Python with Home Assistant in OCELLUS_TEST_HOME_ASSISTANT)';

const brokers: Record<string, (port: number) => Promise<{ url: string; stop(): Promise<void> }>> = {
  'the embedded broker': (port) => startBroker({ port, strict: true }),
  Mosquitto: () => Mosquitto.start(),
};

describe.skipIf(lacks).each(Object.keys(brokers))(`Home Assistant itself and %s${lacks}`, (name) => {
  it.skipIf(name === 'Mosquitto' && missing)(
    'finds each entity, follows its state, obeys, and forgets what is gone',
    async () => {
      const broker = closing(await brokers[name]!(0), (it) => it.stop());
      const door = new FakeCamera('door', ['person', 'cell phone']);
      door.setCount('person', 0, 'front_yard');
      await door.change({ lines: { gate: { from: [0, 0], to: [1, 1] } } });
      const first = await startHub(broker.url, [door, new FakeCamera('shed')]);
      const home = closing(await Home.start(python!, broker.url), (it) => it.kill());
      const state = (id: string) => home.seen.states[id];
      await home.until(
        () => state('sensor.porch_door_inference_time') === '31.25' && state('switch.porch_shed_enabled') === 'on',
      );
      await home.until(() => home.seen.devices.Door?.triggers.length === 4);
      expect(home.seen.devices).toMatchObject({
        Porch: { via: null },
        Door: {
          via: 'Porch',
          triggers: ['Cell phone appeared', 'Gate crossed in', 'Gate crossed out', 'Person appeared'],
        },
      });
      expect(home.seen.states).toMatchObject({
        'binary_sensor.porch_door_person': 'off',
        'sensor.porch_door_person_count_in_front_yard': '0',
        'number.porch_door_threshold': '0.6',
        'sensor.porch_temperature': '51.3',
        'binary_sensor.porch_throttling': 'on',
        'sensor.porch_power': '3.5',
        'sensor.porch_energy_per_inference': 'unknown',
        'update.porch_model': 'off',
        'event.porch_door_sighting': 'unknown',
      });
      const announced = configs(await retainedOf(broker.url, 'homeassistant/#')).map(([, text]) => keysOf(text));
      const triggers = Object.values(home.seen.devices).flatMap((device) => device.triggers);
      expect(Object.keys(home.seen.states)).toHaveLength(announced.flat().length - triggers.length);

      door.emit('snapshot', { id: '1', label: 'person', jpeg: Buffer.from([0xff, 0xd8, 0xff, 0xd9]) });
      door.emit('event', eventMessage(1));
      door.setCount('person', 1);
      home.call('switch', 'turn_off', { entity_id: 'switch.porch_door_detection' });
      home.call('number', 'set_value', { entity_id: 'number.porch_door_threshold', value: 0.7 });
      await home.until(
        () => state('number.porch_door_threshold') === '0.7' && state('switch.porch_door_detection') === 'off',
      );
      expect(door.changes).toContainEqual({ detect: { threshold: 0.7 } });
      await home.until(() => state('binary_sensor.porch_door_person') === 'on');
      for (const id of ['event.porch_door_sighting', 'image.porch_door_last_person']) expect(state(id)).toMatch(/^20/);

      door.counts = [{ label: 'person', count: 1 }];
      door.emit('settings', {});
      door.setStatus('disabled');
      await home.until(() => state('binary_sensor.porch_door_person') === 'unavailable');
      await home.until(() => !('sensor.porch_door_cell_phone_count' in home.seen.states));
      expect(Object.keys(home.seen.states).filter((id) => /cell_phone|front_yard/.test(id))).toEqual([]);
      expect(home.seen.states).toMatchObject({
        'switch.porch_door_enabled': 'on',
        'sensor.porch_door_status': 'disabled',
      });

      await first.hub.stop();
      await home.until(() => state('switch.porch_door_enabled') === 'unavailable');
      await startHub(broker.url, [new FakeCamera('door')]);
      await home.until(() => !('Shed' in home.seen.devices) && state('binary_sensor.porch_door_cat') === 'off');
      expect(Object.keys(home.seen.states).filter((id) => /shed/.test(id))).toEqual([]);
      expect(home.complaints).toEqual([]);
    },
  );

  it.skipIf(name === 'Mosquitto')(
    'has all entities again after a restart of itself, of the node, and of both',
    async () => {
      const port = await freePort();
      const begin = async () => {
        const broker = closing(await brokers[name]!(port), (it) => it.stop());
        const { hub } = await startHub(broker.url, [new FakeCamera('door'), new FakeCamera('shed')]);
        return async () => {
          await hub.stop();
          await broker.stop();
        };
      };
      let stop = await begin();
      let home = closing(await Home.start(python!, `mqtt://127.0.0.1:${port}`), (it) => it.kill());
      const values = () => Object.entries(home.seen.states).filter(([id]) => /_door_|_shed_|porch/.test(id));
      /** Entities that have a state; buttons, pictures and events have none before something happens. */
      const known = () =>
        values().flatMap(([id, state]) => (state !== null && !/unknown|unavailable/.test(state) ? [id] : []));
      await home.until(
        () => known().includes('sensor.porch_shed_inference_time') && known().includes('sensor.porch_power'),
      );
      await home.until(
        () => known().includes('update.porch_model') && known().includes('binary_sensor.porch_door_cat'),
      );
      const [all, withState] = [
        values()
          .map(([id]) => id)
          .sort(),
        known().sort(),
      ];
      expect(home.seen.protocol).toBe('5');
      expect(all.length).toBeGreaterThan(40);
      const isBack = () => home.until(() => known().sort().join() === withState.join());

      await home.stop();
      home = closing(home.again(), (it) => it.kill());
      await isBack();

      // Without its goodbye.
      await home.kill();
      home = closing(home.again(), (it) => it.kill());
      await isBack();

      await stop();
      await home.until(() => known().length === 0);
      stop = await begin();
      await isBack();

      await stop();
      await home.stop();
      stop = await begin();
      home = closing(home.again(), (it) => it.kill());
      await isBack();
      expect(
        values()
          .map(([id]) => id)
          .sort(),
      ).toEqual(all);
      console.log(
        `Home Assistant ${name}: ${all.length} entities, ${withState.length} with a state, MQTT ${home.seen.protocol}`,
      );
    },
  );
});
