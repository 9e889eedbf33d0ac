import { tell } from './toasts.tsx';

/** Does something and shows the outcome. @param work Does it, and returns the message. */
export async function attempt(work: () => Promise<string>): Promise<void> {
  try {
    tell('good', await work());
  } catch (error) {
    tell('bad', (error as Error).message);
  }
}
