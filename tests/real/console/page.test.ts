// What runs in the page needs the types of a page.
/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
import { existsSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { asset } from '../../../sdk/assets.ts';
import { resolveSettings } from '../../../sdk/config/settings.ts';
import { Node } from '../../../sdk/pipeline/node.ts';
import { Console } from '../../../tools/console/server/console.ts';
import { hasProgram } from '../../needs.ts';

const canRun = hasProgram('chromium') && existsSync(asset('dist', 'console', 'index.html'));

describe.skipIf(!canRun)('the page in a real browser (needs chromium, and the page built by npm run build)', () => {
  let node: Node;
  let console_: Console;
  let url: string;
  let browser: Browser;
  const problems: string[] = [];

  beforeAll(async () => {
    node = new Node(resolveSettings({ cameras: { door: { source: 'scene:' } }, mqtt: { broker: 'off' } }));
    await node.start({
      before: async () => {
        console_ = new Console({ node, port: 0 });
        ({ url } = await console_.start());
      },
    });
    browser = await chromium.launch({
      executablePath: '/usr/bin/chromium',
      args: [
        ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync'],
        ...['--disable-background-networking', '--disable-component-update'],
      ],
    });
  });
  afterAll(async () => {
    await browser?.close();
    await console_?.stop();
    await node?.stop();
  });
  afterEach(() => {
    expect(problems.splice(0)).toEqual([]);
  });

  async function open(options: Parameters<Browser['newPage']>[0] = {}): Promise<Page> {
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 }, ...options });
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') problems.push(message.text());
    });
    page.on('pageerror', (error) => problems.push(error.message));
    page.on('request', (request) => {
      if (!/^(blob|data):/.test(request.url()) && new URL(request.url()).host !== new URL(url).host) {
        problems.push(`it asked elsewhere: ${request.url()}`);
      }
    });
    await page.goto(url);
    await page.waitForFunction(() => document.querySelector('canvas')?.dataset.sequence);
    return page;
  }

  const seesBoxes = (page: Page) =>
    page.waitForFunction(() => Number(document.querySelector('canvas')?.dataset.boxes) > 0);
  const door = () => node.pipelines.get('door')!;

  it('shows the live scene with boxes, lists events with pictures, and says what is in view', async () => {
    const page = await open();
    await seesBoxes(page);
    const labels = await page.locator('canvas').first().getAttribute('data-labels');
    expect(labels).toMatch(/^(person|cat|cup|motorcycle)( (person|cat|cup|motorcycle))*$/);
    // The picture changes, and what is painted is no empty canvas.
    const first = Number(await page.locator('canvas').first().getAttribute('data-sequence'));
    await page.waitForFunction(
      (before) => Number(document.querySelector('canvas')!.dataset.sequence) > before + 5,
      first,
    );
    const colours = await page
      .locator('canvas')
      .first()
      .evaluate((element) => {
        const canvas = element as HTMLCanvasElement;
        const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
        const seen = new Set<number>();
        for (let i = 0; i < data.length; i += 4) seen.add((data[i]! << 16) | (data[i + 1]! << 8) | data[i + 2]!);
        return seen.size;
      });
    expect(colours).toBeGreaterThan(500);
    await page.locator('.events .thumb').first().waitFor();
    await page.locator('.event').first().click();
    await page.getByRole('heading', { name: /person|cat|cup|motorcycle/ }).waitFor();
    await page.waitForFunction(() => {
      const picture = document.querySelector<HTMLImageElement>('img.thumb.large');
      return picture?.complete && picture.naturalWidth > 0;
    });
    await expect.poll(() => page.getByRole('list', { name: 'In view now' }).textContent()).toMatch(/\d \w+/);
    await page.close();
  });

  it('a zone drawn with the mouse takes effect, is changed by dragging, and goes again', async () => {
    const page = await open();
    await page.getByRole('tab', { name: 'Zones' }).click();
    await page.getByRole('button', { name: 'Draw a zone' }).click();
    const area = (await page.locator('svg.shapes').boundingBox())!;
    const click = (x: number, y: number) => page.mouse.click(area.x + x * area.width, area.y + y * area.height);
    for (const [x, y] of [
      [0.02, 0.3],
      [0.98, 0.3],
      [0.98, 0.99],
      [0.02, 0.99],
      [0.02, 0.3],
    ] as const)
      await click(x, y);
    await page.getByRole('textbox', { name: 'Name' }).fill('floor');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.locator('[data-zone=floor]').waitFor();
    const corners = () => door().settings.zones.floor!.polygon;
    expect(corners().length).toBe(4);
    expect(corners()[0]![0]).toBeCloseTo(0.02, 1);
    expect(corners()[2]![1]).toBeCloseTo(0.99, 1);
    // Whoever stands in the scene stands in it: the zone's count says so.
    await expect.poll(() => page.locator('[data-zone=floor]').textContent(), { timeout: 60_000 }).toMatch(/\d/);

    await page.getByRole('button', { name: 'Edit floor' }).click();
    await page.mouse.move(area.x + 0.02 * area.width, area.y + 0.3 * area.height);
    await page.mouse.down();
    await page.mouse.move(area.x + 0.5 * area.width, area.y + 0.1 * area.height, { steps: 4 });
    await page.mouse.up();
    await page.getByRole('button', { name: 'Save' }).click();
    await expect.poll(() => corners()[0]![0]).toBeCloseTo(0.5, 1);
    await page.getByRole('button', { name: 'Delete floor' }).click();
    await expect.poll(() => door().settings.zones).toEqual({});
    await page.locator('[data-zone=floor]').waitFor({ state: 'detached' });
    await page.close();
  });

  it('can be used with the keyboard alone', async () => {
    const page = await open();
    const reach = async (name: string) => {
      for (let i = 0; i < 60; i++) {
        await page.keyboard.press('Tab');
        const at = await page.evaluate(() => {
          const element = document.activeElement as HTMLElement;
          return element.getAttribute('aria-label') ?? element.textContent;
        });
        if (at.startsWith(name)) return;
      }
      expect.fail(`Tab does not reach ${name}`);
    };
    await reach('Zones');
    await page.keyboard.press('Enter');
    await reach('Place a zone without a mouse');
    await page.keyboard.press('Enter');
    await reach('Corner 1');
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('Shift+ArrowUp');
    await reach('Save');
    await page.keyboard.press('Enter');
    await expect.poll(() => door().settings.zones['zone-1']?.polygon[0]).toEqual([0.29, 0.35]);
    await door().change({ zones: {} });
    await page.close();
  });

  it('the threshold slider changes the camera, and follows changes made elsewhere', async () => {
    const page = await open();
    await page.getByRole('tab', { name: 'Settings' }).click();
    const slider = page.getByRole('slider', { name: 'Threshold' });
    await slider.fill('0.42');
    await expect.poll(() => door().settings.detect.threshold).toBe(0.42);
    await door().change({ detect: { threshold: 0.6 } });
    await expect.poll(() => slider.inputValue()).toBe('0.6');
    await page.getByRole('checkbox', { name: /^Detection/ }).uncheck();
    await expect.poll(() => door().settings.detect.enabled).toBe(false);
    await page.getByRole('checkbox', { name: /^Detection/ }).check();
    await expect.poll(() => door().settings.detect.enabled).toBe(true);
    await page.close();
  });

  it('shows health and times', async () => {
    const page = await open();
    await page.getByRole('tab', { name: 'Health' }).click();
    await page.getByRole('img', { name: /^Time of a frame, by stage: motion .* ms/ }).waitFor();
    await page.getByText('NanoDet-g 416').waitFor();
    await page.close();
  });

  it.each(['dark', 'light'] as const)('fits a phone, %s', async (colorScheme) => {
    const page = await open({ viewport: { width: 360, height: 740 }, colorScheme });
    for (const tab of ['Zones', 'Settings', 'Health', 'Events']) {
      await page.getByRole('tab', { name: tab }).click();
      const [content, screen] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
      expect(content, tab).toBeLessThanOrEqual(screen!);
    }
    const ground = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const brightness = ground
      .match(/\d+/g)!
      .slice(0, 3)
      .reduce((sum, value) => sum + Number(value), 0);
    expect(brightness > 384).toBe(colorScheme === 'light');
    // The switch goes before what the system says, and is remembered.
    const other = colorScheme === 'dark' ? 'light' : 'dark';
    await page.getByLabel('Look of the page').selectOption(other);
    await page.waitForFunction((theme) => document.documentElement.dataset.theme === theme, other);
    await page.reload();
    expect(await page.evaluate(() => getComputedStyle(document.body).backgroundColor)).not.toBe(ground);
    await page.close();
  });

  it('says that the connection is lost, and shows the scene again when the server is back', async () => {
    const page = await open();
    const port = Number(new URL(url).port);
    await console_.stop();
    await page.getByRole('alert').waitFor();
    console_ = new Console({ node, port });
    await console_.start();
    await page.getByRole('alert').waitFor({ state: 'detached' });
    await seesBoxes(page);
    // What the browser says of the lost connection is what was wanted.
    problems.splice(0);
    await page.close();
  });

  it('shows several cameras on a phone, and all of a long error where one is offline', async () => {
    const names = ['the-front-door-of-the-house', 'yard', 'cellar'];
    const sources = ['scene:', 'scene:', `file:/nowhere/${'a-long-way/'.repeat(40)}clip.mp4`];
    const cameras = Object.fromEntries(names.map((name, i) => [name, { source: sources[i]! }]));
    const several = new Node(resolveSettings({ node: 'a-long-name-of-a-board', cameras, mqtt: { broker: 'off' } }));
    let page_: Console | undefined;
    let address = '';
    try {
      await several.start({
        before: async () => {
          page_ = new Console({ node: several, port: 0 });
          ({ url: address } = await page_.start());
        },
      });
      const page = await browser.newPage({ viewport: { width: 360, height: 740 }, isMobile: true });
      await page.goto(address);
      await page.getByRole('button', { name: 'cellar' }).click();
      const veil = page.locator('.veil');
      await veil.getByText('does not exist').waitFor();
      // Its beginning is in the picture, and its end can be scrolled to.
      const [outer, title] = [(await veil.boundingBox())!, (await veil.locator('strong').boundingBox())!];
      expect(title.y).toBeGreaterThanOrEqual(outer.y);
      expect(await veil.evaluate((it) => it.scrollHeight > it.clientHeight && getComputedStyle(it).overflowY)).toBe(
        'auto',
      );
      expect(await page.locator('.counts').count()).toBe(0);
      // The dot beside the name, not above it; nothing wider than the phone.
      expect((await page.getByRole('button', { name: 'yard' }).boundingBox())!.height).toBeLessThan(50);
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
      await page.close();
    } finally {
      await page_?.stop();
      await several.stop();
    }
  });
});
