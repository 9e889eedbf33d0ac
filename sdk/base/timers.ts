/** The longest wait that Node's timers know: 24.8 days. A longer one is over at once, and again at each try. */
export const longestTimerMs = 2 ** 31 - 1;

/**
 * `setTimeout` for a wait of any length: for what a person, a file or another program may make long.
 *
 * @returns Calls it off.
 *
 * @example
 * const callOff = after(seconds * 1000, stop);
 */
export function after(ms: number, work: () => void): () => void {
  let timer: NodeJS.Timeout;
  let leftMs = ms;
  const wait = () => {
    const nowMs = Math.min(leftMs, longestTimerMs);
    leftMs -= nowMs;
    timer = setTimeout(() => (leftMs > 0 ? wait() : work()), nowMs);
  };
  wait();
  return () => clearTimeout(timer);
}
