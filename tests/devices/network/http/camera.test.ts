import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import type { Device, DeviceOptions } from '../../../../devices/device/device.ts';
import { createDevice, openDevice } from '../../../../devices/index.ts';
import type { Frame } from '../../../../sdk/frame/frame.ts';
import { closing } from '../../../support/closing.ts';
import { hasProgram } from '../../../support/needs.ts';
import { fakeProgram } from '../../../support/programs.ts';
import { MjpegServer } from '../../mjpeg-server.ts';

async function serve(options?: Parameters<typeof MjpegServer.start>[0]): Promise<MjpegServer> {
  return closing(await MjpegServer.start(options), (server) => server.kill());
}

async function opened(uri: string, options?: DeviceOptions): Promise<Device> {
  return closing(await openDevice(uri, options), (device) => device.close());
}

/** Reads all frames, as in the field. */
function reader(device: Device): { next(): Promise<void> } {
  let wake = () => {};
  void (async () => {
    for await (const frame of device.frames()) {
      frame.release();
      wake();
    }
  })();
  return {
    next: () =>
      new Promise((resolve) => {
        wake = resolve;
      }),
  };
}

async function until(device: Device, state: string): Promise<void> {
  while (device.health.state !== state) await once(device, 'health');
}

/** A server whose every answer is this one. @returns Its address. */
async function rawServer(answer: (response: ServerResponse, request: IncomingMessage) => void): Promise<string> {
  const server = createServer((request, response) => answer(response, request)).listen(0, '127.0.0.1');
  closing(server, async () => {
    server.closeAllConnections();
    server.close();
  });
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/video`;
}

const jpegOf = (width: number, height: number): Promise<Buffer> =>
  sharp({ create: { width, height, channels: 3, background: '#808080' } })
    .jpeg()
    .toBuffer();

const part = (head: string, jpeg: Buffer, tail = '\r\n') => Buffer.concat([Buffer.from(head), jpeg, Buffer.from(tail)]);
const strict = (jpeg: Buffer) =>
  part(`--frame\r\nContent-Type: image/jpeg\r\nContent-Length: ${jpeg.length}\r\n\r\n`, jpeg);

/** What cameras send that ffmpeg's own reader of MJPEG refuses, and browsers take. */
const cameras: [name: string, send: (jpeg: Buffer) => Buffer, type?: string][] = [
  ['a camera by the book', strict],
  ['image/jpg', (jpeg) => part(`--frame\r\nContent-Type: image/jpg\r\nContent-Length: ${jpeg.length}\r\n\r\n`, jpeg)],
  ['a type with a size', (jpeg) => part('--frame\r\nContent-Type: image/jpeg; size=1234\r\n\r\n', jpeg)],
  ['parts without a type', (jpeg) => part(`--frame\r\nContent-Length: ${jpeg.length}\r\n\r\n`, jpeg)],
  ['parts without headers', (jpeg) => part('--frame\r\n\r\n', jpeg)],
  ['text before', (jpeg) => part('welcome\r\nto the camera\r\n--frame\r\nContent-Type: image/jpeg\r\n\r\n', jpeg)],
  ['a doubled boundary', (jpeg) => part('--frame\r\n--frame\r\nContent-Type: image/jpeg\r\n\r\n', jpeg)],
  ['line feeds alone', (jpeg) => part('--frame\nContent-Type: image/jpeg\n\n', jpeg, '\n')],
  ['no length', (jpeg) => part('--frame\r\nContent-Type: image/jpeg\r\n\r\n', jpeg)],
  ['a wrong length', (jpeg) => part('--frame\r\nContent-Type: image/jpeg\r\nContent-Length: 7\r\n\r\n', jpeg)],
  ['another boundary than it says', (jpeg) => part('----other\r\nContent-Type: image/jpeg\r\n\r\n', jpeg)],
  ['no boundary at all', (jpeg) => jpeg],
  ['no end mark', (jpeg) => part('--frame\r\nContent-Type: image/jpeg\r\n\r\n', jpeg.subarray(0, -2))],
  ['no type of its own', strict, ''],
  ['a type of its own that nobody knows', strict, 'video/x-motion-jpeg'],
  ['a boundary in quotes', strict, 'multipart/x-mixed-replace;boundary="--frame"'],
];

const secret = 'hunter2';
/** Why it cannot be opened; the password is not in it. */
async function failure(uri: string): Promise<string> {
  const broken = createDevice(uri, { stallTimeoutMs: 5000 });
  const error: Error = await broken.open().then(
    () => expect.fail('it opened'),
    (reason) => reason,
  );
  expect(`${error.message} ${JSON.stringify(broken.health)} ${broken.uri}`).not.toContain(secret);
  return error.message;
}

describe.skipIf(!hasProgram('ffmpeg'))('http: MJPEG (needs ffmpeg)', () => {
  it('shows the pictures in their colours, limited to the asked size', async () => {
    // From 720 lines on video is BT.709; a JPEG never is.
    const server = await serve({ width: 1280, height: 720, grey: 255 });
    const device = await opened(server.url('/video?size=large'), { fps: 10 });
    expect(device.properties).toMatchObject({
      kind: 'http',
      title: expect.stringMatching(/^127\.0\.0\.1:\d+\/video$/),
      format: 'I420',
      width: 1280,
      height: 720,
      colour: { matrix: 'bt601' },
      live: true,
    });
    const { value } = await device.frames().next();
    const frame = value as Frame;
    expect(frame.colour).toEqual(device.properties!.colour);
    // White is 255 in a JPEG; ffmpeg before 7 brings it into the limited range.
    const white = frame.colour.range === 'full' ? 255 : 235;
    expect(frame.planes.map(({ data }) => data[0])).toEqual([white, 128, 128]);
    frame.release();

    const small = await opened(server.url(), { width: 320 });
    expect(small.properties).toMatchObject({ width: 320, height: 180 });
  });

  it('comes back when the server was killed and started again', async () => {
    const server = await serve();
    const device = await opened(server.url());
    const seen = reader(device);
    await seen.next();
    await server.kill();
    await until(device, 'offline');
    await expect.poll(() => device.health.restarts).toBeGreaterThan(0);
    await server.listen();
    await until(device, 'online');
    await seen.next();
  });

  it('comes back when the server froze, and when it sent garbage', async () => {
    const server = await serve();
    const device = await opened(server.url(), { stallTimeoutMs: 4000 });
    const seen = reader(device);
    for (const mode of ['nothing', 'garbage'] as const) {
      await seen.next();
      const { restarts } = device.health;
      server.mode = mode;
      await until(device, 'offline');
      if (mode === 'nothing') {
        expect(device.health).toMatchObject({ stalls: 1, lastError: expect.stringMatching(/^no frame for 4\.0 s/) });
      }
      server.mode = 'pictures';
      await until(device, 'online');
      expect(device.health.restarts).toBeGreaterThan(restarts);
    }
    await seen.next();
  });

  it('tells the password to the camera alone', async () => {
    const server = await serve({ login: `me:${secret}/@ %'` });
    const login = `me:${encodeURIComponent(`${secret}/@ %'`).replace("'", '%27')}@`;
    const device = await opened(server.url('/video', login));
    await reader(device).next();
    expect(`${device.uri} ${device.properties.title} ${JSON.stringify(device.health)}`).not.toContain(secret);
    expect(server.authorizations.at(-1)).toMatch(/^Basic /);

    expect(await failure(server.url('/video', ''))).toMatch(/asks for a user and a password \(http:/);
    expect(await failure(server.url('/video', `me:${secret}@`))).toMatch(/asks for a user and a password/);
    expect(await failure(server.url('/none', login))).toMatch(/no stream of this path/);
    await server.kill();
    expect(await failure(server.url('/video', login))).toMatch(/the camera does not answer: is it on/);
  });

  it('says what else than MJPEG it found, and follows nowhere else', async () => {
    const server = await serve();
    expect(await failure(server.url('/page'))).toMatch(/got a web page/);
    expect(await failure(server.url('/elsewhere'))).toMatch(/not on whitelist|Invalid/);
    server.mode = 'garbage';
    expect(await failure(server.url())).toMatch(/expected an MJPEG stream .* got something else|no frame for/);
  });

  it('takes no picture out of a video', async () => {
    const cover = await jpegOf(64, 48);
    const server = await rawServer((response) => {
      const head = Buffer.from('\0\0\0\x20ftypisom'.padEnd(400, '\0'), 'latin1');
      response.writeHead(200, { 'Content-Length': head.length + cover.length });
      response.write(head);
      response.end(cover);
    });
    const message = await failure(server);
    expect(message).toMatch(/got an MP4 file or stream; ffmpeg reads it: ffmpeg -nostdin -re -i URL .* \| ocellus run/);
    // What ffmpeg says of an input that was empty is no news.
    expect(message).not.toMatch(/End of file/);
  });

  it('does not wait for the end of a page', async () => {
    const server = await rawServer((response) => {
      response.writeHead(200, { 'Content-Type': 'text/html' });
      response.write('<html><form><input type="password">');
    });
    expect(await failure(server)).toMatch(/got a web page that asks for a password/);
  });

  it.each([
    ['http:', /expected http:\/\/\[user:password@\]host/],
    ['http:///video', /expected http:\/\//],
    ['http:camera/video', /expected http:\/\//],
    ['http:\\\\camera/video', /expected http:\/\//],
    ['http://camera/video\r\nX-Header: 1', /expected http:\/\//],
    ['http://me:a@b@c/d@e/video', /write \/ @ : # in a password/],
    ['https://me:a"b@camera/video', /write space " ' < > in a password/],
  ])('refuses %s', async (uri, message) => expect(await failure(uri)).toMatch(message));

  it('gives ffmpeg pictures alone, and no address', async () => {
    const fake = fakeProgram('ffmpeg', 'process.exitCode = 1;');
    await failure(`https://me:${secret}@127.0.0.1/video`);
    const [run] = fake.runs();
    expect(run![run!.indexOf('-protocol_whitelist') + 1]).toBe('pipe');
    expect(run![run!.indexOf('-i') + 1]).toBe('pipe:0');
    expect(run!.join(' ')).not.toMatch(/127\.0\.0\.1|hunter2/);
  });

  it.each(cameras)('takes what %s sends', async (_, send, type = 'multipart/x-mixed-replace; boundary=frame') => {
    const small = await jpegOf(64, 48);
    const server = await rawServer((response) => {
      response.writeHead(200, type === '' ? {} : { 'Content-Type': type });
      const timer = setInterval(() => response.write(send(small)), 30);
      response.once('close', () => clearInterval(timer));
    });
    const device = await opened(server);
    expect(device.properties).toMatchObject({ width: 64, height: 48 });
    const seen = reader(device);
    for (let i = 0; i < 5; i++) await seen.next();
    expect(device.health).toMatchObject({ state: 'online', corrupt: 0, restarts: 0 });
  });

  it('goes on where the camera’s pictures change their size, and is turned', async () => {
    const sizes: [number, number][] = [
      [64, 48],
      [48, 64],
      [128, 96],
    ];
    const pictures = await Promise.all(sizes.map(([width, height]) => jpegOf(width, height)));
    let [now, connections] = [0, 0];
    const server = await rawServer((response) => {
      connections++;
      response.writeHead(200, { 'Content-Type': 'multipart/x-mixed-replace; boundary=frame' });
      const timer = setInterval(() => response.write(strict(pictures[Math.min(now, 2)]!)), 30);
      response.once('close', () => clearInterval(timer));
    });
    const device = await opened(server);
    const frames = device.frames();
    for (const [width, height] of sizes) {
      for (;;) {
        const { value } = await frames.next();
        const size = [value!.width, value!.height];
        value!.release();
        if (size[0] === width && size[1] === height) break;
      }
      expect(device.properties).toMatchObject({ width, height });
      now++;
    }
    expect([connections, device.health.restarts]).toEqual([1, 0]);
  });

  it.each(['MD5', 'SHA-256', 'MD5-sess', undefined])('logs in with Digest, %s', async (algorithm) => {
    const picture = await jpegOf(64, 48);
    const [user, password, realm, nonce] = ['me', `${secret}:/@ %`, 'door', 'abc123'];
    const authorizations: string[] = [];
    const server = await rawServer((response, request) => {
      const given = request.headers.authorization;
      if (given) authorizations.push(given);
      const value = (name: string) => new RegExp(`\\b${name}="?([^",]*)`).exec(given ?? '')?.[1] ?? '';
      const hash = (text: string) =>
        createHash(algorithm === 'SHA-256' ? 'sha256' : 'md5')
          .update(text)
          .digest('hex');
      const own = hash(`${user}:${realm}:${password}`);
      const who = algorithm === 'MD5-sess' ? hash(`${own}:${nonce}:${value('cnonce')}`) : own;
      const what = hash(`GET:${request.url}`);
      const right = algorithm
        ? hash(`${who}:${nonce}:${value('nc')}:${value('cnonce')}:auth:${what}`)
        : hash(`${who}:${nonce}:${what}`);
      if (value('response') !== right || value('username') !== user) {
        const more = algorithm ? `, qop="auth", algorithm=${algorithm}` : '';
        const header = `Digest realm="${realm}", nonce="${nonce}", opaque="x"${more}`;
        response.writeHead(401, { 'WWW-Authenticate': ['Digest algorithm=SHA-512-256, nonce="y"', header] }).end();
        return;
      }
      response.writeHead(200, { 'Content-Type': 'multipart/x-mixed-replace; boundary=frame' });
      const timer = setInterval(() => response.write(strict(picture)), 30);
      response.once('close', () => clearInterval(timer));
    });
    const login = `me:${encodeURIComponent(password)}@`;
    const device = await opened(server.replace('//', `//${login}`).replace('/video', '/video?a=1&b=%20'));
    await reader(device).next();
    expect(authorizations.join(' ')).not.toContain(secret);
    expect(await failure(server.replace('//', '//me:wrong@'))).toMatch(/asks for a user and a password/);
  });

  it('tells the password to no other server that it is sent to', async () => {
    const seen: (string | undefined)[] = [];
    const other = await rawServer((response, request) => {
      seen.push(request.headers.authorization);
      response.writeHead(401, { 'WWW-Authenticate': 'Basic realm="other"' }).end();
    });
    const server = await rawServer((response) => response.writeHead(302, { Location: other }).end());
    // What is refused is not the password, then.
    expect(await failure(server.replace('//', `//me:${secret}@`))).toContain(
      `the server redirects to ${new URL(other).origin}, which asks for a password: it is sent to no other server; give that address`,
    );
    expect(seen).toEqual([undefined]);
    const round = await rawServer((response) => response.writeHead(302, { Location: '/again' }).end());
    expect(await failure(round)).toMatch(/returned 302/);
  });
});
