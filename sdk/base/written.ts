import { RecentSum } from './recent-sum.ts';

/** Who writes to the disk: writing wears out an SD card. */
export const writers = ['outbox', 'learning', 'settings', 'recordings', 'history'] as const;
/** Who writes to the disk: a key of `Written`. */
export type Writer = (typeof writers)[number];

/** Bytes, without what the file system and a store's compaction add. */
export interface Written {
  /** Since the process started. */
  readonly bytes: number;
  /** In the last 24 hours, to the hour. */
  readonly lastDay: number;
}

const hourMs = 3_600_000;

/**
 * Counts what is written to disk, by who wrote it.
 *
 * @example
 * await file.writeFile(text);
 * written.add('settings', Buffer.byteLength(text));
 */
export class WrittenBytes {
  readonly #of: Record<Writer, { bytes: number; lastDay: RecentSum }>;

  /** @param now A clock in ms that never goes back. Default: `performance.now()`. */
  constructor(now?: () => number) {
    const make = () => ({ bytes: 0, lastDay: new RecentSum({ steps: 24, stepMs: hourMs, now }) });
    this.#of = { outbox: make(), learning: make(), settings: make(), recordings: make(), history: make() };
  }

  /** Call it once the bytes were accepted, not when they were refused. */
  add(writer: Writer, bytes: number): void {
    const { lastDay } = this.#of[writer];
    this.#of[writer].bytes += bytes;
    lastDay.add(bytes);
  }

  get stats(): Record<Writer, Written> {
    const of = (writer: Writer): Written => {
      const { bytes, lastDay } = this.#of[writer];
      return { bytes, lastDay: lastDay.sum };
    };
    return {
      ...{ outbox: of('outbox'), learning: of('learning'), settings: of('settings') },
      ...{ recordings: of('recordings'), history: of('history') },
    };
  }
}

/** Of this process. */
export const written = new WrittenBytes();
