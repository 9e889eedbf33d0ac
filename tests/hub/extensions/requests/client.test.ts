import { Type } from '@sinclair/typebox';
import mqtt, { type MqttClient } from 'mqtt';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type EmbeddedBroker, startBroker } from '../../../../sdk/hub/broker/broker.ts';
import { requestVerb } from '../../../../sdk/hub/extensions/requests/client.ts';
import { defineVerb } from '../../../../sdk/hub/extensions/requests/verbs/verb.ts';
import { Hub } from '../../../../sdk/hub/hub.ts';
import { FakeCamera, FakeNode, mqttSettings } from '../../../support/hub.ts';
import { until } from '../../../support/until.ts';

const later = defineVerb({
  name: 'later',
  description: 'The first is answered after the second.',
  request: Type.Object({ camera: Type.String(), place: Type.Integer() }, { additionalProperties: false }),
  response: Type.Object({ place: Type.Integer() }),
  run: async ({ place }) => {
    if (place === 1) await secondCame;
    else secondComes();
    return { place };
  },
});
let secondComes = () => {};
const secondCame = new Promise<void>((resolve) => {
  secondComes = resolve;
});

let broker: EmbeddedBroker;
let hub: Hub;
let client: MqttClient;
const camera = new FakeCamera('door');

beforeEach(async () => {
  broker = await startBroker({ port: 0 });
  hub = new Hub({ node: new FakeNode('porch', [camera]), settings: mqttSettings(broker.url), verbs: [later] });
  await hub.start();
  await until(() => hub.stats.published > 0);
  client = await mqtt.connectAsync(broker.url);
});
afterEach(async () => {
  await client.endAsync(true);
  await hub.stop();
  await broker.stop();
});

describe('requestVerb', () => {
  it('gives the data of the answer, with its type', async () => {
    const { cameras, node } = await requestVerb(client, { node: 'porch' }, 'info', {});
    expect([node, cameras[0]!.camera]).toEqual(['porch', 'door']);
    const { settings } = await requestVerb(client, { node: 'porch' }, 'change', {
      camera: 'door',
      change: { detect: { threshold: 0.4 } },
    });
    expect(settings.detect.threshold).toBe(0.4);
  });

  it('throws what the node says', async () => {
    await expect(requestVerb(client, { node: 'porch' }, 'state', { camera: 'shed' })).rejects.toThrow(
      'there is no such camera; expected one of door',
    );
  });

  it('knows its answer among others, and junk on the topic', async () => {
    const slow = requestVerb(client, { node: 'porch' }, 'later', { camera: 'a', place: 1 });
    const quick = requestVerb(client, { node: 'porch' }, 'later', { camera: 'b', place: 2 });
    await client.publishAsync('ocellus/porch/response/later', 'null', { qos: 1 });
    await client.publishAsync('ocellus/porch/response/later', '{', { qos: 1 });
    expect(await Promise.all([slow, quick])).toEqual([{ place: 1 }, { place: 2 }]);
    expect(client.listenerCount('message')).toBe(0);
  });

  it('gives up when nobody answers, and says what may be wrong', async () => {
    await expect(requestVerb(client, { node: 'attic', timeoutMs: 50 }, 'info', {})).rejects.toThrow(
      'ocellus/attic/request/info: no answer in 0.05 s; is node attic running?',
    );
    await broker.stop();
    await expect(requestVerb(client, { node: 'porch', timeoutMs: 50 }, 'info', {})).rejects.toThrow(
      /no answer|Connection closed/,
    );
    expect(client.listenerCount('message')).toBe(0);
  });
});
