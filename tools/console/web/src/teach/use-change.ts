import { useState } from 'preact/hooks';
import type { TaughtAnswer } from '../../../protocol.ts';
import { accept } from '../api.ts';
import { tell } from '../parts/toasts.tsx';
import { said } from './words.ts';

export interface Change {
  readonly busy: boolean;
  /** Why it was not done. */
  readonly error: string | undefined;
  /** What was taught and is not in use. */
  readonly refused: TaughtAnswer | undefined;
  /** Says at once what came of it; `done` is called once it is in use. */
  run(what: string, work: () => Promise<TaughtAnswer>, done?: () => void): Promise<void>;
  /** Takes what was refused all the same. */
  accept(done?: () => void): Promise<void>;
}

/** A change to what was taught, and what came of it. */
export function useChange(): Change {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string>();
  const [refused, setRefused] = useState<TaughtAnswer>();
  const run: Change['run'] = async (what, work, done) => {
    setBusy(true);
    setError(undefined);
    try {
      const answer = await work();
      setRefused(answer.taken ? undefined : answer);
      if (!answer.taken) return;
      tell('good', said(what, answer));
      done?.();
    } catch (reason) {
      setError((reason as Error).message);
    } finally {
      setBusy(false);
    }
  };
  return { busy, error, refused, run, accept: (done) => run('Taken', () => accept(refused!.head), done) };
}
