import { InputError } from '../../sdk/base/errors.ts';

const magic = 0xd00dfeed;
const tokens = { beginNode: 1, endNode: 2, property: 3, nop: 4, end: 9 } as const;

/**
 * All that the `compatible` properties of a compiled device tree (`.dtb`) name, such as `brcm,bcm2835-sdhost`: the parts of a
 * board, as drivers know them.
 *
 * @throws InputError where the bytes are no device tree.
 */
export function compatibleParts(tree: Buffer): Set<string> {
  if (tree.length < 40 || tree.readUInt32BE(0) !== magic) {
    throw new InputError('expected a compiled device tree, got a file without its first bytes d00dfeed');
  }
  const structure = tree.readUInt32BE(8);
  const strings = tree.readUInt32BE(12);
  const parts = new Set<string>();
  const aligned = (at: number) => (at + 3) & ~3;
  for (let at = structure; ; ) {
    const token = tree.readUInt32BE(at);
    at += 4;
    if (token === tokens.end) return parts;
    if (token === tokens.beginNode) at = aligned(tree.indexOf(0, at) + 1);
    else if (token === tokens.property) {
      const length = tree.readUInt32BE(at);
      const nameAt = strings + tree.readUInt32BE(at + 4);
      const value = tree.subarray(at + 8, at + 8 + length);
      if (tree.toString('latin1', nameAt, tree.indexOf(0, nameAt)) === 'compatible') {
        for (const part of value.toString('latin1').split('\0')) if (part !== '') parts.add(part);
      }
      at = aligned(at + 8 + length);
    } else if (token !== tokens.endNode && token !== tokens.nop) {
      throw new InputError(`expected a compiled device tree, got one with the token ${token}`);
    }
  }
}
