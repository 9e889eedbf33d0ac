import { once } from 'node:events';
import { connect } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { Console } from '../../tools/console/server/console.ts';
import { FakeCamera, FakeNode, pageFolder } from './fakes.ts';

/** What may be sent by anyone, made at random: the process stays up, and nothing of it is taken for right. */
describe('Console: bad input', () => {
  const page = pageFolder();
  const camera = new FakeCamera('door');
  const server = new Console({ node: new FakeNode([camera]), port: 0, folder: page.folder });
  let port: number;
  let url: string;
  const uncaught: unknown[] = [];
  const note = (error: unknown) => uncaught.push(error);
  beforeAll(async () => {
    process.on('uncaughtException', note);
    process.on('unhandledRejection', note);
    ({ port, url } = await server.start());
  });
  afterAll(async () => {
    await server.stop();
    process.off('uncaughtException', note);
    process.off('unhandledRejection', note);
    page.remove();
  });

  /** Sends bytes as they are and reads until the connection ends. */
  async function exchange(bytes: Buffer | string): Promise<string> {
    const socket = connect(port, '127.0.0.1');
    const chunks: Buffer[] = [];
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('error', () => {});
    socket.end(bytes);
    await once(socket, 'close');
    return Buffer.concat(chunks).toString('latin1');
  }

  const stillServes = async () => {
    expect((await fetch(`${url}healthz`)).status).toBe(200);
    expect(uncaught).toEqual([]);
  };

  const visible = fc.string({ unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)) });
  const path = fc.oneof(
    visible.map((text) => `/${text}`),
    fc
      .array(
        fc.constantFrom(
          '..',
          '.',
          '%2e%2e',
          '%2f',
          '%5c',
          '%00',
          '%',
          'api',
          'cameras',
          'events',
          'door',
          'snapshot.jpg',
          '',
          'index.html',
        ),
        { maxLength: 7 },
      )
      .map((parts) => `/${parts.join('/')}`),
    visible.map((text) => `/api/cameras/${text}`),
    visible.map((text) => `/api/events/${text}/snapshot.jpg`),
    visible.map((text) => `/api/events/${text}/clip.mp4`),
    visible.map((text) => `/api/events?${text}`),
  );
  const method = fc.constantFrom('GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE');
  const header = fc.tuple(
    fc.constantFrom(
      'range',
      'if-none-match',
      'accept-encoding',
      'content-type',
      'origin',
      'host',
      'upgrade',
      'expect',
      'x-a',
    ),
    visible,
  );

  it('random paths, methods and headers: 2xx only for what is there, else 4xx, never 5xx', async () => {
    const fine = new Set([
      '/',
      '/index.html',
      '/theme.js',
      '/healthz',
      '/readyz',
      '/metrics',
      '/api/state',
      '/api/events',
      '/api/cameras/door',
      '/api/cameras/door/snapshot.jpg',
    ]);
    await fc.assert(
      fc.asyncProperty(method, path, fc.array(header, { maxLength: 4 }), async (verb, target, headers) => {
        const hosts = headers.some(([name]) => name === 'host') ? [] : [['host', 'localhost']];
        const lines = [...hosts, ...headers].map(([name, value]) => `${name}: ${value}\r\n`).join('');
        const answer = await exchange(`${verb} ${target} HTTP/1.1\r\n${lines}connection: close\r\n\r\n`);
        const status = Number(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1]);
        if (status < 400) {
          const { pathname } = new URL(target, 'http://localhost');
          expect(['GET', 'HEAD']).toContain(verb);
          expect(fine).toContain(pathname);
        } else expect(status).toBeLessThan(500);
      }),
      { numRuns: 400 },
    );
    await stillServes();
  });

  it('random bytes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 500 }), async (bytes) => {
        const answer = await exchange(Buffer.from(bytes));
        expect(answer).not.toMatch(/^HTTP\/1\.1 [25]/);
      }),
      { numRuns: 100 },
    );
    await stillServes();
  });

  it('random bodies of a PATCH: a change that fits the schema, or 4xx and no change', async () => {
    const value = fc.oneof(fc.jsonValue(), fc.constantFrom(-1, 0.5, 1e9, true, null, [], {}));
    const change = fc.dictionary(
      fc.constantFrom(
        'source',
        'enabled',
        'detect',
        'motion',
        'zones',
        'lines',
        'masks',
        'snapshots',
        '__proto__',
        'constructor',
        'x',
      ),
      fc.oneof(value, fc.dictionary(fc.constantFrom('threshold', 'labels', 'enabled', 'a', '__proto__'), value)),
    );
    const body = fc.oneof(
      change.map((one) => JSON.stringify(one)),
      fc.jsonValue().map((one) => JSON.stringify(one)),
      fc.string(),
    );
    await fc.assert(
      fc.asyncProperty(body, async (text) => {
        const before = camera.settings;
        const response = await fetch(`${url}api/cameras/door`, {
          method: 'PATCH',
          headers: { 'content-type': 'application/json' },
          body: text,
        });
        expect([200, 400]).toContain(response.status);
        if (response.status === 400) {
          expect(camera.settings).toBe(before);
          expect(((await response.json()) as { error: string }).error).not.toBe('');
        }
      }),
      { numRuns: 300 },
    );
    expect(({} as { threshold?: number }).threshold).toBeUndefined();
    await stillServes();
  });

  it('random WebSocket messages', async () => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/api/live`);
    await once(socket, 'open');
    const message = fc.oneof(
      fc.string({ maxLength: 300 }),
      fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
      fc
        .record(
          {
            type: fc.constantFrom('watch', 'unwatch', 'x', 7),
            camera: fc.oneof(fc.constant('door'), fc.string(), fc.jsonValue()),
            max_height: fc.oneof(fc.double(), fc.jsonValue()),
            fps: fc.oneof(fc.double(), fc.jsonValue()),
          },
          { requiredKeys: [] },
        )
        .map((one) => JSON.stringify(one)),
    );
    await fc.assert(
      fc.asyncProperty(message, async (one) => {
        socket.send(one);
      }),
      { numRuns: 500 },
    );
    socket.ping();
    await once(socket, 'pong');
    expect(socket.readyState).toBe(WebSocket.OPEN);
    socket.close();
    await stillServes();
  });

  it('frames that break the WebSocket protocol, and upgrades that are none', async () => {
    const upgrade = (key: string, version: string) =>
      `GET /api/live HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-key: ${key}\r\nsec-websocket-version: ${version}\r\n\r\n`;
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('dGhlIHNhbXBsZSBub25jZQ==', 'x', ''),
        fc.constantFrom('13', '8', 'x'),
        fc.uint8Array({ maxLength: 200 }),
        async (key, version, bytes) => {
          await exchange(Buffer.concat([Buffer.from(upgrade(key, version)), Buffer.from(bytes)]));
        },
      ),
      { numRuns: 60 },
    );
    await stillServes();
  });

  it('a client that leaves in the middle of its body', async () => {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => {});
    socket.write(
      'PATCH /api/cameras/door HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{"det',
    );
    await once(socket, 'connect');
    await new Promise((resolve) => setTimeout(resolve, 20));
    socket.destroy();
    await stillServes();
  });
});
