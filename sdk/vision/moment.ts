/** When a frame was captured. */
export interface Moment {
  readonly captureTimeNs: number;
  readonly wallTimeMs: number;
}

/** Converts a capture time to seconds since 1970, by the clock as it was at a given moment. */
export function timeAt(captureTimeNs: number, since: Moment): number {
  const seconds = since.wallTimeMs / 1000 + (captureTimeNs - since.captureTimeNs) / 1e9;
  // A clock that was just set to 1970 has no earlier times.
  return Math.max(0, Math.round(seconds * 1e6) / 1e6);
}
