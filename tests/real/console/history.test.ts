import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { asset } from '../../../sdk/base/assets.ts';
import { resolveSettings } from '../../../sdk/config/settings.ts';
import { dayOf } from '../../../sdk/history/days.ts';
import { History } from '../../../sdk/history/history.ts';
import { Node } from '../../../sdk/pipeline/node.ts';
import { Console } from '../../../tools/console/server/console.ts';
import { freePort } from '../../support/ports.ts';
import { objectState } from '../../vision/fakes.ts';
import { browserPath, buildPage, patience, Visitor } from './browser.ts';

const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
const settings = resolveSettings({
  node: 'porch',
  cameras: {
    door: {
      source: 'scene:',
      detect: { enabled: false },
      zones: {
        sofa: {
          polygon: [
            [0, 0],
            [1, 0],
            [1, 1],
          ],
        },
      },
    },
  },
});

describe.skipIf(!existsSync(browserPath))('yesterday on the page (needs chromium)', { timeout: 900_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'ocellus-history-'));
  const data = join(folder, 'data');
  const noon = new Date(`${dayOf(Date.now() / 1000)}T12:00:00`).getTime() / 1000;
  let visitor: Visitor;
  let node: Node;
  let server: Console;
  let url: string;

  /** As after the power came back: the same folder, another process' memory. */
  async function start(): Promise<void> {
    node = new Node(settings, { data });
    await node.start({
      before: async () => {
        server = new Console({ node, port: await freePort(), folder: join(folder, 'page') });
        ({ url } = await server.start());
      },
    });
  }
  async function stop(): Promise<void> {
    await server?.stop();
    await node?.stop();
  }

  beforeAll(async () => {
    buildPage(join(folder, 'page'));
    const history = new History({ settings: settings.history, folder: join(data, 'history') });
    const jpeg = readFileSync(asset('devices', 'scene', 'photos', 'cat.jpg'));
    for (let i = 0; i < 80; i++) {
      const start_time = noon - (i < 75 ? 86_400 * 2 : 86_400) + i;
      const over = { id: `e${i}`, label: i % 2 ? 'cat' : 'person', start_time, frame_time: start_time };
      const named = i === 76 ? { sub_label: 'my cat', entered_zones: ['sofa'] } : {};
      history.addPicture(`e${i}`, jpeg);
      history.add({ type: 'end', after: objectState({ ...over, end_time: start_time + 9, ...named }) });
    }
    await history.open();
    await history.close();
    await start();
    visitor = await Visitor.launch();
  });
  afterAll(async () => {
    await visitor?.close();
    await stop();
    rmSync(folder, { recursive: true, force: true });
  });
  afterEach(() => visitor.leave());

  async function open(hash: string, options: BrowserContextOptions = {}): Promise<Page> {
    const page = await visitor.visit(url, hash, options);
    await page.getByRole('heading', { level: 1 }).waitFor({ state: 'attached' });
    return page;
  }
  const cards = (page: Page) => page.locator('.event-card');
  const counted = (page: Page, count: number) => expect.poll(() => cards(page).count(), patience).toBe(count);

  it('shows the last events on the live page, of before the start', async () => {
    const page = await open('');
    const events = page.getByRole('region', { name: 'Recent events' }).getByRole('button');
    await expect.poll(() => events.count(), patience).toBe(6);
    expect(await events.nth(3).textContent()).toContain('my cat');
  });

  it('says that an open event was deleted elsewhere, also while the phone slept, and stays where it was in the list', async () => {
    for (let i = 0; i < 40; i++) {
      const start_time = noon - 86_400 * 3 + i;
      const over = { id: `dog${i}`, label: 'dog', start_time, frame_time: start_time, end_time: start_time + 1 };
      node.history.add({ type: 'end', after: objectState(over) });
    }
    const page = await open('#/events', phone);
    await counted(page, 60);
    const gone = page.getByRole('alert').filter({ hasText: 'This event is gone: it was deleted elsewhere' });
    const cardOf = (nth: number) => cards(page).nth(nth);
    const at = () => page.evaluate('scrollY') as Promise<number>;

    // In the middle of the list, with neighbours that stay.
    const victim = 20;
    await cardOf(victim).scrollIntoViewIfNeeded();
    const id = (await node.history.list({ limit: 100 })).events[victim]!.id;
    await cardOf(victim).tap();
    const dialog = page.getByRole('dialog');
    await dialog.waitFor(patience);
    const before = await at();
    expect(before).toBeGreaterThan(1000);
    await node.history.remove({ id });
    await gone.waitFor(patience);
    expect(await gone.count()).toBe(1);
    await expect.poll(() => dialog.count(), patience).toBe(0);
    expect(Math.abs((await at()) - before)).toBeLessThan(300);
    await page.getByRole('button', { name: 'Dismiss' }).tap();

    // Nothing is said of what this page deletes itself.
    await page.evaluate('scrollTo(0, 0)');
    await page.locator('.event-card', { hasText: 'dog' }).first().tap();
    await page.getByRole('button', { name: 'Delete…' }).tap();
    await page.getByRole('button', { name: 'Delete', exact: true }).tap();
    await page.getByText('The event is deleted.').waitFor(patience);
    await expect.poll(() => dialog.count(), patience).toBe(0);
    expect(await gone.count()).toBe(0);

    // Of what happened while it was not connected nobody tells it.
    await page.locator('.event-card', { hasText: 'dog' }).first().tap();
    await dialog.waitFor(patience);
    await server.stop();
    const [left] = (await node.history.list({ limit: 100 })).events.filter(({ label }) => label === 'dog');
    await node.history.remove({ id: left!.id });
    server = new Console({ node, port: Number(new URL(url).port), folder: join(folder, 'page') });
    await server.start();
    await gone.waitFor(patience);
    await expect.poll(() => dialog.count(), patience).toBe(0);
    // That it was not connected, and that the event is not there.
    visitor.faults.length = 0;
    for (let i = 0; i < 40; i++) await node.history.remove({ id: `dog${i}` });
  });

  it('finds yesterday on a phone: by day, zone and label; more on request', async () => {
    const page = await open('#/events', phone);
    // Sixty are known from the start.
    await counted(page, 60);
    expect(await page.getByRole('heading', { level: 2 }).allTextContents()).toEqual([
      'Yesterday',
      expect.stringMatching(/,/),
    ]);
    await page.getByRole('button', { name: 'Show older ones' }).tap();
    await counted(page, 80);
    const day = page.getByLabel('Day', { exact: true });
    expect(await day.locator('option').nth(1).textContent()).toBe('Yesterday (5)');
    await day.selectOption(dayOf(noon - 86_400));
    await counted(page, 5);
    await page.getByRole('button', { name: 'cat', exact: true }).tap();
    await counted(page, 3);
    await page.getByRole('button', { name: 'All', exact: true }).tap();
    await page.getByLabel('Zone', { exact: true }).selectOption('sofa');
    await counted(page, 1);
    await page.getByLabel('Day', { exact: true }).selectOption(dayOf(noon - 2 * 86_400));
    await page.getByText('Nothing fits').waitFor(patience);
    // Nothing is cut off beside the picture.
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390);
  });

  it('gives the picture, the event and a day as files', async () => {
    const page = await open('#/events');
    await page.getByLabel('Day', { exact: true }).selectOption(dayOf(noon - 86_400));
    await counted(page, 5);
    const saved = async (click: () => Promise<void>) => {
      const [download] = await Promise.all([page.waitForEvent('download'), click()]);
      return { name: download.suggestedFilename(), bytes: readFileSync(await download.path()) };
    };
    const list = await saved(() => page.getByRole('link', { name: 'Download list' }).click());
    expect(list.name).toBe(`events-${dayOf(noon - 86_400)}.json`);
    expect(JSON.parse(list.bytes.toString()).map(({ id }: { id: string }) => id)).toEqual([
      'e79',
      'e78',
      'e77',
      'e76',
      'e75',
    ]);
    await cards(page).nth(3).click();
    const dialog = page.getByRole('dialog', { name: 'Event: my cat' });
    const picture = await saved(() => dialog.getByRole('link', { name: 'Picture' }).click());
    expect([picture.name, picture.bytes.readUInt16BE(0)]).toEqual(['e76.jpg', 0xffd8]);
    const one = await saved(() => dialog.getByRole('link', { name: 'JSON' }).click());
    expect(JSON.parse(one.bytes.toString())).toMatchObject({ id: 'e76', sub_label: 'my cat', entered_zones: ['sofa'] });
  });

  it('deletes one and a day after asking, in other tabs as well, and for good', async () => {
    const page = await open('#/events');
    const other = await open('#/events');
    await counted(other, 60);
    await cards(page).nth(0).click();
    await page.getByRole('button', { name: 'Delete…' }).click();
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('button', { name: 'Delete…' }).click();
    await page.getByRole('button', { name: 'Delete', exact: true }).click();
    await page.getByText('The event is deleted.').waitFor(patience);
    await counted(other, 59);
    await page.getByLabel('Day', { exact: true }).selectOption(dayOf(noon - 86_400));
    await counted(page, 4);
    await page.getByRole('button', { name: 'Delete this day…' }).click();
    await page.getByRole('dialog', { name: 'Delete 4 events of Yesterday?' }).waitFor(patience);
    await page.getByRole('button', { name: 'Delete', exact: true }).click();
    await page.getByText('4 events deleted.').waitFor(patience);
    await counted(page, 0);
    await counted(other, 55);
    await visitor.leave();
    await stop();
    await start();
    const after = await open('#/events');
    await counted(after, 60);
    await after.getByRole('button', { name: 'Show older ones' }).click();
    await counted(after, 75);
  });
});
