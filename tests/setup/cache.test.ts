import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { asset } from '../../sdk/base/assets.ts';
import { temporaryFolder } from '../support/folders.ts';
import { hasProgram } from '../support/needs.ts';
import { fakeProgram } from '../support/programs.ts';
import { until } from '../support/until.ts';

/** An environment whose pip installs nothing. */
const works = `
  fs.mkdirSync(folder + '/bin', { recursive: true });
  fs.writeFileSync(folder + '/bin/python', '#!/bin/sh\\n', { mode: 0o755 });`;

/** `labs.mjs python` with an empty cache, and a `python3` whose `-m venv folder` does this. */
function lab(venv: string) {
  const cache = temporaryFolder();
  const python = fakeProgram('python3', `const folder = process.argv.at(-1); ${venv}`);
  const env = { ...process.env, XDG_CACHE_HOME: cache };
  const args = [asset('tests', 'real', 'lab', 'labs.mjs'), 'python'];
  const start = () => spawn(process.execPath, args, { env, stdio: 'ignore', detached: true });
  const made = () => {
    const folder = join(cache, 'ocellus');
    return existsSync(folder) ? readdirSync(folder).filter((name) => !name.endsWith('.lock')) : [];
  };
  return { start, made, times: () => python.runs().length };
}

const statusOf = async (child: ChildProcess) => (await once(child, 'exit'))[0];
const whole = /^python-[0-9a-f]{16}$/;

describe('the cache of what tests run in', () => {
  it.skipIf(!hasProgram('flock'))('makes a thing once, whoever asks at the same time (needs flock)', async () => {
    const { start, made, times } = lab(works);
    expect(await Promise.all([start(), start(), start()].map(statusOf))).toEqual([0, 0, 0]);
    expect(await statusOf(start())).toBe(0);
    expect(times()).toBe(1);
    expect(made()).toEqual([expect.stringMatching(whole)]);
  });

  it('does not take for it what was interrupted, and clears that away', async () => {
    const { start, made, times } = lab(`
      if (run > 1) { ${works} return; }
      fs.mkdirSync(folder + '/bin', { recursive: true });
      setInterval(() => {}, 1000);`);
    const child = start();
    await until(() => times() === 1);
    const ended = statusOf(child);
    process.kill(-child.pid!, 'SIGKILL');
    await ended;
    expect(made()).toEqual([expect.stringMatching(/^python-[0-9a-f]{16}\.work/)]);
    expect(await statusOf(start())).toBe(0);
    expect(made()).toEqual([expect.stringMatching(whole)]);
  });

  it('ends badly, and leaves nothing, where it cannot be made', async () => {
    const { start, made } = lab('process.exit(3);');
    expect(await statusOf(start())).not.toBe(0);
    expect(made()).toEqual([]);
  });
});
