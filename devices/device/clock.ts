/** Monotonic time in ns, as frames carry it. */
export function monotonicNs(): number {
  return Number(process.hrtime.bigint());
}
