/** Bytes in a sector of the partition table. */
export const sectorSize = 512;
const sectorsOfMiB = (1024 * 1024) / sectorSize;

/** One partition of a card. */
export interface Partition {
  /** As Linux counts: 1 to 3 are primary, 4 is the extended one, 5 and later lie in it. */
  readonly number: number;
  /** The first, in sectors of 512 bytes from the start of the card. */
  readonly start: number;
  /** How many sectors. */
  readonly sectors: number;
  /** The MBR's type, such as 0x0c for FAT32 and 0x83 for Linux. */
  readonly type: number;
}

const partition = (number: number, startMiB: number, sizeMiB: number, type: number): Partition => ({
  number,
  start: startMiB * sectorsOfMiB,
  sectors: sizeMiB * sectorsOfMiB,
  type,
});

export const partitionTypes = { fat32: 0x0c, extended: 0x0f, linux: 0x83 } as const;

/**
 * Where everything on a card is. An MBR, since the boot ROM of a Pi 3 reads nothing else; each partition begins at a multiple
 * of 4 MiB, the size that cards erase at once. The data partition is the last one: it is grown to the card's end at the first
 * boot.
 *
 * @example
 * const { start, sectors } = layout.partitions.rootA;
 */
export const layout = {
  /** The MBR's signature. Linux names partitions by it: `PARTUUID=0ce11005-05`. One value for all, so that builds agree. */
  diskId: 0x0ce11005,
  partitions: {
    /** What the firmware and people read: `autoboot.txt`, `ocellus.toml`. A Pi 3 takes its `bootcode.bin` from here only. */
    settings: partition(1, 4, 64, partitionTypes.fat32),
    bootA: partition(2, 68, 128, partitionTypes.fat32),
    bootB: partition(3, 196, 128, partitionTypes.fat32),
    extended: partition(4, 324, 2124, partitionTypes.extended),
    rootA: partition(5, 328, 1024, partitionTypes.linux),
    rootB: partition(6, 1356, 1024, partitionTypes.linux),
    data: partition(7, 2384, 64, partitionTypes.linux),
  },
  /** Of file systems, as `blkid` and a desktop show them. */
  labels: { settings: 'OCELLUS', bootA: 'OCELLUS-A', bootB: 'OCELLUS-B', data: 'ocellus-data' },
  /** Bytes of an image. */
  size: 2448 * 1024 * 1024,
} as const;

export type SlotName = 'a' | 'b';

/** The two systems that a card holds: one runs, the other one receives the next update. */
export interface Slot {
  readonly name: SlotName;
  readonly boot: Partition;
  readonly root: Partition;
  readonly bootLabel: 'OCELLUS-A' | 'OCELLUS-B';
}

export const slots: Readonly<Record<SlotName, Slot>> = {
  a: { name: 'a', boot: layout.partitions.bootA, root: layout.partitions.rootA, bootLabel: layout.labels.bootA },
  b: { name: 'b', boot: layout.partitions.bootB, root: layout.partitions.rootB, bootLabel: layout.labels.bootB },
};

/** How Linux names a partition of the card, such as `0ce11005-05`. */
export function partitionUuid({ number }: Partition): string {
  return `${layout.diskId.toString(16).padStart(8, '0')}-${number.toString(16).padStart(2, '0')}`;
}

/**
 * `autoboot.txt` of the first partition: the firmware boots `slot`, and the other one for a single time after `tryboot`.
 * 512 bytes at most, one sector, so that a card writes it whole or not at all.
 */
export function autobootText(slot: SlotName): string {
  const other = slots[slot === 'a' ? 'b' : 'a'];
  return `[all]\ntryboot_a_b=1\nboot_partition=${slots[slot].boot.number}\n[tryboot]\nboot_partition=${other.boot.number}\n`;
}

/**
 * The one line of a slot's `cmdline.txt`. Both slots boot the same files, but for this one: it names the slot's own root.
 *
 * `cma=` is absent on purpose: what is right for a Pi 3 keeps a Pi 4 from booting, and the device trees say what each needs.
 * A kernel that gave up, or a root that is not there, starts the board again after ten seconds: with an update on trial the
 * firmware is then back in the slot that worked.
 */
export function commandLine(slot: SlotName): string {
  return `console=ttyS1,115200 console=tty0 root=PARTUUID=${partitionUuid(slots[slot].root)} rootfstype=erofs ro net.ifnames=0 panic=10 quiet loglevel=4\n`;
}

/** Which slot a system runs from, by its `/proc/cmdline`; undefined where it is no card of this layout. */
export function slotOf(kernelCommandLine: string): Slot | undefined {
  const root = /(?:^|\s)root=PARTUUID=(\S+)/.exec(kernelCommandLine)?.[1]?.toLowerCase();
  return Object.values(slots).find((slot) => partitionUuid(slot.root) === root);
}
