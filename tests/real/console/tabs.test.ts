import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readSettings, resolveSettings, type SettingsInput } from '../../../sdk/config/settings.ts';
import type { Pipeline } from '../../../sdk/pipeline/pipeline.ts';
import { NodeRun } from '../../../tools/cli/node-run.ts';
import { recorder } from '../../support/recorder.ts';
import { browserPath, buildPage, patience, Visitor, violationsOf } from './browser.ts';

type Points = [number, number][];
const square: Points = [
  [0.3, 0.3],
  [0.6, 0.3],
  [0.6, 0.7],
  [0.3, 0.7],
];
const other: Points = [
  [0.1, 0.1],
  [0.9, 0.1],
  [0.9, 0.9],
];
const phone = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };

describe.skipIf(!existsSync(browserPath))('two who change the same (needs chromium)', { timeout: 900_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'ocellus-tabs-'));
  const file = join(folder, 'ocellus.yaml');
  const text = () => readFileSync(file, 'utf8');
  let run: NodeRun;
  let visitor: Visitor;
  let camera: Pipeline;

  beforeAll(async () => {
    buildPage(join(folder, 'page'));
    writeFileSync(
      file,
      '# Mine.\ncameras:\n  door: { source: "scene:" }\nconsole: { port: 0 }\nmqtt: { broker: off }\n',
    );
    const resolve = async (input: SettingsInput) =>
      resolveSettings({ ...input, data: join(folder, 'data'), core: { model: 'off' } });
    run = new NodeRun(await resolve(await readSettings(file, true)), {
      ...{ file, resolve, given: {}, setupErrors: [], logger: recorder(), page: join(folder, 'page') },
      restart() {},
      announce() {},
    });
    await run.start();
    visitor = await Visitor.launch();
  });
  beforeEach(async () => {
    camera = run.node.pipelines.get('door')!;
    await camera.change({
      zones: { floor: { polygon: square } },
      masks: [],
      detect: { threshold: 0.6, thresholds: {} },
    });
  });
  afterEach(() => visitor.leave());
  afterAll(async () => {
    await visitor?.close();
    await run?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  async function open(hash: string, options: BrowserContextOptions = {}, prepare?: (page: Page) => Promise<void>) {
    const page = await visitor.visit(`http://127.0.0.1:${new URL(run.url!).port}/`, hash, options, prepare);
    await page.getByRole('heading', { level: 1 }).waitFor({ state: 'attached' });
    return page;
  }
  const saved = () => camera.settings.zones.floor?.polygon;
  /** Opens the zone and moves it to the right, by the keyboard's way. */
  async function move(page: Page): Promise<void> {
    await page.getByRole('button', { name: /floor/ }).press('Enter');
    await page.getByRole('application').press('ArrowRight');
    await page.getByRole('button', { name: /^Corner 1 of 4: 31 %/ }).waitFor(patience);
  }
  const save = (page: Page) => page.getByRole('button', { name: 'Save', exact: true }).click();
  const asked = (page: Page) => page.getByRole('dialog', { name: 'Changed elsewhere: Zone floor' });

  it('a zone that was deleted on one phone does not come back from the other, unless somebody says so', async () => {
    const [mine, theirs] = [await open('#/zones', phone), await open('#/zones', phone)];
    await move(mine);
    await theirs.getByRole('button', { name: /floor/ }).tap();
    await theirs.getByRole('button', { name: 'Delete' }).tap();
    await theirs.getByRole('dialog').getByRole('button', { name: 'Delete it' }).tap();
    await expect.poll(saved, patience).toBeUndefined();
    await mine.getByRole('alert').filter({ hasText: 'was deleted elsewhere' }).waitFor(patience);
    await save(mine);
    await asked(mine).getByText('It was deleted elsewhere').waitFor(patience);
    await asked(mine).getByRole('button', { name: 'Leave it deleted' }).tap();
    await mine.getByRole('button', { name: 'Add zone' }).waitFor(patience);
    expect(saved()).toBeUndefined();

    await camera.change({ zones: { floor: { polygon: square } } });
    await move(mine);
    await camera.change({ zones: {} });
    await mine.getByRole('alert').filter({ hasText: 'was deleted elsewhere' }).waitFor(patience);
    await save(mine);
    await asked(mine).getByRole('button', { name: 'Bring it back' }).tap();
    await expect.poll(() => saved()?.[0]?.[0], patience).toBeCloseTo(0.31, 5);
  });

  it('a new zone on two phones at once: the later one gets a free name, and why a name cannot be saved is seen beside the button', async () => {
    const page = await open('#/zones', phone);
    await page.getByRole('button', { name: 'Add zone' }).tap();
    const surface = page.getByRole('application');
    for (const key of ['Space', 'Shift+ArrowRight', 'Space', 'Shift+ArrowDown', 'Space', 'Enter'])
      await surface.press(key);
    const name = page.getByRole('textbox', { name: 'Name' });
    const given = await name.inputValue();
    await camera.change({ zones: { ...camera.settings.zones, [given]: { polygon: other } } });
    await expect.poll(() => name.inputValue(), patience).not.toBe(given);
    await name.fill(given);
    await page.evaluate('scrollTo(0, 0)');
    const taken = page.getByRole('alert').filter({ hasText: 'There is a zone of that name already.' });
    const end = await taken.evaluate((one) => one.getBoundingClientRect().bottom);
    expect(end).toBeLessThan((await page.getByRole('button', { name: 'Save', exact: true }).boundingBox())!.y + 1);
    expect(end).toBeLessThan((await page.locator('.nav').boundingBox())!.y);
    await name.fill('bench');
    await save(page);
    await expect
      .poll(() => Object.keys(camera.settings.zones), patience)
      .toEqual(expect.arrayContaining([given, 'bench']));
    await camera.change({ zones: { floor: { polygon: square } } });
  });

  it('a zone that others changed is shown, and saving over it asks with both pictures', async () => {
    const page = await open('#/zones');
    await move(page);
    await camera.change({ zones: { floor: { polygon: other } }, detect: { threshold: 0.7 } });
    await page.getByText('Changed elsewhere just now: Threshold, Zone floor.').waitFor(patience);
    await page.getByRole('alert').filter({ hasText: 'was changed elsewhere' }).waitFor(patience);
    // What they drew is below what is drawn here.
    expect(await page.locator('.saved .shape').count()).toBe(1);
    await save(page);
    const loaded = () =>
      asked(page)
        .locator('img')
        .evaluateAll((all) => all.map((one) => (one as HTMLImageElement).naturalWidth > 50));
    await expect.poll(loaded, patience).toEqual([true, true]);
    expect(await violationsOf(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await asked(page).waitFor({ state: 'detached', ...patience });
    expect(saved()).toEqual(other);
    await save(page);
    await asked(page).getByRole('button', { name: 'Save mine' }).click();
    await expect.poll(() => saved()?.[0]?.[0], patience).toBeCloseTo(0.31, 5);
    // Who has changed nothing follows.
    await page.getByRole('button', { name: /floor/ }).press('Enter');
    await camera.change({ zones: { floor: { polygon: other } } });
    await page.getByRole('button', { name: /^Corner 1 of 3: 10 %/ }).waitFor(patience);
    await camera.change({ zones: {} });
    await page.getByRole('button', { name: 'Add zone' }).waitFor(patience);
  });

  it('a page that has not heard of the change cannot save over it', async () => {
    let isDeaf = false;
    const page = await open('#/zones', {}, (it) =>
      it.routeWebSocket(/api\/live/, (socket) => {
        const server = socket.connectToServer();
        server.onMessage((message) => {
          if (!isDeaf || typeof message !== 'string' || !message.includes('"settings"')) socket.send(message);
        });
      }),
    );
    await move(page);
    isDeaf = true;
    await camera.change({ zones: { floor: { polygon: other }, sofa: { polygon: other } } });
    await save(page);
    await asked(page).getByRole('button', { name: 'Keep what is there' }).click();
    await page.getByRole('button', { name: 'Add zone' }).waitFor(patience);
    expect(saved()).toEqual(other);
    // Another zone is no reason to ask, and stays.
    await camera.change({ zones: { floor: { polygon: other }, rug: { polygon: square } } });
    await page.getByRole('button', { name: /sofa/ }).press('Enter');
    await page.getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete it' }).click();
    await page.getByText('Deleted', { exact: true }).waitFor(patience);
    expect(Object.keys(camera.settings.zones)).toEqual(['floor', 'rug']);
    // The browser tells of each answer that is an error.
    expect(visitor.faults.splice(0).filter((fault) => !fault.includes('412'))).toEqual([]);
  });

  it('settings that others change are shown, and undo takes back nothing of theirs without asking', async () => {
    const page = await open('#/settings');
    const slider = page.getByRole('slider', { name: 'Threshold', exact: true });
    const undo = page.getByRole('button', { name: 'Undo the last change' });
    // Faster than the answers come: one's own changes are no clash.
    for (let i = 0; i < 5; i++) await slider.press('ArrowRight');
    await expect.poll(() => camera.settings.detect.threshold, patience).toBeCloseTo(0.65, 5);
    await camera.change({ detect: { threshold: 0.9 } });
    await page.getByText('Changed elsewhere just now: Threshold.').waitFor(patience);
    expect(await slider.inputValue()).toBe('0.9');
    await undo.click();
    const dialog = page.getByRole('dialog', { name: 'Changed elsewhere: Threshold' });
    await dialog.getByText('90 %').waitFor(patience);
    await dialog.getByText('64 %').waitFor();
    await dialog.getByRole('button', { name: 'Keep what is there' }).click();
    expect(camera.settings.detect.threshold).toBe(0.9);
    const source = page.getByRole('combobox', { name: 'Source' }).first();
    // What is being typed stays.
    await source.fill('rtsp://192.0.2.7/');
    await camera.change({ detect: { threshold: 0.6 } });
    await expect.poll(() => slider.inputValue(), patience).toBe('0.6');
    expect(await source.inputValue()).toBe('rtsp://192.0.2.7/');
  });

  it('a camera that others changed is not removed unseen', async () => {
    const page = await open('#/settings');
    await page.getByRole('button', { name: 'Remove this camera' }).click();
    await camera.change({ detect: { threshold: 0.8 } });
    await page.getByRole('dialog', { name: 'Remove door?' }).getByRole('button', { name: 'Remove' }).click();
    await page.getByRole('alert').filter({ hasText: 'were changed meanwhile' }).waitFor(patience);
    expect([...run.node.pipelines.keys()]).toEqual(['door']);
    visitor.faults.splice(0);
  });

  it('what somebody writes to the file is shown: in use, waiting, or wrong', async () => {
    const page = await open('#/settings', phone);
    const banner = page.locator('.banner');
    // As it never was before: then nothing waits to be written that would be newer than what is written by hand.
    await camera.change({ detect: { threshold: 0.66 } });
    await expect.poll(text, patience).toMatch(/threshold: 0\.66/);
    // It tells of what changes once it is there.
    await page.getByRole('slider', { name: 'Threshold', exact: true }).waitFor(patience);
    writeFileSync(file, text().replace(/threshold: 0\.66/, 'threshold: 0.75'));
    await page.getByText('Changed elsewhere just now: Threshold.').waitFor(patience);
    await expect
      .poll(() => page.getByRole('slider', { name: 'Threshold', exact: true }).inputValue(), patience)
      .toBe('0.75');
    const right = text();
    writeFileSync(file, right.replace('0.75', 'much'));
    await banner.getByText('ocellus.yaml was changed and cannot be used.').waitFor(patience);
    await banner.getByText('door: Threshold: expected').waitFor(patience);
    writeFileSync(file, right.replace('cameras:', 'cameras:\n  yard: { source: "scene:" }'));
    await banner.getByText('Camera yard. Used from the next start.').waitFor(patience);
    await banner.getByRole('button', { name: 'Use it now' }).tap();
    await page.getByRole('link', { name: 'yard' }).waitFor(patience);
    await banner.waitFor({ state: 'detached', ...patience });
    expect(camera.settings.detect.threshold).toBe(0.75);
  });
});
