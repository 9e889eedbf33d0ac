import { InputError, messageOf } from '../base/errors.ts';
import { parseAutoboot, withChoice } from './autoboot.ts';
import type { Baseline, Card, Firmware, RecordStore, UpdateRecord } from './card.ts';
import { compareVersions, type Payload, type ReleaseManifest } from './manifest.ts';
import type { PayloadReader } from './payload.ts';
import { otherSlot, partNames, type Slot } from './slots.ts';
import { isOnCard, writeSlot } from './write-slot.ts';

export interface UpdaterOptions {
  readonly card: Card;
  readonly firmware: Firmware;
  readonly records: RecordStore;
  /** Whose root is mounted. */
  readonly running: Slot;
  readonly version: string;
  readonly architecture: string;
  /** The device tree's `compatible`. */
  readonly board: readonly string[];
}

export interface InstallOptions {
  /** Also one that is not newer. */
  readonly force?: boolean;
  readonly before?: Baseline | undefined;
  /** Told a number from 0 to 1, growing. */
  readonly report?: (part: number) => void;
}

/** What `settle` found at a boot. */
export type Settled =
  | { readonly state: 'ordinary' }
  /** The slot that runs was booted to be tried: it has to prove itself, then `commit` or `giveUp`. */
  | { readonly state: 'trial'; readonly before: Baseline | undefined }
  | { readonly state: 'committed' | 'rolled_back'; readonly record: UpdateRecord };

/**
 * Updates with two slots. The order of its steps makes a power cut at any moment harmless:
 *
 * 1. The new version is written to the slot that does not run, synced, and read back whole.
 * 2. The record says that it is about to be tried.
 * 3. The firmware's one-shot flag is set and read back, and the system reboots into the new slot.
 * 4. There, what the system could do before has to work again; then `autoboot.txt` is overwritten in place. That sector
 *    alone decides which slot a boot takes; before it the old one comes back by itself, after it the new one stays.
 *
 * @example
 * const updater = new Updater({ card, firmware, records, running: 'a', version: '1.1.0', architecture: 'arm64', board });
 * await updater.install(release, payload, {}); // reboots
 */
export class Updater {
  readonly #options: UpdaterOptions;

  constructor(options: UpdaterOptions) {
    this.#options = options;
  }

  /** @throws InputError when a release is not for this board, not newer, or does not fit. Nothing is written. */
  async check(release: ReleaseManifest, { force = false }: { force?: boolean } = {}): Promise<void> {
    const { card, firmware, version, architecture, board, running } = this.#options;
    if (release.architecture !== architecture)
      throw new InputError(`${release.title} is for ${release.architecture}: expected ${architecture}`);
    if (!release.boards.some((one) => board.includes(one))) {
      throw new InputError(
        `${release.title} is for boards with ${release.boards.join(', ')}: this one has ${board.join(', ') || 'no device tree'}`,
      );
    }
    const order = compareVersions(release.version, version);
    if (order <= 0 && !force) {
      throw new InputError(
        `${release.version} is ${order === 0 ? 'what runs here already' : `older than ${version}, which runs here`}: add --force to install it anyway`,
      );
    }
    const { chosen } = parseAutoboot(await card.readChoice());
    if (chosen !== running) {
      throw new InputError(
        `slot ${running} runs, and autoboot.txt names ${chosen ?? 'neither slot'}: an update is being tried. Wait until it is committed, or reboot to leave it`,
      );
    }
    const target = otherSlot(running);
    for (const part of partNames) {
      const [has, needs] = [await card.size(target, part), release.parts[part].bytes];
      if (has < needs)
        throw new InputError(
          `${release.title} does not fit: its ${part} has ${needs} bytes, the partition ${has}; flash the card anew`,
        );
    }
    const why = await firmware.whyNot();
    if (why !== undefined) throw new InputError(`this board cannot try a slot once: ${why}. Nothing was written`);
  }

  /**
   * The payload that can be used here and is the smallest: changed blocks alone where what runs is what they were made
   * against, to the last byte.
   *
   * @throws InputError when there is none.
   */
  async choose(release: ReleaseManifest, available: readonly Payload[] = release.payloads): Promise<Payload> {
    const { card, running, version } = this.#options;
    const bySize = [...available].sort((a, b) => a.bytes - b.bytes);
    for (const payload of bySize) {
      if (payload.base === null) return payload;
      if (payload.base.version === version && (await isOnCard(card, running, payload.base.parts))) return payload;
    }
    const bases = bySize.map(({ base }) => base?.version).join(', ');
    throw new InputError(
      `${release.title} has only what changed since ${bases}: expected it for ${version} as it was released, which runs here. Take its whole update`,
    );
  }

  /**
   * Writes a release to the slot that does not run, arms it and reboots. A power cut before the reboot leaves the system
   * as it was.
   *
   * @param payload Its sum was checked, and `choose` named it.
   * @throws InputError when it is refused (`check`) or what was written is not right.
   */
  async install(release: ReleaseManifest, payload: PayloadReader, options: InstallOptions = {}): Promise<void> {
    const { card, firmware, records, running, version } = this.#options;
    await this.check(release, options);
    const slot = otherSlot(running);
    const record = { slot, version: release.version, from: version, before: options.before };
    await records.save({ ...record, phase: 'writing' });
    const total = 2 * partNames.reduce((sum, part) => sum + release.parts[part].bytes, 0);
    let done = 0;
    try {
      await writeSlot(card, slot, release.parts, payload, (bytes) => options.report?.((done += bytes) / total));
      await records.save({ ...record, phase: 'trial' });
      await firmware.tryOnce();
    } catch (error) {
      if (error instanceof InputError)
        await records.save({ ...record, phase: 'failed', reason: messageOf(error) }).catch(() => {});
      throw error;
    }
    await firmware.reboot();
  }

  /** Finds out at a boot what became of an update. `autoboot.txt` and the root that is mounted decide, not the record. */
  async settle(): Promise<Settled> {
    const { card, records, running } = this.#options;
    const record = await records.load();
    const { chosen } = parseAutoboot(await card.readChoice());
    if (chosen !== running) return { state: 'trial', before: record?.slot === running ? record.before : undefined };
    if (record?.phase === 'writing') {
      await this.#note({ ...record, phase: 'failed', reason: 'it was interrupted while it was written' });
      return { state: 'ordinary' };
    }
    if (record?.phase !== 'trial') return { state: 'ordinary' };
    if (record.slot === running) {
      const settled: UpdateRecord = { ...record, phase: 'committed' };
      await this.#note(settled);
      return { state: 'committed', record: settled };
    }
    const reason = record.reason ?? 'it did not come up, or the power was cut before it could prove itself';
    const settled: UpdateRecord = { ...record, phase: 'rolled_back', reason };
    await this.#note(settled);
    return { state: 'rolled_back', record: settled };
  }

  /** Keeps the slot that runs for all boots to come. */
  async commit(): Promise<void> {
    const { card, records, running } = this.#options;
    await card.writeChoice(withChoice(await card.readChoice(), running));
    const record = await records.load();
    // It tells people; a full disk must not undo what was decided.
    if (record?.slot === running) await this.#note({ ...record, phase: 'committed', reason: undefined });
  }

  /** Goes back to the slot that was left: a plain reboot takes it. */
  async giveUp(reason: string): Promise<void> {
    const { firmware, records, running } = this.#options;
    const record = await records.load();
    if (record?.slot === running) await this.#note({ ...record, phase: 'trial', reason });
    await firmware.reboot();
  }

  async #note(record: UpdateRecord): Promise<void> {
    await this.#options.records.save(record).catch(() => {});
  }
}
