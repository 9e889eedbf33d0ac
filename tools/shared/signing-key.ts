import { createPrivateKey, type KeyObject } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { InputError, messageOf } from '../../sdk/base/errors.ts';

/**
 * The private key that signs what Ocellus publishes.
 *
 * @param path Of its PEM; undefined: the PEM is in the environment.
 * @param variable Names it there.
 * @throws InputError when there is none, or it is no ed25519 key.
 */
export async function signingKey(path: string | undefined, variable: string): Promise<KeyObject> {
  const pem = path === undefined ? process.env[variable] : await readFile(path, 'utf8');
  if (!pem)
    throw new InputError(`expected the private key: --key FILE, or its PEM in the environment variable ${variable}`);
  let key: KeyObject;
  try {
    key = createPrivateKey(pem);
  } catch (error) {
    throw new InputError(`expected an ed25519 private key in PEM: ${messageOf(error)}`);
  }
  if (key.asymmetricKeyType !== 'ed25519')
    throw new InputError(`expected an ed25519 private key in PEM, got ${key.asymmetricKeyType}`);
  return key;
}
