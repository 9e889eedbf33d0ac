import type { KeyObject } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { zooKeys } from '../zoo/keys.ts';
import { publicKey } from '../zoo/signature.ts';

/** Keys of one's own, which sign releases beside those of Ocellus; who writes there decides what a board runs. */
export const ownKeysFolder = '/etc/ocellus/update-keys';

/**
 * The public keys of which one has to sign a release: those that sign the zoo of Ocellus too (for another purpose, so a
 * signature is of use for one of them alone), and those in a folder.
 *
 * @throws InputError when a file `….pem` of the folder is no ed25519 key.
 */
export async function releaseKeys(folder = ownKeysFolder): Promise<KeyObject[]> {
  const names = await readdir(folder).catch((): string[] => []);
  const own = names
    .filter((name) => name.endsWith('.pem'))
    .sort()
    .map(async (name) => publicKey(await readFile(join(folder, name), 'utf8'), join(folder, name)));
  return [...zooKeys(), ...(await Promise.all(own))];
}
