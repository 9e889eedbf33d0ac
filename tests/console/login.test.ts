import { once } from 'node:events';
import { type IncomingHttpHeaders, request } from 'node:http';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { hashPassword } from '../../sdk/access/password.ts';
import { sessionEnded } from '../../tools/console/protocol.ts';
import { Console, type ConsoleOptions } from '../../tools/console/server/console.ts';
import { recorder } from '../support/recorder.ts';
import { FakeCamera, FakeNode, pageFolder } from './fakes.ts';

interface Asked {
  method?: string;
  headers?: Record<string, string>;
  body?: string;
}

const page = pageFolder();
const secret = 'correct horse';
let password: string;
beforeAll(async () => {
  password = await hashPassword(secret);
});
afterAll(() => page.remove());

const running: Console[] = [];
afterEach(async () => {
  for (const one of running.splice(0)) await one.stop();
});

async function start(options: Partial<ConsoleOptions> = {}) {
  const camera = new FakeCamera('door');
  const logger = recorder();
  const node = new FakeNode([camera]);
  const server = new Console({
    node,
    port: 0,
    folder: page.folder,
    password,
    logger,
    ...options,
  });
  running.push(server);
  const { url, port } = await server.start();
  const ask = (path: string, init: Asked = {}) => send(port, path, init);
  const origin = `http://127.0.0.1:${port}`;
  const json = { origin, 'content-type': 'application/json' };
  const logIn = (given: unknown = secret, headers = {}) =>
    ask('/api/session', {
      method: 'POST',
      headers: { ...json, ...headers },
      body: JSON.stringify({ password: given }),
    });
  /** The cookie of a new session. */
  const session = async () => (await logIn()).headers['set-cookie']![0]!.split(';')[0]!;
  return { node, server, camera, logger, url, port, origin, json, ask, logIn, session };
}

/** Sends exactly these headers. */
function send(port: number, path: string, { method = 'GET', headers = {}, body }: Asked) {
  return new Promise<{ status: number; headers: IncomingHttpHeaders; body: string }>((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, path, method, headers, agent: false }, async (response) => {
      let text = '';
      for await (const chunk of response) text += chunk;
      resolve({ status: response.statusCode!, headers: response.headers, body: text });
    });
    asked.on('error', reject);
    asked.end(body);
  });
}

const basic = (given: string, user = 'anyone') => `Basic ${Buffer.from(`${user}:${given}`).toString('base64')}`;

/** How a WebSocket's opening ends: `open`, or the status of the refusal. */
async function opening(port: number, headers: Record<string, string>) {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/api/live`, { headers });
  const result = await new Promise<string>((resolve) => {
    socket.once('open', () => resolve('open'));
    socket.once('error', (error) => resolve(/\d{3}/.exec(error.message)?.[0] ?? error.message));
  });
  return { socket, result };
}

const guarded: [string, string][] = [
  ['GET', '/api/state'],
  ['GET', '/api/events'],
  ['GET', '/api/events/a/snapshot.jpg'],
  ['GET', '/api/events/a/clip.mp4'],
  ['GET', '/api/cameras/door'],
  ['PATCH', '/api/cameras/door'],
  ['GET', '/api/cameras/door/snapshot.jpg'],
  ['GET', '/api/sources'],
  ['POST', '/api/sources/try'],
  ['POST', '/api/cameras'],
  ['POST', '/api/cameras/door/rename'],
  ['DELETE', '/api/cameras/door'],
  ['POST', '/api/node'],
  ['POST', '/api/access'],
  ['POST', '/api/history'],
  ['GET', '/api/live'],
  ['GET', '/metrics'],
  ['GET', '/api/nothing'],
  ['DELETE', '/nothing'],
];

describe('a page with a password', () => {
  it.each(guarded)('%s %s needs a login, whether there is such a thing or not', async (method, path) => {
    const { ask, json, camera } = await start();
    const answer = await ask(path, { method, headers: json, ...(method === 'PATCH' && { body: '{"enabled":false}' }) });
    expect([answer.status, JSON.parse(answer.body)]).toEqual([401, { error: 'log in first' }]);
    // A browser would ask with a window of its own, in front of the page's login.
    expect(answer.headers['www-authenticate'] !== undefined).toBe(!path.startsWith('/api/'));
    expect(camera.changes).toEqual([]);
  });

  it('shows the page and its login, and says of its health only whether it is well', async () => {
    const { ask, node, camera, session } = await start();
    expect((await ask('/')).status).toBe(200);
    expect(JSON.parse((await ask('/api/session')).body)).toEqual({ required: true, active: false });
    expect(JSON.parse((await ask('/healthz')).body)).toEqual({ ok: true });
    camera.status = 'offline';
    node.unfinishedMs = 31_000;
    const ill = await ask('/healthz');
    expect([ill.status, JSON.parse(ill.body)]).toEqual([503, { ok: false }]);
    const cookie = await session();
    expect(JSON.parse((await ask('/healthz', { headers: { cookie } })).body).cameras).toEqual({ door: 'offline' });
  });

  it('gives a session for the password, until the logout', async () => {
    const { ask, logIn, port, json } = await start();
    const answer = await logIn();
    expect([answer.status, JSON.parse(answer.body)]).toEqual([200, { required: true, active: true }]);
    const [cookie] = answer.headers['set-cookie']!;
    expect(cookie).toMatch(
      new RegExp(`^ocellus-${port}=[\\w-]{43}; Path=/; Max-Age=2592000; HttpOnly; SameSite=Strict$`),
    );
    const headers = { cookie: `other=1; ${cookie!.split(';')[0]}` };
    expect((await ask('/api/state', { headers })).status).toBe(200);
    const change = { method: 'PATCH', body: '{"detect":{"threshold":0.3}}' };
    expect((await ask('/api/cameras/door', { ...change, headers: { ...json, ...headers } })).status).toBe(200);
    const left = await ask('/api/session', { method: 'DELETE', headers: { ...json, ...headers } });
    expect(left.headers['set-cookie']![0]).toMatch(/=; Path=\/; Max-Age=0;/);
    expect((await ask('/api/state', { headers })).status).toBe(401);
  });

  it.each([
    ['another password', 'wrong horse', 401],
    ['none', null, 400],
    ['what is no text', { $ne: '' }, 400],
    ['more than a password', 'x'.repeat(60_000), 401],
  ])('gives none for %s', async (_, given, status) => {
    const { logIn } = await start();
    const answer = await logIn(given);
    expect([answer.status, answer.headers['set-cookie']]).toEqual([status, undefined]);
  });

  it('lets a program in that gives the password with each request, and sends no session', async () => {
    const { ask } = await start();
    const answer = await ask('/api/state', { headers: { authorization: basic(secret) } });
    expect([answer.status, answer.headers['set-cookie']]).toEqual([200, undefined]);
    for (const authorization of [
      basic('wrong horse'),
      'Basic',
      'Basic !',
      `Bearer ${secret}`,
      basic('').slice(0, -4),
    ]) {
      expect((await ask('/api/state', { headers: { authorization } })).status).toBe(401);
    }
  });

  it('looks at five wrong passwords of an address, however they come, then at none', async () => {
    const { ask, logIn, logger, session } = await start();
    const cookie = await session();
    const guesses = await Promise.all([
      ...Array.from({ length: 10 }, (_, i) => logIn(`wrong ${i}`)),
      ...Array.from({ length: 10 }, (_, i) => ask('/metrics', { headers: { authorization: basic(`wrong ${i}`) } })),
    ]);
    const statuses = guesses.map(({ status }) => status);
    expect(statuses.filter((status) => status === 401).length).toBeLessThanOrEqual(5);
    expect(new Set(statuses)).toEqual(new Set([401, 429]));
    const refused = await logIn();
    expect(refused.status).toBe(429);
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    // Who is in stays in.
    expect((await ask('/api/state', { headers: { cookie } })).status).toBe(200);
    expect(
      logger.lines.filter((line) => line === 'warn page: a wrong password from 127.0.0.1').length,
    ).toBeLessThanOrEqual(5);
    expect(logger.lines.join()).not.toMatch(/wrong \d/);
  });

  it('takes a session from a page of its own only', async () => {
    const { ask, json, session, origin } = await start();
    const cookie = await session();
    const change = (headers: Record<string, string>) =>
      ask('/api/cameras/door', { method: 'PATCH', headers: { cookie, ...headers }, body: '{}' });
    expect((await change(json)).status).toBe(200);
    expect((await change({ ...json, origin: 'http://evil.example' })).status).toBe(403);
    expect((await change({ ...json, origin: 'null' })).status).toBe(403);
    // The same host, another port: SameSite lets the cookie through.
    expect((await change({ ...json, origin: 'http://127.0.0.1:1' })).status).toBe(403);
    expect((await change({ 'content-type': 'application/json' })).status).toBe(403);
    expect((await change({ origin, 'content-type': 'text/plain' })).status).toBe(415);
    expect((await change({ ...json, host: 'evil.example' })).status).toBe(403);
  });

  it.each(['', 'x', 'x'.repeat(43), '../../etc/passwd', '__proto__'])('knows no session %s', async (id) => {
    const { ask, port } = await start();
    expect((await ask('/api/state', { headers: { cookie: `ocellus-${port}=${id}` } })).status).toBe(401);
  });

  it('opens the WebSocket for a session, and ends it with that one alone', async () => {
    const { ask, port, origin, json, session } = await start();
    const cookies = [await session(), await session()];
    expect((await opening(port, {})).result).toBe('401');
    expect((await opening(port, { origin })).result).toBe('401');
    expect((await opening(port, { cookie: cookies[0]! })).result).toBe('403');
    expect((await opening(port, { cookie: cookies[0]!, origin: 'http://evil.example' })).result).toBe('403');
    const [one, other] = await Promise.all(cookies.map((cookie) => opening(port, { cookie, origin })));
    const program = await opening(port, { authorization: basic(secret) });
    expect([one!.result, other!.result, program.result]).toEqual(['open', 'open', 'open']);
    const closed = once(one!.socket, 'close');
    await ask('/api/session', { method: 'DELETE', headers: { ...json, cookie: cookies[0]! } });
    expect((await closed)[0]).toBe(sessionEnded);
    for (const { socket } of [other!, program]) {
      socket.ping();
      await once(socket, 'pong');
    }
  });

  it('gives a cookie for TLS alone behind a proxy that speaks it, by the name people open there', async () => {
    const { url, ask, logIn } = await start({ url: 'https://cams.example.org' });
    expect(url).toBe('https://cams.example.org/');
    const proxied = { host: 'cams.example.org', origin: 'https://cams.example.org' };
    const [cookie] = (await logIn(secret, proxied)).headers['set-cookie']!;
    expect(cookie).toMatch(/^__Host-ocellus=[\w-]{43}; Path=\/; Max-Age=2592000; HttpOnly; SameSite=Strict; Secure$/);
    const headers = { ...proxied, cookie: cookie!.split(';')[0]! };
    expect((await ask('/api/state', { headers })).status).toBe(200);
    // Headers that anybody can send change nothing.
    const forged = { 'x-forwarded-for': '10.9.8.7', 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'http' };
    expect((await ask('/api/state', { headers: { ...headers, ...forged } })).status).toBe(200);
    expect((await ask('/', { headers: { host: 'evil.example', 'x-forwarded-host': 'cams.example.org' } })).status).toBe(
      403,
    );
  });

  it('counts an address by its connection, not by what a header says', async () => {
    const { logIn } = await start();
    const statuses: number[] = [];
    for (let i = 0; i < 8; i++) statuses.push((await logIn(`wrong ${i}`, { 'x-forwarded-for': `10.0.0.${i}` })).status);
    expect(statuses).toContain(429);
  });
});

describe('a page without a password', () => {
  it('asks for none', async () => {
    const { ask, logIn } = await start({ password: undefined });
    expect(JSON.parse((await ask('/api/session')).body)).toEqual({ required: false, active: true });
    expect((await ask('/api/state')).status).toBe(200);
    expect((await logIn()).status).toBe(400);
  });
});
