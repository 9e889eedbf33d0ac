import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { InputError } from '../../sdk/base/errors.ts';
import type { FirstBootSettings } from '../../sdk/config/first-boot.ts';
import { SetupPage, type SetupPageOptions } from '../../tools/console/server/setup-page.ts';
import { pageFolder } from './fakes.ts';

const code = 'K7QM-X4RT';
const settings = { console: { password: 'correct horse' } };

async function start(options: Partial<SetupPageOptions> = {}) {
  const { folder, remove } = pageFolder();
  writeFileSync(join(folder, 'setup.html'), '<!doctype html><title>setup</title>');
  const taken: FirstBootSettings[] = [];
  const page = new SetupPage({
    ...{ code, folder, host: '127.0.0.1', port: 0 },
    take: async (given) => void taken.push(given),
    ...options,
  });
  const { url } = await page.start();
  onTestFinished(async () => {
    await page.stop();
    remove();
  });
  const post = (body: unknown, headers: Record<string, string> = {}) =>
    fetch(`${url}api/setup`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
  return { page, url, taken, post };
}

describe('SetupPage', () => {
  it('takes settings from who knows the code, once', async () => {
    const { page, taken, post } = await start();
    const response = await post({ code: 'k7qm x4rt', settings: { ...settings, node: 'porch' } });
    expect([response.status, await response.json()]).toEqual([200, { taken: true }]);
    await page.done;
    expect(taken).toEqual([{ ...settings, node: 'porch' }]);
    expect((await post({ code, settings })).status).toBe(409);
    await page.stop();
    await expect(post({ code, settings })).rejects.toThrow();
  });

  it('does nothing without the code, and lets it be tried as seldom as a password', async () => {
    const { taken, post } = await start();
    const statuses: number[] = [];
    for (const wrong of ['', 'K7QM-X4RU', code.repeat(20), '0000-0000', 'a']) {
      statuses.push((await post({ code: wrong, settings })).status);
    }
    expect(statuses).toEqual([401, 401, 401, 401, 401]);
    const refused = await post({ code, settings });
    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(taken).toEqual([]);
  });

  it('does not count the code that is right with settings that are not', async () => {
    const { taken, post } = await start({
      take: async () => {
        throw new InputError('mqtt.broker: expected a URL');
      },
    });
    for (let i = 0; i < 8; i++) {
      const response = await post({ code, settings });
      expect([response.status, await response.json()]).toEqual([400, { error: 'mqtt.broker: expected a URL' }]);
    }
    for (const [given, message] of [
      [{}, 'console.password: expected a password for this page'],
      [{ node: 'Porch', ...settings }, 'node: expected text that fits'],
      [{ data: '/x', ...settings }, 'data: no such field'],
      [7, 'expected fields'],
    ] as const) {
      const response = await post({ code, settings: given });
      expect(response.status).toBe(400);
      expect(((await response.json()) as { error: string }).error).toContain(message);
    }
    expect(taken).toEqual([]);
  });

  it('has its own page under /, says what was wrong on the card, and has nothing of the live page', async () => {
    const { url } = await start({ errors: ['ocellus.toml is not right'] });
    expect(await (await fetch(url)).text()).toContain('<title>setup</title>');
    expect(await (await fetch(`${url}api/setup`)).json()).toEqual({ setup_errors: ['ocellus.toml is not right'] });
    for (const path of ['api/state', 'index.html', 'healthz', 'api/session']) {
      expect((await fetch(`${url}${path}`)).status).toBe(404);
    }
    expect((await fetch(url, { method: 'DELETE' })).status).toBe(405);
  });

  it('is closed to pages of other origins and to what is not JSON', async () => {
    const { post, url, taken } = await start();
    expect((await post({ code, settings }, { origin: 'http://evil.example' })).status).toBe(403);
    const form = await fetch(`${url}api/setup`, { method: 'POST', body: new URLSearchParams({ code }) });
    expect(form.status).toBe(415);
    expect((await post({ settings })).status).toBe(400);
    expect(taken).toEqual([]);
  });

  it('says that its port is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    onTestFinished(() => void other.close());
    const { port } = other.address() as { port: number };
    await expect(start({ port })).rejects.toThrow(/another program uses it/);
  });
});
