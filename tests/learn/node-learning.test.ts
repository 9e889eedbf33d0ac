import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Learner } from '../../sdk/learn/learner.ts';
import { Ledger } from '../../sdk/learn/ledger/ledger.ts';
import { ShownLearning } from '../hub/learning.ts';
import { holdElsewhere } from '../store/elsewhere.ts';
import { temporaryFolder } from '../support/folders.ts';
import { until } from '../support/until.ts';
import { track } from '../vision/fakes.ts';

const anywhere = () => join(temporaryFolder(), 'learn');

describe('NodeLearning', { timeout: 900_000 }, () => {
  it('names what was followed before there was a head, on each camera, without another look', async () => {
    const shown = await ShownLearning.start(anywhere());
    await shown.show('yard', 'stripes', { tracks: [track({ id: 3, box: [0, 0, 160, 160] })] });
    const yard = shown.learning.camera('yard');
    expect(yard.nameOf(3)).toBeUndefined();
    await shown.teachObject('stripes', 'zebra');
    await until(() => yard.nameOf(3)?.label === 'zebra');
  });

  it('looks for the states that were taught on a camera here, not for those of other nodes', async () => {
    const shown = await ShownLearning.start(anywhere());
    const { learning } = shown;
    await shown.teachView('door', 'stripes', 'gate', 'open');
    const learner = await learning.open();
    const [example] = learner.ledger.examples('gate');
    const { space, dimension } = learner.ledger;
    const other = new Ledger({ space, dimension, node: 'other' });
    const timeMs = example!.timeMs + 5;
    other.teach({ head: 'lamp', label: 'on', camera: 'door', kind: 'view', timeMs, embedding: example!.embedding });
    expect(learning.summary.taughtMs).toBe(example!.timeMs);
    await learner.merge(other.parts());
    expect(learning.camera('door').heads).toEqual(['gate']);
    expect(Object.keys(learning.summary.heads)).toEqual(['gate', 'lamp']);
    expect(learning.summary.taughtMs).toBe(timeMs);
  });
});

it('what was taught is in use again once another process lets go of it, without a restart', {
  timeout: 900_000,
}, async () => {
  const folder = anywhere();
  const before = await ShownLearning.start(folder);
  await before.teachObject('stripes', 'zebra');
  await before.learning.stop();
  const other = await holdElsewhere(folder);
  const { learning } = await ShownLearning.start(folder);
  expect(learning.summary).toMatchObject({ error: expect.stringMatching(/in use by another process/), heads: {} });
  let changes = 0;
  learning.on('changed', () => changes++);
  await other.letGo();
  await until(() => changes > 0);
  expect(learning.summary).toMatchObject({ error: null, heads: { object: { version: 1 } } });
});

describe('NodeLearning that stops', { timeout: 900_000 }, () => {
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
