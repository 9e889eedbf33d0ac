import { tell } from './toasts.tsx';

/** Does something and tells what came of it. @param work What is done; says it. */
export async function attempt(work: () => Promise<string>): Promise<void> {
  try {
    tell('good', await work());
  } catch (error) {
    tell('bad', (error as Error).message);
  }
}
