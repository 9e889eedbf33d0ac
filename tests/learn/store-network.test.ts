import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { defaultClassifier, modelOfStore, otherClassifier } from '../../sdk/config/schema.ts';
import { spaceOf } from '../../sdk/core/cards/space.ts';
import { readEmbedder } from '../../sdk/core/classifier.ts';
import { Learner } from '../../sdk/learn/learner.ts';
import { networksFor, openWithNetwork } from '../../sdk/learn/store-network.ts';
import { temporaryFolder } from '../support/folders.ts';
import { draft, embeddings } from './fakes.ts';

const dimension = 1280;
const sample = embeddings(2, dimension);
const spaces = new Map(
  await Promise.all(
    [defaultClassifier, otherClassifier].map(
      async (model) => [model, spaceOf((await readEmbedder(model)).card)] as const,
    ),
  ),
);

/** A store that was taught with a network, or in any space. */
async function taught(space: string): Promise<string> {
  const folder = join(temporaryFolder(), 'learn');
  const learner = await Learner.open(folder, { space, dimension, node: 'porch' });
  await learner.teach([{ draft: draft('cat', sample(0)) }, { draft: draft('cup', sample(1)) }]);
  await learner.close();
  return folder;
}

const open = (folder: string, model?: string) => openWithNetwork(folder, model, { node: 'porch' });

describe('the network of a store', () => {
  it('is the default one where there is none yet', async () => {
    const { learner, model } = await open(temporaryFolder());
    expect([model, learner.ledger.space]).toEqual([defaultClassifier, spaces.get(defaultClassifier)]);
    await learner.close();
  });

  it('stays the one that it was taught with: what was taught goes on, in its own space', async () => {
    const folder = await taught(spaces.get(otherClassifier)!);
    for (const asked of [undefined, modelOfStore, otherClassifier]) {
      const { learner, model } = await open(folder, asked);
      expect([model, learner.ledger.space]).toEqual([otherClassifier, spaces.get(otherClassifier)]);
      expect(learner.predict('object', sample(0))).toMatchObject({ label: 'cat' });
      await learner.close();
    }
    const { learner } = await open(folder);
    await learner.teach([{ draft: draft('dog', sample(0, 0.6)) }]);
    expect(learner.ledger.size).toBe(3);
    await learner.close();
    await (await open(folder)).learner.close();
  });

  it.each([
    ['a store of the default network, asked for the other one', defaultClassifier, otherClassifier],
    ['a store of the other network, asked for the default one', otherClassifier, defaultClassifier],
  ])('is not changed: %s', async (_, own, asked) => {
    const folder = await taught(spaces.get(own)!);
    await expect(open(folder, asked)).rejects.toThrow(
      `expected examples of space ${spaces.get(asked)}, got ${spaces.get(own)}: name the network that it was taught with`,
    );
    const { learner, model } = await open(folder);
    expect([model, learner.ledger.size]).toEqual([own, 2]);
    await learner.close();
  });

  it('has to be named where it does not ship', async () => {
    await expect(open(await taught('f00d'))).rejects.toThrow('got f00d: name the network that it was taught with');
  });

  it('gives its heads its own classes', async () => {
    const folder = await taught(spaces.get(otherClassifier)!);
    const asked: string[] = [];
    const [preferred, ...others] = await networksFor();
    expect([preferred, ...others].map(({ model }) => model)).toEqual([defaultClassifier, otherClassifier]);
    const learner = await Learner.open(folder, {
      ...preferred,
      ...{ others, node: 'porch' },
      classLayer: async (space) => {
        asked.push(space);
        return undefined;
      },
    });
    await learner.close();
    expect(asked).toEqual([spaces.get(otherClassifier)]);
  });

  it('leaves no folder where the named one does not exist', async () => {
    const folder = join(temporaryFolder(), 'learn');
    await expect(open(folder, 'nothing')).rejects.toThrow('there is no model "nothing"');
    expect(existsSync(folder)).toBe(false);
  });
});
