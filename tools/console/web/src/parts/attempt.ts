import { tell } from './toasts.tsx';

/** Does something and shows the outcome. @param work Does it, and returns the message, and what takes it back. */
export async function attempt(work: () => Promise<string | readonly [text: string, undo: string]>): Promise<void> {
  try {
    const done = await work();
    if (typeof done === 'string') tell('good', done);
    else tell('good', ...done);
  } catch (error) {
    tell('bad', (error as Error).message);
  }
}
