import { expect, it } from 'vitest';
import { startBroker } from '../../../sdk/hub/broker/broker.ts';
import { Hub } from '../../../sdk/hub/hub.ts';
import { closing } from '../../support/closing.ts';
import { FakeCamera, FakeNode, FakeUpdates, mqttSettings, nodeStats } from '../../support/hub.ts';
import { until } from '../../support/until.ts';
import { Subscriber } from '../subscriber.ts';
import { isUpdateState } from './home-assistant/rules.ts';
import { makeRequests } from './requests/fakes.ts';

const config = 'homeassistant/device/ocellus_porch/config';
const topic = 'ocellus/porch/update';

async function start(updates: FakeUpdates | undefined, broker: { url: string }) {
  const settings = { ...mqttSettings(broker.url), home_assistant: { enabled: true, prefix: 'homeassistant' } };
  const node = new FakeNode('porch', [new FakeCamera('door')]);
  const hub = new Hub({ node, settings, updates });
  await hub.start();
  node.emit('stats', nodeStats);
  return hub;
}

it('are told to Home Assistant as it takes them, with the way to install one', async () => {
  const broker = closing(await startBroker({ port: 0 }), (it) => it.stop());
  const heard = closing(await Subscriber.to(broker.url), (it) => it.end());
  const updates = new FakeUpdates();
  const hub = await start(updates, broker);
  await until(() => heard.last(topic) !== undefined);
  expect(JSON.parse(heard.last(topic)!)).toEqual({
    ...{ installed_version: '1.0.0', latest_version: '1.1.0', title: 'Ocellus' },
    ...{ release_url: '', release_summary: '', in_progress: false, update_percentage: null },
  });
  updates.set({ inProgress: true, updatePercentage: 40 });
  await until(() => JSON.parse(heard.last(topic)!).update_percentage === 40);
  updates.set({
    inProgress: false,
    updatePercentage: null,
    problem: 'x'.repeat(300),
    releaseUrl: 'https://example.org',
  });
  await until(() => JSON.parse(heard.last(topic)!).release_summary.length === 255);
  for (const { text } of heard.on(topic)) expect(isUpdateState(text), text).toBe(true);

  await until(() => heard.last(config) !== undefined);
  const { cmps } = JSON.parse(heard.last(config)!) as { cmps: Record<string, Record<string, unknown>> };
  expect(cmps.system).toMatchObject({
    p: 'update',
    stat_t: topic,
    cmd_t: 'ocellus/porch/request/update',
    pl_inst: '{}',
  });
  // What its button sends.
  await heard.client.publishAsync('ocellus/porch/request/update', '{}', { qos: 1 });
  await until(() => updates.asked.length === 1);
  expect(updates.asked).toEqual([{ release: undefined, install: true }]);
  await hub.stop();
});

it('look at a release that is announced to all nodes, once, and do not install it', async () => {
  const broker = closing(await startBroker({ port: 0 }), (it) => it.stop());
  const heard = closing(await Subscriber.to(broker.url), (it) => it.end());
  const release = 'https://example.org/update.json';
  // It was announced before the node was there.
  await heard.client.publishAsync('ocellus/release', release, { qos: 1, retain: true });
  const updates = new FakeUpdates();
  const hub = await start(updates, broker);
  await until(() => updates.asked.length === 1);
  await heard.client.publishAsync('ocellus/release', release, { qos: 1, retain: true });
  await heard.client.publishAsync('ocellus/release', '', { qos: 1, retain: true });
  await heard.client.publishAsync('ocellus/release', `${release}?2`, { qos: 1, retain: true });
  await until(() => updates.asked.length === 2);
  expect(updates.asked).toEqual([
    { release, install: false },
    { release: `${release}?2`, install: false },
  ]);
  await hub.stop();
});

it('are emptied by a node that cannot be updated any more', async () => {
  const broker = closing(await startBroker({ port: 0 }), (it) => it.stop());
  const heard = closing(await Subscriber.to(broker.url), (it) => it.end());
  const first = await start(new FakeUpdates(), broker);
  await until(() => heard.last(topic) !== undefined);
  await first.stop();
  const second = await start(undefined, broker);
  await until(() => heard.last(topic) === '');
  await second.stop();
});

it('are refused where there is no second system, and by anything but a URL', async () => {
  const { ask } = makeRequests();
  expect(await ask('update')).toMatchObject({ status: 'error', error: expect.stringMatching(/no second system/) });
  const updates = new FakeUpdates();
  const other = makeRequests([], { updates });
  expect(await other.ask('update', { release: '/etc/passwd' })).toMatchObject({ status: 'error' });
  expect(await other.ask('update', 'https://example.org/update.json')).toEqual({
    status: 'ok',
    data: { install: true },
  });
  expect(updates.asked).toEqual([{ release: 'https://example.org/update.json', install: true }]);
});
