import { setTimeout as sleep } from 'node:timers/promises';
import type { MqttClient } from 'mqtt';
import { describe, expect, it } from 'vitest';
import { archive, Heard, worker } from '../../../tools/bench/fleet/consumers.ts';
import { messagesOfVisit, SimulatedNode } from '../../../tools/bench/fleet/node.ts';
import { retainedOf } from '../../hub/subscriber.ts';
import { closing } from '../../support/closing.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { hasProgram } from '../../support/needs.ts';
import { recorder } from '../../support/recorder.ts';
import { until } from '../../support/until.ts';
import { Mosquitto } from './mosquitto.ts';

const missing = hasProgram('mosquitto') ? '' : ' (needs mosquitto)';
const size = 30;
const workers = 3;

/** What is retained of the nodes, but for what is another each time. */
async function stateOf(url: string): Promise<Record<string, string>> {
  const all = await retainedOf(url, '#');
  return Object.fromEntries(Object.entries(all).filter(([topic]) => !/^\$SYS|\/stats$/.test(topic)));
}

describe.skipIf(missing)(`a fleet at one Mosquitto${missing}`, () => {
  it('loses no event and no state when the broker goes, and learns what one is taught; several consumers get each event once', {
    timeout: 300_000,
  }, async () => {
    const broker = closing(await Mosquitto.start({ persistent: true }), (it) => it.stop());
    const [heard, shared] = [new Heard(), new Heard()];
    const consumers: MqttClient[] = [await archive(broker.url, 5, heard)];
    for (let i = 0; i < workers; i++) consumers.push(await worker(broker.url, 5, i, shared));
    closing(consumers, (all) => Promise.all(all.map((one) => one.endAsync(true))));
    const logger = recorder();
    const folder = temporaryFolder();
    const nodes = Array.from({ length: size }, (_, i) => {
      const options = { broker: broker.url, data: `${folder}/n${i}`, pictureBytes: 500, logger };
      return closing(new SimulatedNode(`n${i}`, options), (it) => it.stop());
    });
    await Promise.all(nodes.map((node, i) => node.start(i / size)));
    const settled = () => until(() => nodes.every((node) => node.isSettled));
    /** All of a visit at each of them. @returns How many events it is in all. */
    const visit = () => {
      for (const node of nodes) {
        node.appear();
        for (let i = 2; i < messagesOfVisit; i++) node.update();
        node.leave();
      }
      return size * messagesOfVisit;
    };
    const knows = (label: string) => until(() => nodes.every(({ learning }) => learning.knownSince.has(label)));
    const heads = () => new Set(nodes.map(({ learning }) => learning.summary.heads.object?.hash));
    /** What each of them tells Home Assistant of what it was taught. */
    const announced = async (label: string) => {
      const state = await stateOf(broker.url);
      const messages = nodes.map(({ name }) => state[`homeassistant/device/ocellus_${name}/door/config`] ?? '');
      return messages.every((message) => message.includes(`taught/${label}/`)) ? state : undefined;
    };
    const stateWith = async (label: string) => {
      for (;;) {
        await settled();
        const state = await announced(label);
        if (state) return state;
      }
    };

    let told = visit();
    await nodes[0]!.learning.teach('parcel');
    await knows('parcel');
    await settled();
    await until(() => heard.different === told && shared.different === told);
    expect([heard.messages, shared.messages]).toEqual([told, told]);
    expect(heads().size).toBe(1);
    const before = await stateWith('parcel');
    expect(Object.values(before).filter((value) => value === 'online')).toHaveLength(2 * size);

    // Mosquitto writes what it keeps once a second.
    await sleep(2000);
    await broker.kill();
    await until(() => nodes.every((node) => !node.hub.stats.connected));
    told += visit();
    await broker.start();
    await settled();
    await until(() => heard.different === told);
    // Long enough for what would come once more.
    await consumers[0]!.subscribeAsync('nothing/is/here');
    expect(heard.different).toBe(told);
    expect(await stateWith('parcel')).toEqual(before);

    await nodes[1]!.learning.teach('my cat');
    await knows('my cat');
    expect(heads().size).toBe(1);
    for (const { hub } of nodes) {
      expect(hub.stats).toMatchObject({
        refused: 0,
        rejectedLearning: 0,
        outbox: { evicted: { event: 0, learning: 0 } },
      });
    }
    const problems = logger.lines.filter((line) => /^(warn|error)/.test(line) && !line.includes('no connection to'));
    expect(problems).toEqual([]);
  });
});
