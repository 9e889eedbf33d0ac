import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { benchPage } from '../../../tools/cli/bench/page.ts';
import { recommend } from '../../../tools/cli/bench/recommend.ts';
import { report, result } from '../../cli/bench/results.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { browserPath, Visitor } from '../console/browser.ts';

const results = [
  result({ model: 'nanodet-g-416-int8', ms: [9, 10, 12], ap: 0.28, joules: [0.04, 0.05, 0.06], mb: 40 }),
  result({ ms: [28, 30, 33], ap: 0.34, joules: 0.15, mb: 60 }),
  result({ ms: 90, ap: 0.36, joules: 0.5, mb: 200, engine: 'onnxruntime', precision: 'fp32' }),
  result({ ms: 95, ap: 0.35, joules: 0.6, mb: 90, engine: 'ncnn', precision: 'fp16' }),
  result({ ms: 120, ap: 0.35, joules: 0.7, mb: 95, engine: 'litert', precision: 'fp32' }),
  result({ ms: 80, ap: 0.35, joules: 0.4, mb: 90, engine: 'opencv', precision: 'fp32' }),
];

describe.skipIf(!existsSync(browserPath))('the page of a bench (needs chromium)', { timeout: 300_000 }, () => {
  let visitor: Visitor;
  beforeAll(async () => {
    visitor = await Visitor.launch();
  });
  afterAll(() => visitor?.close());

  async function open(colorScheme: 'light' | 'dark', width: number): Promise<Page> {
    const file = join(temporaryFolder(), 'bench.html');
    const evil = '<img src=x onerror=document.title="owned">';
    const failed = [{ model: evil, engine: null, threads: null, why: evil }];
    writeFileSync(file, benchPage(report(results, { failed }), await recommend('best AP', results)));
    return visitor.visit(pathToFileURL(file).href, '', { colorScheme, viewport: { width, height: 800 } });
  }

  it.each(['light', 'dark'] as const)(
    'shows three plots with their front, in ink that can be read, in %s',
    async (scheme) => {
      const page = await open(scheme, 1280);
      expect(await page.title()).toBe('ocellus bench: Raspberry Pi 5');
      expect(await page.locator('svg').count()).toBe(3);
      expect(await page.locator('svg').first().locator('circle').count()).toBe(results.length);
      expect(await page.locator('svg').first().locator('g.best').count()).toBe(4);
      expect(await page.locator('img').count()).toBe(0);
      // It is a string, for what Node compiles knows no document.
      const faint = (await page.evaluate(`(() => {
      const channels = (text) => text.match(/[\\d.]+/g).slice(0, 3).map((one) => one / 255);
      const luminance = (text) => {
        const [r, g, b] = channels(text).map((one) => (one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4));
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
      };
      const paper = luminance(getComputedStyle(document.body).backgroundColor);
      const contrast = (colour) => {
        const own = luminance(colour);
        return (Math.max(own, paper) + 0.05) / (Math.min(own, paper) + 0.05);
      };
      const texts = [...document.querySelectorAll('p, h1, h2, td, th, li, pre, .legend span')];
      const drawn = [...document.querySelectorAll('svg text')].map((one) => getComputedStyle(one).fill);
      const colours = [...texts.map((one) => getComputedStyle(one).color), ...drawn];
      return colours.filter((colour) => contrast(colour) < 4.5);
    })()`)) as string[];
      expect(faint).toEqual([]);
      await visitor.leave();
    },
  );

  it('fits a phone: only the table scrolls', async () => {
    const page = await open('light', 360);
    const wide = await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');
    expect(wide).toBe(0);
    await visitor.leave();
  });
});
