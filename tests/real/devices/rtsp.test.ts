import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Device } from '../../../devices/device/device.ts';
import { createDevice, openDevice } from '../../../devices/index.ts';
import { Pipeline } from '../../../sdk/pipeline/pipeline.ts';
import { closing } from '../../support/closing.ts';
import { hasProgram } from '../../support/needs.ts';
import { freePort } from '../../support/ports.ts';
import { hasRtspServer, kill, serve } from '../../support/rtsp-server.ts';

async function until(device: Device, state: string): Promise<void> {
  while (device.health.state !== state) await once(device, 'health');
}

/** Reads all frames, so that the device is watched as in the field; counts them. */
function reader(device: Device): { readonly frames: number; next(): Promise<void> } {
  let frames = 0;
  let wake = () => {};
  void (async () => {
    for await (const frame of device.frames()) {
      frames++;
      frame.release();
      wake();
    }
  })();
  return {
    get frames() {
      return frames;
    },
    next: () =>
      new Promise((resolve) => {
        wake = resolve;
      }),
  };
}

describe.skipIf(!hasProgram('ffmpeg') || !hasRtspServer())(
  'rtsp: (needs ffmpeg, python3-gi, gir1.2-gst-rtsp-server-1.0, gstreamer1.0-plugins-{base,good,ugly})',
  () => {
    let port: number;
    let server: ChildProcess;
    let device: Device | undefined;

    beforeEach(async () => {
      port = await freePort();
      server = await serve(port);
    });
    afterEach(async () => {
      await device?.close();
      await kill(server);
    });

    it('shows a stream at the asked size', async () => {
      device = await openDevice(`rtsp://127.0.0.1:${port}/door`, { width: 160, fps: 5 });
      expect(device.properties).toMatchObject({
        kind: 'rtsp',
        title: `127.0.0.1:${port}/door`,
        format: 'I420',
        width: 160,
        height: 120,
        live: true,
      });
      await reader(device).next();
    });

    it.each(['tcp', 'udp'] as const)('is asked over %s where that is wanted', async (transport) => {
      let asked = '';
      server.stdout!.on('data', (text) => (asked += text));
      device = await openDevice(`rtsp://127.0.0.1:${port}/door`, { transport });
      await expect.poll(() => asked.trim()).toBe(transport);
      await reader(device).next();
    });

    it('is read from its first key frame on, where the next one is minutes away', async () => {
      device = await openDevice(`rtsp://127.0.0.1:${port}/slow`);
      await reader(device).next();
      expect(device.health.restarts).toBe(0);
    });

    it('has square pixels', async () => {
      device = await openDevice(`rtsp://127.0.0.1:${port}/pal`);
      expect(device.properties).toMatchObject({ width: 512, height: 288 });
      await reader(device).next();
    });

    it('is asked over udp where it sends over that alone', async () => {
      device = await openDevice(`rtsp://127.0.0.1:${port}/udp`);
      await reader(device).next();
    });

    it('comes back over udp as well when its server froze', async () => {
      device = await openDevice(`rtsp://127.0.0.1:${port}/door`, { transport: 'udp', stallTimeoutMs: 5000 });
      const seen = reader(device);
      await seen.next();
      server.kill('SIGSTOP');
      await until(device, 'offline');
      server.kill('SIGCONT');
      await until(device, 'online');
      await seen.next();
    });

    it('comes back when its server was killed and started again', async () => {
      device = await openDevice(`rtsp://127.0.0.1:${port}/door`, { stallTimeoutMs: 5000 });
      const seen = reader(device);
      await seen.next();
      await kill(server);
      await until(device, 'offline');
      expect(device.health.lastError).toMatch(/the stream ended \(exit status \d+\)|no frame for 5\.0 s/);
      while (device.health.restarts === 0) await new Promise((resolve) => setTimeout(resolve, 50));
      server = await serve(port);
      await until(device, 'online');
      const before = seen.frames;
      await seen.next();
      expect(seen.frames).toBeGreaterThan(before);
      expect(device.health.restarts).toBeGreaterThan(0);
    });

    it('comes back when its server froze', async () => {
      device = await openDevice(`rtsp://127.0.0.1:${port}/door`, { stallTimeoutMs: 5000 });
      const seen = reader(device);
      await seen.next();
      server.kill('SIGSTOP');
      await until(device, 'offline');
      expect(device.health).toMatchObject({ stalls: 1, lastError: expect.stringMatching(/^no frame for 5\.0 s/) });
      server.kill('SIGCONT');
      await until(device, 'online');
      await seen.next();
      expect(device.health.restarts).toBeGreaterThan(0);
    });

    it('takes pictures from the main stream, and from the substream while that is frozen', async () => {
      const mainPort = await freePort();
      const main = closing(await serve(mainPort), kill);
      const pipeline = new Pipeline({
        source: `rtsp://127.0.0.1:${port}/door`,
        snapshots: { source: `rtsp://127.0.0.1:${mainPort}/main` },
        model: null,
      });
      closing(pipeline, () => pipeline.stop());
      await pipeline.start();
      const width = () => expect.poll(async () => (await sharp(await pipeline.snapshot()).metadata()).width);
      await width().toBe(1280);
      main.kill('SIGSTOP');
      // At once: a picture of half a second ago shows something else.
      await width().toBe(320);
      const { frames } = pipeline.stats.device;
      await expect.poll(() => pipeline.stats.device.frames).toBeGreaterThan(frames + 10);
      expect(pipeline.stats.device).toMatchObject({ state: 'online', restarts: 0, stalls: 0 });
      main.kill('SIGCONT');
      await width().toBe(1280);
    });

    it('says what is wrong with the address, and never the password', async () => {
      await kill(server);
      const url = (login: string) => `rtsp://${login}127.0.0.1:${port}/door`;
      const failure = async (uri: string) => {
        const broken = createDevice(uri, { stallTimeoutMs: 5000 });
        const error: Error = await broken.open().then(
          () => expect.fail('it opened'),
          (reason) => reason,
        );
        expect(error.message).not.toContain('hunter2');
        expect(JSON.stringify(broken.health)).not.toContain('hunter2');
        return error.message;
      };
      expect(await failure(url('me:hunter2@'))).toMatch(/the camera does not answer: is it on/);

      server = await serve(port, 'me', 'hunter2');
      expect(await failure(url(''))).toMatch(/asks for a user and a password/);
      expect(await failure(url('me:hunter22@'))).toMatch(/asks for a user and a password/);
      expect(await failure(`rtsp://me:hunter2@127.0.0.1:${port}/window`)).toMatch(/has no stream of this path/);
      device = await openDevice(url('me:hunter2@'));
      expect(`${device.uri} ${device.properties.title}`).not.toContain('hunter2');
    });
  },
);
