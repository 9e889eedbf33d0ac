import { setImmediate as letOthersIn } from 'node:timers/promises';

/** Work that can be done piece by piece: at each `yield` other work may run. The result is the same. */
export type Steps<T> = Generator<undefined, T, undefined>;

/** The longest time a piece of work may block frames, commands and the page. */
const sliceMs = 5;

/** Runs it in one piece. */
export function finish<T>(steps: Steps<T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

/**
 * Runs it in slices of some milliseconds; between them the process handles other work.
 *
 * @param isStopped Checked after each slice.
 * @returns Undefined when it was stopped before its end.
 */
export async function inSlices<T>(steps: Steps<T>, isStopped: () => boolean): Promise<T | undefined> {
  for (let end = performance.now() + sliceMs; ; ) {
    const step = steps.next();
    if (step.done) return step.value;
    if (performance.now() < end) continue;
    await letOthersIn();
    if (isStopped()) {
      // Releases what it holds.
      steps.return(undefined as never);
      return undefined;
    }
    end = performance.now() + sliceMs;
  }
}
