import { expect, it } from 'vitest';
import { startBroker } from '../../../sdk/hub/broker/broker.ts';
import { Hub } from '../../../sdk/hub/hub.ts';
import { closing } from '../../support/closing.ts';
import { FakeCamera, FakeNode, mqttSettings, nodeStats } from '../../support/hub.ts';
import { until } from '../../support/until.ts';
import { Subscriber } from '../subscriber.ts';

const topic = 'ocellus/porch/stats';

it('tells the statistics again after a connect, and at once when Home Assistant has started', async () => {
  const broker = closing(await startBroker({ port: 0 }), (it) => it.stop());
  const heard = closing(await Subscriber.to(broker.url), (it) => it.end());
  const node = new FakeNode('porch', [new FakeCamera('door')]);
  const settings = { ...mqttSettings(broker.url), home_assistant: { enabled: true, prefix: 'homeassistant' } };
  const hub = closing(new Hub({ node, settings }), (it) => it.stop());
  await hub.start();
  // Before there is a connection: nobody hears it.
  node.emit('stats', nodeStats);
  await until(() => heard.on(topic).length === 1);
  await until(() => heard.on('homeassistant/device/ocellus_porch/door/config').length > 0);
  const before = heard.received.length;
  await heard.client.publishAsync('homeassistant/status', 'online', { qos: 1 });
  const since = () => heard.received.slice(before).map((one) => one.topic);
  await until(() => since().filter((one) => one === topic).length === 3);
  // Twice before all else is told again, which takes a second at least.
  const config = since().indexOf('homeassistant/device/ocellus_porch/door/config');
  expect(
    since()
      .slice(0, config === -1 ? undefined : config)
      .filter((one) => one === topic),
  ).toHaveLength(2);
  expect(JSON.parse(heard.last(topic)!).mqtt).toMatchObject({ connections: 1 });
});
