import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv, type ValidateFunction } from 'ajv';
import { describe, expect, it, vi } from 'vitest';
import { closedHealth } from '../../devices/device/device.ts';
import { asset } from '../../sdk/base/assets.ts';
import { History } from '../../sdk/history/history.ts';
import { startBroker } from '../../sdk/hub/broker/broker.ts';
import { settingTopics } from '../../sdk/hub/contract/camera-settings.ts';
import { NodeTopics } from '../../sdk/hub/contract/topics.ts';
import { contract, type Topic } from '../../sdk/hub/contract.ts';
import { LearnTopics } from '../../sdk/hub/extensions/fleet/learn-topics.ts';
import { standardVerbs } from '../../sdk/hub/extensions/requests/verbs/verbs.ts';
import { Hub } from '../../sdk/hub/hub.ts';
import { closing } from '../support/closing.ts';
import { temporaryFolder } from '../support/folders.ts';
import { eventMessage, FakeCamera, FakeNode, FakeUpdates, mqttSettings, nodeStats } from '../support/hub.ts';
import { until } from '../support/until.ts';
import { camelKeys } from '../support/wire.ts';
import { ShownLearning } from './learning.ts';
import { type Received, retainedOf, Subscriber } from './subscriber.ts';

const base = 'ocellus';
const root = `${base}/porch`;
const ajv = new Ajv({ allowUnionTypes: true, strictTuples: false });

/** The topic of the contract that an address is one of. A name of the contract goes before one that anything fits. */
function topicOf(address: string): Topic {
  const isShared = !address.startsWith(`${root}/`);
  const levels = address.slice((isShared ? base : root).length + 1).split('/');
  const fitting = contract.filter(({ address, shared = false }) => {
    if (shared !== isShared) return false;
    const wanted = address.split('/');
    return wanted.length === levels.length && wanted.every((level, i) => level.startsWith('<') || level === levels[i]);
  });
  const exact = fitting.filter(({ address }) => address.split('/')[0] === levels[0]);
  const found = exact.length > 0 ? exact : fitting;
  expect(
    found.map(({ name }) => name),
    address,
  ).toHaveLength(1);
  return found[0]!;
}

const validators = new Map<string, ValidateFunction>();

/** What the committed schema says of a payload. */
function problemOf({ payload }: Topic, bytes: Buffer): string | undefined {
  if (payload.schema === undefined) return undefined;
  let validate = validators.get(payload.name);
  if (!validate) {
    validate = ajv.compile(JSON.parse(readFileSync(asset('schemas', `${payload.name}.json`), 'utf8')));
    validators.set(payload.name, validate);
  }
  const value = payload.contentType === 'text/plain' ? bytes.toString() : JSON.parse(bytes.toString());
  return validate(value) ? undefined : ajv.errorsText(validate.errors);
}

describe('contract', () => {
  it('has each topic that there is a name for in the code, and no other', () => {
    const topics = new NodeTopics('ocellus', 'porch');
    const camera = topics.camera('door');
    const all = [topics.status, topics.stats, camera.status, camera.events, camera.motion, camera.view];
    all.push(camera.count('a'), camera.occupied('a'), camera.count('a', 'z'), camera.occupied('a', 'z'));
    all.push(
      camera.snapshot('a'),
      camera.crossing('l'),
      camera.seen,
      camera.appeared('a'),
      camera.crossed('l'),
      topics.model,
      topics.update,
      topics.release,
    );
    all.push(topics.learningState, camera.classification('h'), camera.taughtCount('a'), camera.taughtOccupied('a'));
    for (const setting of settingTopics.keys()) all.push(camera.state(setting), camera.set(setting));
    const shared = new LearnTopics(base, 'e1f0');
    all.push(shared.of({ node: 'porch', head: 'object', label: 'cat' }), shared.of({ node: 'porch' }));
    for (const { name } of standardVerbs) all.push(topics.request(name), topics.response(name));
    const found = all.map((topic) => topicOf(topic).name);
    expect(found.sort()).toEqual(contract.map(({ name }) => name).sort());
  });

  it('is kept by a running hub: payloads, QoS, and what is retained', async () => {
    const broker = closing(await startBroker({ port: 0 }), (it) => it.stop());
    const camera = new FakeCamera('door');
    const node = new FakeNode('porch', [camera]);
    node.senses = { temperature: true, throttling: true, power: true };
    const shown = ShownLearning.make(join(temporaryFolder(), 'learn'), undefined, { share: true });
    await shown.learning.start();
    node.learning = shown.learning;
    node.history = new History({ settings: { enabled: true, days: 30, megabytes: 1 } });
    const settings = { ...mqttSettings(broker.url), home_assistant: { enabled: true, prefix: 'homeassistant' } };
    const updates = new FakeUpdates();
    const hub = closing(new Hub({ node, settings, updates }), (it) => it.stop());
    const heard = closing(await Subscriber.to(broker.url, `${base}/#`), (it) => it.end());
    const discovery = closing(await Subscriber.to(broker.url, 'homeassistant/#'), (it) => it.end());
    await hub.start();
    await until(() => heard.last(`${root}/door/cat/occupied`) !== undefined);

    camera.setCount('person', 1, 'steps');
    camera.moving = true;
    camera.emit('motion', true);
    camera.emit('snapshot', { id: '1', label: 'person', jpeg: Buffer.from('jpeg') });
    for (const type of ['new', 'update', 'end'] as const) camera.emit('event', eventMessage(1, type));
    camera.emit('crossing', {
      trackId: 7,
      line: 'gate',
      label: 'person',
      direction: 'in',
      total: 3,
      time: 1_700_000_000.25,
    });
    const health = {
      ...closedHealth,
      state: 'online',
      frames: 2,
      lastError: 'x',
    } as const;
    const times = { motion: 1, queue: 0.5, preprocess: 1, infer: 1, decode: 1, track: 1, total: 5 };
    const frames = { in: 2, dropped: 0, gated: 1, late: 0, inferred: 1 };
    const fps = { in: 9.5, inferred: 2 };
    node.emit('stats', {
      ...nodeStats,
      throttling: { now: ['throttled'], sinceBoot: [] },
      power: { source: 'pmic', covers: 'rails', watts: 3.5, joules: 1200, joulesPerInference: 0.4 },
      cameras: {
        door: {
          frames,
          fps,
          times,
          timeTotals: times,
          objects: 1,
          gaze: { regions: 1, timeShare: 0, waiting: 0, whole: 1, closer: 0, waited: 0 },
          clips: { kept: 3, dropped: 1, why: 'the disk is too slow', needsSoftware: true },
          unfinishedMs: 0,
          device: health,
        },
      },
    });
    await shown.teachObject('rings', 'my cat');
    await shown.teachView('door', 'stripes', 'gate', 'open');
    const { examples } = await shown.learning.teach({
      ...{ camera: 'door', subject: { view: 'gate' }, label: 'shut' },
      // It has not moved.
      anyway: true,
    });
    const { aside: waiting } = await shown.learning.teach({
      ...{ camera: 'door', subject: { view: 'gate' }, label: 'ajar' },
    });
    const requests = {
      info: {},
      state: { camera: 'door' },
      snapshot: { camera: 'door', height: 100, transaction: 'a' },
      change: { camera: 'door', change: { detect: { threshold: 0.5 } }, transaction: 1.5 },
      events: { camera: 'door', limit: 5 },
      why: { camera: 'door' },
      restart: {},
      update: { release: 'https://example.org/update.json', install: false },
      teach: { camera: 'door', box: [0, 0, 99, 99], label: 'my cat' },
      list: { head: 'object', doubtful: true },
      relabel: { example: examples[0]!.id, label: 'open' },
      rollback: { head: 'object', version: 1 },
      accept: { head: 'object' },
      forget: { node: 'shed', reason: 'it is not ours' },
      withdraw: { cut: '' },
      settle: { aside: waiting!.id, label: 'open' },
    };
    await heard.client.publishAsync(`${base}/release`, 'https://example.org/r/update.json', { qos: 1, retain: true });
    const answers = () => heard.received.filter(({ topic }) => topic.startsWith(`${root}/response/`));
    for (const [verb, fields] of Object.entries(requests)) {
      if (verb === 'withdraw') {
        await until(() => shown.learning.cuts.length > 0);
        requests.withdraw.cut = shown.learning.cuts[0]!.id;
      }
      await heard.client.publishAsync(`${root}/request/${verb}`, JSON.stringify(fields), { qos: 1 });
      await heard.client.publishAsync(`${root}/request/${verb}`, '{"wrong": 1}', { qos: 1 });
    }
    for (const { name, parse } of settingTopics.values()) {
      const value = ['ON', '0.5'].find((text) => {
        try {
          return parse(text);
        } catch {
          return false;
        }
      })!;
      await heard.client.publishAsync(`${root}/door/${name}/set`, value, { qos: 1 });
    }
    const seen = () => [...new Set(heard.received.map(({ topic }) => topicOf(topic).name))].sort();
    const all = contract.map(({ name }) => name).sort();
    await vi.waitFor(() => expect(seen()).toEqual(all), { timeout: 300_000 });
    await until(() => answers().length === 2 * standardVerbs.length);

    const isWrong = ({ topic, text }: Received) => topic.includes('/request/') && text.includes('wrong');
    const problems = heard.received.flatMap((message) => {
      const topic = topicOf(message.topic);
      const problem = problemOf(topic, message.payload);
      if (isWrong(message)) return problem === undefined ? [`${message.topic} takes ${message.text}`] : [];
      const qos = message.qos === topic.qos ? [] : [`${message.topic}: QoS ${message.qos}`];
      return problem === undefined ? qos : [`${message.topic}: ${problem} in ${message.text}`];
    });
    expect(problems).toEqual([]);
    const json = (message: Received) => (/^\s*[{[]/.test(message.text) ? JSON.parse(message.text) : undefined);
    const camelCase = [...heard.received, ...discovery.received].flatMap((message) =>
      camelKeys(json(message)).map((key) => `${message.topic}: ${key}`),
    );
    expect(camelCase).toEqual([]);
    // Home Assistant reads what is there.
    const templates = discovery.received.flatMap(({ text }) => [...text.matchAll(/value_json((?:\.\w+)+)/g)]);
    const read = new Set(templates.map(([, path]) => path!.slice(1)));
    expect([...read].sort()).toContain('power.joules_per_inference');
    const told = heard.received.map(json);
    const isTold = (path: string) =>
      told.some((one) => path.split('.').reduce((value, field) => value?.[field], one) !== undefined);
    expect([...read].filter((path) => !isTold(path))).toEqual([]);
    expect(
      answers()
        .map(({ text }) => JSON.parse(text).status)
        .sort(),
    ).toEqual(['error', 'ok'].flatMap((status) => Array(standardVerbs.length).fill(status)));

    const expected = contract.filter(({ retained }) => retained).map(({ name }) => name);
    await vi.waitFor(
      async () => {
        const retained = new Set(
          Object.keys(await retainedOf(broker.url, `${base}/#`)).map((topic) => topicOf(topic).name),
        );
        expect([...retained].sort()).toEqual(expected.sort());
      },
      { timeout: 300_000 },
    );
  });
});
