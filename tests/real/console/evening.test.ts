import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { asset } from '../../../sdk/base/assets.ts';
import { readSettings, resolveSettings, type SettingsInput } from '../../../sdk/config/settings.ts';
import { dayOf } from '../../../sdk/history/days.ts';
import { History } from '../../../sdk/history/history.ts';
import { NodeRun } from '../../../tools/cli/node-run.ts';
import { MjpegServer } from '../../devices/mjpeg-server.ts';
import { recorder } from '../../support/recorder.ts';
import { objectState } from '../../vision/fakes.ts';
import { browserPath, buildPage, patience, Visitor } from './browser.ts';

/** A new board and its owner with a phone: one thing after the other. */
describe.skipIf(!existsSync(browserPath))('an evening with a phone (needs chromium)', { timeout: 900_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'ocellus-evening-'));
  const file = join(folder, 'ocellus.yaml');
  const yesterday = new Date(`${dayOf(Date.now() / 1000)}T12:00:00`).getTime() / 1000 - 86_400;
  let run: NodeRun;
  let network: MjpegServer;
  let visitor: Visitor;
  let page: Page;

  beforeAll(async () => {
    buildPage(join(folder, 'page'));
    writeFileSync(file, 'cameras: {}\nconsole: { port: 0 }\nmqtt: { broker: off }\n');
    network = await MjpegServer.start({ width: 320, height: 240, login: 'me:secret' });
    const data = join(folder, 'data');
    const history = new History({ settings: resolveSettings({}).history, folder: join(data, 'ocellus', 'history') });
    for (let i = 0; i < 4; i++) {
      const start_time = yesterday + i;
      history.addPicture(`e${i}`, readFileSync(asset('devices', 'scene', 'photos', 'cat.jpg')));
      const state = { id: `e${i}`, camera: 'hall', label: 'cat', start_time, frame_time: start_time };
      history.add({ type: 'end', after: objectState({ ...state, end_time: start_time + 9 }) });
    }
    await history.open();
    await history.close();
    const resolve = async (input: SettingsInput) => resolveSettings({ ...input, data });
    run = new NodeRun(await resolve(await readSettings(file, true)), {
      ...{ file, resolve, given: {}, setupErrors: [], logger: recorder(), page: join(folder, 'page') },
      restart() {},
      announce() {},
      find: async () => ({ cameras: [], network: [] }),
    });
    await run.start();
    visitor = await Visitor.launch();
    const phone = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };
    page = await visitor.visit(`http://127.0.0.1:${new URL(run.url!).port}/`, '', phone);
  });
  afterEach(() => expect(visitor.faults.splice(0)).toEqual([]));
  afterAll(async () => {
    await visitor?.close();
    await run?.stop();
    await network?.kill();
    rmSync(folder, { recursive: true, force: true });
  });

  const goTo = (view: string) => page.getByRole('navigation', { name: 'Views' }).locator(`a[href^="#/${view}"]`).tap();
  /** On the screen, and nothing is in front of it. */
  const reached = (what: Locator) =>
    expect
      .poll(
        () =>
          what.first().evaluate((one) => {
            const { left, top, width, height } = one.getBoundingClientRect();
            const front = document.elementFromPoint(left + width / 2, top + height / 2);
            return front !== null && (one.contains(front) || front.contains(one));
          }),
        patience,
      )
      .toBe(true);
  const form = () => page.getByRole('region', { name: 'Add a camera' });
  const tryOut = async (uri: string) => {
    await form().getByRole('combobox', { name: 'Source' }).fill(uri);
    await form().getByRole('button', { name: 'Try', exact: true }).tap();
  };

  it('each empty view leads to the first camera, and where it is added comes first', async () => {
    for (const view of ['live', 'zones']) {
      await goTo(view);
      await page.getByRole('link', { name: 'Add a camera' }).waitFor(patience);
    }
    await page.getByRole('link', { name: 'Add a camera' }).tap();
    await reached(form().getByLabel('Name'));
    await reached(form().getByRole('button', { name: 'Find cameras' }));
  });

  it('a wrong source is told where it is seen, in words of who set the camera up', async () => {
    for (const [wrong, reason] of [
      ['192.168.1.20', 'A camera in the network is rtsp://192.168.1.20 with the path that its manual names'],
      [network.url('/video'), 'the camera asks for a user and a password'],
      [network.url('/none', 'me:secret@'), 'the camera has no stream of this path, see its manual'],
    ] as const) {
      await tryOut(wrong);
      const alert = form().getByRole('alert').filter({ hasText: reason });
      await alert.waitFor(patience);
      await reached(alert);
      expect(await alert.textContent()).not.toMatch(/exit status|pipe:|secret/);
    }
  });

  it('the right one shows its picture and the button that adds it; a name that is missing is asked for in sight', async () => {
    await tryOut(network.url('/video', 'me:secret@'));
    const add = form().getByRole('button', { name: 'Add this camera' });
    await reached(add);
    await add.tap();
    await form().getByRole('alert').filter({ hasText: 'Give it a name first' }).waitFor(patience);
    // Not below the header.
    await reached(form().getByLabel('Name'));
    await form().getByLabel('Name').fill('Haustür');
    await add.tap();
    await page.locator('canvas[data-sequence]').waitFor(patience);
    // A view begins at its top, wherever the one before was.
    expect(await page.evaluate('scrollY')).toBe(0);
    await goTo('settings');
    const source = page.getByRole('combobox', { name: 'Source' }).first();
    expect(await source.inputValue()).toMatch(/^http:\/\/me:\*\*\*@/);
    await form().getByLabel('Name').fill('hall');
    await tryOut('scene:');
    await form().getByRole('button', { name: 'Add this camera' }).tap();
    await page.locator('.view-live').waitFor(patience);
    expect([...run.node.pipelines.keys()]).toEqual(['haustuer', 'hall']);
  });

  it('a zone is drawn by taps and saved without a search for the button', async () => {
    await page.goto(`${page.url().split('#')[0]}#/zones/hall`);
    await page.locator('canvas[data-sequence]').waitFor(patience);
    await page.getByRole('button', { name: 'Add zone' }).tap();
    await page.getByText('Tap the corners.', { exact: true }).waitFor(patience);
    const { x, y, width, height } = (await page.getByRole('application').boundingBox())!;
    for (const [a, b] of [
      [0.3, 0.3],
      [0.8, 0.3],
      [0.8, 0.9],
      [0.3, 0.3],
    ] as const) {
      await page.touchscreen.tap(x + a * width, y + b * height);
      // Quick ones would be a double tap.
      await page.waitForTimeout(500);
    }
    const save = page.getByRole('button', { name: 'Save', exact: true });
    await reached(save);
    await save.tap();
    await expect.poll(() => Object.keys(run.node.pipelines.get('hall')!.settings.zones), patience).toEqual(['zone-1']);
  });

  it('the cat is taught, and a wrong lesson is undone; nothing covers what is needed next', async () => {
    // At once: what was just saved is not said to be unsaved.
    await page.goto(`${page.url().split('#')[0]}#/live/hall`);
    expect(await page.getByText('Not saved yet').count()).toBe(0);
    await page.getByText('Tap a box to say what it is.').waitFor(patience);
    const teach = async (label: RegExp, name: string) => {
      const asked = page.getByRole('dialog').getByRole('textbox');
      // What leaves just as it is pointed at is not asked about: then another one is.
      const point = async () => {
        const box = page.getByRole('button', { name: label }).first();
        if ((await page.getByRole('dialog').count()) === 0) await box.press('Enter', { timeout: 1000 }).catch(() => {});
        return asked.isVisible();
      };
      await expect.poll(point, patience).toBe(true);
      await asked.fill(name);
      await page.keyboard.press('Enter');
      await page.getByText(`Taught: ${name}.`).waitFor(patience);
    };
    await teach(/^Teach cat \d+$/, 'my cat');
    await teach(/^Teach (person|motorcycle|cup) \d+$/, 'a stranger');
    await expect.poll(() => page.locator('.toast').count(), patience).toBeGreaterThan(0);
    for (const view of ['live', 'zones', 'health']) {
      await reached(page.getByRole('navigation', { name: 'Views' }).locator(`a[href^="#/${view}"]`));
    }
    await page.getByRole('button', { name: 'Undo' }).last().tap();
    await page.getByText('Taken back').waitFor(patience);
    const names = () => run.node.learning!.counts.map(({ label, examples }) => [label, examples]);
    await expect.poll(names, patience).toEqual([['my cat', expect.any(Number)]]);
  });

  it('yesterday is found', async () => {
    await goTo('events');
    expect(await page.evaluate('scrollY')).toBe(0);
    await page.getByLabel('Day', { exact: true }).selectOption(dayOf(yesterday));
    await expect.poll(() => page.locator('.event-card').count(), patience).toBe(4);
    await page.locator('.event-card').first().tap();
    await page.getByRole('dialog').getByText('Yesterday').waitFor(patience);
    await page.keyboard.press('Escape');
  });

  it.each([
    ['a small phone', { width: 320, height: 568 }],
    ['a phone on its side', { width: 568, height: 320 }],
    ['a page at 200 %', { width: 640, height: 430 }],
  ])('with two cameras, the whole picture and all buttons below it are there on %s', async (_, viewport) => {
    await page.setViewportSize(viewport);
    for (const view of ['live', 'zones']) {
      await page.goto(`${page.url().split('#')[0]}#/${view}/hall`);
      await page.locator(`.view-${view} canvas[data-sequence]`).waitFor(patience);
      const box = async (one: string) => (await page.locator(one).first().boundingBox())!;
      const nav = (await box('.nav')).y;
      const picture = await box('.stage');
      expect([view, picture.y >= 0, picture.y + picture.height <= nav, picture.height >= 130]).toEqual([
        view,
        true,
        true,
        true,
      ]);
      const cut = await page
        .locator('.stage-bar')
        .evaluateAll((bars) =>
          bars.flatMap((bar) =>
            [...bar.querySelectorAll('button, a, .motion')]
              .filter((one) => one.getBoundingClientRect().right > bar.getBoundingClientRect().right)
              .map((one) => one.outerHTML),
          ),
        );
      expect(cut).toEqual([]);
    }
  });
});
