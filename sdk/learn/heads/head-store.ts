import type { LedgerStore } from '../ledger/ledger-store.ts';
import { type HeadVersion, HeadVersions, type HeadVersionsOptions } from './head-versions.ts';

type Values = Pick<LedgerStore, 'value' | 'valueNames' | 'putValues'>;

/**
 * Keeps heads in the store of the examples they were trained from. A version is written once: two hundred kilobytes for
 * ten labels of a hundred examples each, instead of ten times that for all versions, on a card that wears out.
 *
 * The list of versions changes in the same batch as the versions themselves, so that a head is never inconsistent.
 */
export class HeadStore {
  readonly #store: Values;
  /** The versions that are on disk, by head. */
  readonly #kept = new Map<string, readonly number[]>();
  #turn: Promise<void> = Promise.resolve();

  constructor(store: Values) {
    this.#store = store;
  }

  /** Writes the versions as they are when called; they are on disk when this returns. */
  save(versions: HeadVersions): Promise<void> {
    const { name, all } = versions;
    const state = versions.serialise();
    // One after the other, so that the last call wins.
    const saved = this.#turn.then(() => this.#write(name, all, state));
    this.#turn = saved.catch(() => {});
    return saved;
  }

  /** The heads that have versions, including those without any remaining examples. */
  async names(): Promise<string[]> {
    const prefix = stateName('');
    return (await this.#store.valueNames(prefix)).map((name) => name.slice(prefix.length));
  }

  /**
   * @returns Undefined if there are none.
   * @throws InputError when they cannot be read.
   */
  async load(name: string, options?: HeadVersionsOptions): Promise<HeadVersions | undefined> {
    const state = await this.#store.value(stateName(name));
    if (!state) return undefined;
    const versions = await HeadVersions.restore(
      name,
      state,
      (version) => this.#store.value(versionName(name, version)),
      options,
    );
    this.#kept.set(name, numbersOf(versions.all));
    return versions;
  }

  async #write(name: string, all: readonly HeadVersion[], state: Buffer): Promise<void> {
    const kept = this.#kept.get(name) ?? [];
    const numbers = numbersOf(all);
    const dropped = kept.filter((version) => !numbers.includes(version));
    const added = all.filter(({ version }) => !kept.includes(version));
    await this.#store.putValues(
      new Map<string, Uint8Array | undefined>([
        ...dropped.map((version) => [versionName(name, version), undefined] as const),
        ...added.map(({ version, head }) => [versionName(name, version), head.serialise()] as const),
        [stateName(name), state],
      ]),
    );
    this.#kept.set(name, numbers);
  }
}

// The name of a head may contain any character; at the end of the key it is unambiguous.
const stateName = (head: string) => `heads/${head}`;
const versionName = (head: string, version: number) => `head/${version}/${head}`;
const numbersOf = (versions: readonly HeadVersion[]) => versions.map(({ version }) => version);
