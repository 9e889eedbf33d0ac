import { describe, expect, it } from 'vitest';
import { compatibleParts } from '../../tools/image/device-tree.ts';

const beginNode = 1;
const endNode = 2;
const property = 3;
const nop = 4;
const end = 9;
const names = Buffer.from('compatible\0status\0');

const word = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};
const padded = (text: string) => Buffer.concat([Buffer.from(text), Buffer.alloc(-text.length & 3)]);
const propertyOf = (nameAt: number, text: string) =>
  Buffer.concat([word(property), word(text.length), word(nameAt), padded(text)]);

/** A compiled device tree with this structure, as the format's specification (0.4, chapter 5) has it. */
function treeOf(...structure: Buffer[]): Buffer {
  const body = Buffer.concat([...structure, word(end)]);
  const header = [0xd00dfeed, 0, 40, 40 + body.length].map(word);
  return Buffer.concat([...header, Buffer.alloc(24), body, names]);
}

describe('the parts of a board', () => {
  it('are all that its device tree calls compatible, in all its nodes', () => {
    const tree = treeOf(
      ...[word(beginNode), padded('\0'), propertyOf(0, 'raspberrypi,3-model-b\0brcm,bcm2837\0')],
      ...[
        word(nop),
        word(beginNode),
        padded('mmc@7e202000\0'),
        propertyOf(11, 'okay\0'),
        propertyOf(0, 'brcm,bcm2835-sdhost\0'),
      ],
      ...[word(endNode), word(endNode)],
    );
    expect([...compatibleParts(tree)]).toEqual(['raspberrypi,3-model-b', 'brcm,bcm2837', 'brcm,bcm2835-sdhost']);
  });

  it('are in no other file', () => {
    expect(() => compatibleParts(Buffer.alloc(100))).toThrow('expected a compiled device tree');
    expect(() => compatibleParts(Buffer.from('MZ'))).toThrow('expected a compiled device tree');
    expect(() => compatibleParts(treeOf(word(7)))).toThrow('got one with the token 7');
  });
});
