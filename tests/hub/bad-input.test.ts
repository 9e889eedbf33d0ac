import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startBroker } from '../../sdk/hub/broker/broker.ts';
import type { Incoming } from '../../sdk/hub/connection/session.ts';
import { settingTopics } from '../../sdk/hub/contract/camera-settings.ts';
import { CameraCommands } from '../../sdk/hub/extensions/cameras/camera-commands.ts';
import { standardVerbs } from '../../sdk/hub/extensions/requests/verbs/verbs.ts';
import { Hub } from '../../sdk/hub/hub.ts';
import { campaign } from '../support/campaign.ts';
import { heapAfterCollection } from '../support/heap.ts';
import { FakeCamera, FakeNode, mqttSettings } from '../support/hub.ts';
import { recorder } from '../support/recorder.ts';
import { until } from '../support/until.ts';
import { makeRequests } from './extensions/requests/fakes.ts';
import { Subscriber } from './subscriber.ts';

const root = 'ocellus/porch';

/** A request of each verb that is right; what is made of them below is wrong in one way or another. */
const right: Record<string, object> = {
  info: {},
  state: { camera: 'door' },
  snapshot: { camera: 'door', height: 480, quality: 80 },
  change: { camera: 'door', change: { detect: { threshold: 0.5 }, zones: {}, masks: [] } },
  restart: { camera: 'door' },
  why: { camera: 'door' },
  // Of a history, of a second system, of learning, on a node that has none of them: what is right is refused, too.
  events: { camera: 'door', label: 'cat', name: 'my cat', zone: 'sofa', day: '2026-12-01', before: 'a', limit: 5 },
  update: { release: 'https://example.org/update.json', install: false },
  teach: { camera: 'door', label: 'my cat', track_id: 7 },
  list: { head: 'object', limit: 20 },
  relabel: { example: 'a', label: 'my cat' },
  forget: { head: 'object', label: 'my cat' },
  withdraw: { cut: 'a' },
  rollback: { head: 'object', version: 1 },
  accept: { head: 'object' },
  settle: { aside: 'a', label: 'b' },
};

const notUtf8 = fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.concat([Buffer.from([0x7b, 0xff]), bytes]));
const tooLong = fc.integer({ min: 1, max: 2000 }).map((more) => Buffer.alloc(64 * 1024 + more, '{'));
const deep = fc
  .tuple(fc.integer({ min: 17, max: 20_000 }), fc.constantFrom(['[', ']'], ['{"a":', '}']))
  .map(([depth, [open, close]]) => `{"camera":${open!.repeat(depth)}1${close!.repeat(depth)}}`);
const notFields = fc.oneof(fc.array(fc.jsonValue(), { maxLength: 4 }).map((list) => JSON.stringify(list)));
const odd = fc.constantFrom<unknown>(
  null,
  true,
  1e308,
  -1,
  0.1,
  [],
  {},
  [[]],
  { a: 1 },
  '\0',
  '../..',
  'x'.repeat(5000),
);
/** Names that mean something to JavaScript, and any others. */
const strangeName = fc.oneof(
  fc.constantFrom(
    '__proto__',
    'constructor',
    'toString',
    'hasOwnProperty',
    '',
    'camera ',
    'CAMERA',
    'constructor.prototype',
  ),
  fc.string({ unit: 'binary', maxLength: 20 }).map((name) => `x${name}`),
);
const own = (fields: object, name: string, value: unknown) => {
  const copy = Object.fromEntries(Object.entries(fields));
  // As JSON.parse makes it: a field of its own, whatever its name.
  Object.defineProperty(copy, name, { value, enumerable: true, configurable: true, writable: true });
  return JSON.stringify(copy);
};

function wrongRequest(verb: string): fc.Arbitrary<Buffer | string> {
  const fields = right[verb]!;
  const text = JSON.stringify(fields);
  const names = Object.keys(fields);
  const ordinary: fc.Arbitrary<Buffer | string>[] = [
    notUtf8,
    notFields,
    fc.integer({ min: 1, max: text.length - 1 }).map((end) => text.slice(0, end)),
    fc.tuple(strangeName, fc.jsonValue()).map(([name, value]) => own(fields, name, value)),
    fc.constantFrom(null, [], {}, true, 'x'.repeat(129)).map((transaction) => own(fields, 'transaction', transaction)),
    ...names.map((name) =>
      odd.map((value) => own(fields, name, value === null || name !== 'change' ? value : [value])),
    ),
    ...(verb === 'change'
      ? [
          fc
            .tuple(strangeName, fc.jsonValue())
            .map(([name, value]) => own(fields, 'change', JSON.parse(own({}, name, value)))),
          odd
            .map((value) => own(fields, 'change', { detect: { threshold: value ?? 'x' } }))
            .filter((text) => !text.includes('0.1')),
          odd.map((value) => own(fields, 'change', { zones: { a: value } })),
          odd.map((value) => own(fields, 'change', { masks: [[value]] })),
        ]
      : []),
  ];
  return fc.oneof(
    // Large ones take their time.
    { arbitrary: fc.oneof(tooLong, deep), weight: 1 },
    ...ordinary.map((arbitrary) => ({ arbitrary, weight: 10 })),
  );
}

const wrongCommand: fc.Arbitrary<Buffer | string> = fc.oneof(
  notUtf8,
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.json(),
  fc.oneof(fc.double({ min: 1.0001 }), fc.double({ max: -0.0001 }), fc.constant(Number.NaN)).map(String),
  fc.constantFrom('', 'on!', '1e-1', '0x1', '__proto__', '0,5', 'ON OFF', '{"state":"ON"}'),
);
const isRight = (payload: Buffer | string) => /^(on|off|\d*\.?\d*)$/i.test(payload.toString().trim());

interface Wrong {
  topic: string;
  payload: Buffer;
}

const wrongMessage: fc.Arbitrary<Wrong> = fc.oneof(
  ...standardVerbs.map(({ name }) =>
    wrongRequest(name).map((payload) => ({ topic: `${root}/request/${name}`, payload: Buffer.from(payload) })),
  ),
  fc
    .tuple(fc.constantFrom('dance', '__proto__', 'constructor', 'Info', ''), fc.json())
    .map(([verb, json]) => ({ topic: `${root}/request/${verb}`, payload: Buffer.from(json) })),
  ...[...settingTopics.keys()].map((name) =>
    wrongCommand
      .filter((payload) => !isRight(payload) || (payload === '' && name !== ''))
      .map((payload) => ({ topic: `${root}/door/${name}/set`, payload: Buffer.from(payload) })),
  ),
  fc
    .tuple(fc.constantFrom('shed/detect', 'door/format', '__proto__/detect', 'door/constructor'), fc.json())
    .map(([names, json]) => ({ topic: `${root}/${names}/set`, payload: Buffer.from(json) })),
);

function seesNothing(camera: FakeCamera) {
  camera.snapshot = () => Promise.reject(new Error('a malformed request took a picture'));
  camera.restart = () => Promise.reject(new Error('a malformed request restarted a camera'));
  return () => camera.changes.length;
}

/** Begun ones, as the clock counts them. */
const minutesSince = (ms: number) => Math.floor(performance.now() / 60_000) - Math.floor(ms / 60_000) + 1;

describe('malformed payloads', () => {
  const count = campaign(100_000, 20_000);
  const minutes = 60_000;

  it(
    `${count} of them on all command topics: each an error, nothing else happens, nothing is kept`,
    async () => {
      const { camera, context, link, requests, answers, logger } = makeRequests();
      let effects = 0;
      const started = performance.now();
      camera.snapshot = async () => Buffer.from(String(effects++));
      camera.restart = async () => void effects++;
      const commands = new CameraCommands();
      commands.start(context);
      const receive = (message: Incoming) => requests.receive(message) || commands.receive(message);
      const run = (numRuns: number, seed: number) =>
        fc.assert(
          fc.asyncProperty(wrongMessage, async ({ topic, payload }) => {
            const before = requests.rejected + commands.rejected;
            expect(receive({ topic, payload, retained: false })).toBe(true);
            // Most are refused at once, one that names no camera a little later.
            for (let i = 0; i < 10 && requests.rejected + commands.rejected === before; i++) await undefined;
            expect(requests.rejected + commands.rejected).toBe(before + 1);
            context.told.length = 0;
          }),
          { numRuns, seed },
        );
      await run(count / 10, 1);
      const before = await heapAfterCollection();
      await run((count * 9) / 10, 2);
      const grown = ((await heapAfterCollection()) - before) / 2 ** 20;
      expect(grown).toBeLessThan(4);
      expect(requests.rejected + commands.rejected).toBe(count);
      expect([effects, camera.changes]).toEqual([0, []]);
      expect(link.published.length).toBe(answers().length);
      expect(answers().every(({ status, error }) => status === 'error' && error!.length <= 1000)).toBe(true);
      expect(Object.keys(Object.prototype)).toEqual([]);
      // Two kinds, each with its lines a minute.
      expect(logger.lines.length).toBeLessThanOrEqual(2 * 21 * minutesSince(started));
      expect(logger.lines.every((line) => line.length < 2000)).toBe(true);
      console.log(
        `${count} malformed payloads: ${answers().length} answers, ${logger.lines.length} lines, heap ${grown.toFixed(1)} MB`,
      );
    },
    30 * minutes,
  );

  it(
    'thousands over a broker: the hub stays, and answers what is right',
    async () => {
      const broker = await startBroker({ port: 0 });
      onTestFinished(() => broker.stop());
      const camera = new FakeCamera('door');
      const effects = seesNothing(camera);
      const logger = recorder();
      const hub = new Hub({ node: new FakeNode('porch', [camera]), settings: mqttSettings(broker.url), logger });
      onTestFinished(() => hub.stop());
      await hub.start();
      const heard = await Subscriber.to(broker.url, `${root}/response/#`);
      onTestFinished(() => heard.end());
      await until(() => hub.stats.connected);
      const messages = fc
        .sample(wrongMessage, { numRuns: 5000, seed: 3 })
        .filter(({ topic }) => !topic.endsWith('/request/'));
      const rejected = () => hub.stats.rejectedCommands + hub.stats.rejectedRequests;
      // What is sent before the hub has subscribed is lost.
      while (rejected() === 0) {
        await heard.client.publishAsync(`${root}/request/info`, '{', { qos: 1 });
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      const first = rejected();
      for (const { topic, payload } of messages) await heard.client.publishAsync(topic, payload, { qos: 1 });
      await until(() => rejected() >= first + messages.length);
      expect(rejected()).toBe(first + messages.length);
      expect(effects()).toBe(0);
      expect(heard.received.length).toBeLessThan(messages.length / 2);
      const info = () => heard.received.find(({ text }) => text.includes('"transaction":"right"'));
      await heard.client.publishAsync(`${root}/request/info`, '{"transaction": "right"}', { qos: 1 });
      await until(() => info() !== undefined);
      expect(JSON.parse(info()!.text)).toMatchObject({ status: 'ok', data: { node: 'porch' } });
      expect(hub.stats).toMatchObject({ connected: true, connections: 1 });
    },
    10 * minutes,
  );
});
