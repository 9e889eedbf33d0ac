import type { Part, Slot } from './slots.ts';

/** The card as an update sees it: the partitions of both slots, and the firmware's choice between them. */
export interface Card {
  /** Size of a partition, bytes. */
  size(slot: Slot, part: Part): Promise<number>;
  /** @returns Exactly `length` bytes. */
  read(slot: Slot, part: Part, at: number, length: number): Promise<Buffer>;
  /** Of the slot that does not run. It may be on the medium only after `sync`. */
  write(slot: Slot, part: Part, at: number, bytes: Uint8Array): Promise<void>;
  /** All that was written is on the medium when it returns, and is read from there afterwards. */
  sync(slot: Slot, part: Part): Promise<void>;
  /** The bytes of `autoboot.txt`. */
  readChoice(): Promise<Buffer>;
  /** Overwrites `autoboot.txt` in place with as many bytes; they are on the medium when it returns. */
  writeChoice(bytes: Uint8Array): Promise<void>;
}

/** What an update needs from the firmware and the kernel. */
export interface Firmware {
  /** @returns Why the next boot cannot be told to try a slot once; undefined where it can be. Changes nothing. */
  whyNot(): Promise<string | undefined>;
  /** Sets the flag that makes the next boot, and that one alone, take the [tryboot] part; read back. */
  tryOnce(): Promise<void>;
  reboot(): Promise<void>;
}

/** What keeps the record of the newest update; as a file, whole after a power cut. */
export interface RecordStore {
  /** Undefined where there is none, or none that can be read. */
  load(): Promise<UpdateRecord | undefined>;
  save(record: UpdateRecord): Promise<void>;
}

/** How far the newest update came. `trial`: its slot is about to be booted, or was; the firmware decides. */
export type Phase = 'writing' | 'trial' | 'committed' | 'rolled_back' | 'failed';

export interface UpdateRecord {
  readonly phase: Phase;
  /** That it was written to. */
  readonly slot: Slot;
  readonly version: string;
  /** That ran before. */
  readonly from: string;
  /** Why it failed or was rolled back. */
  readonly reason?: string | undefined;
  /** What worked before, and has to work again. */
  readonly before?: Baseline | undefined;
}

/** What the system could do before an update. */
export interface Baseline {
  /** Names of the cameras that gave frames. */
  readonly cameras: readonly string[];
  /** The broker was connected. */
  readonly broker: boolean;
  /** Native kernels were in use. */
  readonly native: boolean;
}
