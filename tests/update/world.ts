import { createHash } from 'node:crypto';
import { InputError } from '../../sdk/base/errors.ts';
import type { Baseline, Card, Firmware, RecordStore, UpdateRecord } from '../../sdk/update/card.ts';
import { type HealthReport, judge } from '../../sdk/update/health.ts';
import type { ReleaseManifest } from '../../sdk/update/manifest.ts';
import { otherSlot, type Part, partitions, type Slot, slotOfPartition } from '../../sdk/update/slots.ts';
import { Updater } from '../../sdk/update/updater.ts';
import { bootPartition } from '../../tools/image/firmware-files.ts';
import { areas, type Behaviour, fatPlaces, sector } from './images.ts';

/** The power is gone. */
export class PowerCut extends Error {}
/** The system restarts in order. */
export class Reboot extends Error {}

/**
 * A medium that keeps what was synced. What was written and not synced is in the cache: at a power cut each sector of it
 * is on the medium or is not, in any order. A sector is never torn, as cards promise.
 */
export class Medium {
  readonly bytes: Buffer;
  #cache: { at: number; bytes: Buffer }[] = [];

  constructor(bytes: Buffer) {
    this.bytes = Buffer.from(bytes);
  }

  write(at: number, bytes: Uint8Array): void {
    const whole = Buffer.from(bytes);
    for (let done = 0; done < whole.length; ) {
      const end = Math.min(whole.length, (Math.floor((at + done) / sector) + 1) * sector - at);
      this.#cache.push({ at: at + done, bytes: whole.subarray(done, end) });
      done = end;
    }
  }

  read(at: number, length: number): Buffer {
    const bytes = Buffer.from(this.bytes.subarray(at, at + length));
    for (const one of this.#cache) {
      const [from, to] = [Math.max(one.at, at), Math.min(one.at + one.bytes.length, at + length)];
      if (from < to) one.bytes.copy(bytes, from - at, from - one.at, to - one.at);
    }
    return bytes;
  }

  sync(from = 0, to = this.bytes.length): void {
    this.#cache = this.#cache.filter(({ at, bytes }) => {
      const isIn = at >= from && at < to;
      if (isIn) bytes.copy(this.bytes, at);
      return !isIn;
    });
  }

  cut(chance: () => number): void {
    for (const { at, bytes } of this.#cache) if (chance() < 0.5) bytes.copy(this.bytes, at);
    this.#cache = [];
  }
}

export interface WorldOptions {
  readonly card: Buffer;
  readonly chance: () => number;
  /** A mistake to build in: the tests have to notice it. */
  readonly mistake?: 'no sync' | 'replaces the file' | 'commits at once' | undefined;
  /** The flag of the firmware outlives a power cut, as on the first Pi 4. */
  readonly keepsFlag?: boolean;
  /** No room for a record. */
  readonly isFull?: boolean;
}

/** A board with a card, whose firmware boots what `autoboot.txt` says: it stands for start.elf, which runs nowhere else. */
export class World implements Card, Firmware, RecordStore {
  readonly medium: Medium;
  readonly #options: WorldOptions;
  #flag = false;
  #record: { durable: string | undefined; pending: string | undefined } = { durable: undefined, pending: undefined };
  /** Steps until the power is cut. */
  fuse = Number.POSITIVE_INFINITY;
  steps = 0;
  boots = 0;
  running: Slot = 'a';
  broker: HealthReport['broker'] = 'connected';
  isFull: boolean;
  firmwareProblem: string | undefined;
  ignoresFlag = false;
  /** The data partition is full as soon as the new version runs. */
  fillsUpAfterBoot = false;

  constructor(options: WorldOptions) {
    this.#options = options;
    this.medium = new Medium(options.card);
    this.isFull = options.isFull ?? false;
  }

  #step(): void {
    this.steps++;
    if (--this.fuse < 0) throw new PowerCut();
  }

  async size(slot: Slot, part: Part): Promise<number> {
    return areas[partitions[slot][part]]!.bytes;
  }

  async read(slot: Slot, part: Part, at: number, length: number): Promise<Buffer> {
    return this.medium.read(areas[partitions[slot][part]]!.at + at, length);
  }

  async write(slot: Slot, part: Part, at: number, bytes: Uint8Array): Promise<void> {
    if (slot === this.running) throw new Error('the slot that runs was written to');
    const piece = 16 * sector;
    for (let done = 0; done < bytes.length; done += piece) {
      this.#step();
      this.medium.write(areas[partitions[slot][part]]!.at + at + done, bytes.subarray(done, done + piece));
    }
  }

  async sync(slot: Slot, part: Part): Promise<void> {
    this.#step();
    if (this.#options.mistake === 'no sync') return;
    const { at, bytes } = areas[partitions[slot][part]]!;
    this.medium.sync(at, at + bytes);
    this.#step();
  }

  async readChoice(): Promise<Buffer> {
    return this.#file() ?? Buffer.alloc(0);
  }

  async writeChoice(bytes: Uint8Array): Promise<void> {
    const { at } = areas[1]!;
    const entry = this.medium.read(at + fatPlaces.folder, sector);
    if (this.#options.mistake === 'replaces the file') {
      // The new file in the next cluster, and its entry in place of the old one: three sectors that belong together.
      const table = this.medium.read(at + sector, sector);
      table.writeUInt16LE(0x0fff, 1 + 3);
      entry.writeUInt16LE(3, 26);
      this.medium.write(at + fatPlaces.folder, entry);
      this.#step();
      this.medium.write(at + sector, table);
      this.medium.write(at + fatPlaces.file, Buffer.alloc(sector));
      this.#step();
      this.medium.write(at + fatPlaces.file + sector, Buffer.from(bytes));
    } else {
      if (entry.readUInt32LE(28) !== bytes.length) throw new Error('autoboot.txt has another length than before');
      const data = this.medium.read(at + fatPlaces.file, sector);
      data.set(bytes, 0);
      this.#step();
      this.medium.write(at + fatPlaces.file, data);
      this.#step();
      // The time of the change, in the entry of the folder.
      entry.writeUInt16LE((entry.readUInt16LE(22) + 1) % 65536, 22);
      this.medium.write(at + fatPlaces.folder, entry);
    }
    this.#step();
    this.medium.sync(at, at + areas[1]!.bytes);
    this.#step();
  }

  #file(): Buffer | undefined {
    const { at } = areas[1]!;
    const entry = this.medium.read(at + fatPlaces.folder, 32);
    if (entry.subarray(0, 11).toString('latin1') !== 'AUTOBOOTTXT') return undefined;
    const place = fatPlaces.file + (entry.readUInt16LE(26) - 2) * sector;
    return this.medium.read(at + place, entry.readUInt32LE(28));
  }

  async whyNot(): Promise<string | undefined> {
    return this.firmwareProblem;
  }

  async tryOnce(): Promise<void> {
    this.#step();
    this.#flag = !this.ignoresFlag;
    if (!this.#flag) throw new InputError('the flag was set and reads back as 0');
    this.#step();
  }

  async reboot(): Promise<void> {
    this.#step();
    // An orderly one writes what is in the cache.
    if (this.#options.mistake !== 'no sync') this.medium.sync();
    throw new Reboot();
  }

  async load(): Promise<UpdateRecord | undefined> {
    const text = this.#record.pending ?? this.#record.durable;
    return text === undefined ? undefined : (JSON.parse(text) as UpdateRecord);
  }

  /** As a file that is replaced: whole, the old one or the new one. */
  async save(record: UpdateRecord): Promise<void> {
    if (this.isFull) throw new InputError('the data partition is full');
    this.#step();
    this.#record.pending = JSON.stringify(record);
    this.#step();
    this.#record = { durable: this.#record.pending, pending: undefined };
  }

  /** What is in a slot, or undefined where nothing that starts is. */
  systemIn(slot: Slot): { version: string; behaviour: Behaviour } | undefined {
    const root = this.medium.read(areas[partitions[slot].root]!.at, 200).toString('latin1');
    const boot = this.medium.read(areas[partitions[slot].boot]!.at, areas[partitions[slot].boot]!.bytes);
    const named = /PARTUUID=0ce11005-0(\d)/.exec(boot.toString('latin1'))?.[1];
    const [, json] = /^(\{.*?\})/.exec(root) ?? [];
    if (json === undefined || Number(named) !== partitions[slot].root) return undefined;
    const system = JSON.parse(json) as { version: string; behaviour: Behaviour };
    return boot.toString('latin1').includes(`kernel ${system.version}\0`) ||
      boot
        .subarray(8 * 1024, 8 * 1024 + 100)
        .toString('latin1')
        .startsWith(`kernel ${system.version}`)
      ? system
      : undefined;
  }

  sumsOf(slot: Slot, release: ReleaseManifest): Record<Part, string> {
    const sum = (part: Part) =>
      createHash('sha256')
        .update(this.medium.read(areas[partitions[slot][part]]!.at, release.parts[part].bytes))
        .digest('hex');
    return { boot: sum('boot'), root: sum('root') };
  }

  isWhole(slot: Slot, release: ReleaseManifest): boolean {
    const { boot, root } = this.sumsOf(slot, release);
    return boot === release.parts.boot.sha256[slot] && root === release.parts.root.sha256[slot];
  }

  /** All that is learned, and the settings: nothing of an update may touch them. */
  get data(): Buffer {
    return Buffer.from(this.medium.bytes.subarray(areas[7]!.at, areas[7]!.at + areas[7]!.bytes));
  }

  cutPower(): void {
    this.medium.cut(this.#options.chance);
    if (this.#record.pending !== undefined && this.#options.chance() < 0.5) this.#record.durable = this.#record.pending;
    this.#record.pending = undefined;
    if (!this.#options.keepsFlag) this.#flag = false;
  }

  updater(): Updater {
    const { version } = this.systemIn(this.running)!;
    return new Updater({
      ...{ card: this, firmware: this, records: this, running: this.running, version },
      ...{ architecture: 'arm64', board: ['raspberrypi,4-model-b', 'brcm,bcm2711'] },
    });
  }

  /**
   * Boots, again and again, until a system runs and nothing is tried any more.
   *
   * @throws When nothing starts: a brick.
   */
  async boot(): Promise<void> {
    for (let boots = 0; boots < 12; boots++) {
      this.boots++;
      const text = (this.#file() ?? Buffer.alloc(0)).toString('latin1');
      const slot = slotOfPartition(bootPartition(text, { names: ['pi4'], tryboot: this.#flag }));
      this.#flag = false;
      if (slot === undefined) throw new Error('a brick: autoboot.txt names no slot');
      const system = this.systemIn(slot);
      // panic=10, or the watchdog: the next boot is without the flag.
      if (!system || system.behaviour === 'panics') continue;
      this.running = slot;
      try {
        await this.#run(system.behaviour);
        return;
      } catch (error) {
        if (error instanceof PowerCut) this.cutPower();
        else if (!(error instanceof Reboot)) throw error;
      }
    }
    throw new Error('a brick: no slot comes up');
  }

  async #run(behaviour: Behaviour): Promise<void> {
    if (this.fillsUpAfterBoot) this.isFull = true;
    const updater = this.updater();
    const settled = await updater.settle();
    if (settled.state !== 'trial') return;
    if (this.#options.mistake === 'commits at once') return updater.commit();
    const verdict = judge(this.report(1, behaviour), this.report(2, behaviour), settled.before);
    if (verdict.state === 'good') await updater.commit();
    else await updater.giveUp(verdict.missing.join('; '));
  }

  report(number: number, behaviour: Behaviour = 'fine'): HealthReport {
    return {
      version: this.systemIn(this.running)!.version,
      uptimeSeconds: 20 * number,
      cameras: new Map([['door', behaviour === 'blind' ? 0 : 100 * number]]),
      broker: behaviour === 'offline' ? 'unreachable' : this.broker,
      kernels: behaviour === 'slow kernels' ? 'typescript' : 'neon',
    };
  }

  /** What the system that runs can do. */
  get baseline(): Baseline {
    return { cameras: ['door'], broker: true, native: true };
  }

  get otherSlot(): Slot {
    return otherSlot(this.running);
  }
}
