import { existsSync, mkdirSync, readFileSync, renameSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connectAsync } from 'mqtt';
import { describe, expect, it, vi } from 'vitest';
import { resolveSettings, type SettingsInput } from '../../sdk/config/settings.ts';
import { withOptions } from '../../tools/cli/commands/run.ts';
import { NodeRun, type NodeRunOptions } from '../../tools/cli/node-run.ts';
import { pageFolder } from '../console/fakes.ts';
import { closing } from '../support/closing.ts';
import { temporaryFolder } from '../support/folders.ts';
import { recorder } from '../support/recorder.ts';
import { objectState } from '../vision/fakes.ts';

const patience = { timeout: 300_000, interval: 50 };
const pictures = new URL('../../devices/scene/photos/', import.meta.url).pathname;

/** A node with a page and a broker, by a settings file. */
async function start(text: string, options: Partial<NodeRunOptions> = {}) {
  const folder = temporaryFolder();
  const page = pageFolder();
  closing(page, async () => page.remove());
  const file = join(folder, 'ocellus.yaml');
  writeFileSync(file, text);
  const logger = recorder();
  const lines: string[] = [];
  const given = options.given ?? {};
  const resolve = async (input: SettingsInput, { source, camera }: typeof given) => {
    const ownParts = { data: folder, core: { model: 'off' } };
    return resolveSettings({ ...withOptions(input, { ...given, source, camera, console: true }), ...ownParts });
  };
  const yaml = await import('yaml');
  const run = new NodeRun(await resolve(yaml.parse(text) ?? {}, given), {
    ...{ file, logger, resolve, given, setupErrors: [], restart() {}, page: page.folder },
    announce: (line) => void lines.push(line),
    ...options,
  });
  closing(run, async () => void (await run.stop()));
  await run.start();
  const ask = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
    const url = new URL(path, run.url);
    // It may tell another address once other machines reach it.
    url.hostname = '127.0.0.1';
    const response = await fetch(url, {
      method,
      headers: { 'content-type': 'application/json', ...headers },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: await response.json() };
  };
  return { run, file, folder, logger, lines, ask, text: () => readFileSync(file, 'utf8') };
}

const ports = 'mqtt: {port: 0}\nconsole: {port: 0}\n';
const one = `# My cameras.
cameras:
  door:              # by the street
    source: file:${pictures}
    detect: {fps: 5} # enough
${ports}`;
/** All that a broker retains. */
async function retained(url: string): Promise<Map<string, string>> {
  const client = await connectAsync(url);
  const found = new Map<string, string>();
  client.on('message', (topic, payload, { retain }) => void (retain && found.set(topic, payload.toString())));
  await client.subscribeAsync('#');
  for (let before = -1; before !== found.size; ) {
    before = found.size;
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  await client.endAsync(true);
  return found;
}

describe('NodeRun', () => {
  it('keeps or keeps no pictures of what is taught as the page says, at once, and after what starts again', async () => {
    const { run, ask, text } = await start(one);
    expect(run.node.learning!.settings.thumbnails).toBe(true);
    expect((await ask('POST', '/api/learning/pictures', { keep: false })).status).toBe(200);
    expect(run.node.learning!.settings.thumbnails).toBe(false);
    await expect.poll(text, patience).toMatch(/# by the street[\s\S]*learn:\s+thumbnails: false/);
    expect((await ask('POST', '/api/cameras', { name: 'yard', source: 'scene:' })).status).toBe(200);
    expect(run.node.learning!.settings.thumbnails).toBe(false);
    expect((await ask('POST', '/api/learning/pictures', { keep: 'yes' })).status).toBe(400);
  });

  it('says in its answers, on the page, over MQTT and in stats that a change could not be written, until it is', async () => {
    const { run, ask, file, text, lines, logger } = await start(one);
    const brokerUrl = /MQTT: (\S+)/.exec(lines.join('\n'))![1]!;
    const client = closing(await connectAsync(brokerUrl), (it) => it.endAsync(true));
    const heard: { settings_unwritten?: unknown; data?: unknown }[] = [];
    client.on('message', (_, payload) => void heard.push(JSON.parse(payload.toString())));
    await client.subscribeAsync(['ocellus/ocellus/stats', 'ocellus/ocellus/response/change']);
    const change = (threshold: number) => ask('PATCH', '/api/cameras/door', { detect: { threshold } });
    expect(await change(0.31)).toMatchObject({ status: 200, body: { unwritten: null } });
    await expect.poll(text, patience).toContain('threshold: 0.31');

    renameSync(file, `${file}.aside`);
    mkdirSync(file);
    await expect
      .poll(async () => (await change(0.32)).body.unwritten, patience)
      .toMatch(/ocellus\.yaml could not be written: /);
    const state = async () => (await ask('GET', '/api/state')).body;
    expect((await state()).board.file.unwritten).toMatch(/could not be written/);
    expect((await state()).cameras[0].settings.detect.threshold).toBe(0.32);
    await client.publishAsync('ocellus/ocellus/request/change', '{"camera": "door", "change": {"detect": {"fps": 4}}}');
    const refused = expect.stringMatching(/could not be written/);
    const told = (one: object) => () => expect(heard).toContainEqual(expect.objectContaining(one));
    await vi.waitFor(told({ data: expect.objectContaining({ camera: 'door', unwritten: refused }) }), patience);
    run.node.emit('stats', run.node.stats());
    await vi.waitFor(told({ settings_unwritten: refused }), patience);

    rmdirSync(file);
    renameSync(`${file}.aside`, file);
    await expect.poll(async () => (await state()).board.file.unwritten, patience).toBe(null);
    expect(text()).toMatch(/threshold: 0\.32/);
    run.node.emit('stats', run.node.stats());
    await vi.waitFor(told({ settings_unwritten: null }), patience);
    expect(logger.lines.filter((line) => /could not be written/.test(line))).toHaveLength(1);
  });

  it('adds, renames and removes cameras: file, events, MQTT and Home Assistant follow', async () => {
    const { run, ask, text, lines } = await start(one);
    const brokerUrl = /MQTT: (\S+)/.exec(lines.join('\n'))![1]!;
    expect(await ask('POST', '/api/cameras', { name: 'yard', source: 'scene:' })).toMatchObject({ status: 200 });
    expect([...run.node.pipelines.keys()]).toEqual(['door', 'yard']);
    expect(text()).toMatch(/detect: \{ ?fps: 5 ?\} # enough/);
    const { body } = await ask('GET', '/api/state');
    expect(body.cameras.map(({ name }: { name: string }) => name)).toEqual(['door', 'yard']);

    run.node.history.add({ type: 'new', after: objectState({ id: '1.000000-aaaaaa', camera: 'door' }) });
    expect((await ask('POST', '/api/cameras/door/rename', { name: 'porch' })).status).toBe(200);
    expect([...run.node.pipelines.keys()]).toEqual(['porch', 'yard']);
    expect(text()).toMatch(
      /# My cameras.\ncameras:\n {2}porch:\s+# by the street\n {4}source: file:.*\n {4}detect: .* # enough/,
    );
    const events = async (camera: string) =>
      (await run.node.history.list({ limit: 9, camera })).events.map(({ id }) => id);
    expect([await events('porch'), await events('door')]).toEqual([['1.000000-aaaaaa'], []]);
    await expect
      .poll(async () => (await retained(brokerUrl)).has('homeassistant/device/ocellus_ocellus/porch/config'), patience)
      .toBe(true);
    const told = [...(await retained(brokerUrl)).keys()];
    expect(told.filter((topic) => topic.includes('/door'))).toEqual([]);
    expect(told).toContain('homeassistant/device/ocellus_ocellus/porch/config');

    expect((await ask('DELETE', '/api/cameras/porch')).status).toBe(200);
    expect((await ask('DELETE', '/api/cameras/yard')).status).toBe(200);
    expect([...run.node.pipelines.keys()]).toEqual([]);
    expect(Object.keys(run.node.settings.cameras)).toEqual([]);
    expect(text()).toContain('# My cameras.');
    await expect
      .poll(
        async () => ![...(await retained(brokerUrl)).keys()].some((topic) => /\/(porch|yard)\b/.test(topic)),
        patience,
      )
      .toBe(true);
    // What was seen stays, under the name that the camera had last.
    expect(await events('porch')).toEqual(['1.000000-aaaaaa']);
  });

  it('renames the node: its data move, and nothing is retained under the old name', async () => {
    const { run, ask, lines, folder, text } = await start(one);
    const brokerUrl = /MQTT: (\S+)/.exec(lines.join('\n'))![1]!;
    run.node.history.add({ type: 'new', after: objectState({ id: '1.000000-aaaaaa', camera: 'door' }) });
    await expect.poll(async () => (await retained(brokerUrl)).has('ocellus/ocellus/door/status'), patience).toBe(true);
    expect((await ask('POST', '/api/node', { name: 'shed' })).status).toBe(200);
    expect(run.node.name).toBe('shed');
    expect(text()).toMatch(/^node: shed$/m);
    expect([existsSync(join(folder, 'shed', 'history')), existsSync(join(folder, 'ocellus'))]).toEqual([true, false]);
    expect((await run.node.history.list({ limit: 9 })).events).toHaveLength(1);
    await expect
      .poll(async () => (await retained(brokerUrl)).has('homeassistant/device/ocellus_shed/config'), patience)
      .toBe(true);
    const told = [...(await retained(brokerUrl)).keys()];
    expect(told.filter((topic) => /ocellus\/ocellus|ocellus_ocellus/.test(topic))).toEqual([]);
    expect(told).toContain('homeassistant/device/ocellus_shed/config');
  });

  it('changes nothing where a change is wrong', async () => {
    const { run, ask, text } = await start(one);
    const before = [text(), run.node];
    for (const [method, path, body, expected] of [
      ['POST', '/api/cameras', { name: 'door', source: 'scene:' }, /there is a camera called door already/],
      ['POST', '/api/cameras', { name: 'Door', source: 'scene:' }, /name/],
      ['POST', '/api/cameras', { name: 'status', source: 'scene:' }, /this name is a topic of the node itself/],
      ['POST', '/api/cameras', { name: 'a', source: 'rtsp://me:***@x/1' }, /the password is not shown here/],
      // The value would be sent to whoever the source names.
      ['POST', '/api/cameras', { name: 'a', source: `rtsp://x/$${'{HOME}'}` }, /reference to a secret/],
      ['POST', '/api/cameras', { name: 'a' }, /source/],
      ['POST', '/api/cameras/door/rename', { name: 'a/b' }, /name/],
      ['POST', '/api/cameras/none/rename', { name: 'a' }, /there is no camera none/],
      ['DELETE', '/api/cameras/none', undefined, /nothing at this address/],
      ['POST', '/api/node', { name: '+' }, /name/],
      ['POST', '/api/access', { network: true }, /expected a password/],
      ['POST', '/api/access', { password: 'short' }, /password/],
      ['POST', '/api/access', { passwort: 'long enough' }, /passwort/],
    ] as const) {
      const { status, body: answer } = await ask(method, path, body);
      expect([path, status >= 400 && status < 500, answer.error]).toEqual([
        path,
        true,
        expect.stringMatching(expected),
      ]);
    }
    expect([text(), run.node]).toEqual(before);
  });

  it('goes on as before where it cannot start with the change', async () => {
    const { run, ask, text } = await start(one, {
      // Who wrote to the file by hand meanwhile.
      resolve: async (input) =>
        resolveSettings({
          ...input,
          core: { model: 'off' },
          mqtt: { broker: 'mqtts://127.0.0.1:9', tls: { ca: '/nowhere/ca.pem' } },
        }),
    });
    const before = text();
    const { status, body } = await ask('POST', '/api/cameras', { name: 'yard', source: 'scene:' });
    expect([status, body.error]).toEqual([400, expect.stringContaining('ca.pem')]);
    expect([text(), [...run.node.pipelines.keys()]]).toEqual([before, ['door']]);
    await expect.poll(() => run.node.pipelines.get('door')!.status === 'online', patience).toBe(true);
  });

  it('changes what is kept of past events, at once; what is in memory alone stays there', async () => {
    const text0 = `history: { days: 20 } # enough\nstorage: { keep: ram }\n${one}`;
    const { run, ask, text } = await start(text0);
    const now = Date.now() / 1000;
    const told = (id: string, days: number) =>
      objectState({ id, camera: 'door', start_time: now - days * 86_400, frame_time: now });
    run.node.history.add({ type: 'new', after: told('old', 10) });
    run.node.history.add({ type: 'new', after: told('young', 2) });
    const events = async () => (await run.node.history.list({ limit: 9 })).events.map(({ id }) => id);
    const stateNow = async () => (await ask('GET', '/api/state')).body;
    const { run: seen, board } = await stateNow();
    expect(board.history).toEqual({
      ...{ days: 20, megabytes: 500, clips: { enabled: false, software: false }, on_disk: false },
      ranges: { days: [1, 3650], megabytes: [1, 1_000_000] },
    });
    for (const [body, expected] of [
      [{ days: 0 }, /history.*days: expected.*1 to 3650, got 0/s],
      [{ days: 2.5 }, /days: expected a whole number/],
      [{ megabytes: 1_000_001 }, /megabytes: expected/],
      [{ clips: { enabled: 'yes' } }, /clips\.enabled: expected true or false/],
      [{ clip: true }, /clip/],
    ] as const) {
      const { status, body: answer } = await ask('POST', '/api/history', body);
      expect([body, status, answer.error]).toEqual([body, 400, expect.stringMatching(expected)]);
    }
    // What is so already starts nothing again.
    const { node } = run;
    for (const body of [{}, { clips: {} }, { days: 20, clips: { software: false } }]) {
      expect((await ask('POST', '/api/history', body, { 'if-match': `"${seen}"` })).status).toBe(200);
    }
    expect([run.node, text(), await events()]).toEqual([node, text0, ['young', 'old']]);

    const change = { days: 5, megabytes: 80, clips: { enabled: true } };
    expect((await ask('POST', '/api/history', change, { 'if-match': `"${seen}"` })).status).toBe(200);
    expect(text()).toMatch(/^history: \{ ?days: 5, megabytes: 80, clips: \{ ?enabled: true ?\} ?\} # enough$/m);
    expect(text()).toContain('# by the street');
    expect(run.node.settings.history).toMatchObject(change);
    expect((await stateNow()).board.history).toMatchObject(change);
    expect(await events()).toEqual(['young']);
    expect(await ask('GET', '/api/events/days')).toMatchObject({ body: { limits: { days: 5, megabytes: 80 } } });

    // Who saw what was there before.
    const before = text();
    const late = await ask('POST', '/api/history', { days: 9 }, { 'if-match': `"${seen}"` });
    expect([late.status, late.body.error]).toEqual([412, expect.stringContaining('changed meanwhile')]);
    expect(text()).toBe(before);
  });

  it('keeps the source of the command line, and does not write what the file gets from elsewhere', async () => {
    const { run, ask, text } = await start(ports, { given: { source: 'scene:' } });
    expect((await ask('POST', '/api/cameras', { name: 'yard', source: 'scene:' })).status).toBe(200);
    expect(text()).toMatch(/cameras:\n {2}camera:\n {4}source: "?scene:"?\n {2}yard:/);
    expect([...run.node.pipelines.values()].map(({ settings }) => settings.source)).toEqual(['scene:', 'scene:']);
    const refused = await start(ports, { given: { node: 'a', host: '127.0.0.1' } });
    for (const [path, body] of [
      ['/api/node', { name: 'b' }],
      ['/api/access', { network: true, password: 'long enough' }],
    ] as const) {
      const answer = await refused.ask('POST', path, body);
      expect([answer.status, answer.body.error]).toEqual([400, expect.stringContaining('the command line says')]);
    }
  });

  it('sets the password and who reaches the page, for who is on the board alone', async () => {
    const { run, ask, text } = await start(one);
    for (const name of ['x-forwarded-for', 'forwarded', 'via']) {
      const answer = await ask('POST', '/api/access', { password: 'long enough' }, { [name]: '127.0.0.1' });
      expect([answer.status, answer.body.error]).toEqual([403, expect.stringContaining('on the board itself')]);
    }
    expect((await ask('POST', '/api/access', { password: 'long enough', network: true })).status).toBe(200);
    expect(text()).not.toContain('long enough');
    expect(text()).toMatch(/password: "?\$?scrypt/);
    expect(text()).toMatch(/host: 0\.0\.0\.0/);
    await expect
      .poll(async () => (await ask('GET', '/api/state').catch(() => undefined))?.status === 401, patience)
      .toBe(true);
    const authorization = `Basic ${Buffer.from(':long enough').toString('base64')}`;
    const { body } = await ask('GET', '/api/state', undefined, { authorization });
    expect(body.board).toMatchObject({ network: true, password: true });
    expect((await ask('POST', '/api/access', { password: null }, { authorization })).status).toBe(400);
    expect((await ask('POST', '/api/access', { password: null, network: false }, { authorization })).status).toBe(200);
    await expect
      .poll(async () => (await ask('GET', '/api/state').catch(() => undefined))?.status === 200, patience)
      .toBe(true);
    expect(text()).not.toMatch(/password|host:/);
    expect(run.node.pipelines.get('door')!.status).toBe('online');
  });

  it('tries a source without saving it', async () => {
    const { ask, text, run } = await start(one);
    const before = text();
    const { body } = await ask('POST', '/api/sources/try', { source: `file:${pictures}` });
    expect(body).toMatchObject({ works: true, picture: expect.stringMatching(/^\/9j\//) });
    for (const [source, reason] of [
      // At once, not when it has waited.
      ['v4l2:/dev/null', /^v4l2:\/dev\/null: /],
      ['file:/nowhere/at/all', /nowhere/],
      ['nonsense:1', /there is no device called "nonsense:"/],
      ['rtsp://me:hunter2@127.0.0.1:9/1', /127\.0\.0\.1/],
    ] as const) {
      const answer = await ask('POST', '/api/sources/try', { source, camera: 'door' });
      expect(answer.body).toEqual({ works: false, reason: expect.stringMatching(reason) });
      expect(JSON.stringify(answer.body)).not.toContain('hunter2');
    }
    for (const source of ['rtsp://x/***', `rtsp://x/$${'{HOME}'}`]) {
      expect((await ask('POST', '/api/sources/try', { source })).status).toBe(400);
    }
    expect([text(), run.node.pipelines.get('door')!.settings.source]).toEqual([before, `file:${pictures}`]);
  });

  it('takes in what others write to the file: settings of cameras at once, the rest when somebody says so', async () => {
    const { run, ask, text, file, logger } = await start(one);
    const door = run.node.pipelines.get('door')!;
    const stateOfFile = async () => (await ask('GET', '/api/state')).body.board.file;
    const etag = `"${door.revision}"`;
    const zone = 'zones: {mat: {polygon: [[0, 0], [1, 0], [1, 1]]}}';
    const byHand = text().replace(
      'detect: {fps: 5} # enough',
      `detect: {fps: 5, threshold: 0.7} # enough\n    ${zone}`,
    );
    writeFileSync(file, byHand);
    // Who did not see that cannot save over it, however soon.
    const zones = {
      zones: {
        rug: {
          polygon: [
            [0, 0],
            [1, 0],
            [0, 1],
          ],
        },
      },
    };
    const late = await ask('PATCH', '/api/cameras/door', zones, { 'if-match': etag });
    expect([late.status, Object.keys(late.body.camera.settings.zones)]).toEqual([412, ['mat']]);
    expect(door.settings).toMatchObject({ detect: { fps: 5, threshold: 0.7 }, zones: { mat: {} } });
    expect(text()).toBe(byHand);
    expect(logger.lines.join('\n')).toContain('cameras.door.detect.threshold, cameras.door.zones');

    // What is wrong changes nothing, and is said.
    writeFileSync(file, byHand.replace('0.7', '7'));
    await expect
      .poll(async () => (await stateOfFile()).trouble, patience)
      .toContain('cameras.door.detect.threshold: expected a number');
    writeFileSync(file, byHand.replace('0.7', '0.8'));
    await expect.poll(() => door.settings.detect.threshold, patience).toBe(0.8);
    expect(await stateOfFile()).toEqual({ name: 'ocellus.yaml', trouble: null, waits: [], unwritten: null });

    // What is changed here at the same time does not take theirs away.
    writeFileSync(file, text().replace('0.8', '0.9').replace('cameras:', 'cameras:\n  yard: {source: "scene:"}'));
    await door.change({ detect: { fps: 4 } });
    await expect.poll(text, patience).toMatch(/fps: 4/);
    await expect.poll(() => door.settings.detect, patience).toMatchObject({ fps: 4, threshold: 0.9 });
    expect(text()).toMatch(/threshold: 0\.9/);
    expect(await stateOfFile()).toMatchObject({ trouble: null, waits: ['cameras.yard'] });
    expect([...run.node.pipelines.keys()]).toEqual(['door']);
    expect((await ask('POST', '/api/reload', {})).status).toBe(200);
    expect([...run.node.pipelines.keys()].sort()).toEqual(['door', 'yard']);
    expect(await stateOfFile()).toMatchObject({ trouble: null, waits: [] });

    // A camera that was taken out of the file stays out of it, also when the page changes something else.
    writeFileSync(file, text().replace(/ {2}yard:.*\n/, ''));
    await expect.poll(async () => (await stateOfFile()).waits, patience).toEqual(['cameras.yard']);
    expect((await ask('POST', '/api/cameras', { name: 'shed', source: 'scene:' })).status).toBe(200);
    expect([...run.node.pipelines.keys()].sort()).toEqual(['door', 'shed']);
    expect(text()).not.toContain('yard');
    // Put back as it was, nothing waits.
    const before = text();
    writeFileSync(file, `${before}learn: {interval: 9}\n`);
    await expect.poll(async () => (await stateOfFile()).waits, patience).toEqual(['learn.interval']);
    writeFileSync(file, before);
    await expect.poll(async () => (await stateOfFile()).waits, patience).toEqual([]);
  });

  it('writes no secret to the file that it takes in from there', async () => {
    process.env.NODE_RUN_TEST_SOURCE = 'scene:';
    const reference = `$${'{NODE_RUN_TEST_SOURCE}'}`;
    const { run, text, file } = await start(one);
    const byHand = text().replace(/source: file:.*/, `source: "${reference}"`);
    writeFileSync(file, byHand);
    await expect.poll(() => run.node.pipelines.get('door')!.settings.source, patience).toBe('scene:');
    await run.node.pipelines.get('door')!.change({ detect: { fps: 3 } });
    await expect.poll(text, patience).toMatch(/fps: 3/);
    expect(text()).toContain(reference);
  });
});
