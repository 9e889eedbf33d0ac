import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import type { Device, DeviceOptions } from '../../devices/device.ts';
import { createDevice, openDevice } from '../../devices/index.ts';
import type { Frame } from '../../sdk/frame/frame.ts';
import { closing } from '../closing.ts';
import { hasProgram } from '../needs.ts';
import { fakeProgram } from './fake.ts';
import { MjpegServer } from './mjpeg-server.ts';

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
    for (const path of ['/picture', '/page']) {
      expect(await failure(server.url(path))).toMatch(/what comes is no MJPEG stream/);
    }
    expect(await failure(server.url('/elsewhere'))).toMatch(/not on whitelist|Invalid/);
    server.mode = 'garbage';
    expect(await failure(server.url())).toMatch(/no MJPEG stream|no frame for/);
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

  it('gives ffmpeg the protocols of the web alone', async () => {
    const fake = fakeProgram('ffmpeg', 'process.exitCode = 1;');
    await failure('https://camera/video');
    const [run] = fake.runs();
    expect(run![run!.indexOf('-protocol_whitelist') + 1]).toBe('http,https,tcp,tls');
    expect(run![run!.indexOf('-i') + 1]).toBe('https://camera/video');
  });
});
