import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import type { Device, DeviceOptions } from '../../../../devices/device/device.ts';
import { createDevice, openDevice } from '../../../../devices/index.ts';
import { closing } from '../../../support/closing.ts';
import { hasProgram } from '../../../support/needs.ts';

interface Asked {
  readonly atMs: number;
  readonly authorization: string | undefined;
  /** The picture that comes next is. */
  readonly isBright: boolean;
}

/** A camera that gives one picture each time it is asked, unless `answer` says otherwise. */
class Camera {
  answer: (response: ServerResponse, request: IncomingMessage, count: number) => void | Promise<void> = (response) =>
    void this.picture(response);
  readonly asked: Asked[] = [];
  readonly sockets = new Set<Socket>();
  /** Requests that were not answered yet when the next one came. */
  overlaps = 0;
  grey = 10;
  port = 0;

  static async start(): Promise<Camera> {
    const camera = new Camera();
    let open = 0;
    const server = createServer((request, response) => {
      if (open++ > 0) camera.overlaps++;
      response.once('close', () => open--);
      const { authorization } = request.headers;
      camera.asked.push({ atMs: performance.now(), authorization, isBright: camera.grey <= 128 });
      void camera.answer(response, request, camera.asked.length);
    });
    server.on('connection', (socket) => camera.sockets.add(socket));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    closing(server, async () => {
      server.closeAllConnections();
      server.close();
    });
    camera.port = (server.address() as AddressInfo).port;
    return camera;
  }

  url(login = ''): string {
    return `http://${login}127.0.0.1:${this.port}/snapshot.jpg?channel=1`;
  }

  /** Dark and bright in turns, each another grey than those before. */
  async jpeg(width = 64, height = 48): Promise<Buffer> {
    this.grey = this.grey > 128 ? (this.grey + 5) % 100 : 150 + ((this.grey + 5) % 100);
    const background = { r: this.grey, g: this.grey, b: this.grey };
    return await sharp({ create: { width, height, channels: 3, background } })
      .jpeg({ quality: 95 })
      .toBuffer();
  }

  async picture(response: ServerResponse, width?: number, height?: number): Promise<void> {
    const jpeg = await this.jpeg(width, height);
    response.writeHead(200, { 'Content-Type': 'image/jpeg', 'Content-Length': jpeg.length }).end(jpeg);
  }
}

async function opened(uri: string, options?: DeviceOptions): Promise<Device> {
  return closing(await openDevice(uri, options), (device) => device.close());
}

async function failure(uri: string): Promise<string> {
  return await createDevice(uri)
    .open()
    .then(
      () => expect.fail('it opened'),
      (error: Error) => error.message,
    );
}

/** Takes frames until there are as many. @returns Their sizes, the brightness of their first pixel, and when they came. */
async function take(device: Device, count: number): Promise<{ size: string; luma: number; atMs: number }[]> {
  const taken: { size: string; luma: number; atMs: number }[] = [];
  for await (const frame of device.frames()) {
    const { width, height, planes } = frame;
    taken.push({ size: `${width}x${height}`, luma: planes[0]!.data[0]!, atMs: performance.now() });
    frame.release();
    if (taken.length >= count) break;
  }
  return taken;
}

const until = async (device: Device, state: string) => {
  while (device.health.state !== state) await once(device, 'health');
};

describe.skipIf(!hasProgram('ffmpeg'))('http: one picture at a time (needs ffmpeg)', () => {
  it('asks at the wanted rate, one at a time, over one connection, and shows each picture at once', async () => {
    const camera = await Camera.start();
    const device = await opened(camera.url(), { pollFps: 5 });
    expect(device.properties).toMatchObject({ kind: 'http', width: 64, height: 48, fps: 5, live: true });
    const frames = await take(device, 8);
    expect(new Set(frames.map(({ luma }) => luma)).size).toBe(8);
    const gaps = camera.asked.slice(1).map(({ atMs }, i) => atMs - camera.asked[i]!.atMs);
    const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
    expect(mean).toBeGreaterThan(190);
    expect(mean).toBeLessThan(300);
    expect([camera.sockets.size, camera.overlaps]).toEqual([1, 0]);
    // Not only when the next one comes, nor one later.
    for (const { luma, atMs } of frames.slice(2)) {
      const newest = camera.asked.findLast((one) => one.atMs < atMs)!;
      expect(luma > 128).toBe(newest.isBright);
    }
    expect(device.health).toMatchObject({ state: 'online', corrupt: 0, restarts: 0, stalls: 0 });
  });

  it('asks twice a second of itself, and no more often than frames are wanted', async () => {
    const camera = await Camera.start();
    expect((await opened(camera.url())).properties.fps).toBe(2);
    expect((await opened(camera.url(), { fps: 0.5 })).properties.fps).toBe(0.5);
    expect((await opened(camera.url(), { fps: 30, pollFps: 4 })).properties.fps).toBe(4);
    await expect(openDevice(camera.url(), { pollFps: 0 })).rejects.toThrow(/pollFps .*0\.01 to 30, got 0/);
  });

  it('waits for a slow camera', async () => {
    const camera = await Camera.start();
    camera.answer = (response) => void setTimeout(() => void camera.picture(response), 150);
    const device = await opened(camera.url(), { pollFps: 30 });
    await take(device, 6);
    expect([camera.overlaps, camera.sockets.size]).toEqual([0, 1]);
  });

  it.each([
    ['without a length, chunk by chunk', {}, (jpeg: Buffer) => jpeg],
    ['that ends with the connection', { Connection: 'close' }, (jpeg: Buffer) => jpeg],
    ['of no type', { 'Content-Type': '' }, (jpeg: Buffer) => jpeg],
    ['of a wrong type', { 'Content-Type': 'application/octet-stream' }, (jpeg: Buffer) => jpeg],
    ['without an end mark', {}, (jpeg: Buffer) => jpeg.subarray(0, -2)],
    ['with a line end behind it', {}, (jpeg: Buffer) => Buffer.concat([jpeg, Buffer.from('\r\n')])],
  ])('takes a picture %s', async (_, headers, of) => {
    const camera = await Camera.start();
    camera.answer = async (response) => {
      response.writeHead(200, { 'Content-Type': 'image/jpeg', ...headers });
      const body = of(await camera.jpeg());
      response.write(body.subarray(0, 100));
      response.end(body.subarray(100));
    };
    const device = await opened(camera.url(), { pollFps: 20 });
    expect((await take(device, 4)).map(({ size }) => size)).toEqual(Array(4).fill('64x48'));
    expect(device.health).toMatchObject({ corrupt: 0, restarts: 0 });
  });

  it('goes on where the pictures change their size', async () => {
    const camera = await Camera.start();
    camera.answer = (response, _, count) => camera.picture(response, count <= 2 ? 64 : 128, count <= 2 ? 48 : 96);
    const device = await opened(camera.url(), { pollFps: 10 });
    const sizes = (await take(device, 5)).map(({ size }) => size);
    expect(sizes.slice(-2)).toEqual(['128x96', '128x96']);
    expect(device.properties).toMatchObject({ width: 128, height: 96 });
    expect(device.health.restarts).toBe(0);
  });

  it('shows a picture that did not change again', async () => {
    const camera = await Camera.start();
    const jpeg = await camera.jpeg();
    camera.answer = (response) =>
      void response
        .writeHead(200, { 'Content-Type': 'image/jpeg', ETag: '"1"', 'Content-Length': jpeg.length })
        .end(jpeg);
    const device = await opened(camera.url(), { pollFps: 20 });
    await take(device, 5);
    expect(device.health).toMatchObject({ state: 'online', restarts: 0 });
  });

  it('lives with an answer that is missing, and is lost after three', async () => {
    const camera = await Camera.start();
    let refuses = 1;
    let how = 503;
    camera.answer = (response) => {
      if (refuses <= 0 || camera.asked.length <= 2) return camera.picture(response);
      refuses--;
      if (how !== 0) response.writeHead(how, { 'Content-Length': 0 }).end();
      else
        response
          .writeHead(200, { 'Content-Type': 'image/jpeg', 'Content-Length': 99_999 })
          .write('cut', () => response.destroy());
    };
    const device = await opened(camera.url(), { pollFps: 10 });
    await take(device, 4);
    how = 0;
    refuses = 1;
    await take(device, 4);
    expect(device.health).toMatchObject({ state: 'online', restarts: 0 });
    how = 503;
    refuses = 3;
    void take(device, 1000);
    await until(device, 'offline');
    expect(device.health.lastError).toMatch(/^the server returned 503/);
    await until(device, 'online');
    expect(device.health.restarts).toBe(1);
  });

  it('comes back from a camera that hangs', async () => {
    const camera = await Camera.start();
    const device = await opened(camera.url(), { pollFps: 10, stallTimeoutMs: 1000 });
    void take(device, 1000);
    camera.answer = () => {};
    await until(device, 'offline');
    expect(device.health).toMatchObject({ stalls: 1, lastError: expect.stringMatching(/^no frame for 1\.0 s/) });
    camera.answer = (response) => camera.picture(response);
    await until(device, 'online');
  });

  it('is not lost for being asked for few', async () => {
    const camera = await Camera.start();
    const device = await opened(camera.url(), { pollFps: 0.8, stallTimeoutMs: 500 });
    await take(device, 4);
    expect(device.health).toMatchObject({ state: 'online', restarts: 0, stalls: 0 });
  });

  it('asks anew on another connection where the camera closed the kept one', async () => {
    const camera = await Camera.start();
    camera.answer = async (response, request, count) => {
      // As a server does whose patience ends just then: the request is read, and the connection is reset.
      if (count === 3) request.socket.resetAndDestroy();
      else await camera.picture(response);
    };
    const device = await opened(camera.url(), { pollFps: 10 });
    await take(device, 5);
    expect(camera.asked[3]!.atMs - camera.asked[2]!.atMs).toBeLessThan(50);
    expect(device.health.restarts).toBe(0);
  });

  it('rests as long as the camera wants', async () => {
    const camera = await Camera.start();
    camera.answer = (response, _, count) => {
      if (count !== 3) return camera.picture(response);
      response.writeHead(503, { 'Retry-After': '2', 'Content-Length': 0 }).end();
    };
    const device = await opened(camera.url(), { pollFps: 10 });
    await take(device, 3);
    expect(camera.asked[3]!.atMs - camera.asked[2]!.atMs).toBeGreaterThan(1900);
    expect(device.health.restarts).toBe(0);
    // A longer rest is a camera that is away.
    camera.answer = (response) => {
      if (camera.asked.at(-1)!.atMs - since > 6500) return camera.picture(response);
      response.writeHead(429, { 'Retry-After': '7', 'Content-Length': 0 }).end();
    };
    void take(device, 1000);
    const since = performance.now();
    await until(device, 'offline');
    expect(device.health.lastError).toMatch(/^the server returned 429/);
    const before = camera.asked.length;
    await until(device, 'online');
    expect(camera.asked[before]!.atMs - camera.asked[before - 1]!.atMs).toBeGreaterThan(6900);
    expect(device.health).toMatchObject({ restarts: 1, stalls: 0 });
  }, 30_000);

  it('logs in once, and again where what it was asked has expired', async () => {
    const camera = await Camera.start();
    let nonce = 'first';
    const counts: string[] = [];
    camera.answer = async (response, request) => {
      const value = (name: string) =>
        new RegExp(`\\b${name}="?([^",]*)`).exec(request.headers.authorization ?? '')?.[1] ?? '';
      const hash = (text: string) => createHash('md5').update(text).digest('hex');
      const right = hash(
        `${hash('me:door:secret')}:${nonce}:${value('nc')}:${value('cnonce')}:auth:${hash(`GET:${request.url}`)}`,
      );
      if (value('nonce') === nonce && value('response') === right) {
        counts.push(value('nc'));
        await camera.picture(response);
        return;
      }
      const header = `Digest realm="door", nonce="${nonce}", qop="auth"${value('nonce') ? ', stale=true' : ''}`;
      response.writeHead(401, { 'WWW-Authenticate': header, 'Content-Length': 0 }).end();
    };
    const device = await opened(camera.url('me:secret@'), { pollFps: 20 });
    await take(device, 3);
    nonce = 'second';
    await take(device, 4);
    expect(camera.asked.length - counts.length).toBe(2);
    const again = counts.lastIndexOf('00000002') - 1;
    expect(counts.slice(0, 3)).toEqual(['00000001', '00000002', '00000003']);
    expect(counts.slice(again, again + 2)).toEqual(['00000001', '00000002']);
    expect(camera.sockets.size).toBe(1);
    expect(device.health.restarts).toBe(0);
    // A password that was changed is tried no more than it has to be.
    const { length } = camera.asked;
    camera.answer = (response) =>
      void response.writeHead(401, { 'WWW-Authenticate': 'Basic realm="door"', 'Content-Length': 0 }).end();
    void take(device, 1000);
    await until(device, 'offline');
    expect(device.health.lastError).toMatch(/^the server returned 401/);
    expect(camera.asked.length - length).toBeLessThanOrEqual(3);
  });

  it('follows where it is sent', async () => {
    const camera = await Camera.start();
    camera.answer = (response, request) => {
      if (request.url === '/now.jpg') return camera.picture(response);
      response.writeHead(302, { Location: '/now.jpg', 'Content-Length': 0 }).end();
    };
    const device = await opened(camera.url(), { pollFps: 10 });
    await take(device, 3);
    expect(camera.sockets.size).toBe(1);
  });

  it('says what it found in place of a picture', async () => {
    const camera = await Camera.start();
    const gives = (type: string, body: Buffer | string) => {
      camera.answer = (response) => void response.writeHead(200, { 'Content-Type': type }).end(body);
    };
    gives(
      'image/png',
      await sharp({ create: { width: 8, height: 8, channels: 3, background: 'red' } })
        .png()
        .toBuffer(),
    );
    expect(await failure(camera.url())).toMatch(/got a PNG picture; pictures are expected as JPEG/);
    gives('text/html; charset=utf-8', '<html>');
    expect(await failure(camera.url())).toMatch(/got a web page;/);
    gives('image/jpeg', '');
    expect(await failure(camera.url())).toMatch(/got an empty answer of the type image\/jpeg/);
    camera.answer = (response) => void response.writeHead(304).end();
    expect(await failure(camera.url())).toMatch(/the server returned 304/);
    camera.answer = (response) => void response.writeHead(503).end();
    expect(await failure(camera.url())).toMatch(/the server returned 503/);
  });
});
