import { createHash, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { assertKind } from '../base/arguments.ts';
import { InputError, messageOf } from '../base/errors.ts';

/** What something is signed for. */
export interface Purpose {
  /** What is signed begins with it, so that a signature for another purpose is none for this one. */
  readonly text: string;
  /** What to do where it is signed with a key that is not known. */
  readonly ownKey: string;
}

const zoo: Purpose = {
  text: 'ocellus zoo manifest 1\n',
  ownKey: 'For a zoo of your own, name its public key with --key',
};
const line = /^ed25519 ([0-9a-f]{16}) ([A-Za-z0-9+/]{86}==)$/;

/**
 * Reads an ed25519 public key in PEM.
 *
 * @param what Names it in the error.
 * @throws InputError when it is none.
 *
 * @example
 * await openCatalogue({ from, keys: [publicKey(await readFile('fleet.pub.pem', 'utf8'))] });
 */
export function publicKey(pem: string, what = 'publicKey'): KeyObject {
  assertKind(what, pem, 'text', 'an ed25519 public key in PEM');
  let key: KeyObject;
  try {
    key = createPublicKey(pem);
  } catch (error) {
    throw new InputError(`${what}: expected an ed25519 public key in PEM: ${messageOf(error)}`);
  }
  if (key.asymmetricKeyType !== 'ed25519')
    throw new InputError(`${what}: expected an ed25519 public key in PEM, got ${key.asymmetricKeyType}`);
  return key;
}

/** Tells keys apart: the first 16 hexadecimal digits of the SHA-256 of the public half. */
export function keyId(key: KeyObject): string {
  const half = key.type === 'private' ? createPublicKey(key) : key;
  return createHash('sha256')
    .update(half.export({ format: 'der', type: 'spki' }))
    .digest('hex')
    .slice(0, 16);
}

/** A line of `zoo.json.sig`: `ed25519 KEY SIGNATURE`. @param key The private half. */
export function signatureOf(manifest: Uint8Array, key: KeyObject, purpose = zoo): string {
  const signature = sign(null, signedBytes(purpose, manifest), key);
  return `ed25519 ${keyId(key)} ${signature.toString('base64')}`;
}

/**
 * Checks the bytes of a manifest against its signatures, of which one by a trusted key suffices: so a key can be
 * replaced while older versions still know the former one.
 *
 * @returns The id of the key that signed it.
 * @throws InputError when no trusted key did.
 */
export function assertSigned(
  manifest: Uint8Array,
  signatures: string,
  keys: readonly KeyObject[],
  what: string,
  purpose = zoo,
): string {
  const lines = signatures.split('\n').filter((one) => one.trim() !== '');
  const read = lines.map((one) => line.exec(one.trim()));
  if (lines.length === 0 || lines.length > 16 || read.includes(null)) {
    throw new InputError(`${what}: its signature is not right: expected lines "ed25519 KEY SIGNATURE"`);
  }
  const known = new Map(keys.map((key) => [keyId(key), key]));
  for (const match of read) {
    const [, id, text] = match!;
    const key = known.get(id!);
    if (!key) continue;
    if (verify(null, signedBytes(purpose, manifest), key, Buffer.from(text!, 'base64'))) return id!;
    throw new InputError(
      `${what}: its signature is wrong: it was changed after it was signed, or its signature is another file's. Nothing of it is used; fetch both files again`,
    );
  }
  throw new InputError(
    `${what} is signed by ${read.map((match) => match![1]).join(', ')}: expected one of ${[...known.keys()].join(', ')}. ${purpose.ownKey}`,
  );
}

const signedBytes = ({ text }: Purpose, bytes: Uint8Array) => Buffer.concat([Buffer.from(text), bytes]);
