import { InputError } from '../../../base/errors.ts';
import { bundleHash, readBundle, writeBundle } from '../../../learn/ledger/bundle.ts';
import type { Identity } from '../../../learn/ledger/identity.ts';
import { type Part, type PartName, partKey } from '../../../learn/ledger/part.ts';

/** Whose embeddings have something to say to each other. */
export interface Space {
  readonly space: string;
  readonly dimension: number;
}

/** One part as it lies at the broker. */
export interface SharedPart {
  readonly part: Part;
  /** Of its content alone: the same whoever wrote it. */
  readonly digest: string;
  /** The node that wrote it; mostly the part's own. */
  readonly writer: string;
  /** The public key that signed it. */
  readonly key: string | undefined;
}

/** Of a full label, 800 examples until their owner has merged what it had before, it is a quarter. */
export const mostSharedBytes = 4 << 20;

/** @param how.parent SHA-256 of the message whose place it takes. */
export function writeSharedPart(
  part: Part,
  how: Space & { node: string; parent: string | undefined; identity: Identity | undefined },
): Buffer {
  const { space, dimension, node, parent, identity } = how;
  return writeBundle({ space, dimension, node, parts: [part], ...(parent && { parent }) }, identity);
}

/**
 * Reads a message about one part.
 *
 * @param name What its topic says that it is.
 * @throws InputError when it is something else, too large, or not signed by a trusted key.
 */
export function readSharedPart(
  payload: Uint8Array,
  name: PartName,
  check: Space & { trusted: readonly string[] | undefined },
): SharedPart {
  if (payload.length > mostSharedBytes) {
    throw new InputError(`expected at most ${mostSharedBytes} bytes, got ${payload.length}`);
  }
  const { space, dimension, trusted } = check;
  const { parts, node, key } = readBundle(payload, { space, dimension, ...(trusted && { trusted }) });
  const [part] = parts;
  if (!part || parts.length > 1) throw new InputError(`expected one part of a ledger, got ${parts.length}`);
  if (partKey(part) !== partKey(name)) {
    throw new InputError(`expected ${partKey(name)}, of which its topic is, got ${partKey(part)}`);
  }
  return { part, digest: digestOfPart(part, check), writer: node, key };
}

/** SHA-256 of what a part holds. */
export function digestOfPart(part: Part, { space, dimension }: Space): string {
  return bundleHash(writeBundle({ space, dimension, node: part.node, parts: [part] }));
}
