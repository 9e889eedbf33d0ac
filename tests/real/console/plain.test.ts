import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { resolveSettings } from '../../../sdk/config/settings.ts';
import type { FoundObject } from '../../../sdk/core/detector.ts';
import { Node } from '../../../sdk/pipeline/node.ts';
import type { Pipeline } from '../../../sdk/pipeline/pipeline.ts';
import { Console } from '../../../tools/console/server/console.ts';
import { browserPath, buildPage, patience, Visitor } from './browser.ts';

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
