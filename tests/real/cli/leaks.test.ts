import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import mqtt from 'mqtt';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { ocellus, start } from '../../cli/cli.ts';
import { until } from '../../support/until.ts';

/** Each is found nowhere else, and none is part of another. */
const planted = {
  page: 'Zq7-page-Xv1!',
  user: 'Zq7-user-Xv2!',
  camera: 'Zq7 camera@Xv3/#',
  query: 'Zq7queryXv4',
  variable: "Zq7 var'iable@Xv5",
  file: 'Zq7-file-Xv6',
};
/** As it is, and as it stands in a URL. */
const forms = (secret: string) => [
  secret,
  encodeURIComponent(secret),
  encodeURI(secret),
  JSON.stringify(secret).slice(1, -1),
];

const reference = (name: string) => `\${${name}}`;

/** What each process, answer and message must not hold. */
const secrets = new Map(Object.entries(planted).flatMap(([name, secret]) => forms(secret).map((form) => [form, name])));

const found = (text: string) => [...secrets].filter(([form]) => text.includes(form)).map(([, name]) => name);

/**
 * A real node with secrets in all places that take some, at the log level that tells most: they are looked for in all
 * that comes out of it.
 */
describe('secrets that are planted', { timeout: 900_000 }, () => {
  let folder: string;
  let child: ReturnType<typeof start>;
  let said = '';
  let url: string;
  let broker: string;
  const login = { username: 'home', password: planted.user };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ocellus-leaks-'));
    await writeFile(join(folder, 'secret'), `${planted.file}\n`);
    process.env.OCELLUS_TEST_SECRET = planted.variable;
    const source = (text: string) => JSON.stringify(text);
    await writeFile(
      join(folder, 'ocellus.yaml'),
      `node: porch
cameras:
  plain: {source: ${source(`rtsp://me:${planted.camera}@127.0.0.1:9/1`)}}
  encoded: {source: ${source(`rtsp://me:${encodeURIComponent(planted.camera)}@127.0.0.1:9/1`)}}
  query: {source: ${source(`rtsp://127.0.0.1:9/live?user=me&password=${planted.query}&x=1`)}}
  variable: {source: ${source(`rtsp://me:${reference('OCELLUS_TEST_SECRET')}@127.0.0.1:9/1`)}}
  file: {source: ${source(`rtsp://me:${reference(join(folder, 'secret'))}@127.0.0.1:9/1`)}}
  noscheme: {source: ${source(`me:${planted.file}@127.0.0.1/1`)}}
  scene: {source: "scene:"}
mqtt: {host: 127.0.0.1, port: 0, users: {home: ${JSON.stringify(planted.user)}}}
console: {port: 0, password: ${JSON.stringify(planted.page)}}
`,
    );
    child = start(['run', '--log', 'debug'], folder);
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (said += text));
    const printed = () => /running: (\S+)[\s\S]*MQTT: (\S+) /.exec(said);
    await until(() => printed() !== null || child.exitCode !== null);
    const [, page, mqttUrl] = printed() ?? expect.fail(said);
    url = page!;
    broker = mqttUrl!.replace('home@', '');
    const file = await readFile(join(folder, 'ocellus.yaml'), 'utf8');
    for (const [hash] of file.matchAll(/\$scrypt\$[^"\s,}]+(?:,[^"\s}]+)*/g))
      secrets.set(hash.split('$').at(-1)!, 'hash');
  });
  afterAll(async () => {
    delete process.env.OCELLUS_TEST_SECRET;
    if (child.exitCode === null) {
      child.kill('SIGTERM');
      await once(child, 'exit');
    }
    await rm(folder, { recursive: true, force: true });
  });

  it('are in no answer, no message on MQTT or the WebSocket, and no line of the log', async () => {
    const messages: string[] = [];
    const client = await mqtt.connectAsync(broker, login);
    client.on('message', (topic, payload) => messages.push(`${topic} ${payload.toString('latin1')}`));
    await client.subscribeAsync(['#', '$SYS/#']);
    for (const camera of ['plain', 'encoded', 'query', 'variable', 'file', 'noscheme', 'not-there']) {
      await client.publishAsync('ocellus/porch/request/state', JSON.stringify({ camera, transaction: camera }));
    }
    // Wrong logins are told of as well.
    await mqtt.connectAsync(broker, { username: 'home', password: planted.page, reconnectPeriod: 0 }).catch(() => {});

    const json = { 'content-type': 'application/json', origin: url.slice(0, -1) };
    const answers: string[] = [];
    const ask = async (path: string, init: RequestInit = {}) => {
      const response = await fetch(new URL(path, url), init);
      answers.push(
        `${JSON.stringify([...response.headers].filter(([name]) => name !== 'set-cookie'))} ${await response.text()}`,
      );
      return response;
    };
    const body = JSON.stringify({ password: planted.page });
    const entered = await ask('/api/session', { method: 'POST', headers: json, body });
    const cookie = entered.headers.get('set-cookie')!.split(';')[0]!;
    secrets.set(cookie.split('=')[1]!, 'session');
    await ask('/api/session', { method: 'POST', headers: json, body: JSON.stringify({ password: planted.user }) });
    const headers = { ...json, cookie };
    const told: string[] = [];
    const socket = new WebSocket(`${url.replace('http', 'ws')}api/live`, { headers });
    socket.on('message', (data) => told.push(String(data)));
    await once(socket, 'open');
    const { cameras } = (await (await fetch(new URL('/api/state', url), { headers })).json()) as {
      cameras: { name: string; settings: { source: string } }[];
    };
    for (const path of [
      '/',
      '/healthz',
      '/readyz',
      '/metrics',
      '/api/session',
      '/api/state',
      '/api/events',
      '/api/nothing',
    ]) {
      await ask(path, { headers });
      await ask(path, { headers: { authorization: `Basic ${Buffer.from(`x:${planted.page}`).toString('base64')}` } });
      await ask(path);
    }
    for (const { name, settings } of cameras) {
      await ask(`/api/cameras/${name}`, { headers });
      await ask(`/api/cameras/${name}/snapshot.jpg`, { headers });
      // As the page sends it back: the hidden password stays.
      const same = {
        method: 'PATCH',
        headers,
        body: JSON.stringify({ source: settings.source, motion: { enabled: false } }),
      };
      expect((await ask(`/api/cameras/${name}`, same)).status).toBe(200);
      if (name === 'scene') continue;
      for (const change of [{ source: [planted.camera] }, { source: '' }, { detect: 7 }]) {
        await ask(`/api/cameras/${name}`, { method: 'PATCH', headers, body: JSON.stringify(change) });
      }
    }
    await expect.poll(() => messages.filter((one) => one.startsWith('ocellus/porch/response/state')).length).toBe(7);
    // Each camera has failed at least once, and its state was told.
    await expect
      .poll(() => messages.some((one) => one.startsWith('ocellus/porch/stats')), { timeout: 300_000 })
      .toBe(true);
    await expect.poll(() => told.some((one) => one.includes('last_error')), { timeout: 300_000 }).toBe(true);
    socket.terminate();
    await client.endAsync();

    expect(answers.length).toBeGreaterThan(50);
    expect(messages.length).toBeGreaterThan(20);
    await expect.poll(() => said).toContain('the camera does not answer');
    for (const [what, text] of [
      ['answers', answers.join('\n')],
      ['the WebSocket', told.join('\n')],
      ['MQTT', messages.join('\n')],
      ['the log', said],
    ] as const) {
      expect(found(text), what).toEqual([]);
    }
  });

  it('stay in the settings file, the passwords as hashes', async () => {
    const file = await readFile(join(folder, 'ocellus.yaml'), 'utf8');
    expect(file).toContain(`rtsp://me:${planted.camera}@127.0.0.1:9/1`);
    expect(file).toContain(`{OCELLUS_TEST_SECRET}@127.0.0.1:9/1`);
    expect(file).toContain(`{${join(folder, 'secret')}}@127.0.0.1:9/1`);
    for (const name of ['page', 'user', 'variable'] as const)
      for (const form of forms(planted[name])) expect(file).not.toContain(form);
  });

  it('are in nothing that is said of wrong settings, and not in what the doctor tells', async () => {
    for (const text of [
      `mqtt: {password: [${planted.file}]}`,
      `mqtt: {password:${planted.file}}`,
      `mqtt: {password: ${planted.file}`,
      `mqtt: {password: *${planted.query}}`,
      `mqtt: {broker: "foo://me:${planted.file}@host"}`,
      `mqtt: {broker: "mqtt://me:${planted.camera}@ho st"}`,
      `console: {password: "${planted.file}`,
      `console: {password: "$scrypt$${planted.file}"}`,
      `cameras: {door: "rtsp://me:${planted.file}@door"}`,
      `cameras: {door: {source: {a: "rtsp://me:${planted.file}@door"}}}`,
    ]) {
      await writeFile(join(folder, 'wrong.yaml'), text);
      const { code, out, err } = await ocellus(
        ['run', '--config', 'wrong.yaml', '--port', '0', '--mqtt-port', '0'],
        folder,
      );
      expect([text, code]).toEqual([text, 2]);
      expect(found(out + err), err).toEqual([]);
    }
    const { out, err } = await ocellus(['doctor'], folder);
    expect(found(out + err)).toEqual([]);
  });
});
