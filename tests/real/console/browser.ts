import { execFileSync } from 'node:child_process';
import { cpSync, readFileSync } from 'node:fs';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { expect } from 'vitest';
import { asset } from '../../../sdk/base/assets.ts';

export const browserPath = '/usr/bin/chromium';
/** The scene is empty for some seconds between its visits, and the machine may be busy. */
export const patience = { timeout: 300_000, interval: 100 };

/** Puts the page of these sources into a folder. */
export function buildPage(folder: string): void {
  // `npm test` has built it just now.
  if (process.env.OCELLUS_TEST_PREPARATIONS) {
    cpSync(asset('dist', 'console'), folder, { recursive: true });
    return;
  }
  // As it is shipped, not as the runner's own NODE_ENV would have it.
  const env = { ...process.env, NODE_ENV: 'production' };
  execFileSync(
    process.execPath,
    [
      asset('node_modules', 'vite', 'bin', 'vite.js'),
      'build',
      '--config',
      asset('tools', 'console', 'web', 'vite.config.ts'),
      '--outDir',
      folder,
      '--logLevel=error',
    ],
    { env },
  );
}

/** What axe-core finds on a page as it is now, in both themes. */
export async function violationsOf(page: Page): Promise<string[]> {
  await page.evaluate(readFileSync(asset('node_modules', 'axe-core', 'axe.min.js'), 'utf8'));
  const found: string[] = [];
  for (const colorScheme of ['dark', 'light'] as const) {
    await page.emulateMedia({ colorScheme });
    // Colours that are on their way to others are none.
    await page.waitForTimeout(400);
    const all: string[] = await page.evaluate(`axe.run().then(({ violations }) => violations.map(({ id, nodes }) =>
      id + ': ' + nodes.map(({ target, any }) => target + ' ' + (any[0]?.message ?? '')).slice(0, 4).join(' | ')))`);
    found.push(...all.map((one) => `${colorScheme}: ${one}`));
  }
  await page.emulateMedia({ colorScheme: null });
  return found;
}

/** Somebody with a browser. What a page complains of, and what it asks of others, is a fault. */
export class Visitor {
  readonly faults: string[] = [];
  readonly #browser: Browser;
  readonly #pages: Page[] = [];

  private constructor(browser: Browser) {
    this.#browser = browser;
  }

  static async launch(): Promise<Visitor> {
    const browser = await chromium.launch({
      executablePath: browserPath,
      args: [
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    });
    return new Visitor(browser);
  }

  /** A new page on this address. @param prepare What is done to it before. */
  async visit(
    address: string,
    hash: string,
    options: BrowserContextOptions,
    prepare?: (page: Page) => Promise<void>,
  ): Promise<Page> {
    const context = await this.#browser.newContext({ viewport: { width: 1280, height: 860 }, ...options });
    context.setDefaultTimeout(patience.timeout);
    const page = await context.newPage();
    this.#pages.push(page);
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') this.faults.push(message.text());
    });
    page.on('pageerror', (error) => this.faults.push(error.message));
    page.on('request', (request) => {
      if (!request.url().startsWith(address) && !request.url().startsWith('blob:')) this.faults.push(request.url());
    });
    await prepare?.(page);
    await page.goto(`${address}${hash}`);
    return page;
  }

  /** Closes all pages; there must have been no fault. */
  async leave(): Promise<void> {
    for (const page of this.#pages.splice(0)) await page.context().close();
    expect(this.faults.splice(0)).toEqual([]);
  }

  close(): Promise<void> {
    return this.#browser.close();
  }
}
