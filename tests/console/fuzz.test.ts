import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { hashPassword } from '../../sdk/access/password.ts';
import { random } from '../../sdk/base/random.ts';
import { Console } from '../../tools/console/server/console.ts';
import { FakeCamera, FakeNode, pageFolder } from './fakes.ts';

const requests = 80_000;
const messages = 20_000;
const connections = 8;
const pages = 25;
const batchSize = 16;
/** What 100,000 of them may leave behind: caches of the runtime, not something of each. */
const mostLeftMb = 12;

/** The same choices at each run. */
function randomFrom(seed: number) {
  const next = random(seed);
  const below = (most: number) => Math.floor(next() * most);
  const of = <T>(list: readonly T[]): T => list[below(list.length)]!;
  const text = (most: number, first = 0x21, last = 0x7e) =>
    String.fromCharCode(...Array.from({ length: below(most) }, () => first + below(last - first + 1)));
  return { next, below, of, text };
}
type Random = ReturnType<typeof randomFrom>;

const routes = [
  '/',
  '/index.html',
  '/healthz',
  '/metrics',
  '/api/session',
  '/api/state',
  '/api/live',
  '/api/events',
  '/api/events/a/snapshot.jpg',
  '/api/events/a/clip.mp4',
  '/api/cameras/door',
  '/api/cameras/attic',
  '/api/cameras/door/snapshot.jpg',
  '/api/cameras',
  '/api/cameras/door/rename',
  '/api/sources/try',
  '/api/node',
  '/api/access',
  '/api/history',
];
const parts = [
  '..',
  '.',
  '%2e%2e',
  '%2f',
  '%5c',
  '%00',
  '%',
  '%ff',
  'api',
  'cameras',
  'door',
  '__proto__',
  'constructor',
];
const verbs = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND'];
const noVerbs = ['get', 'X', 'GET\t', 'PRI'];
const fields = ['source', 'enabled', 'detect', 'motion', 'zones', 'lines', 'masks', 'password', '__proto__', 'x'];

function json(random: Random, depth = 0): unknown {
  const { below, of, text, next } = random;
  switch (below(depth > 3 ? 6 : 9)) {
    case 0:
      return null;
    case 1:
      return next() < 0.5;
    case 2:
      return of([0, -1, 0.5, 1e308, -1e-9, 2 ** 53]);
    case 3:
    case 4:
      return text(30);
    case 5:
      return text(20, 0x80, 0xffff);
    case 6:
      return Array.from({ length: below(5) }, () => json(random, depth + 1));
    default:
      return Object.fromEntries(
        Array.from({ length: below(5) }, () => [of([...fields, text(8)]), json(random, depth + 1)]),
      );
  }
}

function path(random: Random): string {
  const { below, of, text } = random;
  switch (below(6)) {
    case 0:
      return `/${text(40)}`;
    case 1:
      return `/${Array.from({ length: below(6) }, () => of(parts)).join('/')}`;
    case 2:
      return `/api/events?${of(['limit', 'before', 'camera', 'label', text(5)])}=${text(20)}`;
    case 3:
      return `/api/cameras/${text(30)}`;
    case 4:
      return `/${'x'.repeat(below(4000))}`;
    default:
      return of(routes);
  }
}

interface Shot {
  readonly bytes: Buffer;
  readonly verb: string;
  /** The server may end the connection: nothing comes after it. */
  readonly isLast: boolean;
}

function shot(random: Random, login: string): Shot {
  const { below, of, text, next } = random;
  const isBroken = below(40) === 0;
  // What is looked at most closely comes more often.
  const isChange = below(5) === 0;
  const verb = isBroken && below(3) === 0 ? of(noVerbs) : isChange ? 'PATCH' : of(verbs);
  const target = isChange ? '/api/cameras/door' : path(random);
  if (isBroken && below(2) === 0) {
    const bytes = Buffer.from(text(200, 0, 255), 'latin1');
    return { bytes: Buffer.concat([bytes, Buffer.from('\r\n\r\n')]), verb: '', isLast: true };
  }
  const headers: string[] = [];
  if (next() < 0.99) headers.push(`host: ${next() < 0.9 ? 'localhost' : text(20)}`);
  // But for the logout, which would be obeyed.
  if (next() < 0.6 && !(verb === 'DELETE' && target.startsWith('/api/session'))) headers.push(login);
  if (next() < 0.8) {
    headers.push(
      `origin: ${of(['http://localhost', 'http://localhost', 'http://localhost', 'http://evil.example', 'null', text(10)])}`,
    );
  }
  if (next() < 0.2) headers.push(`authorization: ${of(['Basic ', 'Bearer ', ''])}${text(30)}`);
  if (next() < 0.2)
    headers.push(`${of(['range', 'if-none-match', 'accept-encoding', 'cookie', 'x-forwarded-for'])}: ${text(40)}`);
  if (next() < 0.05) headers.push(`upgrade: ${of(['websocket', 'h2c'])}`);
  if (isBroken)
    headers.push(of(['a b: c', ': x', 'content-length: -1', 'transfer-encoding: x', `x: ${'y'.repeat(9000)}`]));
  let body = Buffer.alloc(0);
  if (next() < 0.5) {
    const value = next() < 0.8 ? JSON.stringify(json(random)) : text(below(20) === 0 ? 70_000 : 300, 0, 255);
    body = Buffer.from(value, next() < 0.9 ? 'utf8' : 'latin1');
    headers.push(
      `content-type: ${of(['application/json', 'application/json; charset=utf-8', 'text/plain', text(20)])}`,
    );
    headers.push(`content-length: ${body.length}`);
  }
  const head = `${verb} ${target} HTTP/1.1\r\n${headers.map((line) => `${line}\r\n`).join('')}\r\n`;
  return { bytes: Buffer.concat([Buffer.from(head, 'latin1'), body]), verb, isLast: isBroken };
}

/** The statuses that come for these requests until they are all answered or the connection ends. */
function answers(socket: Socket, shots: readonly Shot[]): Promise<{ statuses: number[]; closed: boolean }> {
  return new Promise((resolve) => {
    const statuses: number[] = [];
    let rest = Buffer.alloc(0);
    const finish = (closed: boolean) => {
      socket.off('data', onData).off('close', onClose);
      resolve({ statuses, closed });
    };
    const onClose = () => finish(true);
    const onData = (chunk: Buffer) => {
      rest = Buffer.concat([rest, chunk]);
      for (;;) {
        const end = rest.indexOf('\r\n\r\n');
        if (end < 0) break;
        const head = rest.subarray(0, end).toString('latin1');
        const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1]);
        // Node's own answer where the Host is missing is an empty body in chunks.
        const isChunked = /^transfer-encoding: chunked/im.test(head);
        const length = isChunked ? '0\r\n\r\n'.length : Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? 0);
        const hasBody = status !== 304 && shots[statuses.length]?.verb !== 'HEAD';
        const size = end + 4 + (hasBody ? length : 0);
        if (rest.length < size) break;
        rest = rest.subarray(size);
        statuses.push(status);
      }
      if (statuses.length === shots.length) finish(false);
    };
    socket.on('data', onData).on('close', onClose);
    for (const { bytes } of shots) socket.write(bytes);
  });
}

function heapMb(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  for (let i = 0; i < 3; i++) collect();
  return process.memoryUsage().heapUsed / 1e6;
}

describe('Console: 100,000 malformed requests and messages', { timeout: 1_800_000 }, () => {
  const page = pageFolder();
  const camera = new FakeCamera('door');
  let server: Console;
  let port: number;
  let login: string;
  const uncaught: unknown[] = [];
  const note = (error: unknown) => uncaught.push(error);
  beforeAll(async () => {
    process.on('uncaughtException', note).on('unhandledRejection', note);
    const password = await hashPassword('correct horse');
    server = new Console({ node: new FakeNode([camera]), port: 0, folder: page.folder, password });
    ({ port } = await server.start());
    const response = await fetch(`http://127.0.0.1:${port}/api/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"password":"correct horse"}',
    });
    login = `cookie: ${response.headers.get('set-cookie')!.split(';')[0]}`;
  });
  afterAll(async () => {
    await server.stop();
    process.off('uncaughtException', note).off('unhandledRejection', note);
    page.remove();
  });

  async function shoot(seed: number, count: number): Promise<Map<number, number>> {
    const random = randomFrom(seed);
    const seen = new Map<number, number>();
    let socket: Socket | undefined;
    for (let sent = 0; sent < count; ) {
      if (!socket) {
        socket = connect(port, '127.0.0.1').on('error', () => {});
        await once(socket, 'connect');
      }
      const shots: Shot[] = [];
      while (shots.length < batchSize && !shots.at(-1)?.isLast) shots.push(shot(random, login));
      const { statuses, closed } = await answers(socket, shots);
      for (const status of statuses) seen.set(status, (seen.get(status) ?? 0) + 1);
      // Those behind one that ended the connection were never read.
      sent += closed ? Math.max(1, statuses.length) : shots.length;
      if (closed) socket = undefined;
      camera.changes.length = 0;
    }
    socket?.destroy();
    return seen;
  }

  async function talk(seed: number, count: number): Promise<number> {
    const random = randomFrom(seed);
    const { below, of, text } = random;
    let errors = 0;
    const socket = new WebSocket(`ws://127.0.0.1:${port}/api/live`, {
      headers: { ...cookie(), origin: `http://127.0.0.1:${port}` },
    });
    socket.on('message', (data, isBinary) => {
      if (!isBinary && String(data).startsWith('{"type":"error"')) errors++;
    });
    await once(socket, 'open');
    for (let i = 0; i < count; i++) {
      const message = {
        type: of(['watch', 'unwatch', 'x', json(random)]),
        camera: of(['door', 'attic', text(80), json(random)]),
        ...(below(2) === 0 && { fps: json(random) }),
        ...(below(2) === 0 && { max_height: json(random) }),
      };
      socket.send(below(3) === 0 ? Buffer.from(text(300, 0, 255), 'latin1') : JSON.stringify(message));
      if (below(20) === 0) socket.ping(text(100));
    }
    await new Promise<void>((resolve, reject) => {
      socket.on('pong', (data) => String(data) === 'the last' && resolve());
      socket.once('close', (code) => reject(new Error(`the WebSocket was closed with ${code}`)));
      socket.ping('the last');
    });
    socket.terminate();
    return errors;
  }
  const cookie = () => ({ cookie: login.slice('cookie: '.length) });

  it('are answered with errors only; memory is as before, and a good request gets its answer', async () => {
    // What is compiled and cached once is not counted.
    await Promise.all([shoot(1, 2000), talk(2, 200)]);
    const before = heapMb();
    const [answered, errors] = await Promise.all([
      Promise.all(Array.from({ length: connections }, (_, i) => shoot(100 + i, requests / connections))),
      Promise.all(Array.from({ length: pages }, (_, i) => talk(200 + i, messages / pages))),
    ]);
    const after = heapMb();
    const statuses = new Map<number, number>();
    for (const seen of answered)
      for (const [status, count] of seen) statuses.set(status, (statuses.get(status) ?? 0) + count);
    const said = [...statuses].sort(([a], [b]) => a - b).map(([status, count]) => `${status}: ${count}`);
    const refused = errors.reduce((sum, count) => sum + count, 0);
    console.log(
      `answers ${said.join(', ')}; ${refused} errors to ${messages} messages; heap ${before.toFixed(1)} -> ${after.toFixed(1)} MB`,
    );
    for (const status of statuses.keys()) {
      expect([200, 304, 400, 401, 403, 404, 405, 408, 411, 413, 414, 415, 426, 429, 431, 503]).toContain(status);
    }
    expect(statuses.get(200)! / requests).toBeLessThan(0.2);
    expect(refused).toBeGreaterThan(messages / 3);
    expect(after - before).toBeLessThan(mostLeftMb);
    expect(uncaught).toEqual([]);
    expect(({} as { threshold?: number }).threshold).toBeUndefined();
    const good = await fetch(`http://127.0.0.1:${port}/api/state`, { headers: cookie() });
    expect([good.status, ((await good.json()) as { node: string }).node]).toEqual([200, 'porch']);
  });
});
