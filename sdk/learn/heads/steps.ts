import { setImmediate as letOthersIn } from 'node:timers/promises';

/** Work that can be done piece by piece: at each `yield` others may go in between. What comes out is the same. */
export type Steps<T> = Generator<undefined, T, undefined>;

/** So long a piece of work may hold up frames, commands and the page. */
const sliceMs = 5;

/** Does it in one piece. */
export function finish<T>(steps: Steps<T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

/**
 * Does it in slices of some milliseconds; between them the process does what else there is to do.
 *
 * @param isStopped Is asked after each slice.
 * @returns Undefined when it was stopped before its end.
 */
export async function inSlices<T>(steps: Steps<T>, isStopped: () => boolean): Promise<T | undefined> {
  for (let end = performance.now() + sliceMs; ; ) {
    const step = steps.next();
    if (step.done) return step.value;
    if (performance.now() < end) continue;
    await letOthersIn();
    if (isStopped()) {
      // What it holds is given back.
      steps.return(undefined as never);
      return undefined;
    }
    end = performance.now() + sliceMs;
  }
}
