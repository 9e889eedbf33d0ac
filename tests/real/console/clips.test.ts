import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clipOf } from '../../../sdk/clips/clip.ts';
import { FragmentReader } from '../../../sdk/clips/fragments.ts';
import { resolveSettings } from '../../../sdk/config/settings.ts';
import type { Detector } from '../../../sdk/core/detector.ts';
import { History } from '../../../sdk/history/history.ts';
import { Node } from '../../../sdk/pipeline/node.ts';
import { Console } from '../../../tools/console/server/console.ts';
import { makeVideo } from '../../clips/video.ts';
import { closing } from '../../support/closing.ts';
import { hasProgram } from '../../support/needs.ts';
import { freePort } from '../../support/ports.ts';
import { hasRtspServer, kill, serve } from '../../support/rtsp-server.ts';
import { objectState } from '../../vision/fakes.ts';
import { browserPath, buildPage, patience, Visitor } from './browser.ts';

const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
const clips = { enabled: true, before: 2, after: 1, longest: 20 };

/** Somebody is in view while they are said to be. */
class Person implements Detector {
  readonly labels = ['person'];
  isThere = false;
  detect() {
    return { detections: this.isThere ? [{ box: [20, 20, 90, 200] as const, score: 0.9, label: 'person' }] : [] };
  }
}

describe.skipIf(!hasProgram('ffmpeg') || !hasProgram('ffprobe') || !existsSync(browserPath))(
  'clips of events on the page (needs ffmpeg, chromium; python3-gi, gir1.2-gst-rtsp-server-1.0 for a camera)',
  { timeout: 600_000 },
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'ocellus-clips-'));
    let visitor: Visitor;
    beforeAll(async () => {
      buildPage(join(folder, 'page'));
      visitor = await Visitor.launch();
    });
    afterAll(async () => {
      await visitor?.close();
      rmSync(folder, { recursive: true, force: true });
    });

    async function start(name: string, camera: object, settings: object) {
      const person = new Person();
      const data = join(folder, name);
      const node = new Node(
        resolveSettings({
          cameras: { door: { ...camera, motion: { enabled: false }, track: { lost: 1 } } },
          history: { clips: { ...clips, ...settings } },
        }),
        { data, model: person },
      );
      closing(node, () => node.stop());
      let url = '';
      await node.start({
        before: async () => {
          const server = new Console({ node, port: await freePort(), folder: join(folder, 'page') });
          closing(server, () => server.stop());
          ({ url } = await server.start());
        },
      });
      const files = () => {
        const names = existsSync(join(data, 'history', 'clips'))
          ? readdirSync(join(data, 'history', 'clips'), { recursive: true })
          : [];
        return names.map(String).filter((one) => one.includes('.'));
      };
      return { node, person, url, files };
    }

    type Started = Awaited<ReturnType<typeof start>>;

    const seconds = (count: number) => new Promise((resolve) => setTimeout(resolve, count * 1000));
    /** Somebody is there for two seconds. @returns The event, once it has a clip. */
    async function visit({ node, person }: Started, after = 20) {
      const count = () => node.pipelines.get('door')!.stats.device.frames;
      await expect.poll(count, patience).toBeGreaterThan(after);
      person.isThere = true;
      await seconds(2);
      person.isThere = false;
      await expect.poll(async () => (await node.history.list({ limit: 1 })).events[0]?.has_clip, patience).toBe(true);
      return (await node.history.list({ limit: 1 })).events[0]!;
    }

    async function open(url: string): Promise<Page> {
      const page = await visitor.visit(url, '#/events', phone);
      await page.locator('.event-card').first().waitFor(patience);
      return page;
    }

    /** Plays the clip that is shown. @returns What the browser says of it. */
    async function played(page: Page) {
      const video = page.locator('video');
      await expect.poll(() => video.evaluate((one: HTMLVideoElement) => one.readyState), patience).toBeGreaterThan(0);
      await video.evaluate((one: HTMLVideoElement) => one.play());
      await expect.poll(() => video.evaluate((one: HTMLVideoElement) => one.currentTime), patience).toBeGreaterThan(1);
      return video.evaluate((one: HTMLVideoElement) => ({
        duration: one.duration,
        width: one.videoWidth,
        height: one.videoHeight,
        frames: one.getVideoPlaybackQuality().totalVideoFrames,
        shown: one.getBoundingClientRect().width,
      }));
    }

    function probed(mp4: Buffer) {
      const file = join(folder, 'probed.mp4');
      writeFileSync(file, mp4);
      const show = [
        '-show_entries',
        'format=duration:stream=codec_type,codec_name,width,height,nb_read_frames',
        '-count_frames',
      ];
      const said = execFileSync('ffprobe', ['-v', 'error', ...show, '-of', 'json', file], { encoding: 'utf8' });
      return JSON.parse(said) as {
        format: { duration: string };
        streams: { codec_type: string; codec_name: string; width: number; height: number; nb_read_frames: string }[];
      };
    }

    it.skipIf(!hasRtspServer())('has what the camera sent, plays on a phone, is saved and deleted', async () => {
      const port = await freePort();
      closing(await serve(port), kill);
      const started = await start('rtsp', { source: `rtsp://127.0.0.1:${port}/sound` }, {});
      const { url, files, node } = started;
      const event = await visit(started);
      // It is counted once the disk has all of it, which may be a moment after the event tells of it.
      await expect.poll(() => node.stats().cameras.door!.clips, patience).toEqual({ kept: 1, dropped: 0 });
      expect(files()).toHaveLength(1);

      const page = await open(url);
      await page.locator('.event-card').tap();
      const { duration, width, height, frames, shown } = await played(page);
      expect([width, height]).toEqual([320, 240]);
      // Two seconds before, two in view, one until it was lost, one after; key frames and fragments are a second apart.
      expect(duration).toBeGreaterThan(4);
      expect(duration).toBeLessThan(11);
      expect(frames).toBeGreaterThan(10);
      expect(shown).toBeLessThanOrEqual(390);

      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('link', { name: 'Clip' }).tap(),
      ]);
      expect(download.suggestedFilename()).toBe(`${event.id}.mp4`);
      const { streams, format } = probed(readFileSync(await download.path()));
      // The sound is left out; all frames of the camera are there, twenty a second.
      expect(streams.map(({ codec_type, codec_name }) => [codec_type, codec_name])).toEqual([['video', 'h264']]);
      expect(Number(format.duration)).toBeCloseTo(duration, 1);
      expect(Number(streams[0]!.nb_read_frames) / duration).toBeCloseTo(20, -0.5);

      await page.getByRole('button', { name: 'Delete…' }).tap();
      await page.getByRole('button', { name: 'Delete', exact: true }).tap();
      await page.getByText('The event is deleted.').waitFor(patience);
      await expect.poll(files, patience).toEqual([]);
      await visitor.leave();
    });

    it.skipIf(!hasRtspServer())('goes on with a camera that was turned', async () => {
      const port = await freePort();
      closing(await serve(port), kill);
      const started = await start('turned', { source: `rtsp://127.0.0.1:${port}/turned` }, {});
      const device = () => started.node.pipelines.get('door')!.device?.properties.height;
      await expect.poll(device, patience).toBe(320);
      // It is asked anew; whoever is in view meanwhile has no clip.
      const event = await visit(started, started.node.pipelines.get('door')!.stats.device.frames + 60);
      const { streams, format } = probed(readFileSync((await started.node.history.clip(event.id))!));
      expect(streams[0]).toMatchObject({ width: 240, height: 320 });
      expect(Number(streams[0]!.nb_read_frames)).toBeGreaterThan(Number(format.duration) * 10);
    });

    it('is encoded from frames where that is wanted', async () => {
      const started = await start('scene', { source: 'scene:' }, { software: true });
      // The encoder is tried first.
      await visit(started, 80);
      const page = await open(started.url);
      await page.locator('.event-card').tap();
      const { duration, height, frames } = await played(page);
      expect(height).toBeLessThanOrEqual(480);
      expect(duration).toBeGreaterThan(3);
      expect(frames).toBeGreaterThan(3);
      await visitor.leave();
    });

    it('is a file alone where the browser does not play it, and the page says so', async () => {
      const history = new History({
        settings: { enabled: true, days: 30, megabytes: 500 },
        folder: join(folder, 'h265', 'history'),
      });
      const now = Date.now() / 1000;
      history.add({ type: 'end', after: objectState({ id: 'a', start_time: now, frame_time: now, end_time: now }) });
      const video = makeVideo({
        seconds: 2,
        keyEvery: 1,
        codec: 'libx265',
        options: ['-x265-params', 'log-level=none'],
      });
      await history.addClip(new Map([['a', 0]]), clipOf(new FragmentReader().write(video)));
      await history.close();
      const { url } = await start('h265', { source: 'scene:' }, { enabled: false });
      const page = await open(url);
      await page.locator('.event-card').tap();
      await page.getByText('This browser does not play the clip').waitFor(patience);
      expect(await page.locator('video').count()).toBe(0);
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('link', { name: 'Clip' }).tap(),
      ]);
      expect(probed(readFileSync(await download.path())).streams[0]!.codec_name).toBe('hevc');
      await visitor.leave();
    });

    it('is played from a little before the event that was opened, where several share it', async () => {
      const history = new History({
        settings: { enabled: true, days: 30, megabytes: 500 },
        folder: join(folder, 'shared', 'history'),
      });
      const now = Date.now() / 1000;
      const video = clipOf(new FragmentReader().write(makeVideo({ seconds: 30, keyEvery: 1 })));
      for (const [id, label, time] of [
        ['a', 'cat', now - 25],
        ['b', 'dog', now - 10],
      ] as const) {
        const after = objectState({ id, label, start_time: time, frame_time: time, end_time: time });
        history.add({ type: 'end', after });
      }
      await history.addClip(
        new Map([
          ['a', 1.5],
          ['b', 16.5],
        ]),
        video,
      );
      await history.close();
      const { url } = await start('shared', { source: 'scene:' }, { enabled: false });
      const page = await open(url);
      /** Where it is played from. */
      const begun = async (label: string, seekTo?: number) => {
        await page.locator('.event-card', { hasText: label }).tap();
        const video = page.locator('video');
        await expect.poll(() => video.evaluate((one: HTMLVideoElement) => one.readyState), patience).toBeGreaterThan(0);
        const from = await video.evaluate(async (one: HTMLVideoElement, time) => {
          if (time !== undefined) one.currentTime = time;
          const playing = new Promise((resolve) => one.addEventListener('playing', resolve, { once: true }));
          await one.play();
          await playing;
          await new Promise((resolve) => one.addEventListener('timeupdate', resolve, { once: true }));
          return one.currentTime;
        }, seekTo);
        return { from, video };
      };
      const close = () => page.getByRole('button', { name: 'Close' }).tap();
      const { from, video: shown } = await begun('dog');
      expect(from).toBeGreaterThanOrEqual(14.5);
      expect(from).toBeLessThan(16.5);
      // All of it is there.
      await shown.evaluate((one: HTMLVideoElement) => {
        one.currentTime = 3;
      });
      await expect.poll(() => shown.evaluate((one: HTMLVideoElement) => one.currentTime), patience).toBeLessThan(10);
      expect(await shown.evaluate((one: HTMLVideoElement) => one.seekable.start(0))).toBe(0);
      await close();
      expect((await begun('cat')).from).toBeLessThan(1.5);
      await close();
      // Who seeks first is not moved elsewhere.
      expect((await begun('dog', 5)).from).toBeLessThan(8);
      await visitor.leave();
    });

    it('is not encoded in software unless that is wanted, and says why', async () => {
      const { node, person, files } = await start('none', { source: 'scene:' }, {});
      person.isThere = true;
      await expect.poll(() => node.stats().cameras.door!.clips?.why, patience).toMatch(/history\.clips\.software/);
      person.isThere = false;
      await node.stop();
      expect(files()).toEqual([]);
    });
  },
);
