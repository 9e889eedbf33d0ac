import { useState } from 'preact/hooks';
import type { AsideState, TaughtAnswer, Undoable } from '../../../protocol.ts';
import { accept } from '../api.ts';
import { tell } from '../parts/toasts.tsx';
import { said } from './words.ts';

export interface Change {
  readonly busy: boolean;
  /** Why it failed. */
  readonly error: string | undefined;
  /** What was taught but is not in use. */
  readonly refused: TaughtAnswer | undefined;
  /** What was taught is kept aside until it is answered. */
  readonly aside: AsideState | undefined;
  /** Shows the outcome at once; `done` is called once it is in use. */
  run(what: string, work: () => Promise<TaughtAnswer | Undoable>, done?: () => void): Promise<void>;
  /** Accepts what was refused anyway. */
  accept(done?: () => void): Promise<void>;
}

/** A change to what was taught, and its outcome. */
export function useChange(): Change {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string>();
  const [refused, setRefused] = useState<TaughtAnswer>();
  const [aside, setAside] = useState<AsideState>();
  const run: Change['run'] = async (what, work, done) => {
    setBusy(true);
    setError(undefined);
    try {
      const answer = await work();
      const isTaught = 'taken' in answer;
      const waits = isTaught && answer.aside ? answer.aside : undefined;
      setAside(waits);
      setRefused(isTaught && !answer.taken && !waits ? answer : undefined);
      if (isTaught && !answer.taken) return;
      tell('good', isTaught ? said(what, answer) : `${what}.`, answer.undo);
      done?.();
    } catch (reason) {
      setError((reason as Error).message);
    } finally {
      setBusy(false);
    }
  };
  return { busy, error, refused, aside, run, accept: (done) => run('Taken', () => accept(refused!.head), done) };
}
