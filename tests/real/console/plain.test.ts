import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { hashPassword } from '../../../sdk/access/password.ts';
import { resolveSettings } from '../../../sdk/config/settings.ts';
import type { FoundObject } from '../../../sdk/core/detector.ts';
import { Node } from '../../../sdk/pipeline/node.ts';
import type { Pipeline } from '../../../sdk/pipeline/pipeline.ts';
import { Console } from '../../../tools/console/server/console.ts';
import { browserPath, buildPage, patience, Visitor, violationsOf } from './browser.ts';

const labels = ['person', 'cat', 'dog'];
/** A person, a cat of which the network is not sure, and a dog that nobody watches. */
const things: FoundObject[] = [
  { label: 'person', score: 0.9, box: [40, 40, 140, 300] },
  { label: 'cat', score: 0.45, box: [300, 200, 400, 300] },
  { label: 'dog', score: 0.8, box: [440, 60, 560, 160] },
];

describe.skipIf(!existsSync(browserPath))('the page in plain words (needs chromium)', { timeout: 900_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'ocellus-plain-'));
  let node: Node;
  let server: Console;
  let url: string;
  let visitor: Visitor;
  let camera: Pipeline;

  beforeAll(async () => {
    buildPage(folder);
    const detect = { labels: ['person', 'cat'], fps: 5 };
    const door = { source: 'scene:', detect, motion: { enabled: false } };
    node = new Node(resolveSettings({ node: 'porch', cameras: { door } }), {
      model: { labels, detect: async () => ({ detections: things }) },
    });
    await node.start({
      before: async () => {
        server = new Console({ node, port: 0, folder });
        ({ url } = await server.start());
      },
    });
    camera = node.pipelines.get('door')!;
    visitor = await Visitor.launch();
  });
  afterEach(() => visitor.leave());
  afterAll(async () => {
    await visitor?.close();
    await server?.stop();
    await node?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  async function open(hash = '', options: BrowserContextOptions = {}): Promise<Page> {
    const page = await visitor.visit(url, hash, options);
    await page.getByRole('heading', { level: 1 }).waitFor({ state: 'attached' });
    return page;
  }

  it('says why something was not told', async () => {
    const page = await open('#/events');
    await page.getByText('Why did nothing happen?').click();
    const fates = page.getByRole('list', { name: 'What became of what door saw' });
    await fates.getByText('Told', { exact: false }).first().waitFor(patience);
    await fates.getByText('Not told: its best score, 45 %, is too far below the threshold, 60 %.').waitFor(patience);
    await fates.getByText('Not told: this label is not watched.').waitFor(patience);
    await page.getByText(/Of [\d\u202f]+ pictures in the last .* the network looked at \d+/).waitFor(patience);
  });

  it('says what another threshold would have told, before it is applied', async () => {
    const page = await open('#/settings');
    await page.getByText('about 1 of 2 objects would have been told').waitFor(patience);
    const slider = page.getByRole('slider', { name: 'Threshold', exact: true });
    const { x, y, width, height } = (await slider.boundingBox())!;
    await page.mouse.move(x + 0.6 * width, y + height / 2);
    await page.mouse.down();
    await page.mouse.move(x + 0.3 * width, y + height / 2, { steps: 4 });
    await page.getByText('about 2 of 2 objects would have been told').waitFor(patience);
    expect(camera.settings.detect.threshold).toBe(0.6);
    await page.mouse.up();
    await expect.poll(() => camera.settings.detect.threshold, patience).toBeLessThan(0.4);
    await camera.change({ detect: { threshold: 0.6 } });
  });

  it('says of a number that is out of range what was expected, and writes Küche as a zone can be called', async () => {
    const polygon: [number, number][] = [
      [0.1, 0.1],
      [0.5, 0.1],
      [0.5, 0.5],
    ];
    await camera.change({ zones: { floor: { polygon, inertia_seconds: 0.5 } } });
    const page = await open('#/zones');
    await page.getByRole('button', { name: /floor/ }).press('Enter');
    const seconds = page.getByRole('spinbutton', { name: 'Seconds until it counts' });
    await seconds.fill('99');
    await page.getByRole('alert').filter({ hasText: 'Expected 0 to 60, got 99; it stays 0.5.' }).waitFor(patience);
    await seconds.fill('2');
    await page.getByRole('alert').waitFor({ state: 'detached', ...patience });
    await page.getByLabel('Name').fill('Küche Süd');
    await page.getByRole('button', { name: 'Save' }).click();
    await expect
      .poll(() => camera.settings.zones, patience)
      .toEqual({
        'kueche-sued': { polygon, inertia_seconds: 2 },
      });
    await camera.change({ zones: {} });
  });

  it('lets the last watched label go, undoes it, and goes back to the defaults', async () => {
    await camera.change({ detect: { labels: ['cat'], threshold: 0.6 } });
    const page = await open('#/settings');
    const watched = page.getByRole('group', { name: 'Watched labels' });
    await watched.getByRole('button', { name: 'cat' }).click();
    await page.getByRole('button', { name: 'Watch all 3' }).click();
    await expect.poll(() => camera.settings.detect.labels, patience).toEqual([]);
    const undo = page.getByRole('button', { name: 'Undo the last change' });
    await undo.click();
    await expect.poll(() => camera.settings.detect.labels, patience).toEqual(['cat']);
    await watched.getByRole('button', { name: 'cat' }).click();
    await page.getByRole('button', { name: 'Detect nothing' }).click();
    await expect.poll(() => camera.settings.detect.enabled, patience).toBe(false);
    await undo.click();
    await expect.poll(() => camera.settings.detect.enabled, patience).toBe(true);
    await page.getByRole('slider', { name: 'Threshold', exact: true }).press('ArrowRight');
    await expect.poll(() => camera.settings.detect.threshold, patience).toBeCloseTo(0.61, 5);
    await page.getByRole('button', { name: 'Back to the defaults' }).click();
    const defaults = { threshold: 0.6, labels: ['person', 'cat', 'dog'] };
    await expect.poll(() => camera.settings, patience).toMatchObject({ source: 'scene:', detect: defaults });
    await undo.click();
    await expect.poll(() => camera.settings.detect, patience).toMatchObject({ threshold: 0.61, labels: ['cat'] });
    await camera.change({ detect: { threshold: 0.6, labels: ['person', 'cat'] }, motion: { enabled: false } });
  });

  it.each([
    ['a small phone', { width: 320, height: 568 }],
    ['a phone on its side', { width: 568, height: 320 }],
    // What is left of 1280 x 860 pixels.
    ['a page at 200 %', { width: 640, height: 430 }],
  ])('shows all views and the whole picture on %s', async (_, viewport) => {
    const page = await open('', { viewport, hasTouch: true });
    await page.locator('canvas[data-sequence]').waitFor(patience);
    const boxOf = async (name: string) => (await page.locator(name).first().boundingBox())!;
    const nav = await boxOf('.nav');
    for (const link of await page.getByRole('navigation', { name: 'Views' }).getByRole('link').all()) {
      const { x, y, width, height } = (await link.boundingBox())!;
      expect([x >= 0, x + width <= viewport.width, y >= 0, y + height <= viewport.height, width >= 24]).toEqual(
        Array(5).fill(true),
      );
    }
    const picture = await boxOf('.stage');
    // Above the views, where they are at the bottom.
    const bottom = nav.y > viewport.height / 2 ? nav.y : viewport.height;
    expect([picture.y >= 0, picture.y + picture.height <= bottom, picture.height >= 140]).toEqual([true, true, true]);
    for (const view of ['events', 'zones', 'taught', 'settings', 'health']) {
      await page.goto(`${url}#/${view}`);
      await page.locator(`.view-${view} h1`).waitFor({ state: 'attached' });
      expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth'), view).toBeLessThanOrEqual(0);
    }
  });

  it('has no violation that axe-core finds, in any view, with what can be opened there', async () => {
    const polygon: [number, number][] = [
      [0.1, 0.1],
      [0.5, 0.1],
      [0.5, 0.5],
    ];
    await camera.change({ zones: { floor: { polygon } } });
    const page = await open();
    await page.locator('canvas[data-sequence]').waitFor(patience);
    const found: string[] = [];
    const look = async (what: string) =>
      found.push(...(await violationsOf(page)).map((violation) => `${what}: ${violation}`));
    for (const view of ['live', 'events', 'zones', 'taught', 'settings', 'health']) {
      await page.evaluate(`location.hash = '#/${view}'`);
      await page.locator(`.view-${view} h1`).waitFor({ state: 'attached' });
      if (view === 'events') await page.getByText('Why did nothing happen?').click();
      // Pictures and numbers come a moment later.
      await page.waitForTimeout(1500);
      await look(view);
      if (view === 'events') {
        await page.locator('.event-card').first().click();
        await page.getByRole('dialog').waitFor();
        await look('an event');
        await page.keyboard.press('Escape');
        await page.getByRole('dialog').waitFor({ state: 'detached', ...patience });
      }
      if (view === 'zones') {
        await page.getByRole('button', { name: /floor/ }).press('Enter');
        await look('a zone');
        await page.getByRole('button', { name: 'Delete' }).click();
        await page.getByRole('dialog').waitFor();
        await look('a question');
        await page.keyboard.press('Escape');
        await page.getByRole('button', { name: 'Cancel' }).click();
        await page.getByRole('button', { name: 'Add mask' }).click();
        await look('a mask that is drawn');
        await page.getByRole('button', { name: 'Cancel' }).click();
      }
    }
    await camera.change({ zones: {} });
    expect(found).toEqual([]);
  });

  it('is below 80 kB as it is sent, and 240 kB unpacked', () => {
    const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((file) => file.isFile());
    const contents = files.map(({ parentPath, name }) => readFileSync(join(parentPath, name)));
    const sizeOf = (all: Buffer[]) => all.reduce((sum, { length }) => sum + length, 0);
    expect(sizeOf(contents)).toBeLessThan(240_000);
    expect(sizeOf(contents.map((content) => gzipSync(content)))).toBeLessThan(80_000);
    expect(files.length).toBeGreaterThan(4);
  });

  it('counts down where too many wrong passwords were given', async () => {
    const guarded = new Console({ node, port: 0, folder, password: await hashPassword('correct horse') });
    const { url: address } = await guarded.start();
    const page = await visitor.visit(address, '', {});
    await page.getByRole('heading', { name: 'Log in' }).waitFor(patience);
    expect(await violationsOf(page)).toEqual([]);
    // Five are free, and one more every 20 s: on a busy machine some come back meanwhile.
    let status = 0;
    for (let tries = 0; status !== 429; tries++) {
      expect(tries).toBeLessThan(50);
      const answer = page.waitForResponse((one) => one.url().endsWith('/api/session') && one.status() >= 400, patience);
      await page.getByLabel('Password').fill('wrong horse');
      await page.getByRole('button', { name: 'Log in' }).click(patience);
      status = (await answer).status();
      expect(tries < 5 ? [401] : [401, 429]).toContain(status);
    }
    const button = page.getByRole('button', { name: /^(Wait \d+ s|Log in)$/ });
    const seconds = async () => Number(/\d+/.exec((await button.textContent()) ?? '')?.[0] ?? 0);
    await expect.poll(seconds, patience).toBeGreaterThan(0);
    const first = await seconds();
    expect(await button.isDisabled()).toBe(true);
    await expect.poll(seconds, patience).toBeLessThan(first);
    // The browser tells of each answer that is an error.
    visitor.faults.splice(0);
    await page.context().close();
    await guarded.stop();
  });

  it('says in one sentence how it is', async () => {
    const page = await open('#/health');
    const verdict = page.getByRole('status', { name: 'How it is' });
    await verdict.getByText('All is well.').waitFor(patience);
    await camera.change({ source: 'file:/nowhere/at/all.mp4' });
    await verdict.getByText('door gives no picture: ').waitFor(patience);
    await verdict.getByText('Check its cable, its power and its address under Settings.').waitFor(patience);
    await camera.change({ source: 'scene:' });
    await verdict.getByText('All is well.').waitFor(patience);
  });
});
