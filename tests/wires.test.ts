import { once } from 'node:events';
import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Command } from 'commander';
import { describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { closedHealth } from '../devices/device/device.ts';
import { type IndexLine, IndexReader, lineToWire } from '../devices/recording/index-lines.ts';
import { RecordingInfo } from '../devices/recording/info.ts';
import { hashPassword } from '../sdk/access/password.ts';
import { asset } from '../sdk/base/assets.ts';
import { Settings } from '../sdk/config/schema.ts';
import { ModelCard } from '../sdk/core/cards/card.ts';
import { listModels } from '../sdk/core/model.ts';
import { startBroker } from '../sdk/hub/broker/broker.ts';
import { Hub, type HubStats } from '../sdk/hub/hub.ts';
import { writeBundle } from '../sdk/learn/ledger/bundle.ts';
import { readSafeTensors } from '../sdk/learn/ledger/safetensors.ts';
import { type ServerMessage, unpackLive } from '../tools/console/protocol.ts';
import { Console, type ConsoleOptions } from '../tools/console/server/console.ts';
import { SetupPage } from '../tools/console/server/setup-page.ts';
import { jsonLines, ocellus, photo } from './cli/cli.ts';
import { eventMessage, FakeBoard, FakeCamera, FakeNode, greyFrame, pageFolder, track } from './console/fakes.ts';
import { ShownLearning } from './hub/learning.ts';
import { draft, embeddings, makeLedger } from './learn/fakes.ts';
import { closing } from './support/closing.ts';
import { temporaryFolder } from './support/folders.ts';
import { FakeCamera as HubCamera, FakeNode as HubNode, mqttSettings } from './support/hub.ts';
import { until } from './support/until.ts';
import { camelFields, camelKeys } from './support/wire.ts';

// Keys of JSON are in snake case wherever they leave the process. What each wire really says is walked here, but for MQTT, of
// which tests/hub/contract.test.ts hears each topic.

describe('schemas/ and the files that people write or read', () => {
  it('name no field in camel case', () => {
    const names = readdirSync(asset('schemas')).filter((name) => name.endsWith('.json'));
    expect(names.length).toBeGreaterThan(30);
    const wrong = names.flatMap((name) =>
      camelFields(JSON.parse(readFileSync(asset('schemas', name), 'utf8'))).map((field) => `${name}: ${field}`),
    );
    expect(wrong).toEqual([]);
    const files = { Settings, ModelCard, RecordingInfo };
    for (const [name, schema] of Object.entries(files)) expect([name, camelFields(schema)]).toEqual([name, []]);
  });

  it('cards that ship', async () => {
    for (const card of await listModels()) expect(camelKeys(card)).toEqual([]);
  });

  it('the index of a recording, which is read back as it was', async () => {
    const file = join(temporaryFolder(), 'frames.jsonl');
    const colour = { matrix: 'bt601', range: 'limited' } as const;
    const lines: IndexLine[] = [
      { video: 'video-0.mkv', format: 'I420', width: 64, height: 48, colour },
      { sequence: 1, captureTimeNs: 2, wallTimeMs: 3.5 },
      { sequence: 4, captureTimeNs: 5, wallTimeMs: 6.5 },
      { frames: 2 },
    ];
    const text = lines.map(lineToWire).join('');
    expect(jsonLines(text)).toHaveLength(4);
    // One of an earlier version in it.
    writeFileSync(file, text.replace(/^.*"sequence":4.*$/m, '{"sequence":4,"captureTimeNs":5,"wallTimeMs":6.5}'));
    const reader = new IndexReader(file);
    const read: (IndexLine | undefined)[] = [];
    for (const _ of lines) read.push(await reader.take());
    expect([...read, await reader.take()]).toEqual([...lines, undefined]);
  });

  it('what nodes share', () => {
    const ledger = makeLedger('porch');
    const sample = embeddings(2, 8);
    const example = ledger.teach(draft('cat', sample(0)));
    ledger.relabel(example.id, { label: 'dog' });
    ledger.teach(draft('tidy', sample(1), { head: 'cupboard', kind: 'view', negative: true }));
    ledger.forget({ node: 'shed' }, 'a broken lens');
    const { metadata } = readSafeTensors(
      writeBundle({ space: 'test', dimension: 8, node: 'porch', parts: ledger.parts(), parent: 'f00' }),
    );
    const parts = JSON.parse(metadata.parts!) as { items: object[] }[];
    expect(parts.flatMap(({ items }) => items).length).toBeGreaterThan(2);
    expect(camelKeys([metadata, parts])).toEqual([]);
  });
});

const hubStats: HubStats = {
  ...{ connected: true, protocolVersion: 5, connections: 1 },
  outbox: {
    ...{ depth: 1, bytes: 1, oldestAgeSeconds: 1, storage: 'disk', unwritten: 0, damaged: 0 },
    evicted: { state: 0, event: 0, learning: 0 },
    refused: { state: 0, event: 0, learning: 0 },
  },
  ...{ published: 1, refused: 0, retried: 0, tooLarge: 0, shrunk: 0 },
  ...{ rejectedCommands: 0, rejectedRequests: 0, rejectedLearning: 0 },
};

/** The page's server with a camera that has all there is to tell, and something that was taught. */
async function startConsole(options: Partial<ConsoleOptions> = {}) {
  const page = pageFolder();
  closing(page, async () => page.remove());
  const camera = new FakeCamera('door', {
    zones: {
      steps: {
        polygon: [
          [0, 0],
          [1, 0],
          [1, 1],
        ],
      },
    },
    lines: { gate: { from: [0, 0], to: [1, 1] } },
  });
  camera.device!.properties = { ...camera.device!.properties, fps: 10 };
  const shown = ShownLearning.make(join(temporaryFolder(), 'learn'), ['door'], { thumbnails: true });
  await shown.learning.start();
  const node = Object.assign(new FakeNode([camera]), { learning: shown.learning });
  node.lastError = 'no picture';
  node.board = {
    temperature: 50,
    throttling: { now: ['throttled'], sinceBoot: [] },
    power: { source: 'pmic', covers: 'rails', watts: 3, joules: 4, joulesPerInference: 0.3 },
  };
  const server = new Console({
    ...{ node, hub: { stats: hubStats }, port: 0, folder: page.folder, board: new FakeBoard() },
    find: async () => ({
      cameras: [{ uri: 'v4l2:/dev/video0', title: 'HD', kind: 'v4l2' }],
      network: [{ address: '192.0.2.7', name: 'Yard', hardware: 'X1', service: 'http://192.0.2.7/onvif' }],
    }),
    ...options,
  });
  closing(server, (it) => it.stop());
  const { url } = await server.start();
  return { camera, node, shown, url, server };
}

/** What a route is called in docs/console.md: `GET /api/events`, `POST …/teach`. */
function documentedRoutes(): string[] {
  const rows = readFileSync(asset('docs', 'console.md'), 'utf8')
    .split('\n')
    .filter((line) => /^\| `(GET|POST|PATCH|DELETE) /.test(line));
  return rows.flatMap((row) => {
    const [first, ...others] = [...row.split('|')[1]!.matchAll(/`((?:[A-Z]+ )?[/…][^`?]*)/g)].map(
      ([, route]) => route!,
    );
    const method = first!.split(' ')[0]!;
    return [first!, ...others.map((path) => `${method} ${path}`)];
  });
}

describe('the page’s HTTP', { timeout: 900_000 }, () => {
  it('answers each route that docs/console.md lists in snake case', async () => {
    const { camera, node, shown, url } = await startConsole();
    const asked = new Set<string>();
    const wrong: string[] = [];
    const answers: Record<string, unknown> = {};
    const ask = async (route: string, query = '', body?: unknown) => {
      const [method, path] = route.split(' ') as [string, string];
      const address = path.replace('…', '/api/learning').replace('<name>', 'door').replace('<id>', 'a-1').slice(1);
      const response = await fetch(`${url}${address}${query}`, {
        method,
        ...(body !== undefined && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
      });
      const answer = (await response.json()) as Record<string, unknown>;
      asked.add(route);
      answers[route] = answer;
      wrong.push(...camelKeys(answer).map((key) => `${route}: ${key}`));
      return { status: response.status, answer };
    };
    const done = async (route: string, body: unknown) => {
      const { status, answer } = await ask(route, '', body);
      expect([route, status, answer]).toEqual([route, 200, expect.anything()]);
      return answer;
    };
    const box = [10, 10, 150, 150];
    const tracks = [track({ id: 7, box: [10, 10, 150, 150] })];

    camera.emit('snapshot', { id: 'a-1', label: 'person', jpeg: Buffer.from('jpeg') });
    camera.emit('event', eventMessage('a-1'));
    camera.emit('crossing', { trackId: 7, line: 'gate', label: 'person', direction: 'in', total: 1, time: 1 });
    await shown.show('door', 'rings', { tracks });
    await done('POST …/looks', { camera: 'door', box });
    await ask('GET …/looks', '?camera=door&track=7');
    await done('POST …/teach', { camera: 'door', box, label: 'red thing' });
    await shown.show('door', 'stripes', { tracks });
    await done('POST …/teach', { camera: 'door', box, label: 'blue thing' });
    await shown.show('door', 'checks');
    await done('POST …/teach', { camera: 'door', box, label: 'red thing', negative: true, anyway: true });
    const page = (await ask('GET …/examples', '?head=object')).answer as { examples: { id: string }[] };
    expect(page.examples).toHaveLength(3);
    await shown.show('door', 'stripes', { seconds: 2, tracks: [track({ id: 9, box: [10, 10, 150, 150] })] });
    await ask('GET …/near-misses');
    await done('POST …/relabel', { example: page.examples[1]!.id, label: 'green thing' });
    await done('POST …/rollback', { head: 'object', version: 1 });
    await done('POST …/accept', { head: 'object' });
    await done('POST …/forget', { node: 'shed', reason: 'its lens is broken' });
    const { cuts } = (await ask('GET /api/learning')).answer as { cuts: { id: string }[] };
    await done('POST …/withdraw', { cut: cuts[0]!.id });
    await shown.show('door', 'stripes');
    const { undo } = await done('POST …/teach', { camera: 'door', box, label: 'red thing' });
    const { answer } = await ask('GET …/asides');
    expect(answer).toMatchObject([{ taken_for: {}, against: [{ picture: expect.any(String) }] }]);
    await done('POST …/undo', { undo });
    await done('POST …/pictures', { keep: true });
    await done('POST …/teach', { camera: 'door', box, label: 'red thing' });
    const { asides } = (await shown.learning.open()).lessons;
    await done('POST …/settle', { aside: asides.all[0]!.id });
    await ask('GET /api/state');
    await ask('GET /api/events');
    await ask('GET /api/events/days');
    await ask('GET /api/events/<id>');
    await ask('GET /api/events/export.json');
    await done('POST /api/events/remove', { id: 'a-1' });
    await ask('GET /api/cameras/<name>');
    await ask('GET /api/cameras/<name>/sizes');
    await ask('GET /api/cameras/<name>/why');
    await done('PATCH /api/cameras/<name>', { detect: { threshold: 0.5 } });
    await ask('GET /api/sources');
    await done('POST /api/sources/try', { source: 'file:/nowhere' });
    await done('POST /api/cameras', { name: 'yard', source: 'scene:' });
    await done('POST /api/cameras/<name>/rename', { name: 'yard' });
    await done('DELETE /api/cameras/<name>', undefined);
    await done('POST /api/node', { name: 'shed' });
    await done('POST /api/access', { network: false });
    await done('POST /api/history', { days: 9 });
    await done('POST /api/reload', {});
    expect((await ask('PATCH /api/cameras/<name>', '', { detect: { threshold: 7 } })).status).toBe(400);
    node.unfinishedMs = 31_000;
    expect((await ask('GET /healthz')).status).toBe(503);
    await ask('GET /readyz');
    await ask('GET /api/session');
    expect((await ask('GET /api/nothing')).status).toBe(404);

    expect(wrong).toEqual([]);
    // All that may be there was there.
    const state = answers['GET /api/state'] as Record<string, unknown>;
    expect(state).toMatchObject({
      cameras: [{ crossings: [{}], source: { opened: { note: expect.any(String) } }, known_labels: [{}, {}, {}] }],
      learning: { heads: [{ name: 'object', false_accept: expect.any(Number) }] },
    });
    expect(answers).toMatchObject({
      'GET /healthz': { stuck: ['door'] },
      'GET …/near-misses': [{ nearest: expect.any(String) }, {}],
      'GET …/looks': { looks: [{}] },
      'GET …/examples': { examples: [{ time_ms: expect.any(Number) }, {}, {}] },
    });
    const inJson = documentedRoutes().filter((route) => !/\.(jpg|mp4)$|\/metrics$/.test(route));
    expect(inJson.length).toBeGreaterThan(15);
    expect(inJson.filter((route) => !asked.has(route))).toEqual([]);
  });

  it('so too at the login', async () => {
    const { url } = await startConsole({ password: await hashPassword('correct horse') });
    const headers = { 'content-type': 'application/json', origin: url.slice(0, -1) };
    for (const password of ['wrong', 'correct horse']) {
      const body = JSON.stringify({ password });
      const response = await fetch(`${url}api/session`, { method: 'POST', headers, body });
      expect(camelKeys(await response.json())).toEqual([]);
    }
  });
});

it('the page that asks for settings tells and takes them in snake case', async () => {
  const page = pageFolder();
  closing(page, async () => page.remove());
  writeFileSync(join(page.folder, 'setup.html'), '<!doctype html>');
  const taken: object[] = [];
  const setup = new SetupPage({
    ...{ code: 'AAAA-AAAA', errors: ['wrong'], folder: page.folder, host: '127.0.0.1', port: 0 },
    take: async (settings) => void taken.push(settings),
  });
  closing(setup, (it) => it.stop());
  const { url } = await setup.start();
  const asked = await (await fetch(`${url}api/setup`)).json();
  const headers = { 'content-type': 'application/json' };
  const settings = { console: { password: 'long enough' }, mqtt: { home_assistant: { enabled: false } } };
  const body = JSON.stringify({ code: 'AAAA-AAAA', settings });
  const answered = await (await fetch(`${url}api/setup`, { method: 'POST', headers, body })).json();
  expect([asked, answered, taken]).toEqual([{ setup_errors: ['wrong'] }, { taken: true }, [settings]]);
  expect(camelKeys([asked, answered, taken])).toEqual([]);
});

/** Each type of message; one that is new does not compile until it is here, and is not heard until it is caused below. */
const messageTypes: Readonly<Record<ServerMessage['type'], true>> = {
  ...{ state: true, settings: true, status: true, motion: true, count: true, crossing: true, event: true },
  ...{ learning: true, states: true, stats: true, error: true, removed: true, file: true },
};

it('the page’s WebSocket tells each of its messages in snake case, and takes them so', {
  timeout: 900_000,
}, async () => {
  const { camera, node, shown, url, server } = await startConsole();
  const socket = new WebSocket(`${url.replace('http', 'ws')}api/live`, { origin: url.slice(0, -1) });
  closing(socket, async () => socket.terminate());
  const told: ServerMessage[] = [];
  const headers: object[] = [];
  socket.on('message', (data: Buffer, isBinary) => {
    if (!isBinary) told.push(JSON.parse(data.toString()));
    else
      headers.push(unpackLive(data.buffer.slice(data.byteOffset, data.byteOffset + data.length) as ArrayBuffer).header);
  });

  await once(socket, 'open');
  await until(() => told.length > 0);
  socket.send(JSON.stringify({ type: 'watch', camera: 'door', max_height: 48, fps: 15 }));
  socket.send(JSON.stringify({ type: 'watch', camera: 'door', maxHeight: 48 }));
  camera.emit('status', 'offline', { ...closedHealth, lastError: 'no picture' });
  camera.emit('motion', true);
  camera.emit('count', { label: 'person', zone: 'steps', count: 1 });
  camera.emit('crossing', { trackId: 7, line: 'gate', label: 'person', direction: 'in', total: 1, time: 1 });
  camera.emit('event', eventMessage('a-1'));
  await until(() => told.some(({ type }) => type === 'event'));
  await node.history.remove({ id: 'a-1' });
  await camera.change({ detect: { threshold: 0.5 } });
  server.tellFile();

  await shown.teachObject('rings', 'red thing');
  await shown.teachView('door', 'stripes', 'cupboard', 'tidy');
  await vi.waitFor(
    () => {
      const { frame } = greyFrame(headers.length + 1);
      const tracks = [track({ subLabel: { label: 'x', score: 1 } })];
      camera.emit('frame', { frame, tracks, inferred: true, moving: true });
      frame.release();
      expect([...new Set(told.map(({ type }) => type))].sort()).toEqual(Object.keys(messageTypes).sort());
      expect(headers).not.toHaveLength(0);
    },
    { timeout: 300_000 },
  );
  expect([...told, ...headers].flatMap((message) => camelKeys(message))).toEqual([]);
  expect(told).toContainEqual({ type: 'error', message: expect.stringContaining('maxHeight') });
  expect(told.find(({ type }) => type === 'stats')).toMatchObject({
    stats: { cameras: { door: { device: { last_error: 'no picture' } } }, power: {}, throttling: {} },
    mqtt: { protocol_version: 5 },
  });
});

/** All commands that print JSON, by the words they are called with: `learn cuts`. */
async function commandsWithJson(): Promise<string[]> {
  const program = new Command();
  const folder = asset('tools', 'cli', 'commands');
  for (const name of readdirSync(folder).filter((one) => one.endsWith('.ts'))) {
    const module = (await import(pathToFileURL(join(folder, name)).href)) as Record<string, unknown>;
    for (const [exported, add] of Object.entries(module)) {
      if (/^add[A-Z]/.test(exported)) (add as (program: Command) => void)(program);
    }
  }
  const below = (command: Command, words: string): string[] =>
    command.commands.flatMap((one) => {
      const name = `${words} ${one.name()}`.trim();
      const own = one.options.some(({ long }) => long === '--json') ? [name] : [];
      return [...own, ...below(one, name)];
    });
  return below(program, '').sort();
}

/** Those that are long, need ffmpeg or need much beforehand: what reads their lines there, `jsonLines`, refuses camel case. */
const walkedElsewhere: Readonly<Record<string, string>> = {
  bench: 'bench.test.ts',
  tune: 'tune.test.ts',
  compile: 'compile.test.ts',
  port: 'port/port.test.ts',
  quantise: 'quantise.test.ts',
  replay: 'record.test.ts',
  flash: 'flash.test.ts',
  why: 'why.test.ts',
  'update status': 'update.test.ts',
  'learn cuts': 'learn.test.ts',
  'image build': 'image.test.ts',
  'image customise': 'image-customise.test.ts',
};

describe('ocellus … --json', { timeout: 900_000 }, () => {
  const run = async (args: readonly string[], but: readonly string[] = []) => {
    const { code, out, err } = await ocellus(args);
    expect([args[0], code], err).toEqual([args[0], 0]);
    return jsonLines(out, but);
  };

  it('is in snake case, of each command that has it', async () => {
    const folder = temporaryFolder();
    const at = (...names: string[]) => {
      mkdirSync(join(folder, ...names, '..'), { recursive: true });
      return join(folder, ...names);
    };
    for (const [i, name] of ['wall', 'wall', 'cat', 'cat', 'cat', 'cat', 'cat', 'wall', 'wall', 'wall'].entries()) {
      copyFileSync(photo(`${name}.jpg`), at('walk', `${i}.jpg`));
    }
    for (const name of ['motorcycle', 'wall']) copyFileSync(photo(`${name}.jpg`), at('labelled', `${name}.jpg`));
    writeFileSync(at('labelled', 'motorcycle.txt'), '3 0.536 0.523 0.79 0.774\n');
    writeFileSync(at('labelled', 'wall.txt'), '');
    for (const name of ['cat', 'cup']) {
      for (let i = 0; i < 6; i++) copyFileSync(photo(`${name}.jpg`), at('things', name, `${i}.jpg`));
    }
    const store = ['--store', at('learn')];
    const picture = photo('cat.jpg');

    const lines: Record<string, unknown[]> = {
      doctor: await run(['doctor', '--json']),
      cameras: await run(['cameras', '--json']),
      models: await run(['models', '--json']),
      'models list': await run(['models', 'list', '--json']),
      'models inspect': await run(['models', 'inspect', '--json', 'nanodet-g-416-int8']),
      detect: await run(['detect', '--json', '--out', at('drawn'), picture]),
      watch: await run(['watch', `file:${at('walk')}`, '--speed', 'max', '--threshold', '0.5', '--json']),
      // The one name that is not in snake case: scripts that measure read it.
      eval: await run(['eval', at('labelled'), '--per-class', '--json'], ['inferMs']),
      'eval --learn': await run(['eval', '--learn', at('things'), '--seeds', '1', '--json']),
      teach: await run(['teach', ...store, '--label', 'my cat', '--json', picture, photo('cup.jpg')]),
      classify: await run(['classify', ...store, '--json', picture]),
    };
    const contradicted = await ocellus(['teach', ...store, '--label', 'my dog', '--json', picture]);
    lines['teach, contradicted'] = jsonLines(contradicted.out);
    expect(lines['teach, contradicted'][0]).toMatchObject({ contradicts: { label: 'my cat' } });
    expect((await run(['eval', at('labelled'), '--json'], ['inferMs']))[0]).toMatchObject({
      infer_ms: expect.any(Number),
      inferMs: expect.any(Number),
    });
    for (const [command, [first]] of Object.entries(lines)) {
      if (command !== 'cameras') expect([command, first]).toEqual([command, expect.anything()]);
    }

    const all = await commandsWithJson();
    expect(all).toContain('detect');
    const walked = new Set(Object.keys(lines));
    for (const [command, file] of Object.entries(walkedElsewhere)) {
      const test = readFileSync(asset('tests', 'cli', file), 'utf8');
      expect(test).toContain(`'${command.split(' ').join("', '")}'`);
      expect(test).toContain('jsonLines(');
      walked.add(command);
    }
    expect(all.filter((command) => !walked.has(command))).toEqual([]);
  });

  it('of what a node answers', async () => {
    const broker = closing(await startBroker({ port: 0 }), (it) => it.stop());
    const hub = new Hub({ node: new HubNode('porch', [new HubCamera('door')]), settings: mqttSettings(broker.url) });
    closing(hub, (it) => it.stop());
    await hub.start();
    await until(() => hub.stats.published > 0);
    const [answer] = await run(['request', 'info', '--broker', broker.url, '--node', 'porch']);
    expect(answer).toMatchObject({ uptime_seconds: 1 });
  });
});
