import { progress } from '../shared/output.ts';

/** A bar for each step of a longer work, in percent. */
export function percentages(): { report(step: string, part: number): void; done(): void } {
  let current: { step: string; bar: ReturnType<typeof progress>; percent: number } | undefined;
  return {
    /** @param part What of the step is done, 0 to 1. */
    report(step, part) {
      if (current?.step !== step) {
        current?.bar.done();
        current = { step, bar: progress(step, 100), percent: 0 };
      }
      const percent = Math.floor(100 * Math.min(1, part));
      for (; current.percent < percent; current.percent++) current.bar.step();
    },
    done() {
      current?.bar.done();
      current = undefined;
    },
  };
}
