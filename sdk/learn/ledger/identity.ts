import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
  verify,
} from 'node:crypto';
import { existsSync, linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { assertKind } from '../../base/arguments.ts';
import { InputError, messageOf } from '../../base/errors.ts';
import { makeFolderSync } from '../../base/make-folder.ts';

/** The file of a node's key, in its data folder. */
export const identityFile = 'learn.pem';

/** The key with which a node signs what it shares (Ed25519). */
export class Identity {
  /** Names it, for the lists of trusted keys: 32 bytes in base64url. */
  readonly publicKey: string;
  readonly #key: KeyObject;

  private constructor(key: KeyObject) {
    this.#key = key;
    this.publicKey = createPublicKey(key).export({ format: 'jwk' }).x!;
  }

  /**
   * Reads the key from a file, or creates one there that only its owner can read.
   *
   * @throws InputError when the file holds something else.
   */
  static open(file: string): Identity {
    assertKind('Identity.open: file', file, 'text');
    if (!existsSync(file)) makeKey(file);
    let key: KeyObject;
    try {
      key = createPrivateKey(readFileSync(file));
    } catch (error) {
      throw new InputError(`${file}: expected a private key in PEM, got ${messageOf(error)}; remove it for a new one`);
    }
    if (key.asymmetricKeyType !== 'ed25519') {
      throw new InputError(`${file}: expected an Ed25519 key, got ${key.asymmetricKeyType}; remove it for a new one`);
    }
    return new Identity(key);
  }

  /** @returns The signature, 64 bytes in base64url. */
  sign(bytes: Uint8Array): string {
    return sign(null, bytes, this.#key).toString('base64url');
  }
}

/** If two processes create one at the same moment, one of the two remains, and both use it. */
function makeKey(file: string): void {
  const { privateKey } = generateKeyPairSync('ed25519');
  makeFolderSync(dirname(file));
  // Written beside its place and moved there, so that an interrupted write is not taken for a key.
  const beside = `${file}.${randomBytes(6).toString('hex')}.new`;
  try {
    writeFileSync(beside, privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: 0o600, flush: true });
    // Unlike a move, a link does not overwrite; some file systems, such as FAT, have no links.
    try {
      linkSync(beside, file);
    } catch {
      if (!existsSync(file)) renameSync(beside, file);
    }
  } finally {
    rmSync(beside, { force: true });
  }
}

/** Whether the owner of this key signed these bytes. */
export function isSignedBy(publicKey: string, bytes: Uint8Array, signature: string): boolean {
  try {
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: publicKey }, format: 'jwk' });
    return verify(null, bytes, key, Buffer.from(signature, 'base64url'));
  } catch {
    // Not a key at all.
    return false;
  }
}
