import { defaultClassifier, type LearnSettings, modelOfStore } from '../config/schema.ts';
import type { ClassifierCard } from '../core/cards/card.ts';
import { listModels } from '../core/cards/model-file.ts';
import { spaceOf } from '../core/cards/space.ts';
import { readEmbedder } from '../core/classifier.ts';
import { Learner, type LearnerOptions } from './learner.ts';
import type { Space } from './ledger/kept-ledger.ts';

/** An embedding network, by its name or path, and its space. */
export interface NetworkSpace extends Space {
  readonly model: string;
}

/** A store that is open, and the network that its examples are of. */
export interface StoreWithNetwork {
  readonly learner: Learner;
  readonly model: string;
}

/** The embedding network of a new store. @param model As in `learn.model`. */
export function preferredNetwork(model: LearnSettings['model']): string {
  return model === modelOfStore ? defaultClassifier : model;
}

/**
 * The embedding networks that a store may be of, the one of a new store first: the named one only, or all that ship.
 *
 * @param model As in `learn.model`.
 * @throws InputError as `readEmbedder` does.
 */
export async function networksFor(
  model: LearnSettings['model'] = modelOfStore,
): Promise<[NetworkSpace, ...NetworkSpace[]]> {
  if (model !== modelOfStore) return [networkOf(model, (await readEmbedder(model)).card)];
  const shipped = (await listModels()).filter((card) => card.task === 'classify' && card.dimension > 0);
  const networks = shipped.map((card) => networkOf(card.name, card as ClassifierCard));
  const preferred = networks.find((one) => one.model === defaultClassifier)!;
  return [preferred, ...networks.filter((one) => one !== preferred)];
}

/**
 * Opens a store with the network that it is of: an earlier version may have taught it with another one than the default.
 *
 * @throws InputError as `Learner.open` and `readEmbedder` do.
 */
export async function openWithNetwork(
  folder: string,
  model: LearnSettings['model'] | undefined,
  options: Omit<LearnerOptions, 'space' | 'dimension' | 'others' | 'classLayer'>,
): Promise<StoreWithNetwork> {
  const networks = await networksFor(model);
  const [{ space, dimension }, ...others] = networks;
  const modelOf = (wanted: string) => networks.find((one) => one.space === wanted)!.model;
  const learner = await Learner.open(folder, {
    ...options,
    ...{ space, dimension, others },
    classLayer: async (wanted) => (await readEmbedder(modelOf(wanted))).classLayer,
  });
  const own = modelOf(learner.ledger.space);
  if (own !== networks[0].model) options.logger?.info(`learning: ${folder} was taught with ${own}, and stays with it`);
  return { learner, model: own };
}

const networkOf = (model: string, card: ClassifierCard): NetworkSpace => ({
  model,
  space: spaceOf(card),
  dimension: card.dimension,
});
