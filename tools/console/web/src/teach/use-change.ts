import { useState } from 'preact/hooks';
import type { TaughtAnswer } from '../../../protocol.ts';
import { ApiError, accept } from '../api.ts';
import { tell } from '../parts/toasts.tsx';
import { said } from './words.ts';

export interface Change {
  readonly busy: boolean;
  /** Why it failed. */
  readonly error: string | undefined;
  /** What was taught but is not in use. */
  readonly refused: TaughtAnswer | undefined;
  /** Nearly the same picture was taught as something else: what that was, and how to teach it anyway. */
  readonly contradiction: { readonly reason: string; anyway(): Promise<void>; dismiss(): void } | undefined;
  /**
   * Shows the outcome at once; `done` is called once it is in use. `work` gets whether to teach despite a
   * contradiction.
   */
  run(what: string, work: (anyway: boolean) => Promise<TaughtAnswer>, done?: () => void): Promise<void>;
  /** Accepts what was refused anyway. */
  accept(done?: () => void): Promise<void>;
}

/** A change to what was taught, and its outcome. */
export function useChange(): Change {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string>();
  const [refused, setRefused] = useState<TaughtAnswer>();
  const [contradiction, setContradiction] = useState<Change['contradiction']>();
  const attempt = async (
    what: string,
    work: (anyway: boolean) => Promise<TaughtAnswer>,
    done: (() => void) | undefined,
    isAnyway: boolean,
  ) => {
    setBusy(true);
    setError(undefined);
    setContradiction(undefined);
    try {
      const answer = await work(isAnyway);
      setRefused(answer.taken ? undefined : answer);
      if (!answer.taken) return;
      tell('good', said(what, answer));
      done?.();
    } catch (reason) {
      const { message } = reason as Error;
      if (reason instanceof ApiError && reason.status === 409) {
        const anyway = () => attempt(what, work, done, true);
        setContradiction({ reason: message, anyway, dismiss: () => setContradiction(undefined) });
      } else setError(message);
    } finally {
      setBusy(false);
    }
  };
  const run: Change['run'] = (what, work, done) => attempt(what, work, done, false);
  return {
    busy,
    error,
    refused,
    contradiction,
    run,
    accept: (done) => run('Taken', () => accept(refused!.head), done),
  };
}
