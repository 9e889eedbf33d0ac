/** The longest wait of Node's timers, 24.8 days. A longer one fires at once. */
export const longestTimerMs = 2 ** 31 - 1;

/**
 * `setTimeout` for a wait of any length, as people, files and other programs may ask for.
 *
 * @returns A function that cancels it.
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
