import { randomBytes } from 'node:crypto';
import { InputError, messageOf } from '../base/errors.ts';
import type { Logger } from '../base/log.ts';
import type { Doubt } from './doubt.ts';
import { type Draft, type ExampleKind, objectHead } from './ledger/example.ts';
import type { LedgerStore } from './ledger/ledger-store.ts';

/** A lesson that is kept and not used until somebody has answered a question about it. */
export interface Aside extends Doubt {
  readonly id: string;
  readonly head: string;
  readonly label: string;
  readonly negative: boolean;
  readonly camera: string;
  /** When it was taught, ms since 1970. */
  readonly timeMs: number;
  /** How many looks it has, and how many pictures of them are kept. */
  readonly looks: number;
  readonly pictures: number;
}

/** One look of a lesson. */
export interface AsideLook {
  readonly draft: Draft;
  /** JPEG. */
  readonly thumbnail?: Uint8Array;
}

/** As it is on disk. */
interface Stored {
  readonly aside: Aside;
  readonly looks: readonly {
    readonly kind: ExampleKind;
    readonly scale: number;
    readonly values: string;
    readonly thumbnail?: string;
  }[];
}

/** Of more the oldest is dropped: nobody has answered for long. */
const most = 50;
const prefix = 'aside/';

/**
 * The lessons that wait for an answer, in the store of the examples but not among them: they are not shared, and earlier
 * versions leave them alone. They survive a restart.
 */
export class Asides {
  readonly #store: Pick<LedgerStore, 'value' | 'valueNames' | 'putValues'>;
  #all: readonly Aside[] = [];
  /** Called after each change. */
  onChange: () => void = () => {};

  private constructor(store: Pick<LedgerStore, 'value' | 'valueNames' | 'putValues'>) {
    this.#store = store;
  }

  /** One that cannot be read is dropped: it was not in use. */
  static async open(store: Pick<LedgerStore, 'value' | 'valueNames' | 'putValues'>, logger: Logger): Promise<Asides> {
    const asides = new Asides(store);
    for (const name of await store.valueNames(prefix)) {
      try {
        asides.#all = [...asides.#all, parsed(await store.value(name)).aside];
      } catch (error) {
        logger.warn(`learning: a lesson that was kept aside cannot be read and is dropped: ${messageOf(error)}`);
        await store.putValues(new Map([[name, undefined]])).catch(() => {});
      }
    }
    asides.#all = asides.#all.toSorted((a, b) => a.timeMs - b.timeMs);
    return asides;
  }

  /** The oldest first. */
  get all(): readonly Aside[] {
    return this.#all;
  }

  /** It is on disk when this returns. @param looks Of one head, with one label; at least one. */
  async add(looks: readonly AsideLook[], doubt: Doubt, nowMs: number): Promise<Aside> {
    // In the order in which they came, whatever the clock says.
    const timeMs = Math.max(nowMs, (this.#all.at(-1)?.timeMs ?? 0) + 1);
    const { head = objectHead, label, negative = false, camera } = looks[0]!.draft;
    const pictures = looks.filter(({ thumbnail }) => thumbnail).length;
    const id = randomBytes(8).toString('hex');
    const aside: Aside = { ...{ id, head, label, negative, camera, timeMs, looks: looks.length, pictures }, ...doubt };
    await this.put(aside, looks);
    return aside;
  }

  /** Puts one back that was removed. */
  async put(aside: Aside, looks: readonly AsideLook[]): Promise<void> {
    const kept = [...this.#all.filter(({ id }) => id !== aside.id), aside];
    const gone = kept.slice(0, Math.max(0, kept.length - most));
    await this.#store.putValues(
      new Map<string, Uint8Array | undefined>([
        ...gone.map(({ id }) => [`${prefix}${id}`, undefined] as const),
        [`${prefix}${aside.id}`, encoded(aside, looks)],
      ]),
    );
    this.#all = kept.slice(gone.length);
    this.onChange();
  }

  /** @throws InputError when there is no such one. */
  get(id: string): Aside {
    const found = this.#all.find((one) => one.id === id);
    if (found) return found;
    throw new InputError(`aside: expected the id of a lesson that waits for an answer, got ${JSON.stringify(id)}`);
  }

  /** What was taught. @throws InputError when there is no such one, or it is damaged. */
  async looks(id: string): Promise<AsideLook[]> {
    const { head, label, negative, camera, timeMs } = this.get(id);
    const { looks } = parsed(await this.#store.value(`${prefix}${id}`));
    return looks.map(({ kind, scale, values, thumbnail }) => ({
      draft: {
        ...{ head, label, negative, camera, timeMs, kind },
        embedding: { scale, values: new Int8Array(Buffer.from(values, 'base64')) },
      },
      ...(thumbnail !== undefined && { thumbnail: Buffer.from(thumbnail, 'base64') }),
    }));
  }

  /** Forgets a lesson that was kept aside, once it is answered. @throws InputError when there is none of this id. */
  async remove(id: string): Promise<void> {
    await this.#store.putValues(new Map([[`${prefix}${this.get(id).id}`, undefined]]));
    this.#all = this.#all.filter((one) => one.id !== id);
    this.onChange();
  }
}

function encoded(aside: Aside, looks: readonly AsideLook[]): Buffer {
  const base64 = (bytes: Uint8Array | Int8Array) =>
    Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
  const stored: Stored = {
    aside,
    looks: looks.map(({ draft: { kind, embedding }, thumbnail }) => ({
      ...{ kind, scale: embedding.scale, values: base64(embedding.values) },
      ...(thumbnail && { thumbnail: base64(thumbnail) }),
    })),
  };
  return Buffer.from(JSON.stringify(stored));
}

function parsed(bytes: Uint8Array | undefined): Stored {
  const stored = JSON.parse(Buffer.from(bytes ?? []).toString()) as Stored;
  if (typeof stored?.aside?.id !== 'string' || !Array.isArray(stored.looks)) {
    throw new InputError('expected a lesson in JSON, got something else');
  }
  return stored;
}
