import { messageOf } from '../../sdk/base/errors.ts';

/** What a person has to look at, where a source can tell. */
export type LossCause =
  /** It asks for a user and a password, or refuses those given. */
  | 'login'
  /** It answers, and has nothing of this path. */
  | 'path'
  /** It sends no video. */
  | 'no video'
  /** It does not answer. */
  | 'no answer';

/** Why a source gives no more frames. Decisions are taken by its fields, never by its words. */
export interface Loss {
  /** In words: what happened, and what the program that was read said. */
  readonly reason: string;
  /**
   * `ended`: its program did, by itself. `stalled`: no frame came in time. `failed`: it could not be started, or what it gave
   * could not be taken. `closed`: by us.
   */
  readonly kind: 'ended' | 'stalled' | 'failed' | 'closed';
  /** Of one that `ended`: with status 0 and without a word, as at the end of its input. */
  readonly isClean?: boolean;
  /** The words of the program, or of the server, alone. */
  readonly said?: string;
  readonly cause?: LossCause;
}

/** Of what was thrown where it was to be opened or read. */
export const failed = (error: unknown): Loss => ({ kind: 'failed', reason: messageOf(error) });

export const closed: Loss = { kind: 'closed', reason: 'closed' };
