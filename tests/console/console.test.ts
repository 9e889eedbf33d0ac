import { once } from 'node:events';
import { createServer, request } from 'node:http';
import { type AddressInfo, connect as connectTo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { closedHealth } from '../../devices/device/device.ts';
import { hashPassword } from '../../sdk/access/password.ts';
import { InputError } from '../../sdk/base/errors.ts';
import { silent } from '../../sdk/base/log.ts';
import { type ServerMessage, unpackLive } from '../../tools/console/protocol.ts';
import { Console, type ConsoleOptions } from '../../tools/console/server/console.ts';
import { eventMessage, FakeBoard, FakeCamera, FakeNode, greyFrame, pageFolder, track } from './fakes.ts';

const page = pageFolder();
afterAll(() => page.remove());

const running: Console[] = [];
afterEach(async () => {
  for (const one of running.splice(0)) await one.stop();
});

async function startConsole(options: Partial<ConsoleOptions> = {}) {
  const camera = new FakeCamera('door', { source: 'rtsp://admin:secret@door/1' });
  const node = new FakeNode([camera]);
  const warnings: string[] = [];
  const logger = { ...silent, warn: (message: string) => void warnings.push(message) };
  const server = new Console({
    node,
    mqttUrl: 'mqtt://user:secret@hub:1883',
    port: 0,
    folder: page.folder,
    logger,
    ...options,
  });
  running.push(server);
  const { url, port } = await server.start();
  return { server, camera, node, url, port, warnings };
}

/** Sends exactly these headers, as a browser or somebody worse would. */
function raw(
  port: number,
  options: { method?: string; path?: string; headers?: Record<string, string>; body?: string },
) {
  return new Promise<{ status: number; headers: Record<string, unknown>; body: string }>((resolve, reject) => {
    const { body, ...rest } = options;
    const asked = request({ host: '127.0.0.1', port, ...rest }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('end', () =>
        resolve({
          status: response.statusCode!,
          headers: response.headers,
          body: Buffer.concat(chunks).toString(),
        }),
      );
    });
    asked.on('error', reject);
    asked.end(body);
  });
}

/** A page's connection: what it was told, in order. */
async function connect(url: string) {
  const socket = new WebSocket(`${url.replace('http', 'ws')}api/live`, { origin: url.slice(0, -1) });
  const told: ServerMessage[] = [];
  const pictures: ReturnType<typeof unpackLive>[] = [];
  socket.on('message', (data: Buffer, isBinary) => {
    if (isBinary)
      pictures.push(unpackLive(data.buffer.slice(data.byteOffset, data.byteOffset + data.length) as ArrayBuffer));
    else told.push(JSON.parse(data.toString()));
  });
  await once(socket, 'open');
  const of = <T extends ServerMessage['type']>(type: T) =>
    told.filter((message): message is Extract<ServerMessage, { type: T }> => message.type === type);
  await expect.poll(() => of('state').length).toBe(1);
  return { socket, told, pictures, of, say: (message: unknown) => socket.send(JSON.stringify(message)) };
}

// biome-ignore lint/suspicious/noExplicitAny: what it is, the tests say
const json = (response: Response): Promise<any> => response.json();

const patch = (url: string, body: unknown, camera = 'door') =>
  fetch(`${url}api/cameras/${camera}`, {
    method: 'PATCH',
    headers: { 'content-type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });

describe('Console: requests', () => {
  let shared: Awaited<ReturnType<typeof startConsole>>;
  beforeAll(async () => {
    shared = await startConsole();
    running.pop();
  });
  afterAll(() => shared.server.stop());

  it('serves the page with headers that let nothing else in', async () => {
    const response = await fetch(shared.url);
    expect(response.status).toBe(200);
    expect(await response.text()).toContain('<title>page</title>');
    expect(response.headers.get('content-security-policy')).toContain("default-src 'self'");
    expect(response.headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    expect(response.headers.get('referrer-policy')).toBe('no-referrer');
    const again = await fetch(shared.url, { headers: { 'if-none-match': response.headers.get('etag')! } });
    expect(again.status).toBe(304);
  });

  it('answers HEAD like GET, without the body', async () => {
    const head = await fetch(shared.url, { method: 'HEAD' });
    expect(head.status).toBe(200);
    expect(await head.text()).toBe('');
  });

  it('tells where in a view things of which size were seen', async () => {
    const sizes = [{ label: 'person', place: [0.5, 0.25, 0.5625, 0.375], size: 0.04, spread: 1.1, count: 7 }];
    expect(await json(await fetch(`${shared.url}api/cameras/door/sizes`))).toEqual({ sizes });
    expect((await fetch(`${shared.url}api/cameras/none/sizes`)).status).toBe(404);
  });

  it('tells the state without passwords', async () => {
    const response = await fetch(`${shared.url}api/state`);
    const text = await response.text();
    expect(text).not.toContain('secret');
    expect(JSON.parse(text)).toMatchObject({
      node: 'porch',
      mqtt: { url: 'mqtt://user:***@hub:1883', root: 'ocellus/porch' },
      cameras: [
        {
          name: 'door',
          status: 'online',
          labels: ['person', 'cat'],
          known_labels: ['person', 'cat', 'dog'],
          counts: [{ label: 'person', count: 1 }],
          settings: { source: 'rtsp://admin:***@door/1', detect: { threshold: 0.6 } },
          source: { uri: 'rtsp://admin:***@door/1', opened: { kind: 'rtsp', width: 64, height: 48 } },
        },
      ],
    });
  });

  it('tells of events and their pictures', async () => {
    shared.camera.emit('snapshot', { id: 'a-1', label: 'person', jpeg: Buffer.from('the jpeg') });
    shared.camera.emit('event', eventMessage('a-1'));
    shared.camera.emit('event', eventMessage('a-2', { label: 'cat', has_snapshot: false }));
    const all = await json(await fetch(`${shared.url}api/events`));
    expect(all.events.map(({ id, has_snapshot }: { id: string; has_snapshot: boolean }) => [id, has_snapshot])).toEqual(
      [
        ['a-2', false],
        ['a-1', true],
      ],
    );
    const cats = await json(await fetch(`${shared.url}api/events?label=cat&limit=1&camera=door`));
    expect(cats.events).toHaveLength(1);
    const picture = await fetch(`${shared.url}api/events/a-1/snapshot.jpg`);
    expect(picture.headers.get('content-type')).toBe('image/jpeg');
    expect(await picture.text()).toBe('the jpeg');
    expect((await fetch(`${shared.url}api/events/a-2/snapshot.jpg`)).status).toBe(404);
  });

  it.each(['limit=0', 'limit=201', 'limit=x', 'limit=1e2', 'sort=up'])('refuses ?%s', async (query) => {
    const response = await fetch(`${shared.url}api/events?${query}`);
    expect(response.status).toBe(400);
    expect((await json(response)).error).toContain(query.split('=')[0]);
  });

  it('takes one picture of a camera for all who ask meanwhile', async () => {
    const before = shared.camera.snapshots;
    const asked = await Promise.all(
      Array.from({ length: 20 }, () => fetch(`${shared.url}api/cameras/door/snapshot.jpg`)),
    );
    for (const response of asked) expect(await response.text()).toBe('a picture');
    expect(shared.camera.snapshots - before).toBeLessThan(20);
  });

  it('says why there is no picture', async () => {
    shared.camera.picture = undefined;
    const response = await fetch(`${shared.url}api/cameras/door/snapshot.jpg`);
    shared.camera.picture = Buffer.from('a picture');
    expect(response.status).toBe(503);
    expect((await json(response)).error).toContain('no picture yet');
  });

  it('changes settings and answers with the camera as it is then', async () => {
    const response = await patch(shared.url, { detect: { threshold: 0.35 } });
    expect(response.status).toBe(200);
    expect((await json(response)).settings.detect.threshold).toBe(0.35);
    expect(shared.camera.settings.detect.threshold).toBe(0.35);
  });

  it('changes nothing that others have changed since it was looked at, and says what is there now', async () => {
    const { url, camera } = await startConsole({ board: new FakeBoard() });
    const looked = await fetch(`${url}api/cameras/door`);
    const etag = looked.headers.get('etag')!;
    expect(etag).toBe(`"${(await json(looked)).revision}"`);
    const change = (threshold: number, match?: string) =>
      fetch(`${url}api/cameras/door`, {
        method: 'PATCH',
        headers: { 'content-type': 'application/json', ...(match !== undefined && { 'if-match': match }) },
        body: JSON.stringify({ detect: { threshold } }),
      });
    // Two at the very same moment: one of them.
    const both = await Promise.all([change(0.31, etag), change(0.32, etag)]);
    const [won, lost] = both[0]!.status === 200 ? both : both.toReversed();
    expect([won!.status, lost!.status]).toEqual([200, 412]);
    const [now, told] = [await json(won!), await json(lost!)];
    expect([lost!.headers.get('etag'), told.error]).toEqual([`"${now.revision}"`, expect.stringContaining('door')]);
    expect(told.camera.settings.detect.threshold).toBe(camera.settings.detect.threshold);
    expect(now.settings.detect.threshold).toBe(camera.settings.detect.threshold);
    expect((await change(0.4, `"1", "${now.revision}"`)).status).toBe(200);
    for (const match of ['', '"x"', `W/${etag}`, etag])
      expect([match, (await change(0.5, match)).status]).toEqual([match, 412]);
    // Whichever is there.
    for (const match of [undefined, '*']) expect((await change(0.5, match)).status).toBe(200);
  });

  it('does to the board nothing that others have done something to since', async () => {
    const board = new FakeBoard();
    const { url, camera } = await startConsole({ board });
    const { run } = await json(await fetch(`${url}api/state`));
    const ask = async (method: string, path: string, body: object, match: string) => {
      const headers = { 'content-type': 'application/json', 'if-match': match };
      return (await fetch(`${url}${path}`, { method, headers, body: JSON.stringify(body) })).status;
    };
    for (const [path, body] of [
      ['api/node', { name: 'shed' }],
      ['api/access', { network: false }],
      ['api/history', { days: 9 }],
    ] as const) {
      expect([path, await ask('POST', path, body, '"x"')]).toEqual([path, 412]);
      expect([path, await ask('POST', path, body, `"${run}"`)]).toEqual([path, 200]);
    }
    expect(await ask('DELETE', 'api/cameras/door', {}, '"1"')).toBe(412);
    expect(await ask('DELETE', 'api/cameras/door', {}, `"${camera.revision}"`)).toBe(200);
    expect(board.changes).toEqual([
      { node: 'shed' },
      { access: { network: false } },
      { history: { days: 9 } },
      { remove: 'door', seen: camera.revision },
    ]);
  });

  it('refuses a wrong setting with the path of its field, and changes nothing', async () => {
    const before = shared.camera.changes.length;
    const response = await patch(shared.url, { detect: { threshold: 7 } });
    expect(response.status).toBe(400);
    expect((await json(response)).error).toContain('detect.threshold');
    expect(shared.camera.changes.length).toBe(before);
  });

  it('takes a source that comes back as it was shown for no change, and asks for the password of another', async () => {
    await patch(shared.url, { source: 'rtsp://admin:***@door/1' });
    expect(shared.camera.settings.source).toBe('rtsp://admin:secret@door/1');
    const response = await patch(shared.url, { source: 'rtsp://admin:***@garden/1' });
    expect(response.status).toBe(400);
    expect((await json(response)).error).toContain('password');
    expect(shared.camera.settings.source).toBe('rtsp://admin:secret@door/1');
  });

  it.each([
    ['GET', '/api/nothing', 404],
    ['GET', '/api/cameras/attic', 404],
    ['PATCH', '/api/cameras/attic', 404],
    ['GET', '/../package.json', 404],
    ['GET', '/%2e%2e/package.json', 404],
    ['GET', '/..%2fpackage.json', 404],
    ['GET', '//evil.example/', 404],
    ['GET', '/%', 404],
    ['GET', '/api/cameras/%E0%A4%A', 404],
    ['GET', '/api/cameras/__proto__', 404],
    ['GET', `/${'x'.repeat(3000)}`, 414],
    ['POST', '/api/state', 405],
    ['DELETE', '/api/cameras/door', 405],
    ['constructor', '/', 400],
    ['PUT', '/', 405],
    ['GET', '/api/live', 426],
  ])('%s %s: %i', async (method, path, status) => {
    const response = await raw(shared.port, { method, path });
    expect(response.status).toBe(status);
    // Node itself answers what is no HTTP.
    if (status !== 400) expect(JSON.parse(response.body).error).toBeTypeOf('string');
  });

  it.each([
    ['another type', { 'content-type': 'text/plain' }, '{}', 415],
    ['no type', {}, '{}', 415],
    ['no JSON', { 'content-type': 'application/json' }, '{', 400],
    ['a list', { 'content-type': 'application/json' }, '[]', 400],
    [
      'too many levels',
      { 'content-type': 'application/json' },
      `{"masks":${'['.repeat(30_000)}${']'.repeat(30_000)}}`,
      400,
    ],
    ['a way to the prototype', { 'content-type': 'application/json' }, '{"detect":{"__proto__":{"fps":1}}}', 400],
    ['too much', { 'content-type': 'application/json' }, `{"source":"${'x'.repeat(70_000)}"}`, 413],
  ])('refuses a PATCH with %s', async (_, headers, body, status) => {
    const response = await raw(shared.port, {
      method: 'PATCH',
      path: '/api/cameras/door',
      headers: headers as never,
      body,
    });
    expect(response.status).toBe(status);
    expect(JSON.parse(response.body).error).toBeTypeOf('string');
  });

  it('hears out who sends far too much and reads the answer after that', async () => {
    const body = Buffer.alloc(12_000_000, 'x');
    const socket = connectTo({ port: shared.port, host: '127.0.0.1' }).pause();
    const head = ['PATCH /api/cameras/door HTTP/1.1', `Host: 127.0.0.1:${shared.port}`, 'Connection: close'];
    head.push('Content-Type: application/json', `Content-Length: ${body.length}`, '', '');
    socket.write(head.join('\r\n'));
    await new Promise<void>((resolve, reject) => socket.on('error', reject).write(body, () => resolve()));
    let answer = '';
    for await (const chunk of socket) answer += chunk;
    expect(answer).toMatch(/^HTTP\/1.1 413 /);
  });

  it('refuses a foreign name and a foreign origin', async () => {
    expect((await raw(shared.port, { path: '/', headers: { host: 'evil.example' } })).status).toBe(403);
    const headers = { origin: 'http://evil.example', 'content-type': 'application/json' };
    const response = await raw(shared.port, { method: 'PATCH', path: '/api/cameras/door', headers, body: '{}' });
    expect(response.status).toBe(403);
  });
});

describe('Console: the connection of a page', () => {
  it('tells how things stand, then what happens', async () => {
    const { camera, url } = await startConsole();
    const { of } = await connect(url);
    expect(of('state')[0]!.state.node).toBe('porch');
    await expect.poll(() => of('stats').length).toBeGreaterThan(0);
    expect(of('stats')[0]!.mqtt, 'there is no hub').toBeNull();
    camera.status = 'offline';
    camera.emit('status', 'offline', { ...closedHealth, state: 'offline' });
    camera.emit('motion', true);
    camera.emit('count', { label: 'cat', zone: 'mat', count: 2 });
    camera.emit('crossing', {
      line: 'gate',
      label: 'cat',
      direction: 'in',
      total: 4,
      trackId: 1,
      time: 1_700_000_000.25,
    });
    camera.emit('snapshot', { id: 'e', label: 'cat', jpeg: Buffer.from('j') });
    camera.emit('event', eventMessage('e'));
    await camera.change({ detect: { threshold: 0.2 } });
    await expect.poll(() => of('settings').length).toBe(1);
    expect(of('status')[0]).toMatchObject({ camera: 'door', status: 'offline' });
    expect(of('motion')[0]).toMatchObject({ camera: 'door', moving: true });
    expect(of('count')[0]).toMatchObject({ camera: 'door', label: 'cat', zone: 'mat', count: 2 });
    expect(of('crossing')[0]).toMatchObject({ line: 'gate', direction: 'in', total: 4 });
    expect(of('event')[0]).toMatchObject({ change: 'new', event: { id: 'e', has_snapshot: true } });
    expect(of('settings')[0]!.camera.settings.detect.threshold).toBe(0.2);
    // A page that comes later is told the totals as well.
    const later = await connect(url);
    expect(later.of('state')[0]!.state.cameras[0]!.crossings).toEqual([
      { line: 'gate', label: 'cat', direction: 'in', total: 4 },
    ]);
  });

  it('tells the labels once the model is loaded', async () => {
    const { camera, url } = await startConsole();
    camera.knownLabels = [];
    const { of } = await connect(url);
    camera.knownLabels = ['person'];
    const { frame } = greyFrame(1);
    camera.emit('frame', { frame, tracks: [], inferred: true, moving: false });
    await expect.poll(() => of('settings')[0]?.camera.known_labels).toEqual(['person']);
  });

  it('sends pictures of the camera that is watched, until it is not', async () => {
    const { camera, url } = await startConsole();
    const { socket, say, pictures } = await connect(url);
    const offer = (sequence: number) => {
      const { frame, freed } = greyFrame(sequence);
      camera.emit('frame', { frame, tracks: [track()], inferred: true, moving: true });
      frame.release();
      return freed;
    };
    offer(1);
    say({ type: 'watch', camera: 'door', max_height: 48, fps: 15 });
    let sequence = 2;
    await expect
      .poll(() => {
        offer(sequence++);
        return pictures.length;
      })
      .toBeGreaterThan(0);
    const { header, jpeg } = pictures[0]!;
    expect(header.tracks).toMatchObject([{ id: 3, label: 'person', score: 0.81, box: [10, 11, 30, 41] }]);
    expect([...jpeg.slice(0, 3)]).toEqual([0xff, 0xd8, 0xff]);
    say({ type: 'unwatch', camera: 'door' });
    // Answered in order, so the unwatch has been obeyed when this comes back.
    say('x');
    await expect.poll(() => offer(sequence++)()).toBe(true);
    // What was sent before has come when this is answered.
    socket.ping();
    await once(socket, 'pong');
    const before = pictures.length;
    expect(offer(sequence)(), 'nobody encodes it').toBe(true);
    socket.ping();
    await once(socket, 'pong');
    expect(pictures.length).toBe(before);
  });

  it('encodes nothing for a page that has left', async () => {
    const { camera, url } = await startConsole();
    const { socket, say, pictures } = await connect(url);
    say({ type: 'watch', camera: 'door' });
    await expect
      .poll(() => {
        camera.emit('frame', { frame: greyFrame(1).frame, tracks: [], inferred: true, moving: true });
        return pictures.length;
      })
      .toBeGreaterThan(0);
    socket.terminate();
    await expect
      .poll(() => {
        const { frame, freed } = greyFrame(2);
        camera.emit('frame', { frame, tracks: [], inferred: true, moving: true });
        frame.release();
        return freed();
      })
      .toBe(true);
  });

  it.each([
    '',
    '{',
    '[]',
    'null',
    '7',
    '{"type":"watch"}',
    '{"type":"fly","camera":"door"}',
    '{"type":"watch","camera":"attic"}',
    '{"type":"watch","camera":"door","fps":1e9}',
  ])('answers %s with an error and goes on', async (text) => {
    const { url } = await startConsole();
    const { socket, of } = await connect(url);
    socket.send(text);
    await expect.poll(() => of('error').length).toBe(1);
    expect(socket.readyState).toBe(WebSocket.OPEN);
  });

  it('cuts off who sends more than a page would', async () => {
    const { url } = await startConsole();
    const { socket } = await connect(url);
    socket.on('error', () => {});
    socket.send('x'.repeat(5000));
    await once(socket, 'close');
    expect((await fetch(`${url}healthz`)).status).toBe(200);
  });

  it.each([
    ['a foreign origin', '/api/live', { origin: 'http://evil.example' }],
    ['a foreign name', '/api/live', { host: 'evil.example' }],
    ['another path', '/api/state', {}],
  ])('refuses %s', async (_, path, headers) => {
    const { port } = await startConsole();
    const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, { headers });
    const [error] = await once(socket, 'error').catch((reason) => [reason]);
    expect(String(error)).toMatch(/40[34]/);
  });

  it('takes no more pages than it can serve', async () => {
    const { url, port } = await startConsole();
    const sockets = await Promise.all(Array.from({ length: 32 }, () => connect(url)));
    const last = new WebSocket(`ws://127.0.0.1:${port}/api/live`);
    const [error] = await once(last, 'error').catch((reason) => [reason]);
    expect(String(error)).toContain('503');
    sockets[0]!.socket.close();
    await once(sockets[0]!.socket, 'close');
    await expect.poll(async () => (await connect(url).catch(() => undefined)) !== undefined).toBe(true);
  });

  it('hides passwords in the last error of a camera', async () => {
    const { node, url } = await startConsole();
    node.lastError = 'rtsp://admin:secret@door/1 does not answer';
    const { of } = await connect(url);
    await expect.poll(() => of('stats').length).toBeGreaterThan(0);
    expect(of('stats')[0]!.stats.cameras.door!.device.last_error).toBe('rtsp://admin:***@door/1 does not answer');
  });
});

describe('Console: where it listens', () => {
  it('takes a port near the default one when that is taken, and says so', async () => {
    const other = createServer().listen(8420, '127.0.0.1');
    const isOurs = await Promise.race([
      once(other, 'listening').then(() => true),
      once(other, 'error').then(() => false),
    ]);
    const { url, warnings } = await startConsole({ port: 8420 });
    expect(url).not.toContain(':8420/');
    expect(warnings.join()).toContain('port 8420 is taken');
    if (isOurs) other.close();
  });

  it('refuses another port that is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    await expect(startConsole({ port })).rejects.toThrow(`port ${port}: another program uses it`);
    other.close();
  });

  it('refuses an address that is not of this machine', async () => {
    const password = await hashPassword('correct horse');
    await expect(startConsole({ host: '203.0.113.7', password })).rejects.toThrow('this machine has no such address');
  });

  it.each(['0.0.0.0', '::', '192.168.1.2'])(
    'does not listen on %s without a password, and says what to do',
    async (host) => {
      const starting = startConsole({ host });
      await expect(starting).rejects.toThrow(InputError);
      await expect(starting).rejects.toThrow(`console.host is ${host}, so other machines could reach the page`);
      await expect(starting).rejects.toThrow('set console.password to a password of your own');
    },
  );

  it('is no page for a proxy without a password', async () => {
    await expect(startConsole({ url: 'https://cams.example.org' })).rejects.toThrow(
      'console.url: anyone could open it',
    );
  });

  it('refuses a password that is no hash, without showing it', async () => {
    const starting = startConsole({ password: 'hunter2hunter2' });
    await expect(starting).rejects.toThrow('console.password: expected a hash as `ocellus password` prints it');
    await expect(starting).rejects.not.toThrow('hunter2');
  });

  it('says what to do when the page was not built', async () => {
    await expect(startConsole({ folder: '/nowhere' })).rejects.toThrow('npm run build');
  });

  it('listens to the cameras from start to stop, and can be stopped twice', async () => {
    const { server, camera, url } = await startConsole();
    const { socket } = await connect(url);
    expect(camera.listenerCount('frame')).toBe(1);
    const closed = once(socket, 'close');
    await server.stop();
    await closed;
    await server.stop();
    // Only what the history of the node listens to.
    expect(camera.eventNames()).toEqual(['snapshot', 'event']);
    await expect(fetch(url)).rejects.toThrow();
  });
});
