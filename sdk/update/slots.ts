/** A card has two systems: the one that runs, and the one that an update is written to. */
export type Slot = 'a' | 'b';

/** What a slot consists of: what the firmware loads (FAT), and the root of the system (read-only). */
export type Part = 'boot' | 'root';
export const partNames: readonly Part[] = ['boot', 'root'];

/** Numbers of the partitions of a slot, as in the MBR: logical ones begin with 5. */
export const partitions: Readonly<Record<Slot, Readonly<Record<Part, number>>>> = {
  a: { boot: 2, root: 5 },
  b: { boot: 3, root: 6 },
};

export const otherSlot = (slot: Slot): Slot => (slot === 'a' ? 'b' : 'a');

/** The slot that a partition belongs to, or undefined when it belongs to none. */
export function slotOfPartition(number: number): Slot | undefined {
  return (['a', 'b'] as const).find((slot) => Object.values(partitions[slot]).includes(number));
}
