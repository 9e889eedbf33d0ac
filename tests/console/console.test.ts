import { once } from 'node:events';
import { request } from 'node:http';
import { connect, createServer } from 'node:net';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { asset } from '../../sdk/assets.ts';
import { readPicture } from '../../sdk/frame/picture.ts';
import type { Node } from '../../sdk/pipeline/node.ts';
import type { NodeState, ServerMessage } from '../../tools/console/protocol.ts';
import { Console } from '../../tools/console/server/console.ts';
import { fakeNode, objectState } from './fake-node.ts';

const opened: { stop?(): Promise<void>; terminate?(): void }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) {
    one.terminate?.();
    await one.stop?.();
  }
});

async function start(node: Node = fakeNode('door'), options = {}) {
  const said: string[] = [];
  const say = (message: string) => said.push(message);
  const logger = { debug: say, info: say, warn: say, error: say };
  const page = new Console({ node, mqttUrl: 'mqtt://127.0.0.1:1883', port: 0, logger, ...options });
  const { url } = await page.start();
  opened.push(page);
  return { page, url, said, port: Number(new URL(url).port), door: node.pipelines.get('door')! };
}

interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: Buffer;
}

/** A request as it is: fetch would tidy the path and refuse some headers. */
function ask(port: number, path: string, options: { method?: string; headers?: object; body?: string } = {}) {
  return new Promise<Answer>((resolve, reject) => {
    const { method = 'GET', headers = {}, body } = options;
    // Node sends the body of some methods without saying how long it is.
    const length = body === undefined ? {} : { 'Content-Length': Buffer.byteLength(body) };
    const asked = request(
      { port, host: '127.0.0.1', path, method, headers: { ...length, ...headers } },
      async (response) => {
        const chunks: Buffer[] = [];
        for await (const chunk of response) chunks.push(chunk);
        resolve({ status: response.statusCode!, headers: response.headers, body: Buffer.concat(chunks) });
      },
    );
    asked.on('error', reject);
    asked.end(body);
  });
}

const json = (answer: Answer) => JSON.parse(answer.body.toString());
const patch = (port: number, path: string, change: unknown, headers = {}) =>
  ask(port, path, {
    method: 'PATCH',
    headers: { 'Content-Type': 'application/json', ...headers },
    body: typeof change === 'string' ? change : JSON.stringify(change),
  });

async function join(port: number, headers = {}) {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/api/live`, { headers });
  opened.push(socket);
  const messages: ServerMessage[] = [];
  socket.on('message', (data, isBinary) => {
    if (!isBinary) messages.push(JSON.parse(data.toString()));
  });
  await once(socket, 'open');
  const message = async <T extends ServerMessage['type']>(type: T) => {
    for (;;) {
      const found = messages.find((one) => one.type === type);
      if (found) return found as Extract<ServerMessage, { type: T }>;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };
  return { socket, messages, message };
}

describe('the console’s API', () => {
  it('tells the state of the node, with the password of a source masked', async () => {
    const node = fakeNode('door', 'yard');
    await node.pipelines.get('yard')!.change({ source: 'rtsp://me:hunter2@10.0.0.9/1' });
    const { port } = await start(node);
    const answer = await ask(port, '/api/state');
    expect(answer.body.toString()).not.toContain('hunter2');
    expect(json(answer)).toMatchObject({
      node: 'porch',
      version: expect.stringMatching(/^\d+\.\d+\.\d+/),
      mqtt: { url: 'mqtt://127.0.0.1:1883', topic: 'ocellus/porch' },
      cameras: [
        { name: 'door', status: 'offline' },
        { name: 'yard', settings: { source: 'rtsp://me:***@10.0.0.9/1' } },
      ],
    } satisfies Partial<Record<keyof NodeState, unknown>>);
    expect(json(await ask(port, '/api/stats'))).toMatchObject({ uptimeSeconds: 1 });
    expect(json(await ask(port, '/healthz'))).toEqual({ status: 'ok', cameras: { door: 'offline', yard: 'offline' } });
  });

  it('changes settings, and says what is wrong with those that are', async () => {
    const { port, door } = await start();
    const answer = await patch(port, '/api/cameras/door', { detect: { threshold: 0.7 } });
    expect([answer.status, json(answer).settings.detect.threshold]).toEqual([200, 0.7]);
    expect(door.settings.detect.threshold).toBe(0.7);
    const zones = {
      steps: {
        polygon: [
          [0, 0.5],
          [1, 0.5],
          [1, 1],
        ],
      },
    };
    expect((await patch(port, '/api/cameras/door', { zones })).status).toBe(200);
    expect(door.settings.zones.steps).toMatchObject({ ...zones.steps, inertia: 3 });

    const wrong = await patch(port, '/api/cameras/door', { detect: { threshold: 7 } });
    expect([wrong.status, json(wrong).error]).toEqual([
      400,
      expect.stringMatching(/detect\.threshold: expected .*got 7/),
    ]);
    expect(door.settings.detect.threshold).toBe(0.7);
    const none = await patch(port, '/api/cameras/garden', {});
    expect([none.status, json(none).error]).toEqual([404, 'there is no camera garden; expected one of door']);
    expect((await patch(port, '/api/cameras/door', '{')).status).toBe(400);
    expect((await patch(port, '/api/cameras/door', [])).status).toBe(400);
    expect((await patch(port, '/api/cameras/door', {}, { 'Content-Type': 'text/plain' })).status).toBe(415);
    expect((await patch(port, '/api/cameras/door', `{"a":"${'x'.repeat(70_000)}"}`)).status).toBe(413);
  });

  it('lists events and shows their pictures', async () => {
    const { port, door } = await start();
    const state = objectState('1000.5-abcdef');
    door.emit('snapshot', { id: state.id, label: 'person', jpeg: Buffer.from('a picture') });
    door.emit('event', { type: 'new', before: state, after: state });
    expect(json(await ask(port, '/api/events'))).toMatchObject([
      { type: 'new', snapshot: true, state: { id: state.id } },
    ]);
    expect(json(await ask(port, '/api/events?label=cat'))).toEqual([]);
    const picture = await ask(port, `/api/events/${state.id}/snapshot.jpg`);
    expect([picture.status, picture.headers['content-type'], picture.body.toString()]).toEqual([
      200,
      'image/jpeg',
      'a picture',
    ]);
    expect((await ask(port, '/api/events/none/snapshot.jpg')).status).toBe(404);
    expect((await ask(port, '/api/events?limit=0')).status).toBe(400);
    expect((await ask(port, '/api/events?limit=1e9')).status).toBe(400);
  });

  it('gives a fresh picture of a camera once there is one', async () => {
    const { port, door } = await start();
    const before = await ask(port, '/api/cameras/door/snapshot.jpg');
    expect([before.status, json(before).error]).toEqual([400, expect.stringContaining('has given no picture yet')]);
    const frame = await readPicture(asset('devices', 'scene', 'photos', 'cat.jpg'));
    door.latestFrame = () => frame.acquire();
    const { status, body } = await ask(port, '/api/cameras/door/snapshot.jpg?height=100');
    expect(status).toBe(200);
    expect((await readPicture(body)).height).toBe(100);
  });

  it('serves the page, and its headers keep other content and other sites out', async () => {
    const { port } = await start();
    const page = await ask(port, '/');
    expect(page.status).toBe(200);
    expect(page.body.toString()).toContain('<title>Ocellus</title>');
    for (const path of ['/', '/api/state', '/nothing']) {
      const { headers } = await ask(port, path);
      expect(headers['content-security-policy']).toContain("default-src 'self'");
      expect(headers['x-content-type-options']).toBe('nosniff');
      expect(headers['access-control-allow-origin']).toBeUndefined();
    }
    expect((await ask(port, '/api/nothing')).status).toBe(404);
    expect((await ask(port, '/', { method: 'POST' })).status).toBe(405);
    const { status, headers } = await ask(port, '/api/cameras/door', { method: 'DELETE' });
    expect([status, headers.allow]).toEqual([405, 'PATCH']);
    expect((await ask(port, '/api/state', { method: 'HEAD' })).body.length).toBe(0);
  });

  it.each([
    '/../package.json',
    '/..%2fpackage.json',
    '/%2e%2e/package.json',
    '/assets/../../../package.json',
    '/%',
    '//etc/passwd',
  ])('gives nothing outside the page: %s', async (path) => {
    const { port } = await start();
    const { status, body } = await ask(port, path);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(body.toString()).not.toMatch(/devDependencies|root:/);
  });

  it.each([
    ['a name that was pointed here', { Host: 'evil.example' }],
    ['no host that can be read', { Host: 'a b' }],
    ['another origin', { Origin: 'http://evil.example' }],
    ['a sandboxed origin', { Origin: 'null' }],
  ])('refuses %s', async (_, headers) => {
    const { port } = await start();
    expect((await ask(port, '/api/state', { headers })).status).toBe(403);
    expect((await patch(port, '/api/cameras/door', { enabled: false }, headers)).status).toBe(403);
    await expect(join(port, headers)).rejects.toThrow(/403/);
  });

  it('takes the names of the loopback address and its own origin', async () => {
    const { port } = await start();
    for (const host of ['localhost', '127.0.0.1', '[::1]']) {
      const headers = { Host: `${host}:${port}`, Origin: `http://${host}:${port}` };
      expect((await ask(port, '/api/state', { headers })).status).toBe(200);
    }
  });

  it('answers whatever is asked, and is there afterwards', async () => {
    const { port, said } = await start();
    const text = fc.string({ unit: fc.integer({ min: 33, max: 126 }).map((code) => String.fromCharCode(code)) });
    const path = fc.oneof(
      text.map((rest) => `/${rest}`),
      text.map((rest) => `/api/${rest}`),
      text.map((rest) => `/api/cameras/door${rest}`),
      text.map((rest) => `/api/events?${rest}`),
    );
    const body = fc.oneof(fc.json(), fc.string());
    const method = fc.constantFrom('GET', 'HEAD', 'PATCH', 'POST', 'PUT', 'DELETE', 'OPTIONS');
    const type = fc.constantFrom('application/json', 'text/plain', '');
    await fc.assert(
      fc.asyncProperty(path, method, type, body, async (asked, how, kind, sent) => {
        const withBody = how !== 'GET' && how !== 'HEAD' ? { body: sent } : {};
        const { status } = await ask(port, asked, { method: how, headers: { 'Content-Type': kind }, ...withBody });
        expect(status).toBeGreaterThanOrEqual(200);
        expect(status).toBeLessThan(500);
      }),
      { numRuns: 300 },
    );
    expect(said).toEqual([]);
    expect((await ask(port, '/healthz')).status).toBe(200);
  });
});

describe('the console’s WebSocket', () => {
  it('tells the state first, then what happens', async () => {
    const { port, door } = await start();
    const { message, socket } = await join(port);
    expect((await message('state')).state.cameras[0]!.name).toBe('door');
    const state = objectState('1-abcdef');
    door.emit('event', { type: 'new', before: state, after: state });
    expect((await message('event')).event.state.id).toBe('1-abcdef');
    await door.change({ detect: { threshold: 0.33 } });
    expect((await message('camera')).camera.settings.detect.threshold).toBe(0.33);
    expect((await message('stats')).stats.uptimeSeconds).toBe(1);
    socket.send('{"type":"watch","camera":"garden"}');
    expect((await message('error')).message).toBe('there is no camera garden');
  });

  it('sends pictures of the camera that is watched, and only while it is', async () => {
    const { port, door } = await start();
    const { socket, message } = await join(port);
    await message('state');
    let pictures = 0;
    socket.on('message', (_, isBinary) => {
      if (isBinary) pictures++;
    });
    const frame = await readPicture(asset('devices', 'scene', 'photos', 'cat.jpg'));
    const show = () => door.emit('frame', { frame, inferred: true, moving: false, tracks: [] });
    const answered = async () => {
      // The server answers in order, so an answer to nonsense says that it has seen what came before.
      const asked = once(socket, 'message');
      socket.send('nonsense');
      await asked;
    };
    show();
    await answered();
    expect(pictures).toBe(0);
    socket.send('{"type":"watch","camera":"door","maxHeight":64}');
    while (pictures === 0) {
      show();
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    socket.send('{"type":"watch","camera":null}');
    await answered();
    await new Promise((resolve) => setTimeout(resolve, 200));
    const before = pictures;
    show();
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(pictures).toBe(before);
  });

  it('outlives whatever a client sends', async () => {
    const { port } = await start();
    const value = fc.oneof(
      fc.json(),
      fc.string(),
      fc.record({ type: fc.constant('watch'), camera: fc.anything(), maxHeight: fc.anything() }).map((one) => {
        try {
          return JSON.stringify(one) ?? '';
        } catch {
          return '';
        }
      }),
    );
    const { socket } = await join(port);
    await fc.assert(
      fc.asyncProperty(value, fc.uint8Array(), async (text, bytes) => {
        socket.send(text);
        socket.send(bytes);
      }),
      { numRuns: 300 },
    );
    socket.send('x'.repeat(100_000));
    await once(socket, 'close');
    // Broken frames, past the library.
    const raw = connect(port, '127.0.0.1');
    raw.write(
      `GET /api/live HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${Buffer.alloc(16).toString('base64')}\r\n\r\n`,
    );
    await once(raw, 'data');
    raw.on('error', () => {});
    raw.write(Buffer.from([0xff, 0xff, 0xff, 0x00, 0x01]));
    raw.resume();
    await once(raw, 'close');
    expect((await ask(port, '/healthz')).status).toBe(200);
  });

  it('is only there where it should be', async () => {
    const { port } = await start();
    const socket = new WebSocket(`ws://127.0.0.1:${port}/elsewhere`);
    const [error] = await once(socket, 'error').catch((reason) => [reason]);
    expect(String(error)).toContain('403');
  });
});

describe('the console’s address', () => {
  it('is another free port when the default one is taken, and says so', async () => {
    const taken = createServer().listen(8420, '127.0.0.1');
    // Something else may have it already, which serves as well.
    await Promise.race([once(taken, 'listening'), once(taken, 'error')]);
    try {
      const { port, said } = await start(fakeNode('door'), { port: undefined });
      expect(port).not.toBe(8420);
      expect(said.join()).toContain('port 8420 is taken');
    } finally {
      taken.close();
    }
  });

  it('is an error when it was asked for and cannot be had', async () => {
    const { port } = await start();
    await expect(start(fakeNode('door'), { port })).rejects.toThrow(
      /the port is taken; choose another one \(console\.port\)/,
    );
    await expect(start(fakeNode('door'), { host: '203.0.113.7' })).rejects.toThrow(/this machine has no such address/);
  });

  it('warns when it is open to the network', async () => {
    const { said, url } = await start(fakeNode('door'), { host: '0.0.0.0' });
    expect(said.join()).toMatch(/open to the network/);
    expect(url).toMatch(/^http:\/\/localhost:/);
  });

  it('is free again after stop(), with its listeners gone; twice is fine', async () => {
    const { page, port, door } = await start();
    const { socket } = await join(port);
    const closed = once(socket, 'close');
    await page.stop();
    await closed;
    await page.stop();
    expect(door.eventNames()).toEqual([]);
    await start(fakeNode('door'), { port });
  });
});
