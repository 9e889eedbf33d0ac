import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Learner } from '../../sdk/learn/learner.ts';
import { temporaryFolder } from '../devices/fake.ts';
import { ShownLearning } from '../hub/learning.ts';

const anywhere = () => join(temporaryFolder(), 'learn');

describe('NodeLearning that stops', { timeout: 60_000 }, () => {
  it('opens nothing again for who is about to teach', async () => {
    const folder = anywhere();
    const shown = await ShownLearning.start(folder);
    await shown.teachObject('stripes', 'zebra');
    const { learning } = shown;
    const space = learning.summary.space!;
    const looks = await learning.camera('door').looksAt({ box: [0, 0, 160, 160] });
    await learning.stop();
    const as = { camera: 'door', head: 'object', label: 'zebra' };
    await expect(learning.teachLooks(looks, as)).rejects.toThrow(/learning has stopped/);
    await expect(learning.forget({ head: 'object', label: 'zebra' })).rejects.toThrow(/learning has stopped/);
    // Nobody has it.
    const other = await Learner.open(folder, { space, dimension: 1280, node: 'porch' });
    await other.close();
    await learning.start();
    expect(learning.summary.heads).toMatchObject({ object: { version: 1 } });
  });

  it('is not ready afterwards, though it was still starting', async () => {
    const folder = anywhere();
    const before = await ShownLearning.start(folder);
    await before.teachObject('stripes', 'zebra');
    await before.learning.stop();
    const { learning } = ShownLearning.make(folder);
    let changes = 0;
    learning.on('changed', () => changes++);
    const starting = learning.start();
    await learning.stop();
    await starting;
    expect([learning.isReady, changes]).toEqual([false, 0]);
  });
});
