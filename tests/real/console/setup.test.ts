import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { start } from '../../cli/cli.ts';
import { temporaryFolder } from '../../support/folders.ts';
import { freePort } from '../../support/ports.ts';
import { until } from '../../support/until.ts';
import { browserPath, Visitor, violationsOf } from './browser.ts';

const missing = existsSync(browserPath) ? '' : ' (needs chromium)';

describe.skipIf(missing)(`a board without settings, in a real browser${missing}`, { timeout: 900_000 }, () => {
  let visitor: Visitor;
  beforeAll(async () => {
    visitor = await Visitor.launch();
  });
  afterAll(() => visitor?.close());

  it('asks for them, and for the code; then the live page is there, with the password that was set', async () => {
    const card = temporaryFolder();
    const [file, run] = [join(card, 'ocellus.yaml'), join(card, 'run')];
    mkdirSync(run);
    writeFileSync(join(run, 'code'), 'K7QM-X4RT\n');
    writeFileSync(join(run, 'errors.txt'), 'ocellus.toml is not right:\n  line 3: invalid value\n');
    const port = await freePort();
    const mqtt = await freePort();
    const args = ['run', '--config', file, '--setup', run, '--port', `${port}`, '--mqtt-port', `${mqtt}`];
    const child = start(args, card, { OCELLUS_DATA: join(card, 'data') });
    let log = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (log += String(text)));
    onTestFinished(() => void child.kill('SIGKILL'));
    await until(() => log.includes('there are no settings') || child.exitCode !== null);
    expect(log).not.toContain('K7QM');

    const page = await visitor.visit(`http://127.0.0.1:${port}/`, '', {});
    await page.getByText('line 3: invalid value').waitFor();
    expect(await violationsOf(page)).toEqual([]);
    await page.getByLabel('New password of this page').fill('correct horse');
    await page.getByLabel('Name of the board').fill('porch');
    await page.getByLabel('Camera', { exact: true }).fill('scene:');
    await page.getByLabel('Code', { exact: true }).fill('AAAA-AAAA');
    await page.getByRole('button', { name: 'Start' }).click();
    await page.getByText('the code is wrong').waitFor();
    // The browser reports each answer that is an error.
    expect(visitor.faults.splice(0).join()).toMatch(/401/);
    expect(existsSync(file)).toBe(false);

    // A broker's address that cannot be right is said before anything starts.
    await page.getByLabel('Code', { exact: true }).fill('k7qm x4rt');
    await page.getByLabel('MQTT', { exact: true }).selectOption('own');
    await page.getByLabel('Address of the broker').fill('http://home');
    await page.getByRole('button', { name: 'Start' }).click();
    await page.getByText('Address of the broker: expected a URL with mqtt://').waitFor();
    expect(visitor.faults.splice(0).join()).toMatch(/400/);
    expect(existsSync(file)).toBe(false);

    await page.getByLabel('MQTT', { exact: true }).selectOption('embedded');
    await page.getByRole('button', { name: 'Start' }).click();
    await page.getByRole('heading', { name: 'Log in' }).waitFor();
    // While the one page ended and the other began, nothing answered.
    visitor.faults.splice(0);
    await page.getByLabel('Password').fill('correct horse');
    await page.getByRole('button', { name: 'Log in' }).click();
    await page.locator('.brand-node', { hasText: 'porch' }).waitFor();
    expect(readFileSync(file, 'utf8')).toMatch(/password: \$scrypt\$/);
    expect(readFileSync(file, 'utf8')).toContain('node: porch');
    // The code opens nothing any more.
    expect((await fetch(`http://127.0.0.1:${port}/api/setup`)).status).toBe(401);
    visitor.faults.splice(0);
    await visitor.leave();
  });
});
