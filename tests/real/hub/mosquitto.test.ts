import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { Value } from '@sinclair/typebox/value';
import mqtt, { type IClientPublishOptions } from 'mqtt';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packageRoot } from '../../../sdk/base/assets.ts';
import type { MqttSettings } from '../../../sdk/config/schema.ts';
import { resolveSettings } from '../../../sdk/config/settings.ts';
import { EventSchema } from '../../../sdk/hub/contract/event.ts';
import { Hub } from '../../../sdk/hub/hub.ts';
import { Node } from '../../../sdk/pipeline/node.ts';
import type { EventMessage } from '../../../sdk/vision/event.ts';
import { retainedOf, Subscriber } from '../../hub/subscriber.ts';
import { closing } from '../../support/closing.ts';
import { eventMessage, FakeCamera, FakeNode, mqttSettings } from '../../support/hub.ts';
import { hasProgram } from '../../support/needs.ts';
import { recorder } from '../../support/recorder.ts';
import { until } from '../../support/until.ts';
import { Mosquitto, type MosquittoOptions, speaksWebSocket } from './mosquitto.ts';

const root = 'ocellus/porch';
const events = `${root}/door/events`;

const startMosquitto = async (options?: MosquittoOptions) =>
  closing(await Mosquitto.start(options), (broker) => broker.stop());
const subscribe = async (...to: Parameters<typeof Subscriber.to>) =>
  closing(await Subscriber.to(...to), (subscriber) => subscriber.end());

function hubOf(url: string, more: Partial<Pick<MqttSettings, 'username' | 'password' | 'tls'>> = {}) {
  const camera = new FakeCamera('door');
  const logger = recorder();
  const settings = { ...mqttSettings(url), ...more };
  return { hub: new Hub({ node: new FakeNode('porch', [camera]), settings, logger }), camera, logger };
}

async function startHub(...of: Parameters<typeof hubOf>) {
  const made = hubOf(...of);
  closing(made.hub, (it) => it.stop());
  await made.hub.start();
  return made;
}

/** The n-th message of a track; `frame_time` numbers them. */
function trackMessage(track: number, n: number, last: number): EventMessage {
  const message = eventMessage(track, n === 0 ? 'new' : n === last ? 'end' : 'update');
  return { ...message, after: { ...message.after, frame_time: n } };
}

/** For each track the numbers of its messages in the order in which each came first. */
function firstsByTrack(subscriber: Subscriber): Map<string, number[]> {
  const tracks = new Map<string, number[]>();
  for (const { text } of subscriber.on(events)) {
    const { id, frame_time } = (JSON.parse(text) as EventMessage).after;
    const seen = tracks.get(id) ?? [];
    tracks.set(id, seen);
    if (!seen.includes(frame_time)) seen.push(frame_time);
  }
  return tracks;
}

const missing = hasProgram('mosquitto') ? '' : ' (needs mosquitto)';

describe.skipIf(missing)(`Hub with Mosquitto${missing}`, () => {
  const login = { username: 'ann', password: 'richtig-4711' };
  const wrong: [more: object, text: RegExp][] = [
    [{ username: 'ann', password: 'falsch-4711' }, /not authorized|wrong user name or password/],
    [{}, /not authorized/],
  ];
  /** Hubs that are let in nowhere, from the beginning: it is a minute until their next attempt, and the last test looks. */
  const refused: { broker: Mosquitto; hub: Hub; lines: readonly string[]; text: RegExp }[] = [];
  beforeAll(async () => {
    for (const [more, text] of wrong) {
      const broker = await Mosquitto.start({ login });
      const { hub, logger } = hubOf(broker.url, more);
      refused.push({ broker, hub, lines: logger.lines, text });
      await hub.start();
    }
  });
  afterAll(async () => {
    for (const { hub, broker } of refused) {
      await hub.stop();
      await broker.stop();
    }
  });

  it('speaks MQTT 5, retains states, and sends a snapshot before its event, at QoS 1', async () => {
    const broker = await startMosquitto();
    const heard = await subscribe(broker.url, 'ocellus/#');
    const { hub, camera } = await startHub(broker.url);
    camera.emit('snapshot', { id: '1', label: 'person', jpeg: Buffer.from('jpeg') });
    camera.emit('event', eventMessage(1));
    await until(() => heard.on(events).length === 1);
    expect(hub.stats.protocolVersion).toBe(5);
    expect(heard.on(events)[0]).toMatchObject({ qos: 1, retain: false });
    const topics = heard.received.map(({ topic }) => topic);
    expect(topics[0]).toBe(`${root}/status`);
    expect(topics).toContain(`${root}/door/person/snapshot`);
    expect(topics.indexOf(`${root}/door/person/snapshot`)).toBeLessThan(topics.indexOf(events));
    await until(() => hub.stats.outbox.depth === 0);
    expect(await retainedOf(broker.url)).toMatchObject({
      [`${root}/status`]: 'online',
      [`${root}/door/status`]: 'online',
      [`${root}/door/person/count`]: '0',
      [`${root}/door/person/occupied`]: 'OFF',
      [`${root}/door/person/snapshot`]: 'jpeg',
      [`${root}/door/detect/state`]: 'ON',
    });
    await hub.stop();
    expect(await retainedOf(broker.url, `${root}/status`)).toEqual({ [`${root}/status`]: 'offline' });
  });

  it('takes commands, not those that lie retained', async () => {
    const broker = await startMosquitto();
    const client = await subscribe(broker.url, `${root}/door/+/state`);
    await client.client.publishAsync(`${root}/door/detect/set`, 'OFF', { qos: 1, retain: true });
    const { hub, camera } = await startHub(broker.url);
    await until(() => hub.stats.published > 5);
    await client.client.publishAsync(`${root}/door/threshold/set`, '0.8', { qos: 1 });
    await until(() => client.last(`${root}/door/threshold/state`) === '0.8');
    expect(camera.changes).toEqual([{ detect: { threshold: 0.8 } }]);
  });

  it('answers requests where MQTT 5 says, and not those that lie retained', async () => {
    const broker = await startMosquitto();
    const client = await subscribe(broker.url, `${root}/response/#`, { protocolVersion: 5 });
    const ask = (verb: string, payload: string, options: IClientPublishOptions = {}) =>
      client.client.publishAsync(`${root}/request/${verb}`, payload, { qos: 1, ...options });
    await ask('restart', '{"camera": "door"}', { retain: true });
    const { hub, camera } = await startHub(broker.url);
    await until(() => hub.stats.published > 5);
    const answers: [topic: string, status: string, correlation: string | undefined][] = [];
    client.client.on('message', (topic, payload, { properties }) =>
      answers.push([topic, JSON.parse(payload.toString()).status, properties?.correlationData?.toString()]),
    );
    const correlationData = Buffer.from('seven');
    await ask('info', '', { properties: { responseTopic: `${root}/response/app/1`, correlationData } });
    await ask('info', '', { properties: { responseTopic: `${root}/door/detect/set`, correlationData } });
    await ask('snapshot', 'door');
    await until(() => answers.length === 3);
    expect(answers.sort()).toEqual([
      [`${root}/response/app/1`, 'ok', 'seven'],
      [`${root}/response/info`, 'error', undefined],
      [`${root}/response/snapshot`, 'ok', undefined],
    ]);
    expect(await retainedOf(broker.url, `${root}/door/view`)).toEqual({ [`${root}/door/view`]: 'jpeg' });
    expect([camera.restarts, camera.changes.length]).toEqual([0, 0]);
  });

  it('empties the topics of labels that are gone', async () => {
    const broker = await startMosquitto();
    const client = await subscribe(broker.url, 'nothing');
    const stale = [`${root}/door/dog/count`, `${root}/shed/status`, `${root}/door/zone/lawn/cat/occupied`];
    for (const topic of stale) await client.client.publishAsync(topic, 'x', { qos: 1, retain: true });
    await startHub(broker.url);
    let left = stale;
    while (left.some((topic) => stale.includes(topic))) left = Object.keys(await retainedOf(broker.url));
    expect(left).toContain(`${root}/door/cat/count`);
  });

  it('keeps events for a subscriber that is away', async () => {
    const broker = await startMosquitto({ persistent: true });
    const away = await Subscriber.to(broker.url, events, { clientId: 'archive', clean: false });
    await away.end();
    const { hub, camera } = await startHub(broker.url);
    for (let n = 0; n <= 9; n++) camera.emit('event', trackMessage(1, n, 9));
    await until(() => hub.stats.connected && hub.stats.outbox.depth === 0);
    const back = await subscribe(broker.url, events, { clientId: 'archive', clean: false });
    await until(() => back.on(events).length === 10);
    expect([...firstsByTrack(back).values()]).toEqual([[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]]);
  });

  it('tells all states again to a broker that forgot everything', async () => {
    const broker = await startMosquitto();
    const { hub, camera } = await startHub(broker.url);
    camera.setCount('person', 2);
    await until(() => hub.stats.published > 5 && hub.stats.outbox.depth === 0);
    const before = await retainedOf(broker.url);
    expect(before[`${root}/door/person/count`]).toBe('2');
    await broker.kill();
    camera.setCount('person', 3);
    await broker.start();
    await until(() => hub.stats.connections === 2 && hub.stats.outbox.depth === 0 && hub.stats.connected);
    const expected = { ...before, [`${root}/door/person/count`]: '3' };
    let after: Record<string, string> = {};
    while (Object.keys(after).length < Object.keys(expected).length) after = await retainedOf(broker.url);
    expect(after).toEqual(expected);
  });

  it('is said to be offline when its process is killed, and the states are right after its restart', async () => {
    const broker = await startMosquitto();
    const heard = await subscribe(broker.url, 'ocellus/#');
    const first = startProcess(broker.url, 2);
    await until(() => heard.last(`${root}/door/person/count`) === '2');
    expect(heard.last(`${root}/status`)).toBe('online');
    first.kill('SIGKILL');
    await until(() => heard.last(`${root}/status`) === 'offline');
    expect((await retainedOf(broker.url))[`${root}/status`]).toBe('offline');
    startProcess(broker.url, 0);
    await until(() => heard.last(`${root}/door/person/occupied`) === 'OFF');
    expect(await retainedOf(broker.url)).toMatchObject({
      [`${root}/status`]: 'online',
      [`${root}/door/person/count`]: '0',
      [`${root}/door/person/occupied`]: 'OFF',
    });
  });

  const noOpenssl = hasProgram('openssl') ? '' : ' (needs openssl)';
  describe.skipIf(noOpenssl)(`with TLS${noOpenssl}`, () => {
    it('trusts a certificate only when its owner says so', async () => {
      const broker = await startMosquitto({ protocol: 'mqtts' });
      const { hub, logger } = await startHub(broker.url);
      await until(() => logger.lines.length > 0);
      expect(logger.lines[0]).toMatch(/self-signed; name the file with it or with its CA’s in mqtt\.tls\.ca/);
      expect(hub.stats.connections).toBe(0);
      await hub.stop();
      const trusting = await startHub(broker.url, { tls: { ca: broker.certificate, skip_verification: false } });
      await until(() => trusting.hub.stats.published > 5);
      expect(trusting.logger.lines).toEqual([expect.stringMatching(/^info MQTT: connected to mqtts:/)]);
    });

    it('shows its own certificate where the broker wants one', async () => {
      const broker = await startMosquitto({ protocol: 'mqtts', mutual: true });
      const ca = { ca: broker.certificate, skip_verification: false };
      const { hub, logger } = await startHub(broker.url, { tls: ca });
      await until(() => logger.lines.length > 0);
      expect(logger.lines[0]).toMatch(/mqtt\.tls\.cert and mqtt\.tls\.key/);
      expect(hub.stats.connections).toBe(0);
      await hub.stop();
      const tls = { ...ca, cert: broker.clientCertificate, key: broker.clientKey };
      const known = await startHub(broker.url, { tls });
      await until(() => known.hub.stats.published > 5);
    });

    it('takes any certificate when it is told to, and says so loudly', async () => {
      const broker = await startMosquitto({ protocol: 'mqtts' });
      const { hub, logger } = await startHub(broker.url, { tls: { skip_verification: true } });
      await until(() => hub.stats.published > 5);
      expect(logger.lines[0]).toMatch(/^warn MQTT: the certificate of mqtts:.* is NOT verified/);
    });
  });

  it('does not start when a certificate cannot be read', async () => {
    const tls = { ca: '/nowhere/ca.pem', skip_verification: false };
    await expect(startHub('mqtts://127.0.0.1:1', { tls })).rejects.toThrow(/mqtt\.tls\.ca: expected a file in PEM/);
  });

  const noWebSockets = speaksWebSocket() ? '' : ' (needs a mosquitto with WebSockets)';
  it.skipIf(noWebSockets)(`speaks through a WebSocket${noWebSockets}`, async () => {
    const broker = await startMosquitto({ protocol: 'ws' });
    const { hub } = await startHub(broker.url);
    await until(() => hub.stats.published > 5);
    expect(hub.stats.protocolVersion).toBe(5);
  });

  it('takes what was sent to it during a short absence', async () => {
    const broker = await startMosquitto({ persistent: true });
    const client = await subscribe(broker.url, `${root}/door/+/state`);
    const first = await startHub(broker.url);
    await until(() => first.hub.stats.published > 5);
    await first.hub.stop();
    await client.client.publishAsync(`${root}/door/threshold/set`, '0.8', { qos: 1 });
    const { camera } = await startHub(broker.url);
    await until(() => client.last(`${root}/door/threshold/state`) === '0.8');
    expect(camera.changes).toEqual([{ detect: { threshold: 0.8 } }]);
  });

  it('gives the last snapshots again to a broker that forgot them, and to no other', async () => {
    const broker = await startMosquitto();
    const { hub, camera } = await startHub(broker.url);
    const topic = `${root}/door/person/snapshot`;
    camera.emit('snapshot', { id: '1', label: 'person', jpeg: Buffer.from('first') });
    camera.emit('snapshot', { id: '2', label: 'person', jpeg: Buffer.from('second') });
    await until(() => hub.stats.published > 5 && hub.stats.outbox.depth === 0);
    await broker.kill();
    await broker.start();
    let kept: string | undefined;
    while (kept === undefined) kept = (await retainedOf(broker.url, topic))[topic];
    expect(kept).toBe('second');
    // Cut off by another client with its id, it finds it there.
    const heard = await subscribe(broker.url, topic);
    const rival = closing(await mqtt.connectAsync(broker.url, { clientId: 'ocellus-porch' }), (it) =>
      it.endAsync(true),
    );
    await until(() => !hub.stats.connected);
    // Nobody's any more: it is cleared once the hub, back again, has looked at what is there and told what is not.
    const orphan = `${root}/shed/status`;
    await heard.client.publishAsync(orphan, 'online', { qos: 1, retain: true });
    rival.end(true);
    let retained: Record<string, string>;
    do retained = await retainedOf(broker.url, orphan);
    while (orphan in retained);
    expect(heard.on(topic)).toHaveLength(1);
  });

  it('carries what a real camera’s pipeline sees: the scene, the network, the tracker, MQTT', async () => {
    const broker = await startMosquitto();
    const heard = await subscribe(broker.url, 'ocellus/#');
    const settings = resolveSettings({
      node: 'porch',
      cameras: { door: { source: 'scene:', detect: { labels: ['person', 'cat'] } } },
      mqtt: { broker: broker.url },
    });
    const node = closing(new Node(settings), (it) => it.stop());
    const hub = closing(new Hub({ node, settings: settings.mqtt }), (it) => it.stop());
    await node.start({ before: () => hub.start() });
    const messages = () => heard.on(events).map(({ text }) => JSON.parse(text) as EventMessage);
    const of = (label: string) => messages().filter(({ after }) => after.label === label);
    await until(() => of('person').some(({ type }) => type === 'end'));
    await until(() => heard.last(`${root}/door/person/count`) === '0');

    for (const message of messages()) {
      expect([...Value.Errors(EventSchema, message)], JSON.stringify(message)).toEqual([]);
      expect(message.after.id).toMatch(/^\d+\.\d{6}-[a-z]{6}$/);
      expect(message.after.start_time).toBeGreaterThan(1e9);
    }
    const person = of('person');
    expect(person[0]!.type).toBe('new');
    expect(person.at(-1)!.type).toBe('end');
    expect(new Set(person.map(({ after }) => after.id)).size).toBe(1);
    expect(person[0]!.after).toMatchObject({ camera: 'door', has_snapshot: true, end_time: null, active: true });
    expect(person.at(-1)!.after.end_time).toBeGreaterThan(person[0]!.after.start_time);

    // It came and went; each value was said once.
    expect(heard.on(`${root}/door/person/count`).map(({ text }) => text)).toEqual(['0', '1', '0']);
    expect(heard.on(`${root}/door/person/occupied`).map(({ text }) => text)).toEqual(['OFF', 'ON', 'OFF']);
    expect(heard.on(`${root}/door/motion`).map(({ text }) => text)).toContain('ON');

    // The picture came before the event that speaks of it.
    const picture = heard.received.findIndex(({ topic }) => topic === `${root}/door/person/snapshot`);
    const event = heard.received.findIndex(({ topic, text }) => topic === events && text.includes('"person"'));
    expect(picture).toBeGreaterThanOrEqual(0);
    expect(picture).toBeLessThan(event);
    const sharp = (await import('sharp')).default;
    const { format, width, height } = await sharp(heard.received[picture]!.payload).metadata();
    expect({ format, width, height }).toEqual({ format: 'jpeg', width: 853, height: 480 });

    await until(() => heard.on(`${root}/stats`).length > 0);
    expect(JSON.parse(heard.last(`${root}/stats`)!)).toMatchObject({
      cameras: { door: { frames: { in: expect.any(Number) }, device: { state: 'online' } } },
      mqtt: { connections: 1, refused: 0 },
    });

    const retained = Object.keys(await retainedOf(broker.url));
    expect(retained).toEqual(expect.arrayContaining([`${root}/door/person/snapshot`, `${root}/door/person/count`]));
    expect(retained).not.toContain(events);

    await node.stop();
    await hub.stop();
    expect(await retainedOf(broker.url, 'ocellus/+/+/status')).toEqual({ [`${root}/door/status`]: 'offline' });
    expect(await retainedOf(broker.url, `${root}/status`)).toEqual({ [`${root}/status`]: 'offline' });
  });

  it('comes in with the right name and password only, and says what is wrong once', async () => {
    const broker = await startMosquitto({ login });
    const right = await startHub(broker.url, login);
    await until(() => right.hub.stats.connected);
    const told = [...right.logger.lines];
    for (const { broker, hub, lines, text } of refused) {
      await until(() => broker.refusals > 1);
      // Another is refused after it: the hub has heard its answer as well.
      await expect(mqtt.connectAsync(broker.url, { reconnectPeriod: 0 })).rejects.toThrow(/[Nn]ot authori[sz]ed/);
      expect(lines).toHaveLength(1);
      expect(lines[0]).toMatch(text);
      expect(hub.stats.connections).toBe(0);
      told.push(...lines);
    }
    expect(told).toHaveLength(3);
    expect(told.join('\n')).not.toMatch(/4711/);
  });
});

/** Runs hub-process.ts; vite, which the tests run on anyway, reads its TypeScript. */
function startProcess(broker: string, persons: number): ChildProcess {
  const program = "import('vite').then((vite) => vite.runnerImport('./tests/real/hub/hub-process.ts'))";
  const child = spawn(process.execPath, ['-e', program], {
    cwd: packageRoot,
    env: { ...process.env, HUB_BROKER: broker, HUB_PERSONS: String(persons) },
    stdio: 'ignore',
  });
  const ended = once(child, 'exit');
  return closing(child, async () => {
    child.kill('SIGKILL');
    await ended;
  });
}
