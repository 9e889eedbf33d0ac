import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseRequest, statusText, UpdateFiles, type UpdateState } from '../../sdk/update/node-updates.ts';
import { HealthFile, probe, readHealth } from '../../tools/update/health-file.ts';
import { closing } from '../support/closing.ts';
import { temporaryFolder } from '../support/folders.ts';
import { freePort } from '../support/ports.ts';
import { recorder } from '../support/recorder.ts';
import { until } from '../support/until.ts';
import { camelKeys } from '../support/wire.ts';

const state: UpdateState = {
  ...{ installedVersion: '1.0.0', latestVersion: '1.1.0', title: 'Ocellus', releaseUrl: null },
  ...{ inProgress: false, updatePercentage: null, problem: null },
};

describe('a node on a card', () => {
  it('says how it is, which is read back', async () => {
    const folder = join(temporaryFolder(), 'run');
    const frames = new Map([['front_door', 7]]);
    const source = { frames: () => frames, connected: () => true, broker: undefined, kernels: 'neon' };
    const file = new HealthFile(folder, source, recorder());
    file.start();
    await until(() => existsSync(join(folder, 'health.json')));
    file.stop();
    const report = await readHealth(folder);
    expect(report).toMatchObject({ cameras: frames, broker: 'connected', kernels: 'neon' });
    expect(camelKeys(JSON.parse(readFileSync(join(folder, 'health.json'), 'utf8')))).toEqual([]);
    writeFileSync(join(folder, 'health.json'), '{"version": 1}');
    expect(await readHealth(folder)).toBeUndefined();
    expect(await readHealth(temporaryFolder())).toBeUndefined();
  });

  it('knows a broker that is away from a network that is', async () => {
    const port = await freePort();
    expect(await probe(`mqtt://127.0.0.1:${port}`)).toBe('refused');
    const server = closing(createServer().listen(port, '127.0.0.1'), async (it) => it.close());
    await until(() => server.listening);
    expect(await probe(`mqtt://127.0.0.1:${port}`)).toBe('refused');
    expect(await probe('mqtt://no-such-machine.invalid')).toBe('unreachable');
    expect(await probe(undefined)).toBe('unreachable');
  });

  it('asks for an update by a file, and hears how it goes', async () => {
    const [root, own] = [temporaryFolder(), temporaryFolder()];
    writeFileSync(join(root, 'status.json'), statusText(state));
    const updates = closing(new UpdateFiles({ root, own }), async (it) => it.stop());
    await updates.start();
    expect(updates.state).toEqual(state);
    await expect(updates.request({ install: true })).rejects.toThrow(/there is no release to look at: name it/);
    await updates.request({ release: 'https://example.org/update.json', install: false });
    const asked = () => parseRequest(readFileSync(join(own, 'update-request.json'), 'utf8'));
    expect(asked()).toEqual({ release: 'https://example.org/update.json', install: false });
    // The one that was named last.
    await updates.request({ install: true });
    expect(asked()).toEqual({ release: 'https://example.org/update.json', install: true });
    await expect(updates.request({ release: '/etc/passwd', install: true })).rejects.toThrow(/release/);
    let changes = 0;
    updates.on('changed', () => changes++);
    writeFileSync(join(root, 'status.json'), statusText({ ...state, inProgress: true, updatePercentage: 40 }));
    await until(() => changes > 0);
    expect(updates.state?.updatePercentage).toBe(40);
    writeFileSync(join(root, 'status.json'), 'nonsense');
    await until(() => changes > 1);
    expect(updates.state).toBeUndefined();
  });
});
