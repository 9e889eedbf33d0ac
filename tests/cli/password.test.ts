import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hashPassword, PasswordCheck } from '../../sdk/access/password.ts';
import { asset } from '../../sdk/base/assets.ts';
import { readSettings, resolveSettings } from '../../sdk/config/settings.ts';
import { hashPasswords } from '../../tools/cli/passwords.ts';
import { hasProgram } from '../support/needs.ts';
import { recorder } from '../support/recorder.ts';
import { until } from '../support/until.ts';
import { type Ended, ended, lineOf, ocellus, start } from './cli.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ocellus-password-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('ocellus password', () => {
  async function given(input: string): Promise<Ended> {
    const child = start(['password'], folder);
    child.stdin.end(input);
    return ended(child);
  }

  it('prints the hash of what comes on standard input', async () => {
    const { code, out, err } = await given('correct horse\n');
    expect([code, err]).toEqual([0, '']);
    expect(await new PasswordCheck(out.trim(), 'it').check('correct horse')).toBe('right');
  });

  it.each(['', '\n', 'short\n'])('refuses %o', async (input) => {
    const { code, out, err } = await given(input);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain('expected a password of 8 to 256 characters');
  });

  it.skipIf(!hasProgram('script'))('asks twice on a terminal and shows nothing of it (needs script)', async () => {
    const command = `${process.execPath} ${asset('bin', 'ocellus.js')} password`;
    /** What the terminal shows while these lines are typed, each when it is asked for. */
    const typed = async (...answers: [prompt: string, line: string][]) => {
      const child = spawn('script', ['-qec', command, '/dev/null'], { stdio: ['pipe', 'pipe', 'ignore'] });
      const closed = once(child, 'close');
      let shown = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => (shown += text));
      for (const [prompt, line] of answers) {
        await until(() => shown.includes(prompt) || child.exitCode !== null);
        child.stdin.write(`${line}\r`);
      }
      await closed;
      return shown;
    };
    const shown = await typed(['Password: ', 'correct horse'], ['Again: ', 'correct horse']);
    expect(shown).toMatch(/Password: [\s\S]*Again: /);
    expect(shown).not.toContain('horse');
    const [hash] = /\$scrypt\$\S+/.exec(shown)!;
    expect(await new PasswordCheck(hash, 'it').check('correct horse')).toBe('right');
    expect(await typed(['Password: ', 'correct horse'], ['Again: ', 'another horse'])).toContain(
      'the two passwords differ',
    );
  });
});

describe('passwords in the settings file', () => {
  const file = () => join(folder, 'ocellus.yaml');
  async function hashed(text: string) {
    await writeFile(file(), text, { mode: 0o644 });
    const logger = recorder();
    const written = await readSettings(file(), true);
    const settings = await hashPasswords(resolveSettings(written), { file: file(), written, logger });
    return { settings, logger, text: await readFile(file(), 'utf8'), mode: (await stat(file())).mode & 0o777 };
  }

  it('become hashes, there as well, and comments stay', async () => {
    const { settings, text, mode, logger } = await hashed(
      'console:\n  password: correct horse # of the page\nmqtt: {users: {home: "battery staple", shed: "12345678"}}\n',
    );
    expect(text).not.toMatch(/horse|staple|12345678/);
    expect(text).toContain('# of the page');
    expect(mode).toBe(0o600);
    expect(logger.lines.join()).not.toMatch(/horse|staple/);
    // What stands there is what is in use, and stays as it is the next time.
    const again = await readSettings(file(), true);
    expect(resolveSettings(again)).toEqual(settings);
    expect(await hashPasswords(settings, { file: file(), written: again, logger })).toEqual(settings);
    const { users } = settings.mqtt;
    expect(await new PasswordCheck(settings.console.password!, 'it').check('correct horse')).toBe('right');
    expect(await new PasswordCheck(users.home!, 'it').check('battery staple')).toBe('right');
    expect(await new PasswordCheck(users.shed!, 'it').check('12345678')).toBe('right');
  });

  it('stay where they are only referred to', async () => {
    await writeFile(join(folder, 'pw'), 'correct horse\n');
    const before = `console: {password: "$\{${join(folder, 'pw')}}"}\n`;
    const { settings, text } = await hashed(before);
    expect(text).toBe(before);
    expect(await new PasswordCheck(settings.console.password!, 'it').check('correct horse')).toBe('right');
  });

  it('are as long as they must be', async () => {
    await expect(hashed('console: {password: short}')).rejects.toThrow(
      'console.password: expected a password of 8 to 256 characters, got 5',
    );
    await expect(hashed('mqtt: {users: {home: short}}')).rejects.toThrow('mqtt.users.home: expected a password');
  });
});

describe('ocellus run and other machines', () => {
  it.each([
    ['the page', 'console: {host: 0.0.0.0}\nmqtt: {broker: "off"}', 'console.host is 0.0.0.0, so other machines could'],
    ['the broker', 'console: {enabled: false}\nmqtt: {host: 0.0.0.0, port: 0}', 'on mqtt.host 0.0.0.0 other machines'],
  ])('does not open %s without a password', async (_, text, message) => {
    await writeFile(join(folder, 'ocellus.yaml'), `cameras: {door: {source: "scene:"}}\n${text}\n`);
    const { code, err } = await ocellus(['run'], folder);
    expect(code).toBe(2);
    expect(err).toContain(message);
  });

  it('opens both with passwords', async () => {
    const hash = await hashPassword('correct horse');
    const text = `cameras: {door: {source: "scene:"}}\nmqtt: {host: 0.0.0.0, port: 0, users: {home: "${hash}"}}\nconsole: {host: 0.0.0.0, port: 0, password: "${hash}"}\n`;
    await writeFile(join(folder, 'ocellus.yaml'), text);
    const child = start(['run'], folder);
    const closed = once(child, 'exit');
    expect(await lineOf(child, /MQTT/)).toMatch(/^MQTT: mqtt:\/\/home@127\.0\.0\.1:\d+ \(/);
    child.kill('SIGTERM');
    expect(await closed).toEqual([0, null]);
  });
});
