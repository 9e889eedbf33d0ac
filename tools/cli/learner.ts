import { InputError } from '../../sdk/base/errors.ts';
import { LedgerStore } from '../../sdk/learn/ledger/ledger-store.ts';
import { openWithNetwork, type StoreWithNetwork } from '../../sdk/learn/store-network.ts';
import { textLogger } from './logger.ts';

/** Help text for `--store` options. */
export const storeHelp = 'folder of examples: from `ocellus teach`, or `learn` in a node’s data folder';

/**
 * Opens a store of examples as the node that it belongs to.
 *
 * @param model The embedding network, as for `loadClassifier`. Default: the one that the store was taught with.
 * @param newNode Owner of a store that is created if there is none. Default: none is created.
 * @throws InputError when there is no store, it is in use, or it is of another network.
 */
export async function openLearner(
  folder: string,
  model: string | undefined,
  newNode?: string,
): Promise<StoreWithNetwork> {
  const node = newNode ?? '';
  if (newNode === undefined && !LedgerStore.exists(folder)) {
    // A wrong path must not leave a folder behind.
    throw new InputError(
      `${folder}: expected a store of examples, there is none; \`ocellus teach\` and \`ocellus learn import\` make one`,
    );
  }
  return openWithNetwork(folder, model, { node, keepNode: true, logger: textLogger('warn') });
}
