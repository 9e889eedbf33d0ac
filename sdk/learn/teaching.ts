import type { Aside } from './asides.ts';
import type { Outcome } from './heads/head-versions.ts';
import type { Draft, Example } from './ledger/example.ts';

/** One example to teach, with an optional picture of it to keep. */
export interface Lesson {
  readonly draft: Draft;
  /** At most 64 kB; stays in the store. */
  readonly thumbnail?: Uint8Array;
}

/** How a lesson is taken. */
export interface TeachOptions {
  /** Somebody has said that it is right: nothing is kept aside. Default: false. */
  readonly anyway?: boolean;
}

/** The outcome of a change to a head. */
export interface Change {
  readonly head: string;
  readonly outcome: Outcome;
}

/** The outcome of teaching. */
export interface Taught extends Change {
  readonly examples: readonly Example[];
  /** Ids of those that were not there before. */
  readonly added: readonly string[];
  /** It is not believed yet: it waits here for an answer, and there are no examples of it. */
  readonly aside?: Aside;
}
