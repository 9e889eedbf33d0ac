import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { readSettings, resolveSettings, type SettingsInput } from '../../../sdk/config/settings.ts';
import { NodeRun } from '../../../tools/cli/node-run.ts';
import { hasProgram } from '../../support/needs.ts';
import { recorder } from '../../support/recorder.ts';
import { browserPath, buildPage, patience, Visitor, violationsOf } from './browser.ts';

/** A board that begins without any camera, as its owner sets it up; one test after the other. */
describe.skipIf(!existsSync(browserPath))('cameras in a real browser (needs chromium)', { timeout: 900_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'ocellus-cameras-'));
  const file = join(folder, 'ocellus.yaml');
  const text = () => readFileSync(file, 'utf8');
  const logger = recorder();
  let run: NodeRun;
  let visitor: Visitor;

  beforeAll(async () => {
    buildPage(join(folder, 'page'));
    writeFileSync(file, '# Mine.\ncameras: {}\nconsole: { port: 0 } # any\nmqtt: { broker: off }\n');
    const resolve = async (input: SettingsInput) =>
      resolveSettings({ ...input, data: join(folder, 'data'), core: { model: 'off' } });
    run = new NodeRun(await resolve(await readSettings(file, true)), {
      ...{ file, resolve, given: {}, setupErrors: [], logger, page: join(folder, 'page') },
      restart() {},
      announce() {},
      find: async (network) => ({
        cameras: [{ uri: 'scene:', title: 'A camera on the desk', kind: 'v4l2' }],
        network: network ? [{ address: '192.0.2.7', name: 'Yard', hardware: 'X1' }] : [],
      }),
    });
    await run.start();
    visitor = await Visitor.launch();
  });
  afterEach(() => visitor.leave());
  afterAll(async () => {
    await visitor?.close();
    await run?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** At the loopback address, as on the board itself. */
  const address = () => `http://127.0.0.1:${new URL(run.url!).port}/`;
  async function open(hash = '', options: BrowserContextOptions = {}): Promise<Page> {
    const page = await visitor.visit(address(), hash, options);
    await page.getByRole('heading', { level: 1 }).waitFor({ state: 'attached' });
    return page;
  }
  const cameras = () => [...run.node.pipelines.keys()];
  const live = (page: Page) => page.locator('canvas[data-sequence]').first().waitFor(patience);

  it('an empty board: a camera is found, tried and added, on a phone', async () => {
    const page = await open('', { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true });
    expect(await violationsOf(page)).toEqual([]);
    await page.getByRole('link', { name: 'Add a camera' }).tap();
    const form = page.getByRole('region', { name: 'Add a camera' });
    await form.getByRole('button', { name: 'Find cameras' }).tap();
    await form.getByText('Yard, X1 at 192.0.2.7').waitFor(patience);
    await form.getByLabel('Name').fill('Küche');
    const found = form.getByRole('list', { name: 'Cameras found' });
    await found.getByRole('button', { name: 'scene:' }).tap();
    expect(await form.getByRole('button', { name: 'Add this camera' }).count()).toBe(0);
    await form.getByRole('button', { name: 'Try', exact: true }).tap();
    const picture = form.getByRole('img', { name: /^What .* shows$/ });
    await picture.waitFor(patience);
    const width = () => page.evaluate('document.querySelector(".tried img")?.naturalWidth ?? 0');
    await expect.poll(width, patience).toBeGreaterThan(100);
    expect(await violationsOf(page)).toEqual([]);
    expect(cameras()).toEqual([]);
    await form.getByRole('button', { name: 'Add this camera' }).tap();
    await live(page);
    expect(cameras()).toEqual(['kueche']);
    expect(text()).toContain('# Mine.');
    expect(text()).toMatch(/kueche: \{ source: "scene:" \}/);
  });

  it('a wrong source says why beside the field, and never takes the place of the good one', async () => {
    const page = await open('#/settings');
    const before = text();
    const form = page.getByRole('region', { name: 'Camera', exact: true });
    const source = form.getByRole('combobox', { name: 'Source' });
    for (const [wrong, reason] of [
      ['file:/nowhere/at/all.mp4', '/nowhere/at/all.mp4 does not exist'],
      ['vl42:/dev/video0', 'there is no device called'],
      ['rtsp://me:hunter2@127.0.0.1:9/1', '127.0.0.1'],
    ] as const) {
      await source.fill(wrong);
      await source.press('Enter');
      await form.getByRole('alert').filter({ hasText: reason }).waitFor(patience);
      expect(await source.getAttribute('aria-invalid')).toBe('true');
      expect(await form.getByRole('alert').textContent()).not.toContain('hunter2');
      // Enter again tries it again: nothing uses it.
      await source.press('Enter');
      await form.getByRole('alert').filter({ hasText: reason }).waitFor(patience);
      expect(await form.getByRole('button', { name: 'Use this source' }).count()).toBe(0);
    }
    await page.getByText('What you can enter here').first().click();
    expect(await violationsOf(page)).toEqual([]);
    expect([text(), run.node.pipelines.get('kueche')!.settings.source]).toEqual([before, 'scene:']);
  });

  it('a camera is added, renamed and removed while another page watches', async () => {
    const watching = await open('#/live');
    await live(watching);
    const page = await open('#/settings');
    const form = page.getByRole('region', { name: 'Add a camera' });
    await form.getByLabel('Name').fill('kueche');
    await form.getByRole('alert').filter({ hasText: 'a camera of that name already' }).waitFor(patience);
    await form.getByLabel('Name').fill('yard');
    await form.getByRole('combobox', { name: 'Source' }).fill('scene:');
    await form.getByRole('combobox', { name: 'Source' }).press('Enter');
    await form.getByRole('button', { name: 'Add this camera' }).click(patience);
    await live(page);
    await watching.getByRole('link', { name: 'Camera yard' }).waitFor(patience);
    await live(watching);

    await page.goto(`${address()}#/settings/yard`);
    const name = page.getByLabel('Name of the camera');
    await name.fill('Garden Gate');
    await name.press('Enter');
    await watching.getByRole('link', { name: 'Camera garden-gate' }).waitFor(patience);
    await expect.poll(() => page.url(), patience).toContain('#/settings/garden-gate');
    expect(cameras()).toEqual(['kueche', 'garden-gate']);

    await page.getByRole('button', { name: 'Remove this camera' }).click();
    await page.getByRole('dialog', { name: 'Remove garden-gate?' }).getByRole('button', { name: 'Remove' }).click();
    await expect.poll(cameras, patience).toEqual(['kueche']);
    await watching.getByRole('link', { name: 'Camera garden-gate' }).waitFor({ state: 'detached', ...patience });
    await live(watching);
    expect(text()).not.toMatch(/yard|garden/);
  });

  it('the board gets a name', async () => {
    const page = await open('#/settings');
    const name = page.getByLabel('Name of the board');
    await name.fill('Schuppen 1');
    await name.press('Enter');
    await page.locator('.brand-node', { hasText: 'schuppen-1' }).waitFor(patience);
    expect([run.node.name, text()]).toEqual(['schuppen-1', expect.stringMatching(/^node: schuppen-1$/m)]);
  });

  it.skipIf(!hasProgram('ffmpeg'))(
    'past events: how many, and clips that the processor makes, on a phone',
    async () => {
      const page = await open('#/settings', { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true });
      const form = page.getByRole('region', { name: 'Past events' });
      const stateNow = async () => (await page.request.get(`${address()}api/state`)).json();
      const history = async () => (await stateNow()).board.history;
      const [days, room] = [form.getByLabel('Days they are kept'), form.getByLabel('Room for them, in MB')];
      const [save, undo] = [form.getByRole('button', { name: 'Save' }), form.getByRole('button', { name: 'Undo' })];
      const clips = form.getByRole('switch', { name: 'Clips' });
      const processor = form.getByRole('switch', { name: 'Let the processor make them' });

      await days.fill('0');
      await form
        .getByRole('alert')
        .filter({ hasText: 'Expected a whole number from 1 to 3650, got 0.' })
        .waitFor(patience);
      expect([await save.isDisabled(), await undo.isDisabled()]).toEqual([true, true]);
      await days.fill('60');
      await room.fill('900');
      await save.tap();
      await expect.poll(history, patience).toMatchObject({ days: 60, megabytes: 900 });
      expect(text()).toMatch(/^history:\s+days: 60\s+megabytes: 900$/m);
      expect(text()).toMatch(/^# Mine\.[\s\S]*# any$/m);
      await undo.tap();
      await expect.poll(history, patience).toMatchObject({ days: 30, megabytes: 500 });
      await expect.poll(() => days.inputValue(), patience).toBe('30');
      // Less than was kept: asked about.
      await days.fill('7');
      await save.tap();
      await page.getByRole('dialog', { name: 'Keep less?' }).getByRole('button', { name: 'Keep less' }).tap();
      await expect.poll(history, patience).toMatchObject({ days: 7, megabytes: 500 });

      expect(await processor.count()).toBe(0);
      await clips.tap();
      await expect.poll(history, patience).toMatchObject({ clips: { enabled: true, software: false } });
      // What the node says, and what can be done about it.
      await form
        .getByText('kueche: the camera sends no video that can be kept, and no encoder works here')
        .waitFor(patience);
      await processor.waitFor(patience);
      expect(await violationsOf(page)).toEqual([]);
      expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0);
      await processor.tap();
      await expect.poll(history, patience).toMatchObject({ days: 7, clips: { enabled: true, software: true } });
      expect(text()).toMatch(/^ {2}clips:\s+enabled: true\s+software: true$/m);
      const ofCamera = () => run.node.stats().cameras.kueche!;
      await expect.poll(() => ofCamera().device.frames, patience).toBeGreaterThan(20);
      await form.getByText('no encoder works here').waitFor({ state: 'detached', ...patience });
      await expect.poll(() => logger.lines.join('\n'), patience).toContain('clips: encodes with libx264');
      expect(ofCamera().clips).toEqual({ kept: 0, dropped: 0 });

      // Who saw what was there before changes nothing, and what others changed is not taken back.
      const { run: seen } = await stateNow();
      const change = async (data: object, match?: string) =>
        (
          await page.request.post(`${address()}api/history`, {
            data,
            headers: { origin: address().slice(0, -1), ...(match !== undefined && { 'if-match': `"${match}"` }) },
          })
        ).status();
      expect(await change({ clips: { software: false } }, seen)).toBe(200);
      expect(await change({ clips: { software: true } }, seen)).toBe(412);
      await expect.poll(() => undo.isDisabled(), patience).toBe(true);
      expect(await change({ clips: { software: true } })).toBe(200);
      await expect.poll(() => undo.isDisabled(), patience).toBe(false);
      await undo.tap();
      await expect.poll(history, patience).toMatchObject({ clips: { enabled: true, software: false } });
      await undo.tap();
      await expect.poll(history, patience).toMatchObject({ days: 7, clips: { enabled: false } });
    },
  );

  it('says on Live and on Events that nothing is detected', async () => {
    const camera = run.node.pipelines.get('kueche')!;
    await camera.change({ detect: { enabled: false } });
    const page = await open('#/live');
    await page.locator('.stage-bar').getByText('Detection is off').waitFor(patience);
    await page.getByRole('link', { name: 'Events', exact: true }).click();
    await page.getByText('Detection is off: kueche.').waitFor(patience);
    await camera.change({ detect: { enabled: true } });
    await page.getByText('Detection is off').waitFor({ state: 'detached', ...patience });
  });

  it('greys the picture while the connection is lost', async () => {
    const page = await open('#/live');
    await live(page);
    const filter = () => page.evaluate('getComputedStyle(document.querySelector("canvas")).filter');
    expect(await filter()).toBe('none');
    await page.context().setOffline(true);
    await page.getByText('Connection lost.').waitFor(patience);
    expect(await filter()).toBe('grayscale(1)');
    await page.context().setOffline(false);
    await page.getByText('Connection lost.').waitFor({ state: 'detached', ...patience });
    expect(await filter()).toBe('none');
    // The browser tells of each connection that failed.
    visitor.faults.splice(0);
  });

  it('a password, and other machines: set on the board, and asked for from then on', async () => {
    const page = await open('#/settings');
    const form = page.getByRole('region', { name: 'Access' });
    const network = form.getByRole('switch', { name: 'Other machines reach this page' });
    await network.click();
    await form.getByRole('alert').filter({ hasText: 'Other machines need a password' }).waitFor(patience);
    await form.getByLabel('Password').fill('short');
    await form.getByRole('alert').filter({ hasText: 'at least 8 characters, got 5' }).waitFor(patience);
    await form.getByLabel('Password').fill('correct horse');
    await form.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('heading', { name: 'Log in' }).waitFor(patience);
    expect(text()).not.toContain('correct horse');
    expect(text()).toMatch(/host: 0\.0\.0\.0/);
    await page.getByLabel('Password').fill('correct horse');
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.getByRole('heading', { name: 'Settings' }).waitFor(patience);
    // From another machine it is shown, not set.
    const elsewhere = new URL(run.url!);
    expect(elsewhere.hostname).not.toBe('127.0.0.1');
    // The browser tells of connections that failed meanwhile.
    visitor.faults.splice(0);
  });
});
