import { InputError } from '../../../base/errors.ts';
import { bundleHash, readBundle, writeBundle } from '../../../learn/ledger/bundle.ts';
import type { Identity } from '../../../learn/ledger/identity.ts';
import { type Part, type PartName, partKey } from '../../../learn/ledger/part.ts';

/** Identifies compatible embeddings. */
export interface Space {
  readonly space: string;
  readonly dimension: number;
}

/** One part as retained at the broker. */
export interface SharedPart {
  readonly part: Part;
  /** Hash of its content alone: the same whoever wrote it. */
  readonly digest: string;
  /** The node that wrote it; usually the part's owner. */
  readonly writer: string;
  /** The public key that signed it. */
  readonly key: string | undefined;
}

/** A full label, 800 examples until their owner has merged what it had before, is a quarter of this. */
export const mostSharedBytes = 4 << 20;

/** @param how.parent SHA-256 of the message that it replaces. */
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
 * @param name The part that its topic names.
 * @throws InputError when it is another part, too large, or not signed by a trusted key.
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

/** SHA-256 of a part's content. */
export function digestOfPart(part: Part, { space, dimension }: Space): string {
  return bundleHash(writeBundle({ space, dimension, node: part.node, parts: [part] }));
}
