import { describe, expect, it } from 'vitest';
import { autobootLimit, bootPartition } from '../../tools/image/firmware-files.ts';
import {
  autobootText,
  commandLine,
  layout,
  partitionUuid,
  sectorSize,
  slotOf,
  slots,
} from '../../tools/image/layout.ts';

const { extended, ...others } = layout.partitions;
const erased = (4 * 1024 * 1024) / sectorSize;

describe('the layout of a card', () => {
  it('has partitions one after the other, each at a multiple of what cards erase at once', () => {
    const inOrder = Object.values(others);
    expect(inOrder.map(({ number }) => number)).toEqual([1, 2, 3, 5, 6, 7]);
    for (const [index, { start, sectors }] of inOrder.entries()) {
      expect([start % erased, sectors % erased]).toEqual([0, 0]);
      const before = inOrder[index - 1];
      if (!before) continue;
      // Before a logical partition there is a sector that describes it.
      const described = index > 2 ? 1 : 0;
      expect(start - before.start - before.sectors).toBeGreaterThanOrEqual(described);
    }
  });

  it('ends with the data, in an extended partition that ends with the image', () => {
    const { data, rootA } = layout.partitions;
    expect(data.start + data.sectors).toBe(extended.start + extended.sectors);
    expect(rootA.start).toBeGreaterThan(extended.start);
    expect((data.start + data.sectors) * sectorSize).toBe(layout.size);
  });
});

describe('the two slots', () => {
  it.each(['a', 'b'] as const)('%s is booted by what its files say', (name) => {
    const text = autobootText(name);
    const other = slots[name === 'a' ? 'b' : 'a'];
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(autobootLimit);
    for (const names of [['pi3'], ['pi4']]) {
      expect(bootPartition(text, { names })).toBe(slots[name].boot.number);
      expect(bootPartition(text, { names, tryboot: true })).toBe(other.boot.number);
    }
    expect(slotOf(commandLine(name))).toBe(slots[name]);
  });

  it('are told from other systems', () => {
    expect(slotOf('root=PARTUUID=0CE11005-06 rw')).toBe(slots.b);
    expect(slotOf('root=/dev/mmcblk0p2 rootwait')).toBeUndefined();
    expect(slotOf('root=PARTUUID=0ce11005-07')).toBeUndefined();
    expect(slotOf('noroot=PARTUUID=0ce11005-05')).toBeUndefined();
    expect(partitionUuid(slots.a.root)).toBe('0ce11005-05');
  });

  it('name no contiguous memory, which keeps a Pi 4 from booting, and start a board again that gave up', () => {
    for (const name of ['a', 'b'] as const) {
      const line = commandLine(name);
      expect(line).not.toMatch(/\bcma=/);
      expect(line).toMatch(/ panic=10( |$)/m);
      expect(line).toMatch(/ ro( |$)/);
      expect(line.trim().split('\n')).toHaveLength(1);
    }
  });
});
