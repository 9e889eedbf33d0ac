import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { BoardMonitor } from '../../../devices/index.ts';
import { hashPassword } from '../../../sdk/access/password.ts';
import { resolveSettings } from '../../../sdk/config/settings.ts';
import { Hub } from '../../../sdk/hub/hub.ts';
import { Node } from '../../../sdk/pipeline/node.ts';
import type { Pipeline } from '../../../sdk/pipeline/pipeline.ts';
import { Console } from '../../../tools/console/server/console.ts';
import { pi4WithIna219 } from '../../devices/boards/trees.ts';
import { plant } from '../../support/folders.ts';
import { freePort } from '../../support/ports.ts';
import { browserPath, buildPage, patience, Visitor } from './browser.ts';

describe.skipIf(!existsSync(browserPath))('the page in a real browser (needs chromium)', { timeout: 900_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'ocellus-page-'));
  let node: Node;
  let server: Console;
  let hub: Hub;
  let url: string;
  let visitor: Visitor;
  let faults: string[];
  let camera: Pipeline;

  beforeAll(async () => {
    buildPage(folder);
    const board = new BoardMonitor({
      root: plant(join(folder, 'board'), pi4WithIna219),
      ask: async () => 'throttled=0x50005',
    });
    node = new Node(resolveSettings({ node: 'porch', cameras: { door: { source: 'scene:' } } }), { board });
    await node.start({
      before: async () => {
        // Nothing listens there: what the hub has to say waits.
        const mqttUrl = 'mqtt://127.0.0.1:9';
        hub = new Hub({ node, settings: { ...node.settings.mqtt, broker: mqttUrl } });
        await hub.start();
        server = new Console({ node, hub, port: await freePort(), folder, mqttUrl: 'mqtt://127.0.0.1:1883' });
        ({ url } = await server.start());
      },
    });
    camera = node.pipelines.get('door')!;
    visitor = await Visitor.launch();
    faults = visitor.faults;
  });
  afterAll(async () => {
    await visitor?.close();
    await server?.stop();
    await node?.stop();
    await hub?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  afterEach(() => visitor.leave());

  async function open(hash = '', options: BrowserContextOptions = {}): Promise<Page> {
    const page = await visitor.visit(url, hash, options);
    await page.getByRole('heading', { level: 1 }).waitFor({ state: 'attached' });
    return page;
  }

  /** In the page: the pixels of so many columns of the live picture, 0 for all. Of a copy: Chromium complains of a shown canvas that is read often. */
  const copied = `(columns) => {
    const shown = document.querySelector('canvas');
    const copy = Object.assign(document.createElement('canvas'), { width: columns || shown.width, height: shown.height });
    const context = copy.getContext('2d', { willReadFrequently: true });
    context.drawImage(shown, 0, 0);
    return context.getImageData(0, 0, copy.width, copy.height);
  }`;
  const boxesOn = (page: Page) => page.locator('canvas').getAttribute('data-boxes').then(Number);
  const sequenceOn = (page: Page) => page.locator('canvas').getAttribute('data-sequence').then(Number);

  it('shows boxes on the live scene, new pictures all the time, and who is in view', async () => {
    const page = await open();
    await expect.poll(() => boxesOn(page), patience).toBeGreaterThan(0);
    const first = await sequenceOn(page);
    await expect.poll(() => sequenceOn(page), patience).toBeGreaterThan(first + 10);
    const inView = page.getByRole('region', { name: 'In view now' }).locator('li');
    await expect.poll(() => inView.count(), patience).toBeGreaterThan(0);
    const events = page.getByRole('region', { name: 'Recent events' }).getByRole('button');
    await expect.poll(() => events.count(), patience).toBeGreaterThan(0);
    await page.getByText('This is the built-in scene').waitFor(patience);
    const command = page.locator('.copy-line code');
    expect(await command.textContent()).toBe("mosquitto_sub -h 127.0.0.1 -t 'ocellus/porch/+/events'");
  });

  it('draws names in the colours of their labels', async () => {
    const page = await open();
    // The plates of the names have colours that the photographs do not have: person, cat, cup, motorcycle.
    const drawn = () =>
      page.evaluate(`(() => {
      const { data } = (${copied})(0);
      const plates = [[0x3f, 0xd0, 0xa4], [0xff, 0xb4, 0x54], [0xe6, 0xdf, 0x5a], [0xc7, 0x9b, 0xff]];
      let count = 0;
      for (let i = 0; i < data.length; i += 4) {
        if (plates.some((plate) => plate.every((value, channel) => Math.abs(data[i + channel] - value) < 3))) count++;
      }
      return count;
    })()`);
    // Whoever is in view may go at any moment.
    await expect.poll(drawn, patience).toBeGreaterThan(500);
  });

  it('shows where the network looks when asked to, and how much, and what was seen where', async () => {
    const page = await open();
    await expect.poll(() => boxesOn(page), patience).toBeGreaterThan(0);
    const looks = () => page.locator('canvas').getAttribute('data-looks').then(Number);
    const toggle = page.getByRole('button', { name: 'Show where the network looks' });
    expect([await looks(), await toggle.getAttribute('aria-pressed')]).toEqual([0, 'false']);
    await toggle.click();
    await expect.poll(looks, patience).toBeGreaterThan(0);
    // Its colour is at the border of the picture when the whole view was looked at, which not every frame is.
    const isFramed = `(() => {
      const { data, height } = (${copied})(8);
      const colour = [0x8f, 0xd3, 0xff];
      let count = 0;
      for (let i = 0; i < data.length; i += 4) if (colour.every((value, c) => Math.abs(data[i + c] - value) < 40)) count++;
      return count > height / 2;
    })()`;
    await expect.poll(() => page.evaluate(isFramed), patience).toBe(true);
    await toggle.click();
    await expect.poll(looks, patience).toBe(0);
    await page.getByRole('link', { name: 'Health' }).click();
    await expect.poll(() => page.getByText(/^\d\.\d, \d+ % of the time closer$/).count(), patience).toBe(1);
    const sizes = page.getByRole('img', { name: /What was seen where\. Smallest: \w+, \d+ px/ });
    await expect.poll(() => sizes.count(), patience).toBe(1);
    await expect.poll(() => sizes.locator('rect').count(), patience).toBeGreaterThan(0);
  });

  it('shows the times of the stages', async () => {
    const page = await open();
    await page.getByRole('link', { name: 'Health' }).click();
    await page.getByRole('heading', { name: 'Health', exact: true }).waitFor();
    expect(await page.locator('canvas').count()).toBe(0);
    const plot = page.getByRole('img', { name: /Time of a frame by stage, now \d*[1-9]/ });
    await expect.poll(() => plot.count(), patience).toBe(1);
    await expect.poll(() => plot.locator('.plot-area').count(), patience).toBe(6);
  });

  it('shows what the board tells of power and of what holds it back', async () => {
    const page = await open('#/health');
    const card = page.getByRole('region', { name: 'Board' });
    await card.getByText('0.62 W').waitFor(patience);
    await card.getByText('ina219: what is wired to the sensor').waitFor();
    await expect.poll(() => card.getByText(/^\d+(\.\d+)? m?J$/).count(), patience).toBe(1);
    await expect.poll(() => card.getByText('under-voltage, throttled').count(), patience).toBe(2);
    await expect.poll(() => card.getByText('Throttled', { exact: true }).count(), patience).toBe(1);
  });

  it('shows what waits for the broker', async () => {
    const page = await open('#/health');
    const card = page.getByRole('region', { name: 'MQTT' });
    await card.getByText('No connection').waitFor(patience);
    await expect.poll(() => card.getByText(/^[1-9]\d* kB$/).count(), patience).toBe(1);
    await expect.poll(() => card.getByText('in memory only').count(), patience).toBe(1);
  });

  it('lists events with their pictures, and shows one large', async () => {
    const page = await open('#/events');
    const card = page.locator('.event-card').first();
    await card.waitFor(patience);
    await card.click();
    const dialog = page.getByRole('dialog');
    // Its picture may be there before it is shown.
    await dialog.waitFor(patience);
    const width = () => page.evaluate('document.querySelector("dialog img")?.naturalWidth ?? 0');
    await expect.poll(width, patience).toBeGreaterThan(100);
    expect(await dialog.getByText('door').count()).toBeGreaterThan(0);
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'detached' });
  });

  it('draws a zone with the mouse, which then counts who stands in it', async () => {
    const page = await open('#/zones');
    await page.getByRole('button', { name: 'Add zone' }).click();
    const { x, y, width, height } = (await page.getByRole('application').boundingBox())!;
    const corners = [
      [0.02, 0.5],
      [0.9, 0.5],
      [0.98, 0.98],
      [0.02, 0.98],
    ] as const;
    const at = (corner: readonly [number, number]) => [x + corner[0] * width, y + corner[1] * height] as const;
    for (const corner of corners) await page.mouse.click(...at(corner));
    // The first corner again closes it.
    await page.mouse.click(...at(corners[0]));
    await page.getByLabel('Name').fill('floor');
    // A corner is dragged further.
    await page.mouse.move(...at(corners[1]));
    await page.mouse.down();
    await page.mouse.move(...at([0.98, 0.55]), { steps: 5 });
    await page.mouse.up();
    await page.getByRole('button', { name: 'Save' }).click();
    await expect.poll(() => Object.keys(camera.settings.zones), patience).toEqual(['floor']);
    const { polygon } = camera.settings.zones.floor!;
    const wanted = [corners[0], [0.98, 0.55], corners[2], corners[3]];
    expect(polygon).toHaveLength(4);
    for (const [index, point] of polygon.entries()) {
      expect(Math.abs(point[0] - wanted[index]![0]!)).toBeLessThan(0.01);
      expect(Math.abs(point[1] - wanted[index]![1]!)).toBeLessThan(0.01);
    }
    await page.getByRole('link', { name: 'Live', exact: true }).click();
    await expect.poll(() => page.locator('[data-zone="floor"] .count-number').count(), patience).toBeGreaterThan(0);
    await expect.poll(() => camera.counts.some(({ zone }) => zone === 'floor'), patience).toBe(true);
  });

  it('changes and deletes a zone with the keyboard', async () => {
    const polygon: [number, number][] = [
      [0.1, 0.1],
      [0.5, 0.1],
      [0.5, 0.5],
    ];
    await camera.change({ zones: { floor: { polygon, inertia_seconds: 0.5 } } });
    const page = await open('#/zones');
    await page.getByRole('button', { name: /floor/ }).press('Enter');
    await page.getByRole('button', { name: 'Corner 1 of 3: 10 % from the left, 10 % from the top' }).focus();
    for (const key of ['ArrowRight', 'Shift+ArrowDown']) await page.keyboard.press(key);
    await page.getByRole('button', { name: 'Corner 1 of 3: 11 % from the left, 15 % from the top' }).waitFor();
    await page.getByRole('button', { name: 'Save' }).press('Enter');
    await expect.poll(() => camera.settings.zones.floor?.polygon[0], patience).toEqual([0.11, 0.15]);
    await page.getByRole('button', { name: /floor/ }).press('Enter');
    await page.getByRole('button', { name: 'Delete' }).press('Enter');
    await page
      .getByRole('dialog', { name: 'Delete zone floor?' })
      .getByRole('button', { name: 'Delete it' })
      .press('Enter');
    await expect.poll(() => camera.settings.zones, patience).toEqual({});
  });

  it('draws a line with the keyboard alone', async () => {
    const page = await open('#/zones');
    await page.getByRole('button', { name: 'Add line' }).press('Enter');
    // The editor puts the focus there itself, a moment after it is shown.
    await page
      .getByRole('application', { name: /Drawing surface/ })
      .and(page.locator(':focus'))
      .waitFor();
    await page.keyboard.press('Space');
    for (let i = 0; i < 4; i++) await page.keyboard.press('Shift+ArrowDown');
    await page.keyboard.press('Space');
    await page.getByRole('button', { name: 'Save' }).press('Enter');
    await expect
      .poll(() => camera.settings.lines, patience)
      .toEqual({ 'line-1': { from: [0.5, 0.5], to: [0.5, 0.7] } });
    await camera.change({ lines: {} });
  });

  it('sets the threshold, and shows what was set elsewhere', async () => {
    const page = await open('#/settings');
    const slider = page.getByRole('slider', { name: 'Threshold', exact: true });
    const before = camera.settings.detect.threshold;
    await slider.press('ArrowRight');
    await expect.poll(() => camera.settings.detect.threshold, patience).toBeCloseTo(before + 0.01, 5);
    // As a command over MQTT does it.
    await camera.change({ detect: { threshold: 0.42, enabled: false } });
    await expect.poll(() => slider.inputValue(), patience).toBe('0.42');
    const detect = page.getByRole('switch', { name: 'Detect' });
    await expect.poll(() => detect.isChecked(), patience).toBe(false);
    await detect.click();
    await expect.poll(() => camera.settings.detect.enabled, patience).toBe(true);
    await expect.poll(() => detect.isChecked(), patience).toBe(true);
    await camera.change({ detect: { threshold: before } });
  });

  it('watches another label', async () => {
    const page = await open('#/settings');
    await page.getByRole('searchbox').fill('pizza');
    await page.getByRole('group', { name: 'Other labels' }).getByRole('button', { name: 'pizza' }).click();
    await expect.poll(() => camera.settings.detect.labels, patience).toContain('pizza');
    await page.getByRole('group', { name: 'Watched labels' }).getByRole('button', { name: 'pizza' }).click();
    await expect.poll(() => camera.settings.detect.labels, patience).not.toContain('pizza');
  });

  it('says what is wrong with a setting', async () => {
    const page = await open('#/settings');
    const source = page.getByRole('combobox', { name: 'Source' });
    await source.fill('rtsp://door:***@x/1');
    await source.press('Enter');
    await page.getByRole('alert').filter({ hasText: 'password' }).first().waitFor(patience);
    expect(camera.settings.source).toBe('scene:');
    // The browser tells of each answer that is an error.
    await expect.poll(() => faults.length, patience).toBe(1);
    expect(faults.pop()).toContain('400');
  });

  it('tries a main stream for snapshots before it is used, and says how it is sent, and what decodes', async () => {
    const page = await open('#/settings');
    const main = page.getByRole('textbox', { name: 'Main stream' });
    const udp = page.getByRole('switch', { name: 'UDP' });
    expect(await udp.count()).toBe(0);
    await main.fill('rtsp://me:hunter2@127.0.0.1:9/1');
    await main.press('Enter');
    const alert = page.getByRole('alert').filter({ hasText: 'the camera does not answer' });
    await alert.waitFor(patience);
    expect([await alert.textContent(), camera.settings.snapshots.source]).toEqual([
      expect.not.stringContaining('hunter2'),
      '',
    ]);
    await main.fill('scene:');
    await main.press('Enter');
    await page.getByRole('button', { name: 'Use this main stream' }).click();
    await expect.poll(() => camera.settings.snapshots.source, patience).toBe('scene:');
    // As where it was set elsewhere, or the camera was off since.
    await camera.change({ snapshots: { source: 'rtsp://me:hunter2@127.0.0.1:9/1' } });
    await expect.poll(() => main.inputValue(), patience).toBe('rtsp://me:***@127.0.0.1:9/1');
    await udp.click();
    await expect.poll(() => camera.settings.transport, patience).toBe('udp');
    await page.getByRole('switch', { name: 'Hardware decoding' }).click();
    await expect.poll(() => camera.settings.hardware_decoding, patience).toBe(false);
    expect(camera.settings.snapshots.source).toContain('hunter2');
    await main.fill('');
    await page.getByRole('button', { name: 'Use none' }).click();
    await expect.poll(() => camera.settings.snapshots.source, patience).toBe('');
    await expect.poll(() => udp.count(), patience).toBe(0);
    expect(camera.settings.source).toBe('scene:');
    await camera.change({ transport: 'tcp', hardware_decoding: true });
  });

  it('is less than 80 kB over the network, with all its views', () => {
    const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((one) => one.isFile());
    const sizes = files
      .filter(({ parentPath }) => !parentPath.includes('board'))
      .map(({ parentPath, name }) => gzipSync(readFileSync(join(parentPath, name))).length);
    expect(sizes.length).toBeGreaterThan(4);
    expect(sizes.reduce((sum, bytes) => sum + bytes, 0)).toBeLessThan(80_000);
  });

  it('has no horizontal scroll on a phone, in any view', async () => {
    const page = await open('', { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true });
    for (const view of ['live', 'events', 'zones', 'taught', 'settings', 'health']) {
      await page.getByRole('navigation', { name: 'Views' }).locator(`a[href="#/${view}"]`).tap();
      await page.locator(`.view-${view} h1`).waitFor({ state: 'attached' });
      // Until what comes later (pictures, numbers) is there as well.
      await page.waitForTimeout(1200);
      expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth'), view).toBeLessThanOrEqual(0);
    }
  });

  it('draws a mask with a finger', async () => {
    const page = await open('#/zones', { viewport: { width: 390, height: 800 }, isMobile: true, hasTouch: true });
    await page.getByRole('button', { name: 'Add mask' }).tap();
    await page.getByRole('application').scrollIntoViewIfNeeded();
    const { x, y, width, height } = (await page.getByRole('application').boundingBox())!;
    for (const [a, b] of [
      [0.7, 0.1],
      [0.95, 0.1],
      [0.95, 0.4],
    ] as const) {
      await page.touchscreen.tap(x + a * width, y + b * height);
      // Quick ones would be a double tap.
      await page.waitForTimeout(500);
    }
    await page.getByRole('button', { name: 'Save' }).tap();
    await expect.poll(() => camera.settings.masks[0]?.length, patience).toBe(3);
    await camera.change({ masks: [] });
  });

  describe('zones on a phone', () => {
    const phone = { viewport: { width: 390, height: 800 }, isMobile: true, hasTouch: true };
    const square: [number, number][] = [
      [0.3, 0.3],
      [0.6, 0.3],
      [0.6, 0.7],
      [0.3, 0.7],
    ];
    /** Touches the picture at these shares of it, and moves the finger. */
    const drag = async (page: Page, from: readonly [number, number], to: readonly [number, number]) => {
      const { x, y, width, height } = (await page.getByRole('application').boundingBox())!;
      const finger = await page.context().newCDPSession(page);
      const touch = (type: 'touchStart' | 'touchMove' | 'touchEnd', at?: readonly [number, number]) =>
        finger.send('Input.dispatchTouchEvent', {
          type,
          touchPoints: at ? [{ x: x + at[0] * width, y: y + at[1] * height }] : [],
        });
      await touch('touchStart', from);
      for (let i = 1; i <= 8; i++) {
        await touch('touchMove', [from[0] + ((to[0] - from[0]) * i) / 8, from[1] + ((to[1] - from[1]) * i) / 8]);
        await page.waitForTimeout(20);
      }
      await touch('touchEnd');
    };
    const openFloor = async () => {
      await camera.change({ zones: { floor: { polygon: square } } });
      const page = await open('#/zones', phone);
      await page.getByRole('button', { name: /floor/ }).tap();
      await page.getByRole('application').scrollIntoViewIfNeeded();
      return page;
    };
    /** Until the browser's history knows how much is open. */
    const opened = (page: Page, count: number) =>
      expect.poll(() => page.evaluate('history.state?.depth ?? 0'), patience).toBe(count);
    const corners = (page: Page) => page.locator('.handle').count();

    it('corners and the whole shape follow the finger, and the page stays where it is', async () => {
      const page = await openFloor();
      const scrolled = () => page.evaluate('scrollY');
      const before = await scrolled();
      await drag(page, [0.3, 0.3], [0.2, 0.05]);
      await page
        .getByRole('button', { name: /^Corner 1 of 4: 20 % from the left, 5 % from the top/ })
        .waitFor(patience);
      await drag(page, [0.5, 0.5], [0.5, 0.7]);
      await page
        .getByRole('button', { name: /^Corner 3 of 4: 60 % from the left, 90 % from the top/ })
        .waitFor(patience);
      expect(await scrolled()).toBe(before);
      await page.getByRole('button', { name: 'Save' }).click();
      await expect.poll(() => camera.settings.zones.floor?.polygon[2]?.[1], patience).toBeCloseTo(0.9, 1);
      await camera.change({ zones: {} });
    });

    it('a corner is removed by touch, of a shape that is being drawn too', async () => {
      const page = await openFloor();
      await drag(page, [0.6, 0.7], [0.61, 0.7]);
      await page.getByRole('button', { name: 'Remove corner 3' }).tap();
      await expect.poll(() => corners(page), patience).toBe(3);
      // A zone needs three.
      expect(await page.getByRole('button', { name: /^Remove corner/ }).count()).toBe(0);
      await page.getByRole('button', { name: 'Save' }).click();
      await expect.poll(() => camera.settings.zones.floor?.polygon.length, patience).toBe(3);

      await page.getByRole('button', { name: 'Add zone' }).tap();
      await page.getByRole('application').scrollIntoViewIfNeeded();
      const { x, y, width, height } = (await page.getByRole('application').boundingBox())!;
      for (const share of [0.2, 0.5]) {
        await page.touchscreen.tap(x + share * width, y + share * height);
        await page.waitForTimeout(500);
      }
      await expect.poll(() => corners(page), patience).toBe(2);
      await page.getByRole('button', { name: 'Remove the last corner' }).tap();
      await expect.poll(() => corners(page), patience).toBe(1);
      await camera.change({ zones: {} });
    });

    it('Delete asks; what is not saved is kept over other views and a reload, and given up only when somebody says so', async () => {
      const page = await openFloor();
      await page.getByRole('button', { name: 'Delete' }).tap();
      const asked = page.getByRole('dialog', { name: 'Delete zone floor?' });
      await asked.getByRole('button', { name: 'Cancel' }).tap();
      await asked.waitFor({ state: 'detached', ...patience });
      expect(Object.keys(camera.settings.zones)).toEqual(['floor']);

      await page.evaluate('scrollTo(0, 0)');
      await drag(page, [0.3, 0.3], [0.1, 0.1]);
      const moved = page.getByRole('button', { name: /^Corner 1 of 4: 10 % from the left, 10 % from the top/ });
      await moved.waitFor(patience);
      await page.getByRole('navigation', { name: 'Views' }).locator('a[href^="#/health"]').click();
      await page.getByText('Not saved yet: it waits under Zones of door.').waitFor(patience);
      await page.getByRole('navigation', { name: 'Views' }).locator('a[href^="#/zones"]').click();
      await moved.waitFor(patience);
      await page.reload();
      await moved.waitFor(patience);
      const given = page.getByRole('dialog', { name: 'Give up what is not saved?' });
      await page.getByRole('button', { name: 'Cancel' }).tap();
      await given.getByRole('button', { name: 'Cancel' }).tap();
      await given.waitFor({ state: 'detached', ...patience });
      await moved.waitFor();
      // The phone's own Back asks, too.
      await opened(page, 1);
      await page.goBack();
      await given.getByRole('button', { name: 'Give it up' }).tap();
      await page.getByRole('button', { name: 'Add zone' }).waitFor(patience);
      expect(camera.settings.zones.floor?.polygon).toEqual(square);
      await camera.change({ zones: {} });
    });

    it('Back closes what was opened, one after the other, and stays on the page', async () => {
      const page = await openFloor();
      const form = page.getByRole('form', { name: 'Change zone floor' });
      await page.getByRole('button', { name: 'Delete' }).tap();
      const asked = page.getByRole('dialog', { name: 'Delete zone floor?' });
      await asked.waitFor(patience);
      await opened(page, 2);
      await page.goBack();
      await asked.waitFor({ state: 'detached', ...patience });
      expect(await form.count()).toBe(1);
      await opened(page, 1);
      await page.goBack();
      await form.waitFor({ state: 'detached', ...patience });
      expect(new URL(page.url()).hash).toBe('#/zones');
      // What was closed by its own button is not in the way of Back.
      await page.getByRole('button', { name: /floor/ }).tap();
      await page.getByRole('button', { name: 'Cancel' }).tap();
      await form.waitFor({ state: 'detached', ...patience });
      await opened(page, 0);
      await page.getByRole('navigation', { name: 'Views' }).locator('a[href^="#/live"]').tap();
      await page.locator('.view-live').waitFor();
      await page.goBack();
      await page.locator('.view-zones').waitFor(patience);
      expect(await form.count()).toBe(0);
      await camera.change({ zones: {} });
    });

    // Browsers go back when they have time.
    it.each([
      ['before the browser goes back', 'go(by); link.click()'],
      ['before the browser is told to', 'link.click(); go(by)'],
    ])('a link that is followed as soon as something is closed stays followed, %s', async (_, busy) => {
      const page = await openFloor();
      await opened(page, 1);
      await page.evaluate(`(() => {
        const go = history.go.bind(history);
        const link = document.querySelector('a[href^="#/live"]');
        // There, and where the browser goes back to.
        let moves = 2;
        window.gone = new Promise((done) => {
          history.go = (by) => {
            delete history.go;
            addEventListener('popstate', () => --moves || setTimeout(done, 200));
            ${busy};
          };
        });
      })()`);
      await page.getByRole('button', { name: 'Cancel' }).tap();
      await page.evaluate('gone');
      await page.locator('.view-live canvas[data-sequence]').waitFor(patience);
      // And the way back is as it was.
      await page.goBack();
      await page.locator('.view-zones').waitFor(patience);
      await opened(page, 0);
      await page.goBack();
      expect(new URL(page.url()).hash).not.toBe('#/zones');
      await camera.change({ zones: {} });
    });
  });

  it('is dark or light as the system is, and as it was last chosen', async () => {
    const background = (page: Page) => page.evaluate('getComputedStyle(document.documentElement).backgroundColor');
    const dark = await open('', { colorScheme: 'dark' });
    const light = await open('', { colorScheme: 'light' });
    expect(await background(dark)).toBe('rgb(13, 14, 17)');
    expect(await background(light)).toBe('rgb(246, 244, 239)');
    await dark.getByRole('button', { name: 'Use light colours' }).click();
    expect(await background(dark)).toBe('rgb(246, 244, 239)');
    await dark.reload();
    await dark.getByRole('button', { name: 'Use dark colours' }).waitFor();
    expect(await background(dark)).toBe('rgb(246, 244, 239)');
  });

  it('can be walked through with the keyboard, with the focus in sight', async () => {
    const page = await open();
    await page.getByRole('link', { name: 'Connect a camera' }).waitFor(patience);
    const reached: string[] = [];
    for (let i = 0; i < 15; i++) {
      await page.keyboard.press('Tab');
      reached.push(
        String(
          await page.evaluate(`(() => {
            const focused = document.activeElement;
            const name = focused.getAttribute('aria-label') ?? focused.textContent.trim();
            return name + ': ' + getComputedStyle(focused).outlineStyle;
          })()`),
        ),
      );
    }
    const controls = [
      'Skip to content',
      'Live',
      'Events',
      'Zones',
      'Taught',
      'Settings',
      'Health',
      'Use ',
      'Fill the screen',
    ];
    for (const name of [...controls, 'Connect a camera']) {
      expect(
        reached.some((one) => one.startsWith(name) && /solid|auto/.test(one)),
        `${name} in ${reached}`,
      ).toBe(true);
    }
  });

  it('says that the connection is lost, and comes back by itself', async () => {
    const page = await open();
    const { port } = new URL(url);
    await server.stop();
    await page.getByText('Connection lost.').waitFor(patience);
    server = new Console({ node, port: Number(port), folder });
    await server.start();
    await page.getByText('Connection lost.').waitFor({ state: 'detached', ...patience });
    const first = camera.stats.frames.in;
    await expect.poll(() => sequenceOn(page), patience).toBeGreaterThan(first);
    await page.close();
    // The browser tells of each connection that failed.
    expect(faults.filter((fault) => !/WebSocket|ERR_CONNECTION|Failed to load/.test(fault))).toEqual([]);
    faults.length = 0;
  });

  describe('with a password', () => {
    const secret = 'correct horse battery';
    let guarded: Console;
    let guardedUrl: string;

    beforeAll(async () => {
      guarded = new Console({ node, port: 0, folder, password: await hashPassword(secret) });
      ({ url: guardedUrl } = await guarded.start());
    });
    afterAll(() => guarded?.stop());

    async function openGuarded(options: BrowserContextOptions = {}): Promise<Page> {
      const page = await visitor.visit(guardedUrl, '', options);
      await page.getByRole('heading', { name: 'Log in' }).waitFor(patience);
      return page;
    }

    it('asks for it, says when it is wrong, and shows the cameras when it is right', async () => {
      const page = await openGuarded();
      expect(await page.locator('canvas').count()).toBe(0);
      expect(await page.getByRole('navigation').count()).toBe(0);
      // The field has the focus: a person types at once.
      await page.keyboard.type('wrong horse');
      await page.keyboard.press('Enter');
      await page.getByRole('alert').filter({ hasText: 'the password is wrong' }).waitFor(patience);
      // The browser tells of each answer that is an error.
      await expect.poll(() => faults.length, patience).toBe(1);
      expect(faults.pop()).toContain('401');
      await page.keyboard.type(secret);
      await page.keyboard.press('Enter');
      await expect.poll(() => boxesOn(page), patience).toBeGreaterThan(0);
      expect(page.url()).not.toContain('horse');
      const cookies = await page.context().cookies();
      expect(cookies).toMatchObject([{ httpOnly: true, sameSite: 'Strict' }]);
      expect(await page.evaluate('document.cookie + JSON.stringify(localStorage)')).not.toContain(cookies[0]!.value);
      // Another tab, and the same one again, are in.
      await page.reload();
      await expect.poll(() => boxesOn(page), patience).toBeGreaterThan(0);
      await page.getByRole('link', { name: 'Settings' }).click();
      const before = camera.settings.motion.sensitivity;
      await page.getByRole('slider', { name: 'Motion sensitivity' }).press('ArrowRight');
      await expect.poll(() => camera.settings.motion.sensitivity, patience).toBeCloseTo(before + 0.01, 5);
    });

    it('lets out again, in all tabs at once, and leaves nothing on the screen', async () => {
      const page = await openGuarded({ viewport: { width: 360, height: 740 } });
      expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0);
      await page.getByLabel('Password').fill(secret);
      await page.getByRole('button', { name: 'Log in' }).click();
      await page.locator('canvas').waitFor(patience);
      const other = await page.context().newPage();
      await other.goto(guardedUrl);
      await other.locator('canvas').waitFor(patience);
      await page.getByRole('button', { name: 'Log out' }).click();
      for (const one of [page, other]) {
        await one.getByRole('heading', { name: 'Log in' }).waitFor(patience);
        expect(await one.locator('canvas').count()).toBe(0);
      }
    });
  });
});
